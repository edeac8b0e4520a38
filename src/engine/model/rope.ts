/** Rotary position tables (RoFormer), with the published scalings of their frequencies. */
import { gatherRows } from '../tensors/ops';
import { type Tensor, tf } from '../tensors/tensorflow';
import type { ModelConfig } from './config';
import type { Llama3Scaling, RopeConfig, YarnScaling } from './ropeConfig';

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
export function inverseFrequencies({ theta, scaling }: RopeConfig, headDim: number): number[] {
  const plain = Array.from({ length: headDim / 2 }, (_, i) => theta ** ((-2 * i) / headDim));
  switch (scaling?.type) {
    case undefined:
      return plain;
    case 'linear':
      return plain.map((frequency) => frequency / scaling.factor);
    case 'llama3':
      return plain.map((frequency) => blend(frequency, scaling.factor, llama3Share(frequency, scaling)));
    case 'yarn':
      return plain.map((frequency, i) => blend(frequency, scaling.factor, yarnShare(i, { theta, headDim, scaling })));
  }
}

/** A frequency of which `kept` stays as it is and the rest is divided by the factor. */
const blend = (frequency: number, factor: number, kept: number): number =>
  ((1 - kept) * frequency) / factor + kept * frequency;

const within01 = (value: number): number => Math.min(1, Math.max(0, value));

function llama3Share(frequency: number, scaling: Llama3Scaling): number {
  const { originalMaxPositions, lowFreqFactor, highFreqFactor } = scaling;
  const turns = (originalMaxPositions * frequency) / (2 * Math.PI);
  return within01((turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor));
}

/** The share of dimension pair i: 1 before the ramp, 0 behind it. */
function yarnShare(
  i: number,
  { theta, headDim, scaling }: { readonly theta: number; readonly headDim: number; readonly scaling: YarnScaling },
): number {
  const { originalMaxPositions, betaFast, betaSlow, truncate } = scaling;
  const pairOf = (turns: number): number =>
    (headDim * Math.log(originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [pairOf(betaFast), pairOf(betaSlow)];
  const low = Math.max(truncate ? Math.floor(first) : first, 0);
  const high = Math.min(truncate ? Math.ceil(last) : last, headDim - 1);
  return 1 - within01((i - low) / (high === low ? 0.001 : high - low));
}

/**
 * cos and sin [positions, headDim] in host memory. The first half of sin already contains the minus sign of
 * rotate-half.
 */
function hostTables(config: ModelConfig, positions: number): { cos: Float32Array; sin: Float32Array } {
  const { headDim, rope } = config;
  const frequencies = inverseFrequencies(rope, headDim);
  const scale = rope.scaling?.type === 'yarn' ? rope.scaling.attentionFactor : 1;
  const cos = new Float32Array(positions * headDim);
  const sin = new Float32Array(positions * headDim);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < headDim; i++) {
      const angle = position * (frequencies[i % (headDim / 2)] as number);
      cos[position * headDim + i] = scale * Math.cos(angle);
      sin[position * headDim + i] = scale * Math.sin(angle) * (i < headDim / 2 ? -1 : 1);
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
