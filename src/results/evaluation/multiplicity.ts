/** Corrections for many comparisons: adjusted p-values, in the order of the given ones. */

/** Adjusts p-values one after the other, from the smallest or the largest, and keeps them monotone. */
function adjust(
  pValues: readonly number[],
  { from, factor, keep }: { from: 'smallest' | 'largest'; factor: (rank: number) => number; keep: typeof Math.max },
): number[] {
  const order = pValues.map((_, i) => i).sort((i, j) => (pValues[i] as number) - (pValues[j] as number));
  const ranks = order.map((_, rank) => rank);
  const adjusted = new Array<number>(pValues.length);
  let last: number | undefined;
  for (const rank of from === 'smallest' ? ranks : ranks.reverse()) {
    const own = Math.min(1, factor(rank) * (pValues[order[rank] as number] as number));
    last = last === undefined ? own : keep(last, own);
    adjusted[order[rank] as number] = last;
  }
  return adjusted;
}

/**
 * Holm's step-down p-values (1979): if those below alpha are called findings, the probability of any false finding is
 * at most alpha.
 */
export function holm(pValues: readonly number[]): number[] {
  const factor = (rank: number): number => pValues.length - rank;
  return adjust(pValues, { from: 'smallest', factor, keep: Math.max });
}

/**
 * Benjamini and Hochberg's step-up p-values (1995): if those below q are called findings, on average at most the share
 * q of them is false.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const factor = (rank: number): number => pValues.length / (rank + 1);
  return adjust(pValues, { from: 'largest', factor, keep: Math.min });
}
