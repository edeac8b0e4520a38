/** What the policy and its teacher make of given completions, token by token: what algorithms weigh tokens by. */
import type { LanguageModel } from '../../engine/model/model';
import { shared } from '../../engine/model/ranks';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { logSoftmax, surpriseOf } from '../losses/distributions';
import type { BatchOptions } from './batches';
import type { TwoSidedSequence } from './sequence';
import { measureSides } from './sides';

/** One number for each completion token, natural logarithms and nats. */
export interface ComparedCompletion {
  /** Log-probability of the token under the policy in the student's view, and under the teacher in its own. */
  readonly student: readonly number[];
  readonly teacher: readonly number[];
  /** Log-probability of the teacher's most likely token. */
  readonly favourite: readonly number[];
  /** KL of the teacher's distribution to the student's, over the whole vocabulary. */
  readonly divergence: readonly number[];
}

const SIDES = ['student', 'teacher'] as const;

/** The numbers [N] from logits [N, V] at `temperature` and tokens int32 [N]. @internal */
export function comparedOf(
  logits: Readonly<Record<(typeof SIDES)[number], Tensor>>,
  temperature: number,
  targets: Tensor,
): Record<keyof ComparedCompletion, Tensor> {
  const atTemperature = (x: Tensor): Tensor => (temperature === 1 ? x : tf.div(x, temperature));
  const [zS, zT] = [atTemperature(logits.student), atTemperature(logits.teacher)];
  const logT = logSoftmax(zT);
  return {
    student: tf.neg(surpriseOf(zS, targets).surprise),
    teacher: tf.neg(surpriseOf(zT, targets).surprise),
    favourite: tf.max(logT, -1),
    divergence: tf.sum(tf.mul(tf.exp(logT), tf.sub(logT, logSoftmax(zS))), -1),
  };
}

const measure = measureSides({ stage: 'compare', sides: SIDES, of: comparedOf });

/** Both sides of a completion: the current policy, and the teacher's weights. */
export interface ComparedModels {
  readonly student: LanguageModel;
  readonly teacher: LanguageModel;
}

/** Compares every completion behind both of its prompts, at `temperature`; results come in their order. */
export async function compareCompletions(
  models: ComparedModels,
  completions: readonly TwoSidedSequence[],
  { temperature, ...options }: BatchOptions & { readonly temperature: number },
): Promise<ComparedCompletion[]> {
  const sided = completions.map(({ completionTokens, studentPrompt, teacherPrompt }) => {
    if (!teacherPrompt) throw new Error('a completion without a view of the teacher cannot be compared');
    return { completionTokens, student: studentPrompt, teacher: teacherPrompt };
  });
  const compared = await shared(models.student.ranks, { items: sided, deal: 'blocks' }, (own) =>
    measure(models, own, { ...options, settings: temperature }),
  );
  return [...compared];
}
