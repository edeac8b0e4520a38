/** Measures how fast this machine multiplies matrices at the moment. */
import { matrixProduct } from './bf16';
import { after, compile } from './compile';
import type { Precision } from './hardware';
import { type Tensor, tf } from './tensorflow';

/** A product [rows, inner] x [inner, out]. */
export interface ProductShape {
  readonly rows: number;
  readonly inner: number;
  readonly out: number;
}

/** Computes `times` equal products one after the other; only one entry of the last leaves the graph. */
const chain = compile((x: Tensor, w: Tensor, { times, precision }: { times: number; precision: Precision }) => {
  const product = (input: Tensor): Tensor => matrixProduct(input, w, { transpose_b: true }, precision);
  let last = product(x);
  for (let i = 1; i < times; i++) last = product(after(x, last));
  return tf.slice(last, [0, 0], [1, 1]);
}, 'speed');

/**
 * Speed of a product in FLOP/s, the best of `calls` calls. Each call does about `flops` FLOPs, so that the overhead of
 * a call hardly counts.
 */
export function productSpeed(
  { rows, inner, out }: ProductShape,
  { precision, flops, calls }: { readonly precision: Precision; readonly flops: number; readonly calls: number },
): number {
  const one = 2 * rows * inner * out;
  const times = Math.min(200, Math.max(1, Math.round(flops / one)));
  return tf.tidy(() => {
    const [x, w] = [tf.fill([rows, inner], 0.5), tf.fill([out, inner], 0.5)] as [Tensor, Tensor];
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < calls; i++) {
      const started = process.hrtime.bigint();
      chain(x, w, { times, precision }).dataSync();
      best = Math.min(best, Number(process.hrtime.bigint() - started) / 1e9);
    }
    return ((times * one) / best) as never;
  }) as number;
}
