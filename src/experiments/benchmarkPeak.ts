/** The speed that the stages are held against: this machine's best matrix product of the model's own shapes, as it is now. */
import type { ModelConfig } from '../model/config';
import { after, compile } from '../tensors/compile';
import type { Precision } from '../tensors/hardware';
import { linear } from '../tensors/ops';
import { type Tensor, tf } from '../tensors/tensorflow';

/** One product [rows, inner] x [inner, out] and its best speed, FLOP/s. */
export interface PeakProduct {
  readonly rows: number;
  readonly inner: number;
  readonly out: number;
  readonly flops_per_second: number;
}

/** Tokens of a usual batch: enough rows for the products to be bound by arithmetic. */
const ROWS = 2048;
/** Rows before the output head, which is read in chunks. */
const HEAD_ROWS = 256;
/** About this many FLOPs in one timed call, so that its overhead is nothing beside them. */
const FLOPS_PER_CALL = 2e10;
const CALLS = 6;

/** `times` equal products one after the other; only one entry of the last leaves the graph. */
const chain = compile((x: Tensor, w: Tensor, { times, precision }: { times: number; precision: Precision }) => {
  let product = linear(x, w, precision);
  for (let i = 1; i < times; i++) product = linear(after(x, product), w, precision);
  return tf.slice(product, [0, 0], [1, 1]);
}, 'peak');

function measure(rows: number, [inner, out]: readonly [number, number], precision: Precision): PeakProduct {
  const flops = 2 * rows * inner * out;
  const times = Math.min(200, Math.max(1, Math.round(FLOPS_PER_CALL / flops)));
  return tf.tidy(() => {
    const x = tf.fill([rows, inner], 0.5);
    const w = tf.fill([out, inner], 0.5);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < CALLS; i++) {
      const started = process.hrtime.bigint();
      chain(x, w, { times, precision }).dataSync();
      best = Math.min(best, Number(process.hrtime.bigint() - started) / 1e9);
    }
    return { rows, inner, out, flops_per_second: (times * flops) / best } as never;
  }) as PeakProduct;
}

/** The model's matrix products, each at its best of several calls. */
export function measurePeak(config: ModelConfig, precision: Precision): PeakProduct[] {
  const { hiddenSize: d, intermediateSize: f, heads, headDim, vocabSize } = config;
  const shapes = [
    [d, heads * headDim],
    [d, f],
    [f, d],
  ] as const;
  return [...shapes.map((shape) => measure(ROWS, shape, precision)), measure(HEAD_ROWS, [d, vocabSize], precision)];
}
