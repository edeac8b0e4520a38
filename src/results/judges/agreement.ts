/**
 * Measures whether a judge can be trusted: its agreement with labels, its agreement with itself, and how far it rewards
 * mere length. What cannot be measured (only one class, no spread) is undefined and never replaced by a number.
 */
import { mean, quantile, sampleCorrelation, sum } from 'simple-statistics';
import { createRandom } from '../../engine/tensors/random';

/** Weight of a disagreement: the same for all, by its distance, or by the square of its distance. */
export type KappaWeights = 'none' | 'linear' | 'quadratic';

/**
 * Cohen's kappa of paired categories 0 .. classes - 1: 1 - sum w_ij O_ij / sum w_ij E_ij, with E from the margins.
 * Undefined where the margins alone rule out any disagreement.
 */
export function cohenKappa(
  pairs: readonly (readonly [number, number])[],
  classes: number,
  weights: KappaWeights = 'none',
): number | undefined {
  const weigh = (i: number, j: number): number => {
    const distance = Math.abs(i - j);
    return weights === 'none' ? Math.min(1, distance) : distance ** (weights === 'linear' ? 1 : 2);
  };
  const rows = new Array<number>(classes).fill(0);
  const columns = new Array<number>(classes).fill(0);
  let observed = 0;
  for (const [i, j] of pairs) {
    rows[i] = (rows[i] ?? 0) + 1;
    columns[j] = (columns[j] ?? 0) + 1;
    observed += weigh(i, j);
  }
  const expected = sum(rows.flatMap((r, i) => columns.map((c, j) => (weigh(i, j) * r * c) / pairs.length)));
  return expected > 0 ? 1 - observed / expected : undefined;
}

/** Ranks from 1; equal values share their mean rank. */
export function midranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Array<number>(values.length).fill(0);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end++;
    for (const index of order.slice(start, end)) ranks[index] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

/** Pearson's correlation; undefined for fewer than three pairs or without spread. */
function correlation(x: readonly number[], y: readonly number[]): number | undefined {
  const r = x.length < 3 ? Number.NaN : sampleCorrelation([...x], [...y]);
  return Number.isFinite(r) ? r : undefined;
}

/** Spearman's rank correlation; equal values get their mean rank. */
export function spearman(x: readonly number[], y: readonly number[]): number | undefined {
  return correlation(midranks(x), midranks(y));
}

/**
 * Rank correlation of x and y with z held fixed, from the three rank correlations. A z without spread changes nothing.
 */
export function partialSpearman(x: readonly number[], y: readonly number[], z: readonly number[]): number | undefined {
  const [xy, xz, yz] = [spearman(x, y), spearman(x, z), spearman(y, z)];
  if (xy === undefined || xz === undefined || yz === undefined) return xy;
  const scale = Math.sqrt((1 - xz ** 2) * (1 - yz ** 2));
  return scale > 0 ? (xy - xz * yz) / scale : undefined;
}

/** A slope with its 95 % interval. */
export interface Slope {
  readonly value: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

const NORMAL_95 = 1.959963984540054;

/** The values minus their mean and minus a least-squares fit to the predictor, if this has spread. */
function residuals(values: readonly number[], predictor: readonly number[] | undefined): number[] {
  const centred = (list: readonly number[]) => list.map((x) => x - mean([...list]));
  const y = centred(values);
  const z = predictor && centred(predictor);
  const spread = z ? sum(z.map((x) => x * x)) : 0;
  if (!z || spread === 0) return y;
  const slope = sum(y.map((v, i) => v * (z[i] as number))) / spread;
  return y.map((v, i) => v - slope * (z[i] as number));
}

/**
 * Least squares of `y` on `x`, a constant and `control`: the slope of x with a heteroscedasticity-robust (HC1) normal
 * interval. Computed from the residuals of y and of x (Frisch and Waugh). Undefined without spread or degrees of
 * freedom.
 */
export function slopeBeside(
  x: readonly number[],
  y: readonly number[],
  control?: readonly number[],
): Slope | undefined {
  const used = control && new Set(control).size > 1 ? control : undefined;
  const [rx, ry] = [residuals(x, used), residuals(y, used)];
  const n = x.length;
  const freedom = n - (used ? 3 : 2);
  const spread = sum(rx.map((r) => r * r));
  if (freedom < 1 || !(spread > 1e-12 * sum(x.map((v) => v * v)))) return undefined;
  const value = sum(rx.map((r, i) => r * (ry[i] as number))) / spread;
  const meat = sum(rx.map((r, i) => (r * ((ry[i] as number) - value * r)) ** 2));
  const standardError = Math.sqrt((n / freedom) * meat) / spread;
  return { value, standardError, low: value - NORMAL_95 * standardError, high: value + NORMAL_95 * standardError, n };
}

/**
 * ICC(1,1), one-way random effects (Shrout and Fleiss 1979): (MSB - MSW) / (MSB + (k - 1) MSW) over rows of k repeats
 * each. Undefined for fewer than two rows or repeats, and where all values are equal.
 */
export function intraclassCorrelation(rows: readonly (readonly number[])[]): number | undefined {
  const k = rows[0]?.length ?? 0;
  if (rows.length < 2 || k < 2) return undefined;
  const means = rows.map((row) => mean([...row]));
  const grand = mean(means);
  const between = (k * sum(means.map((m) => (m - grand) ** 2))) / (rows.length - 1);
  const within =
    sum(rows.flatMap((row, i) => row.map((x) => (x - (means[i] as number)) ** 2))) / (rows.length * (k - 1));
  const scale = between + (k - 1) * within;
  return scale > 0 ? (between - within) / scale : undefined;
}

/** A statistic with the 95 % percentile interval of a seeded bootstrap over clusters. */
export interface BootstrapEstimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Number of clusters. */
  readonly n: number;
}

/** Draws whole clusters with replacement; draws for which the statistic is undefined are left out. */
export function bootstrapClusters<T>(
  clusters: readonly (readonly T[])[],
  statistic: (items: readonly T[]) => number | undefined,
  draws = 1000,
): BootstrapEstimate | undefined {
  const value = statistic(clusters.flat());
  if (value === undefined) return undefined;
  const random = createRandom(20260617);
  const resampled = Array.from({ length: draws }, () =>
    statistic(clusters.flatMap(() => clusters[random.int(0, clusters.length - 1)] ?? [])),
  ).filter((draw) => draw !== undefined);
  const [low, high] = resampled.length > 0 ? [quantile(resampled, 0.025), quantile(resampled, 0.975)] : [value, value];
  return { value, low, high, n: clusters.length };
}
