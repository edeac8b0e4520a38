/** Cross-entropy of the target tokens: -log p(target), with TensorFlow's fused gradient. */
import { rawOps } from '../../engine/tensors/raw';
import type { Tensor } from '../../engine/tensors/tensorflow';
import { entropy } from './distributions';
import type { LogitLoss } from './tokenLoss';

/** Negative log-likelihood of each target token in nats [N]. Metric: `entropy` of the student's distribution. */
export const crossEntropy: LogitLoss = (studentLogits, { targets }) => {
  const [values, gradient] = rawOps('SparseSoftmaxCrossEntropyWithLogits', [studentLogits, targets], {}, 2) as [
    Tensor,
    Tensor,
  ];
  return { values, gradient, metrics: { entropy: entropy(studentLogits) } };
};
