/**
 * Tests and intervals for two methods on the same questions. The question is the unit that is resampled or whose sign
 * is flipped.
 */
import { mean, quantile, sum } from 'simple-statistics';
import { createRandom } from '../../engine/tensors/random';
import { binomialCdf } from './distributions';
import type { Estimate } from './intervals';

/** `scores[question][sample]`, or one number for each question. */
export type PairedScores = readonly (number | readonly number[])[];

export interface Resampling {
  readonly draws?: number;
  readonly seed?: number;
  /** Coverage of the interval. */
  readonly level?: number;
}

/** Differences a - b of each question's mean score. Throws RangeError when the two cannot be paired. */
export function questionDifferences(a: PairedScores, b: PairedScores): number[] {
  if (a.length !== b.length) throw new RangeError(`paired comparison of ${a.length} with ${b.length} questions`);
  const score = (own: PairedScores[number]): number => (typeof own === 'number' ? own : mean([...own]));
  return a.map((own, i) => score(own) - score(b[i] as PairedScores[number]));
}

/**
 * Mean difference a - b with the percentile interval of a seeded bootstrap over questions (Efron and Tibshirani 1993,
 * ch. 13). Like every bootstrap it needs some 30 questions; with fewer it is too narrow.
 */
export function pairedBootstrap(a: PairedScores, b: PairedScores, resampling: Resampling = {}): Estimate {
  const { draws = 10_000, seed = 20260617, level = 0.95 } = resampling;
  const differences = questionDifferences(a, b);
  const n = differences.length;
  const random = createRandom(seed);
  const means = Array.from({ length: draws }, () => {
    let total = 0;
    for (let i = 0; i < n; i++) total += differences[Math.floor(random.next() * n)] as number;
    return total / n;
  }).sort((x, y) => x - y);
  const value = mean(differences);
  const standardError = Math.sqrt(sum(means.map((x) => (x - value) ** 2)) / draws);
  return { value, standardError, low: quantile(means, (1 - level) / 2), high: quantile(means, (1 + level) / 2), n };
}

export interface PermutationTest {
  /** Mean difference a - b. */
  readonly value: number;
  /** Two-sided. */
  readonly p: number;
  /** Whether all sign patterns were counted; otherwise `p` comes from random ones and is never 0. */
  readonly exact: boolean;
}

/** The finest grid on which differences are searched for (1/64), and the most cells of the exact distribution. */
const FINEST_GRID = 64;
const MOST_CELLS = 200_000;

/**
 * Two-sided sign-flip test of a mean difference of zero: under the null hypothesis each question's difference has
 * either sign with the same probability (Fisher 1935). Differences on a grid, such as those of k graded samples, give
 * the exact p-value for any number of questions, by convolution. Others give a p-value from seeded random signs, (hits
 * + 1) / (draws + 1).
 */
export function permutationTest(a: PairedScores, b: PairedScores, resampling: Resampling = {}): PermutationTest {
  const differences = questionDifferences(a, b);
  const value = mean(differences);
  const steps = gridSteps(differences);
  return steps
    ? { value, p: exactFlips(steps), exact: true }
    : { value, p: randomFlips(differences, resampling), exact: false };
}

/**
 * The differences in units of the coarsest grid that contains them all; undefined if there is none, or if it would take
 * too many cells.
 */
function gridSteps(differences: readonly number[]): number[] | undefined {
  for (let parts = 1; parts <= FINEST_GRID; parts++) {
    const steps = differences.map((difference) => Math.round(difference * parts));
    if (differences.every((difference, i) => Math.abs(difference * parts - (steps[i] as number)) < 1e-9)) {
      return sum(steps.map(Math.abs)) < MOST_CELLS ? steps : undefined;
    }
  }
  return undefined;
}

/** Share of all sign patterns whose sum is at least as far from 0 as the observed one. */
function exactFlips(steps: readonly number[]): number {
  const sizes = steps.map(Math.abs).filter((size) => size > 0);
  const reach = sum(sizes);
  // chance[reach + s] is the probability that the sizes handled so far add up to s under random signs.
  let chance = new Float64Array(2 * reach + 1);
  chance[reach] = 1;
  let span = 0;
  for (const size of sizes) {
    const next = new Float64Array(2 * reach + 1);
    for (let at = reach - span; at <= reach + span; at++) {
      const half = (chance[at] as number) / 2;
      next[at - size] = (next[at - size] as number) + half;
      next[at + size] = (next[at + size] as number) + half;
    }
    chance = next;
    span += size;
  }
  const observed = Math.abs(sum(steps as number[]));
  return Math.min(
    1,
    chance.reduce((total, share, at) => (Math.abs(at - reach) >= observed ? total + share : total), 0),
  );
}

function randomFlips(differences: readonly number[], { draws = 10_000, seed = 20260617 }: Resampling): number {
  const random = createRandom(seed);
  const observed = Math.abs(sum(differences as number[])) * (1 - 1e-12);
  let hits = 0;
  for (let draw = 0; draw < draws; draw++) {
    let total = 0;
    for (const difference of differences) total += random.next() < 0.5 ? difference : -difference;
    if (Math.abs(total) >= observed) hits++;
  }
  return (hits + 1) / (draws + 1);
}

export interface McNemar {
  /** Number of questions that only a, and that only b, got right. */
  readonly onlyA: number;
  readonly onlyB: number;
  /** Two-sided exact p-value: its error rate never exceeds the nominal level, and is often well below it. */
  readonly exact: number;
  /**
   * Two-sided mid-p value: its error rate is closer to the nominal level, and sometimes slightly above (Fagerland,
   * Lydersen and Laake 2013).
   */
  readonly midP: number;
}

/** McNemar's test (1947) from the two discordant counts, by the binomial distribution. */
export function mcnemar(onlyA: number, onlyB: number): McNemar {
  const [fewer, all] = [Math.min(onlyA, onlyB), onlyA + onlyB];
  if (all === 0) return { onlyA, onlyB, exact: 1, midP: 1 };
  const [upTo, below] = [binomialCdf(fewer, all, 0.5), binomialCdf(fewer - 1, all, 0.5)];
  const midP = onlyA === onlyB ? 1 - (upTo - below) / 2 : upTo + below;
  return { onlyA, onlyB, exact: Math.min(1, 2 * upTo), midP };
}

/** McNemar's test of two methods with one answer to each question. Throws RangeError when the two cannot be paired. */
export function mcnemarOf(a: readonly boolean[], b: readonly boolean[]): McNemar {
  const differences = questionDifferences(a.map(Number), b.map(Number));
  return mcnemar(differences.filter((d) => d > 0).length, differences.filter((d) => d < 0).length);
}
