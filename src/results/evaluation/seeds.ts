/** A mean over questions and seeds, where models trained with different seeds answered the same questions. */
import { mean } from 'simple-statistics';
import { studentQuantile } from './distributions';
import { type Estimate, shareInterval } from './intervals';
import { estimate } from './statistics';

/** `n` is the number of questions. */
export interface SeedsEstimate extends Estimate {
  readonly seeds: number;
}

/**
 * Mean of `scores[seed][question]` with a 95 % interval. With one seed, the interval is over questions, as everywhere.
 * With several, it combines the interval over questions (of means over seeds) and Student's over the seeds' means, with
 * distances added in quadrature (MOVER, Zou and Donner 2008); it is therefore never narrower than the spread between
 * seeds alone would make it. The noise of single answers counts in both parts, which makes the interval rather too
 * wide. For scores that are a `share` in 0 to 1, the interval over questions is that of `shareInterval`, which does not
 * shrink to a point where all answers are right.
 */
export function overSeeds(scores: readonly (readonly number[])[], kind: 'mean' | 'share' = 'mean'): SeedsEstimate {
  const seeds = scores.length;
  const [first = []] = scores;
  const normal = estimate(first.map((_, i) => mean(scores.map((own) => own[i] as number))));
  const questions = kind === 'share' ? { ...normal, ...shareInterval(normal, normal.n * seeds) } : normal;
  if (seeds < 2) return { ...questions, seeds };
  const { value, n } = questions;
  const between = estimate(scores.map((own) => mean([...own]))).standardError;
  const bySeeds = studentQuantile(0.975, seeds - 1) * between;
  const low = value - Math.hypot(value - questions.low, bySeeds);
  const high = value + Math.hypot(questions.high - value, bySeeds);
  const standardError = Math.hypot(questions.standardError, between);
  if (kind === 'mean') return { value, standardError, low, high, n, seeds };
  return { value, standardError, low: Math.max(0, low), high: Math.min(1, high), n, seeds };
}
