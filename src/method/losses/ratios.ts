/** Numbers of whole sequences and whole batches that the policy gradient needs before it looks at single tokens. */

import type { GrpoSettings } from '../../base/config/configs';

/** One completion's log-probabilities now and at the time it was drawn; tokens where `mask` is false do not count. */
export interface RatioInput {
  readonly logprobs: readonly number[];
  readonly old: readonly number[];
  readonly mask?: readonly boolean[];
}

const LOWEST = Math.log(1e-8);
const HIGHEST = 20;
const clamp = (x: number, low: number): number => Math.min(HIGHEST, Math.max(low, x));

/**
 * The logarithm of a sequence's probability ratio: the mean over its tokens (GSPO), or the sum within VESPO's limits, into which the
 * ratios of the policy to the sampler go.
 */
export function sequenceLogRatio(
  { logprobs, old, mask }: RatioInput,
  kind: 'sequence-mean' | 'sequence-sum',
  samplerRatios: readonly number[] = [],
): number {
  const terms = logprobs.flatMap((now, t) => (mask?.[t] === false ? [] : now - (old[t] as number)));
  if (kind === 'sequence-mean') return terms.reduce((sum, x) => sum + x, 0) / Math.max(1, terms.length);
  const sampler = samplerRatios.reduce((sum, ratio) => sum + clamp(Math.log(ratio), LOWEST), 0);
  return clamp(
    terms.reduce((sum, x) => sum + clamp(x, -HIGHEST), sampler),
    LOWEST,
  );
}

/** How the ratio of the policy to the sampler is taken and held. */
export type SamplerSettings = Pick<GrpoSettings, 'sampler_correction' | 'sampler_max' | 'sampler_min'>;

/**
 * Ratio of the policy `old` to the sampler that drew a completion, for each token (1 where the sampler's log-probability is not known
 * or the token does not count), and the size of the logarithmic gap before any limit.
 */
export function samplerRatios(
  { old, sampler, mask }: Pick<RatioInput, 'old' | 'mask'> & { readonly sampler: readonly number[] },
  { sampler_correction: mode, sampler_max: high, sampler_min: low }: SamplerSettings,
): { readonly ratios: readonly number[]; readonly gaps: readonly number[] } {
  const logs = old.map((logprob, t) => {
    const gap = logprob - (sampler[t] ?? Number.NaN);
    return mask?.[t] === false || Number.isNaN(gap) ? 0 : gap;
  });
  const whole = logs.reduce((sum, x) => sum + x, 0);
  const ratios = logs.map((own) => {
    const ratio = Math.exp(mode.startsWith('sequence') ? whole : own);
    if (mode.endsWith('truncate')) return Math.min(high, Math.max(low, ratio));
    return ratio < low || ratio > high ? 0 : ratio;
  });
  return { ratios, gaps: logs.map(Math.abs) };
}

/**
 * Whether a completion is learned from (the off-policy sequence mask of DeepSeek-V3.2, arXiv 2512.02556): one with a negative advantage
 * is not, where its log-probability lies more than `threshold` a token below that at which it was drawn.
 */
export function onPolicy(
  { logprobs, old, mask }: RatioInput,
  { advantage, threshold }: { readonly advantage: number; readonly threshold: number },
): boolean {
  const falls = logprobs.flatMap((now, t) => {
    const fall = (old[t] ?? Number.NaN) - now;
    return mask?.[t] === false ? [] : Number.isNaN(fall) ? 0 : fall;
  });
  return advantage >= 0 || falls.reduce((sum, x) => sum + x, 0) / Math.max(1, falls.length) <= threshold;
}

/** A quantile with linear interpolation, as torch.quantile computes it. */
function quantile(numbers: readonly number[], at: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const place = at * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below] ?? 0, sorted[Math.min(below + 1, sorted.length - 1)] ?? 0];
  return low + (place - below) * (high - low);
}

/** Marks the `share` of counted tokens with the highest entropy in the batch (the 80/20 rule, arXiv 2506.01939). */
export function highEntropyTokens(
  batch: readonly { readonly entropy: readonly number[]; readonly mask?: readonly boolean[] }[],
  share: number,
): boolean[][] {
  const counted = batch.flatMap(({ entropy, mask }) => entropy.filter((_, t) => mask?.[t] !== false));
  const threshold = quantile(counted, 1 - share);
  return batch.map(({ entropy, mask }) => entropy.map((h, t) => mask?.[t] !== false && h >= threshold));
}
