/**
 * Compiled decoding: one call reads all prompts into the key-value cache, one call draws the next token of every row.
 * Shapes are rounded up to buckets, so that only a few graphs are ever traced.
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

/**
 * Input of one decoding step beside weights and cache: for each row its last token, that token's position, and a
 * uniform random number.
 */
export interface StepInput {
  readonly tokens: Tensor;
  readonly positions: Tensor;
  readonly uniform: Tensor;
}

/** Output of one decoding step, [B] each. */
export interface StepOutput {
  readonly tokens: Tensor;
  readonly logprobs: Tensor;
  readonly samplingLogprobs: Tensor;
}

/** @internal */
export interface Decoder {
  /** Reads prompts int32 [U, P], padded on the right, into a cache of `capacity` positions. */
  readonly prefill: Compiled<[Weights, Tensor, number], Cache>;
  /** Draws one token for every row; the cache is written in place. */
  readonly step: Compiled<[Weights, Cache, StepInput, SamplingOptions & { capacity: number }], StepOutput>;
  /** Copies chosen rows of a cache into one with more (or fewer) positions. */
  readonly rearrange: Compiled<[Cache, Tensor, { capacity: number; next: number }], Cache>;
  /** Copies chosen rows of two caches into one; rows of the second are counted on from those of the first. */
  readonly join: Compiled<[[Cache, Cache], Tensor, { capacities: readonly [number, number]; next: number }], Cache>;
}

/** The decoder of a model configuration; made once and kept. @internal */
export const decoderFor = perConfig(
  (config): Decoder => ({
    prefill: compile((weights, ids, capacity) => {
      const length = ids.shape[1] as number;
      const collected: KeyValues = [];
      // There is no gradient to compute layers again for, and what a layer computed for one would not outlive it.
      hiddenStates(
        config,
        { ...weights, rematerialize: false },
        {
          ids,
          rope: ropeTables(config, length),
          attend: causalAttention(config, length, { collect: collected }),
        },
      );
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
