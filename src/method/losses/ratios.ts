/** Numbers of whole sequences and whole batches that the policy gradient needs before it looks at single tokens. */

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
 * The logarithm of a sequence's probability ratio: the mean over its tokens (GSPO), or the sum within VESPO's limits.
 */
export function sequenceLogRatio({ logprobs, old, mask }: RatioInput, kind: 'sequence-mean' | 'sequence-sum'): number {
  const terms = logprobs.flatMap((now, t) => (mask?.[t] === false ? [] : now - (old[t] as number)));
  if (kind === 'sequence-mean') return terms.reduce((sum, x) => sum + x, 0) / Math.max(1, terms.length);
  return clamp(
    terms.reduce((sum, x) => sum + clamp(x, -HIGHEST), 0),
    LOWEST,
  );
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
