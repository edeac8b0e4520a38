/** Small functions of logits [N, V] that several losses use. */
import { ownKernels } from '../../engine/tensors/hardware';
import { rawOp, rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';

export const logSoftmax = (logits: Tensor): Tensor => rawOp('LogSoftmax', [logits]);

/** Entropy of each row's distribution in nats, [N]. */
function entropyOf(logits: Tensor): Tensor {
  const logP = logSoftmax(logits);
  return tf.neg(tf.sum(tf.mul(tf.exp(logP), logP), -1));
}

/** What the logits say of each target token. */
export interface Surprise {
  /** -log p(target) in nats, [N]. */
  readonly surprise: Tensor;
  /** Its gradient in the logits, P - 1[target]: [N, V]. */
  readonly gradient: Tensor;
  /** Entropy of the whole distribution in nats, [N]. */
  readonly entropy: Tensor;
}

/** Of logits [N, V] and targets int32 [N]. A compiled function computes only what of it is used. */
export function surpriseOf(logits: Tensor, targets: Tensor): Surprise {
  if (!ownKernels()) {
    const [surprise, gradient] = rawOps('SparseSoftmaxCrossEntropyWithLogits', [logits, targets], {}, 2);
    return { surprise: surprise as Tensor, gradient: gradient as Tensor, entropy: entropyOf(logits) };
  }
  const [surprise, entropy, logSum] = rawOps('RcsdSurprise', [logits, targets], {}, 3) as [Tensor, Tensor, Tensor];
  return { surprise, gradient: rawOp('RcsdSurpriseGrad', [logits, targets, logSum]), entropy };
}
