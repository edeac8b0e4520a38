/** Which number format this machine multiplies a model's matrices faster in. */
import { matrixProduct } from '../tensors/bf16';
import { after, compile } from '../tensors/compile';
import { hasBf16, type Precision } from '../tensors/hardware';
import { type Tensor, tf } from '../tensors/tensorflow';
import type { ModelConfig } from './config';

/** What a setting may ask for: `auto` takes the faster one. */
export type PrecisionChoice = Precision | 'auto';

const ROWS = 512;
const TIMES = 4;
/** bf16 has to be faster by this much: what it costs in precision should buy something. */
const WORTHWHILE = 1.2;

const products = compile((x: Tensor, w: Tensor, precision: Precision) => {
  let product = matrixProduct(x, w, { transpose_b: true }, precision);
  for (let i = 1; i < TIMES; i++) product = matrixProduct(after(x, product), w, { transpose_b: true }, precision);
  return tf.slice(product, [0, 0], [1, 1]);
}, 'precision');

/** Milliseconds of a few products of the model's largest inner shape, the best of three. */
function timed({ hiddenSize, intermediateSize }: ModelConfig, precision: Precision): number {
  return tf.tidy(() => {
    const [x, w] = [tf.ones([ROWS, hiddenSize]), tf.ones([intermediateSize, hiddenSize])] as [Tensor, Tensor];
    const run = (): number => {
      const started = process.hrtime.bigint();
      products(x, w, precision).dataSync();
      return Number(process.hrtime.bigint() - started);
    };
    run();
    return Math.min(run(), run(), run()) as never;
  }) as number;
}

/** The format of a choice on this machine; `auto` measures for some milliseconds, and is fp32 where there are no bf16 instructions. */
export function resolvePrecision(choice: PrecisionChoice, config: ModelConfig): Precision {
  if (choice !== 'auto') return choice;
  return hasBf16() && timed(config, 'bf16') * WORTHWHILE < timed(config, 'fp32') ? 'bf16' : 'fp32';
}
