/**
 * A policy gradient and a divergence on the same tokens: policy + w divergence, where w is each token's signal
 * `distill_weight`.
 */
import type { DivergenceSettings } from '../../base/config/train';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { divergence } from './divergence';
import { type PolicyGradientSpec, policyGradient } from './policyGradient';
import type { LogitLoss } from './tokenLoss';

export interface MixtureSpec {
  readonly kind: 'mixture';
  readonly policy: PolicyGradientSpec;
  readonly divergence: DivergenceSettings;
}

/**
 * The weighted sum of both losses, with the metrics of both; `entropy` is the student's at the divergence's
 * temperature. @internal
 */
export function mixture(spec: MixtureSpec): LogitLoss {
  const [policy, distilled] = [policyGradient(spec.policy), divergence(spec.divergence)];
  return (studentLogits, inputs) => {
    const weight = inputs.signals?.distill_weight;
    if (!weight) throw new Error('a mixture of losses needs the weight of the second');
    const [a, b] = [policy(studentLogits, inputs), distilled(studentLogits, inputs)];
    const add = (x: Tensor, y: Tensor, w: Tensor): Tensor => tf.add(x, tf.mul(y, w));
    return {
      values: add(a.values, b.values, weight),
      gradient: add(a.gradient, b.gradient, tf.expandDims(weight, 1)),
      metrics: { ...a.metrics, ...b.metrics },
    };
  };
}
