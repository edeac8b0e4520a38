/** Rotary position tables (RoFormer), with the frequency scaling of Llama 3. */
import { gatherRows } from '../tensors/ops';
import { type Tensor, tf } from '../tensors/tensorflow';
import type { ModelConfig, RopeConfig } from './config';

/**
 * cos and sin for keys, and the same times 1 / sqrt(headDim) for queries; they broadcast over [B, T, heads, headDim].
 */
export interface RopeTables {
  readonly cos: Tensor;
  readonly sin: Tensor;
  readonly cosQ: Tensor;
  readonly sinQ: Tensor;
}

/** Inverse frequencies [headDim / 2] in radians per position. */
export function inverseFrequencies(rope: RopeConfig, headDim: number): number[] {
  return Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = rope.theta ** ((-2 * i) / headDim);
    return rope.scaling ? scaleFrequency(frequency, rope.scaling) : frequency;
  });
}

/** Llama 3's scaling: long wavelengths are stretched by `factor`, short ones stay, those in between are blended. */
function scaleFrequency(frequency: number, scaling: NonNullable<RopeConfig['scaling']>): number {
  const turns = (scaling.originalMaxPositions * frequency) / (2 * Math.PI);
  const { factor, lowFreqFactor, highFreqFactor } = scaling;
  if (turns < lowFreqFactor) return frequency / factor;
  if (turns > highFreqFactor) return frequency;
  const smooth = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/**
 * cos and sin [positions, headDim] in host memory. The first half of sin already contains the minus sign of
 * rotate-half.
 */
function hostTables(config: ModelConfig, positions: number): { cos: Float32Array; sin: Float32Array } {
  const { headDim, rope } = config;
  const frequencies = inverseFrequencies(rope, headDim);
  const cos = new Float32Array(positions * headDim);
  const sin = new Float32Array(positions * headDim);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < headDim; i++) {
      const angle = position * (frequencies[i % (headDim / 2)] as number);
      cos[position * headDim + i] = Math.cos(angle);
      sin[position * headDim + i] = Math.sin(angle) * (i < headDim / 2 ? -1 : 1);
    }
  }
  return { cos, sin };
}

function withQueryScale(config: ModelConfig, cos: Tensor, sin: Tensor): RopeTables {
  const scale = 1 / Math.sqrt(config.headDim);
  return { cos, sin, cosQ: tf.mul(cos, scale), sinQ: tf.mul(sin, scale) };
}

/** Tables for the positions 0 to length - 1, shaped [1, length, 1, headDim]. */
export function ropeTables(config: ModelConfig, length: number): RopeTables {
  const { cos, sin } = hostTables(config, length);
  const shape: [number, number, number, number] = [1, length, 1, config.headDim];
  return withQueryScale(config, tf.tensor4d(cos, shape), tf.tensor4d(sin, shape));
}

/** Tables for given positions, int32 [B] or [B, T], all below `limit`; shaped [B, T or 1, 1, headDim]. */
export function ropeTablesAt(config: ModelConfig, positions: Tensor, limit: number): RopeTables {
  const { cos, sin } = hostTables(config, limit);
  const [batch, length = 1] = positions.shape;
  const at = (values: Float32Array): Tensor =>
    tf.reshape(gatherRows(tf.tensor2d(values, [limit, config.headDim]), positions), [
      batch as number,
      length,
      1,
      config.headDim,
    ]);
  return withQueryScale(config, at(cos), at(sin));
}
