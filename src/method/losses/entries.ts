/** The divergence entry by entry; divergence.ts has its formulas, supports and clips. */
import type { DivergenceSettings } from '../../base/config/parts';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';

/** Each entry's contribution to the divergence, and h = P dl/dP, both [N, K], from log-probabilities [N, K]. */
export function entries(
  { student: logP, teacher: logT }: { readonly student: Tensor; readonly teacher: Tensor },
  { divergence, beta }: Pick<DivergenceSettings, 'divergence' | 'beta'>,
): { values: Tensor; slope: Tensor } {
  const p = tf.exp(logP);
  const t = tf.exp(logT);
  if (divergence === 'forward_kl') return { values: tf.mul(t, tf.sub(logT, logP)), slope: tf.neg(t) };
  if (divergence === 'reverse_kl') {
    const ratio = tf.sub(logP, logT);
    return { values: tf.mul(p, ratio), slope: tf.mul(p, tf.add(ratio, 1)) };
  }
  const logM = tf.log(tf.maximum(tf.add(tf.mul(p, 1 - beta), tf.mul(t, beta)), 1e-30));
  const fromStudent = tf.mul(tf.mul(p, tf.sub(logP, logM)), 1 - beta);
  return { values: tf.add(tf.mul(tf.mul(t, tf.sub(logT, logM)), beta), fromStudent), slope: fromStudent };
}
