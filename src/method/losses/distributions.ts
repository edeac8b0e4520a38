/** Small functions of logits [N, V] that several losses use. */
import { int32, rawOp } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';

export const logSoftmax = (logits: Tensor): Tensor => rawOp('LogSoftmax', [logits]);

/** One entry from each row: of values [N, V], those at columns targets int32 [N]. */
export function pickTargets(values: Tensor, targets: Tensor): Tensor {
  const at = rawOp('GatherV2', [values, tf.expandDims(targets, 1), int32(1)], { batch_dims: 1 });
  return tf.squeeze(at, [1]);
}

/** Entropy of each row's distribution in nats, [N]. */
export function entropy(logits: Tensor): Tensor {
  const logP = logSoftmax(logits);
  return tf.neg(tf.sum(tf.mul(tf.exp(logP), logP), -1));
}
