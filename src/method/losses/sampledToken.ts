/**
 * Distillation from the drawn tokens alone, as a policy gradient (TRL's sampled-token form; Thinking Machines'
 * on-policy distillation): with A = log T - log P at the token, held constant,
 *   -[A] log P
 * Averaged over the student's own tokens, its gradient is that of the reverse KL. The full distributions are not
 * compared: a token that the student never draws is never learned.
 */
import { rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { entropy, logSoftmax, pickTargets } from './distributions';
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
    const [surprise, direction] = rawOps('SparseSoftmaxCrossEntropyWithLogits', [zS, targets], {}, 2) as [
      Tensor,
      Tensor,
    ];
    const advantage = tf.add(pickTargets(logSoftmax(zT), targets), surprise);
    return {
      values: tf.mul(advantage, surprise),
      // The fused operation gives the gradient P - 1[target] of the negative log-probability.
      gradient: tf.mul(direction, tf.expandDims(tf.div(advantage, temperature), 1)),
      metrics: {
        true: tf.neg(advantage),
        advantage,
        entropy: entropy(zS),
        teacher_entropy: entropy(zT),
        agreement: tf.equal(tf.argMax(zS, -1), tf.argMax(zT, -1)),
        student_logprob: pickTargets(logSoftmax(studentLogits), targets),
        teacher_logprob: pickTargets(logSoftmax(teacherLogits), targets),
      },
    };
  };
}
