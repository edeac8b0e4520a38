/** Which number format this machine multiplies a model's matrices faster in. */
import { hasBf16, type Precision } from '../tensors/hardware';
import { productSpeed } from '../tensors/speed';
import type { ModelConfig } from './config';

/** What a setting may ask for: `auto` takes the faster one. */
export type PrecisionChoice = Precision | 'auto';

/** bf16 has to be faster by this much: what it costs in precision should buy something. */
const WORTHWHILE = 1.2;

/** The format of a choice on this machine; `auto` measures for a moment, and is fp32 where there are no bf16 instructions. */
export function resolvePrecision(choice: PrecisionChoice, config: ModelConfig): Precision {
  if (choice !== 'auto') return choice;
  if (!hasBf16()) return 'fp32';
  const shape = { rows: 512, inner: config.hiddenSize, out: config.intermediateSize };
  const speed = (precision: Precision): number => productSpeed(shape, { precision, flops: 4e9, calls: 4 });
  return speed('bf16') > WORTHWHILE * speed('fp32') ? 'bf16' : 'fp32';
}
