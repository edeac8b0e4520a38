/**
 * How much a clip or a truncated vocabulary distorts the divergence, token by token: the cosine between the gradient in
 * the student's logits under the given settings and the gradient without clip over the whole vocabulary. A negative
 * cosine means that the update leads away from the teacher (RCSD's per-entry clip can do that).
 */
import type { DivergenceSettings } from '../../base/config/parts';
import type { LanguageModel } from '../../engine/model/model';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { divergence } from '../losses/divergence';
import type { BatchOptions } from './batches';
import { measureSides, type Sided } from './sides';

const SIDES = ['student', 'teacher'] as const;
type Side = (typeof SIDES)[number];

/** Measures of one completion, one number for each of its tokens. */
export interface ClippedGuidance {
  /** Probability of the teacher's most likely token, under the teacher and under the student. */
  readonly teacher: readonly number[];
  readonly student: readonly number[];
  /** Divergence in nats before the clip, and the loss after it. */
  readonly divergence: readonly number[];
  readonly loss: readonly number[];
  /** Cosine of the two gradients, -1 to 1; NaN where one of them is zero. */
  readonly cosine: readonly number[];
  /** Norm of each gradient in the logits. */
  readonly length: readonly number[];
  readonly trueLength: readonly number[];
}

/** The measures [N] from logits [N, V]. @internal */
export function clippingOf({ student, teacher }: Readonly<Record<Side, Tensor>>, settings: DivergenceSettings) {
  const inputs = { teacherLogits: teacher, targets: tf.zeros([student.shape[0] as number], 'int32') };
  const whole: DivergenceSettings = { ...settings, top_k: 0, tail: false, clip: 0, clip_mode: 'none' };
  const { gradient, values } = divergence(settings)(student, inputs);
  const truth = divergence(whole)(student, inputs);
  const norm = (x: Tensor): Tensor => tf.sqrt(tf.sum(tf.square(x), -1));
  const [length, trueLength] = [norm(gradient), norm(truth.gradient)];
  const p = tf.softmax(tf.div(teacher, settings.loss_temperature));
  const favourite = tf.oneHot(tf.argMax(p, -1), student.shape[1] as number);
  const of = (probabilities: Tensor): Tensor => tf.sum(tf.mul(probabilities, favourite), -1);
  return {
    teacher: of(p),
    student: of(tf.softmax(tf.div(student, settings.loss_temperature))),
    divergence: truth.values,
    loss: values,
    cosine: tf.div(tf.sum(tf.mul(gradient, truth.gradient), -1), tf.mul(length, trueLength)),
    length,
    trueLength,
  };
}

const NAMES = ['teacher', 'student', 'divergence', 'loss', 'cosine', 'length', 'trueLength'] as const;

const measure = measureSides({
  stage: 'clipping',
  sides: SIDES,
  of: (logits: Readonly<Record<Side, Tensor>>, clips: readonly DivergenceSettings[]) =>
    Object.fromEntries(
      clips.flatMap((settings, i) =>
        Object.entries(clippingOf(logits, settings)).map(([name, values]) => [`${i} ${name}`, values]),
      ),
    ),
});

/**
 * Measures every completion under each clip. The model reads both sides once for all clips. Returns one array for each
 * clip, in the order of the completions.
 */
export async function clippedGuidance(
  model: LanguageModel,
  completions: readonly Sided<Side>[],
  { clips, ...options }: BatchOptions & { readonly clips: readonly DivergenceSettings[] },
): Promise<ClippedGuidance[][]> {
  const measured = await measure({ student: model, teacher: model }, completions, { ...options, settings: clips });
  return measured.map((own) =>
    clips.map((_, i) => Object.fromEntries(NAMES.map((name) => [name, own[`${i} ${name}`]])) as never),
  );
}
