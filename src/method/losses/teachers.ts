/**
 * Teachers that see one criterion each, mixed into one distribution at every token. With P the student's distribution there and T_k that
 * of the k-th of K teachers, all at the loss's temperature:
 *   mean    sum(T_k) / K                       product     prod(T_k)^(1/K), normalised
 *   ratio   P prod(T_k / P), normalised        strongest   the T_k of the largest divergence from P
 * The mixture is held constant, P in `ratio` included: no gradient flows through it.
 */
import type { MixingSettings } from '../../base/config/parts';
import { rawOp } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { logSoftmax } from './distributions';
import { entries } from './entries';

/** K teachers of N tokens. */
export interface Teachers {
  /** [K, N]: 1 where a token has that teacher, 0 where its rubric has fewer criteria. Every token has the first. */
  readonly present: Tensor;
  /** The k-th teacher's logits [N, V], for a graph to compute after `previous`. */
  logits(k: number, previous?: Tensor): Tensor;
}

const select = (condition: Tensor, yes: Tensor, no: Tensor): Tensor => rawOp('SelectV2', [condition, yes, no]);

/** log(exp(a) + exp(b)), without overflow. */
function logAdd(a: Tensor, b: Tensor): Tensor {
  return tf.add(tf.maximum(a, b), tf.log1p(tf.exp(tf.neg(tf.abs(tf.sub(a, b))))));
}

/**
 * The mixture as logits [N, V] that one teacher would have, and which teacher moves the student most [N]: that of the largest divergence
 * over the whole vocabulary before any clip, of equals the first. The teachers are read one after the other, so that two of them are never in
 * memory together.
 */
export function mixTeachers(
  studentLogits: Tensor,
  { present, logits }: Teachers,
  settings: MixingSettings,
): { readonly logits: Tensor; readonly strongest: Tensor } {
  const [count, tokens] = present.shape as [number, number];
  const { teacher_mixture: mixture, loss_temperature: temperature } = settings;
  if (count === 1) return { logits: logits(0), strongest: tf.zeros([tokens]) };
  const distribution = (x: Tensor): Tensor => logSoftmax(temperature === 1 ? x : tf.div(x, temperature));
  const student = distribution(studentLogits);
  let mixed: Tensor | undefined;
  let most = tf.fill([tokens], -1) as Tensor;
  let strongest = tf.zeros([tokens]) as Tensor;
  for (let k = 0; k < count; k++) {
    const own = logits(k, mixed);
    const teacher = distribution(own);
    const here = tf.reshape(tf.slice(present, [k, 0], [1, tokens]), [tokens]);
    const moved = tf.sum(entries({ student, teacher }, settings).values, -1);
    const stronger = tf.logicalAnd(tf.greater(here, 0), tf.greater(moved, most));
    const column = (x: Tensor): Tensor => tf.expandDims(x, 1);
    // P T_1 / P is T_1: the first teacher begins every mixture.
    if (!mixed) mixed = mixture === 'strongest' ? own : teacher;
    else if (mixture === 'strongest') mixed = select(column(stronger), own, mixed);
    else if (mixture === 'mean') mixed = select(tf.greater(column(here), 0), logAdd(mixed, teacher), mixed);
    else mixed = tf.add(mixed, tf.mul(mixture === 'ratio' ? tf.sub(teacher, student) : teacher, column(here)));
    most = select(stronger, moved, most);
    strongest = select(stronger, tf.fill([tokens], k), strongest);
  }
  if (mixture === 'strongest') return { logits: mixed as Tensor, strongest };
  const counts = tf.expandDims(tf.sum(present, 0), 1);
  const scaled = mixture === 'product' ? tf.div(mixed as Tensor, counts) : (mixed as Tensor);
  return { logits: temperature === 1 ? scaled : tf.mul(scaled, temperature), strongest };
}
