/**
 * Intervals of shares: for single binary outcomes, and for means over questions near 0 or 1, where the normal interval
 * is too narrow or shrinks to a point. `docs/statistics.md` has their sources and coverage.
 */
import { betaQuantile, normalQuantile, studentQuantile } from './distributions';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A mean over questions with its clustered standard error and 95 % interval. */
export interface Estimate extends Interval {
  readonly value: number;
  readonly standardError: number;
  /** Number of questions. */
  readonly n: number;
}

/** Wilson's score interval of a share `p` of `n` independent outcomes; `n` may be an effective number (Wilson 1927). */
export function wilson(p: number, n: number, level = 0.95): Interval {
  const z2 = normalQuantile((1 + level) / 2) ** 2;
  const centre = p + z2 / (2 * n);
  const half = Math.sqrt(z2 * (p * (1 - p) + z2 / (4 * n))) / Math.sqrt(n);
  const scale = 1 + z2 / n;
  return {
    low: p === 0 ? 0 : Math.max(0, (centre - half) / scale),
    high: p === 1 ? 1 : Math.min(1, (centre + half) / scale),
  };
}

/**
 * Clopper and Pearson's exact interval (1934) of `successes` among `n` independent outcomes; it covers at least
 * `level`.
 */
export function exactInterval(successes: number, n: number, level = 0.95): Interval {
  const tail = (1 - level) / 2;
  return {
    low: successes === 0 ? 0 : betaQuantile(tail, successes, n - successes + 1),
    high: successes === n ? 1 : betaQuantile(1 - tail, successes + 1, n - successes),
  };
}

/** Fewest effective successes, and failures, for which the normal interval is used. */
const ENOUGH = 5;

/**
 * The 95 % interval of a mean over questions of scores in 0 to 1, from its clustered estimate and the number of answers
 * behind it. The normal interval is used where the effective number of answers, p(1 - p)/s.e.^2, contains at least five
 * right and five wrong ones. Otherwise it is Wilson's interval at that number, corrected for the number of questions
 * from which it was estimated (Korn and Graubard 1998). Where the standard error is zero, Wilson's interval uses the
 * number of questions if all answers agree, and the number of answers if all questions do. A single question has no
 * interval.
 */
export function shareInterval(estimate: Estimate, answers: number): Interval {
  const { value, standardError, low, high, n } = estimate;
  if (n < 2) return { low, high };
  const spread = value * (1 - value);
  if (standardError === 0) return wilson(value, spread === 0 ? n : answers);
  const effective = spread / standardError ** 2;
  if (effective * Math.min(value, 1 - value) >= ENOUGH) return { low, high };
  const correction = (normalQuantile(0.975) / studentQuantile(0.975, n - 1)) ** 2;
  return wilson(value, Math.min(effective, answers) * correction);
}
