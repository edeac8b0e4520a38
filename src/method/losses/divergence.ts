/**
 * Token-level divergence between teacher and student with its gradient in closed form (RCSD equations 4 and 5; the forms of
 * the generalised JSD, the top-k truncation and the clips as in the authors' code and TRL).
 *
 * With P the student's and T the teacher's probability of an entry, at one temperature for both, the value is the sum over
 * entries of
 *   forward KL  T log(T / P)      reverse KL  P log(P / T)
 *   JSD         b T log(T / m) + (1 - b) P log(P / m),  m = (1 - b) P + b T
 * and, with h = P dl/dP, the gradient in the student's logit j is (h_j - P_j sum(h)) / temperature.
 */
import type { DivergenceSettings } from '../../base/config/parts';
import { int32, rawOp, rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { logSoftmax, surpriseOf } from './distributions';
import { entries } from './entries';
import type { LogitLoss, TokenLoss } from './tokenLoss';

/**
 * The vocabulary entries that are compared: log-probabilities [N, K] of student and teacher, and how a gradient [N, K]
 * is carried back to all logits.
 */
interface Support {
  readonly student: Tensor;
  readonly teacher: Tensor;
  /** Share of the teacher's probability that these entries hold, [N]. */
  readonly retained: Tensor;
  /** Puts numbers of these entries [N, K] into their places in the vocabulary [N, V], 0 elsewhere; a tail's has none. */
  place(x: Tensor): Tensor;
  /** Turns h [N, K] into the gradient in the student's logits [N, V], still without the division by the temperature. */
  spread(h: Tensor): Tensor;
}

/** h - P sum(h): the gradient through a softmax over exactly these entries. */
const throughSoftmax = (h: Tensor, logP: Tensor): Tensor => tf.sub(h, tf.mul(tf.exp(logP), tf.sum(h, -1, true)));

function fullSupport(studentLogits: Tensor, teacherLogits: Tensor): Support {
  const student = logSoftmax(studentLogits);
  return {
    student,
    teacher: logSoftmax(teacherLogits),
    retained: tf.ones([studentLogits.shape[0] as number]),
    place: (x) => x,
    spread: (h) => throughSoftmax(h, student),
  };
}

/** Stands for the logarithm of 0 in sums where minus infinity would make a NaN. */
const NOTHING = -1e30;

/** Columns int32 [N, K] of the entries that are compared, and which of them count: of an entry that both sides have, one does. */
interface Columns {
  readonly columns: Tensor;
  readonly counts?: Tensor;
}

/** The k largest logits of one side, or the teacher's k and then the student's k (as TRL's supports). */
function columnsOf(
  studentLogits: Tensor,
  teacherLogits: Tensor,
  { top_k: k, support }: Pick<DivergenceSettings, 'top_k' | 'support'>,
): Columns {
  const largest = (logits: Tensor): Tensor => rawOps('TopKV2', [logits, int32(k)], { sorted: true }, 2)[1] as Tensor;
  if (support === 'teacher') return { columns: largest(teacherLogits) };
  if (support === 'student') return { columns: largest(studentLogits) };
  const [teachers, students] = [largest(teacherLogits), largest(studentLogits)];
  const seen = tf.any(tf.equal(tf.expandDims(students, 2), tf.expandDims(teachers, 1)), -1);
  return {
    columns: tf.concat([teachers, students], 1),
    counts: tf.concat([tf.onesLike(tf.cast(teachers, 'bool')), tf.logicalNot(seen)], 1),
  };
}

/** The k most likely entries: renormalised, or with one more entry that holds the rest of each distribution (`tail`). */
function topKSupport(studentLogits: Tensor, teacherLogits: Tensor, settings: DivergenceSettings): Support {
  const { tail } = settings;
  const [tokens, vocabulary] = studentLogits.shape as [number, number];
  const { columns, counts } = columnsOf(studentLogits, teacherLogits, settings);
  const k = columns.shape[1] as number;
  const pick = (x: Tensor): Tensor => {
    const picked = rawOp('GatherV2', [x, columns, int32(1)], { batch_dims: 1 });
    return counts ? tf.where(counts, picked, tf.fill([tokens, k], NOTHING)) : picked;
  };
  const scatter = (x: Tensor): Tensor => {
    const rows = tf.tile(tf.expandDims(tf.range(0, tokens, 1, 'int32'), 1), [1, k]);
    const at = tf.reshape(tf.stack([rows, columns], 2), [tokens * k, 2]);
    return rawOp('ScatterNd', [at, tf.reshape(x, [tokens * k]), int32([tokens, vocabulary])]);
  };
  const fullTeacher = pick(logSoftmax(teacherLogits));
  const retained = tf.sum(tf.exp(fullTeacher), -1);
  if (!tail) {
    const student = logSoftmax(pick(studentLogits));
    return {
      student,
      teacher: logSoftmax(pick(teacherLogits)),
      retained,
      place: scatter,
      spread: (h) => scatter(throughSoftmax(h, student)),
    };
  }
  const all = logSoftmax(studentLogits);
  const student = withTail(pick(all));
  return {
    student,
    teacher: withTail(fullTeacher),
    retained,
    place: (x) => scatter(tf.slice(x, [0, 0], [tokens, k])),
    // An entry outside the top k acts through the tail's probability, in proportion to its own: h_j = P_j h_tail /
    // P_tail.
    spread: (h) => {
      const top = tf.slice(h, [0, 0], [tokens, k]);
      const tailSlope = tf.mul(
        tf.slice(h, [0, k], [tokens, 1]),
        tf.exp(tf.neg(tf.slice(student, [0, k], [tokens, 1]))),
      );
      const inTop = tf.sub(top, tf.mul(tf.exp(tf.slice(student, [0, 0], [tokens, k])), tailSlope));
      return tf.add(tf.mul(tf.exp(all), tf.sub(tailSlope, tf.sum(h, -1, true))), scatter(inTop));
    },
  };
}

/** Appends the logarithm of the remaining probability: from log-probabilities [N, k] to [N, k + 1]. */
function withTail(logP: Tensor): Tensor {
  const rest = tf.maximum(tf.sub(1, tf.sum(tf.exp(logP), -1, true)), 1e-7);
  return tf.concat([logP, tf.log(rest)], 1);
}

interface Clipped {
  readonly values: Tensor;
  /** Factor on h, [N, K] or [N, 1]; null leaves h as it is. */
  readonly keep: Tensor | null;
  readonly fraction: Tensor;
}

/**
 * The clip modes. `entry` caps each entry from above (the authors' form; it can reverse the sign of the gradient where
 * the student is undecided). `position` scales a token's whole loss down to the threshold. `mask` drops tokens above
 * the threshold.
 */
function applyClip(values: Tensor, total: Tensor, { clip, clip_mode: mode }: DivergenceSettings): Clipped {
  if (mode === 'none' || clip <= 0) return { values: total, keep: null, fraction: tf.zerosLike(total) };
  if (mode === 'entry') {
    const under = tf.lessEqual(values, clip);
    const keep = tf.cast(under, 'float32');
    const fraction = tf.cast(tf.any(tf.logicalNot(under), -1), 'float32');
    return { values: tf.sum(tf.minimum(values, clip), -1), keep, fraction };
  }
  const over = tf.cast(tf.greater(total, clip), 'float32');
  const scale = mode === 'mask' ? tf.sub(1, over) : tf.div(clip, tf.maximum(total, clip));
  return { values: tf.mul(total, scale), keep: tf.expandDims(scale, 1), fraction: over };
}

/** The entries that the settings compare, from logits [N, V] at the loss's temperature. */
function supportOf(studentLogits: Tensor, teacherLogits: Tensor, settings: DivergenceSettings): Support {
  const { top_k: k } = settings;
  const truncated = k > 0 && k < (studentLogits.shape[1] as number);
  return truncated ? topKSupport(studentLogits, teacherLogits, settings) : fullSupport(studentLogits, teacherLogits);
}

/**
 * Each vocabulary entry's term of the divergence [N, V], in nats and before any clip, from both sides' logits; 0 for entries that are
 * not compared. The term of a tail is the rest of the divergence.
 */
export function divergenceTerms(studentLogits: Tensor, teacherLogits: Tensor, settings: DivergenceSettings): Tensor {
  const at = (logits: Tensor): Tensor => tf.div(logits, settings.loss_temperature);
  const support = supportOf(at(studentLogits), at(teacherLogits), settings);
  return support.place(entries(support, settings).values);
}

/**
 * Divergence per token with its gradient. Metrics, [N] each: `true` (before the clip), `clipped` (what the clip leaves of it; absent
 * without a clip), `clip` (1 where it changed the token), `retained_mass` (share
 * of the teacher's probability inside the top k), `entropy` and `teacher_entropy` (nats), `agreement` (1 where both
 * rank the same token first), and the target's log-probability on both sides.
 */
export function divergence(settings: DivergenceSettings): LogitLoss {
  return (studentLogits, { teacherLogits, targets }): TokenLoss => {
    if (!teacherLogits) throw new Error('the divergence needs a teacher');
    const temperature = settings.loss_temperature;
    const zS = temperature === 1 ? studentLogits : tf.div(studentLogits, temperature);
    const zT = temperature === 1 ? teacherLogits : tf.div(teacherLogits, temperature);
    const support = supportOf(zS, zT, settings);
    const { values, slope } = entries(support, settings);
    const total = tf.sum(values, -1);
    const clipped = applyClip(values, total, settings);
    const gradient = support.spread(clipped.keep ? tf.mul(slope, clipped.keep) : slope);
    return {
      values: clipped.values,
      gradient: temperature === 1 ? gradient : tf.div(gradient, temperature),
      metrics: {
        true: total,
        clip: clipped.fraction,
        ...(clipped.values !== total && { clipped: clipped.values }),
        retained_mass: support.retained,
        entropy: surpriseOf(zS, targets).entropy,
        teacher_entropy: surpriseOf(zT, targets).entropy,
        agreement: tf.equal(tf.argMax(zS, -1), tf.argMax(zT, -1)),
        student_logprob: tf.neg(surpriseOf(studentLogits, targets).surprise),
        teacher_logprob: tf.neg(surpriseOf(teacherLogits, targets).surprise),
      },
    };
  };
}
