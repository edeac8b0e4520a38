/** A model whose weights can be counted by hand. */
import type { ModelConfig } from '../../src/engine/model/config';
import { scienceConfig } from './tiny';

/** Two layers whose matrices can be counted by hand. */
export const tiny: ModelConfig = {
  ...scienceConfig(),
  vocabSize: 10,
  hiddenSize: 4,
  intermediateSize: 6,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 2,
  tiedEmbeddings: true,
};
// q 4x4, k 2x4, v 2x4, o 4x4, gate and up 6x4, down 4x6: 16 + 8 + 8 + 16 + 24 + 24 + 24.
export const LAYER = 120;
// Rank 3 on each: 3 x (out + in), sums of sides 8 + 6 + 6 + 8 + 10 + 10 + 10.
export const ADAPTER = 3 * 58;
