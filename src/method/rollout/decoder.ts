/**
 * Compiled decoding: one call reads all prompts into the cache, one call draws the next token of every row. Shapes are
 * bucketed, so that only a handful of graphs is ever traced.
 */
import {
  type Cache,
  cachedAttention,
  causalAttention,
  gatherCache,
  joinCaches,
  type KeyValues,
  toCacheBuffer,
} from '../../engine/model/attention';
import { perConfig } from '../../engine/model/perConfig';
import { ropeTables, ropeTablesAt } from '../../engine/model/rope';
import { hiddenStates, logits, type Weights } from '../../engine/model/transformer';
import { type Compiled, compile } from '../../engine/tensors/compile';
import type { Tensor } from '../../engine/tensors/tensorflow';
import { type SamplingOptions, sampleTokens } from './sampling';

/** What one decoding step needs beside weights and cache: per row the last token, its position and a uniform number. */
export interface StepInput {
  readonly tokens: Tensor;
  readonly positions: Tensor;
  readonly uniform: Tensor;
}

/** What one decoding step draws, [B] each. */
export interface StepOutput {
  readonly tokens: Tensor;
  readonly logprobs: Tensor;
  readonly samplingLogprobs: Tensor;
}

/** The compiled calls of one model shape. @internal */
export interface Decoder {
  /** Prompts int32 [U, P], padded on the right, to a cache of `capacity` positions. */
  readonly prefill: Compiled<[Weights, Tensor, number], Cache>;
  /** One token for every row; the cache is written in place. */
  readonly step: Compiled<[Weights, Cache, StepInput, SamplingOptions & { capacity: number }], StepOutput>;
  /** Chosen rows of a cache, with room for more (or fewer) positions. */
  readonly rearrange: Compiled<[Cache, Tensor, { capacity: number; next: number }], Cache>;
  /** Chosen rows of two caches, those of the second counted behind those of the first. */
  readonly join: Compiled<[[Cache, Cache], Tensor, { capacities: readonly [number, number]; next: number }], Cache>;
}

/** The decoder of a model configuration, made once. @internal */
export const decoderFor = perConfig(
  (config): Decoder => ({
    prefill: compile((weights, ids, capacity) => {
      const length = ids.shape[1] as number;
      const collected: KeyValues = [];
      hiddenStates(config, weights, {
        ids,
        rope: ropeTables(config, length),
        attend: causalAttention(config, length, { collect: collected }),
      });
      return {
        keys: collected.map(({ keys }) => toCacheBuffer(keys, capacity)),
        values: collected.map(({ values }) => toCacheBuffer(values, capacity)),
      };
    }, 'prefill'),
    step: compile((weights, cache, { tokens, positions, uniform }, { capacity, ...sampling }) => {
      const hidden = hiddenStates(config, weights, {
        ids: tokens.reshape([-1, 1]),
        rope: ropeTablesAt(config, positions, capacity),
        attend: cachedAttention(config, cache, positions, capacity),
      });
      return sampleTokens(logits(config, weights, hidden), uniform, sampling);
    }, 'decode'),
    rearrange: compile((cache, from, shape) => gatherCache(config, cache, from, shape), 'rearrange'),
    join: compile((caches, from, { capacities, next }) => {
      const all = joinCaches(config, caches, { capacities, next });
      return gatherCache(config, all, from, { capacity: next, next });
    }, 'join'),
  }),
);
