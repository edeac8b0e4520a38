/**
 * Measures the speed with which stages are compared: the best matrix product of the model's own shapes on this machine
 * at this moment.
 */
import type { ModelConfig } from '../../engine/model/config';
import type { Precision } from '../../engine/tensors/hardware';
import { type ProductShape, productSpeed } from '../../engine/tensors/speed';

/** One product and its best speed in FLOP/s. */
export interface PeakProduct extends ProductShape {
  readonly flops_per_second: number;
}

/** Tokens of a usual batch: enough rows for a product to be limited by arithmetic, not by memory. */
const ROWS = 2048;
/** Rows before the output head, which is applied in chunks. */
const HEAD_ROWS = 256;

/** The model's matrix products, each at the best of several calls. */
export function measurePeak(config: ModelConfig, precision: Precision): PeakProduct[] {
  const { hiddenSize: d, intermediateSize: f, heads, headDim, vocabSize } = config;
  const shapes: ProductShape[] = [
    { rows: ROWS, inner: d, out: heads * headDim },
    { rows: ROWS, inner: d, out: f },
    { rows: ROWS, inner: f, out: d },
    { rows: HEAD_ROWS, inner: d, out: vocabSize },
  ];
  return shapes.map((shape) => ({
    ...shape,
    flops_per_second: productSpeed(shape, { precision, flops: 2e10, calls: 6 }),
  }));
}
