/** What the teacher thinks of one answer, token by token: the numbers behind the guidance heatmap. */

import type { DivergenceSettings } from '../../base/config/parts';
import { textPieces } from '../../engine/files/tokenizer';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { perConfig } from '../../engine/model/perConfig';
import type { Weights } from '../../engine/model/transformer';
import { compile } from '../../engine/tensors/compile';
import { linear } from '../../engine/tensors/ops';
import { int32, rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { logSoftmax } from '../losses/distributions';
import { divergence } from '../losses/divergence';
import { type DeviceView, layOut, toDevice } from './align';
import { readingOf, readOut } from './hidden';
import { type TwoSidedSequence, targetsOf } from './sequence';

/** Scores of each completion token: natural logarithms, and divergences in nats before any clip. */
export interface TokenScores {
  readonly tokens: readonly string[];
  readonly divergence: readonly number[];
  readonly studentLogprobs: readonly number[];
  readonly teacherLogprobs: readonly number[];
  /** The teacher's most likely tokens at each place, best first. */
  readonly topTeacher: readonly (readonly { readonly token: string; readonly logprob: number }[])[];
}

interface Sides {
  readonly student: { readonly weights: Weights; readonly view: DeviceView };
  readonly teacher: { readonly weights: Weights; readonly view: DeviceView };
}

const guideFor = perConfig((config) =>
  compile(({ student, teacher }: Sides, targets: Tensor, settings: DivergenceSettings & { favourites: number }) => {
    const { favourites, ...loss } = settings;
    const logits = (side: Sides['student']): Tensor => {
      const { hidden, head } = readOut(config, side.weights, readingOf(config, side.view));
      return linear(hidden, head);
    };
    const teacherLogits = logits(teacher);
    const { metrics } = divergence(loss)(logits(student), { teacherLogits, targets });
    const [top, topTokens] = rawOps('TopKV2', [logSoftmax(teacherLogits), int32(favourites)], { sorted: true }, 2);
    return {
      divergence: metrics.true as Tensor,
      studentLogprobs: metrics.student_logprob as Tensor,
      teacherLogprobs: metrics.teacher_logprob as Tensor,
      top: top as Tensor,
      topTokens: topTokens as Tensor,
    };
  }, 'guidance'),
);

/**
 * Scores an answer of `student` by `teacher` (often the same model with another prompt). `topTeacher` lists 4 tokens
 * unless told otherwise.
 */
export function scoreGuidance(
  { student, teacher }: { readonly student: LanguageModel; readonly teacher: LanguageModel },
  answer: Required<TwoSidedSequence>,
  { favourites = 4, ...settings }: DivergenceSettings & { readonly favourites?: number },
): TokenScores {
  const tokenizer = requireTokenizer(student);
  const { maxPositions } = student.config;
  const { completionTokens } = answer;
  const view = (promptTokens: readonly number[]) => layOut([{ promptTokens, completionTokens }], { maxPositions });
  const studentView = view(answer.studentPrompt);
  const read = tf.tidy(() => {
    const sides = {
      student: { weights: student.weights, view: toDevice(studentView) },
      teacher: { weights: teacher.weights, view: toDevice(view(answer.teacherPrompt)) },
    };
    const targets = int32(targetsOf([{ promptTokens: [], completionTokens }], studentView.rows.length));
    const guided = guideFor(student.config)(sides, targets, { ...settings, favourites });
    return Object.fromEntries(Object.entries(guided).map(([name, tensor]) => [name, [...tensor.dataSync()]])) as never;
  }) as Record<'divergence' | 'studentLogprobs' | 'teacherLogprobs' | 'top' | 'topTokens', number[]>;
  const own = (values: number[]): number[] => values.slice(0, completionTokens.length);
  // Decoded together with the token before it, because a word's leading space shows only there.
  const textAt = (t: number, id: number): string =>
    textPieces(tokenizer, [...completionTokens.slice(Math.max(0, t - 1), t), id]).at(-1) ?? '';
  return {
    tokens: textPieces(tokenizer, completionTokens),
    divergence: own(read.divergence),
    studentLogprobs: own(read.studentLogprobs),
    teacherLogprobs: own(read.teacherLogprobs),
    topTeacher: completionTokens.map((_, t) =>
      Array.from({ length: favourites }, (_, k) => ({
        token: textAt(t, read.topTokens[t * favourites + k] as number),
        logprob: read.top[t * favourites + k] as number,
      })),
    ),
  };
}
