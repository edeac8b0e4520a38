/**
 * The divergence on plain numbers instead of tensors: the library's own loss for a few logits, to look at and to check
 * by hand.
 */
import type { DivergenceSettings } from '../../base/config/parts';
import { InputError } from '../../base/records/errors';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { lossFunction } from './spec';

/** Logits of both sides: one row for each token, one column for each vocabulary entry. */
export interface PlainLogits {
  readonly student: readonly (readonly number[])[];
  readonly teacher: readonly (readonly number[])[];
}

/** Per token: the loss, its gradient in the student's logits, and the metrics that need no target token. */
export interface PlainDivergence {
  readonly values: readonly number[];
  readonly gradient: readonly (readonly number[])[];
  /** The divergence before the clip. */
  readonly unclipped: readonly number[];
  /** Share of the teacher's probability on the entries that `top_k` keeps. */
  readonly retained: readonly number[];
}

/** Forward KL over the whole vocabulary at temperature 1, without clip. */
export const PLAIN_DIVERGENCE: DivergenceSettings = {
  divergence: 'forward_kl',
  beta: 0.5,
  loss_temperature: 1,
  top_k: 0,
  support: 'teacher',
  tail: false,
  clip: 0,
  clip_mode: 'none',
};

/** The divergence of a few tokens. Settings that are left out take their values from `PLAIN_DIVERGENCE`. */
export function divergenceOf(logits: PlainLogits, settings: Partial<DivergenceSettings> = {}): PlainDivergence {
  const [rows, columns] = [logits.student.length, logits.student[0]?.length ?? 0];
  const fits = (side: PlainLogits['student']) => side.length === rows && side.every((row) => row.length === columns);
  if (columns === 0 || !fits(logits.student) || !fits(logits.teacher))
    throw new InputError('student and teacher must have the same number of rows, all of one length of at least 1.');
  const read = tf.tidy(() => {
    const tensor = (side: PlainLogits['student']): Tensor => tf.tensor2d(side.map((row) => [...row]));
    const inputs = { targets: tf.zeros([rows], 'int32'), teacherLogits: tensor(logits.teacher) };
    const loss = lossFunction({ kind: 'divergence', ...PLAIN_DIVERGENCE, ...settings });
    const { values, gradient, metrics } = loss(tensor(logits.student), inputs);
    const all = [values, gradient, metrics.true as Tensor, metrics.retained_mass as Tensor];
    return all.map((each) => [...each.dataSync()]) as never;
  }) as [number[], number[], number[], number[]];
  const [values, gradient, unclipped, retained] = read;
  return {
    values,
    gradient: values.map((_, i) => gradient.slice(i * columns, (i + 1) * columns)),
    unclipped,
    retained,
  };
}
