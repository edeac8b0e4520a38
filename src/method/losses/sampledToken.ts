/**
 * Distillation from the drawn tokens alone, as a policy gradient (TRL's sampled-token form; Thinking Machines'
 * on-policy distillation): with A = log T - log P at the token, held constant,
 *   -[A] log P
 * Averaged over the student's own tokens, its gradient is that of the reverse KL. The full distributions are not
 * compared: a token that the student never draws is never learned.
 */
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { surpriseOf } from './distributions';
import type { LogitLoss } from './tokenLoss';

/** `temperature` applies to both distributions. */
export interface SampledTokenSpec {
  readonly kind: 'sampled_token';
  readonly temperature: number;
}

/**
 * Sampled-token distillation. Metrics, [N] each: `true` is log P - log T, a one-sample estimate of the reverse KL;
 * `advantage` is its negative; `entropy` and `teacher_entropy` (nats), `agreement`, and the target's log-probability on
 * both sides at temperature 1. @internal
 */
export function sampledToken({ temperature }: SampledTokenSpec): LogitLoss {
  return (studentLogits, { teacherLogits, targets }) => {
    if (!teacherLogits) throw new Error('distillation needs a teacher');
    const atTemperature = (x: Tensor): Tensor => (temperature === 1 ? x : tf.div(x, temperature));
    const [zS, zT] = [atTemperature(studentLogits), atTemperature(teacherLogits)];
    const [student, teacher] = [surpriseOf(zS, targets), surpriseOf(zT, targets)];
    const advantage = tf.sub(student.surprise, teacher.surprise);
    return {
      values: tf.mul(advantage, student.surprise),
      gradient: tf.mul(student.gradient, tf.expandDims(tf.div(advantage, temperature), 1)),
      metrics: {
        true: tf.neg(advantage),
        advantage,
        entropy: student.entropy,
        teacher_entropy: teacher.entropy,
        agreement: tf.equal(tf.argMax(zS, -1), tf.argMax(zT, -1)),
        student_logprob: tf.neg(surpriseOf(studentLogits, targets).surprise),
        teacher_logprob: tf.neg(surpriseOf(teacherLogits, targets).surprise),
      },
    };
  };
}
