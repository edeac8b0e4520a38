/** Decides in which number format this machine multiplies a model's matrices. */
import { hasBf16, type Precision } from '../tensors/hardware';
import { productSpeed } from '../tensors/speed';
import type { ModelConfig } from './config';

/** `auto` takes the faster format. */
export type PrecisionChoice = Precision | 'auto';

/** bf16 must be faster by this factor, because it costs precision. */
const WORTHWHILE = 1.2;

/** The format for a choice on this machine. `auto` measures both for a moment; without bf16 instructions it is fp32. */
export function resolvePrecision(choice: PrecisionChoice, config: ModelConfig): Precision {
  if (choice !== 'auto') return choice;
  if (!hasBf16()) return 'fp32';
  const shape = { rows: 512, inner: config.hiddenSize, out: config.intermediateSize };
  const speed = (precision: Precision): number => productSpeed(shape, { precision, flops: 4e9, calls: 4 });
  return speed('bf16') > WORTHWHILE * speed('fp32') ? 'bf16' : 'fp32';
}
