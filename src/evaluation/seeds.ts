/** A mean over questions and seeds: the same questions were answered once a seed, by models that were trained apart. */
import { mean } from 'simple-statistics';
import { type Estimate, estimate } from './statistics';

/** An estimate over seeds; `n` is the number of questions. */
export interface SeedsEstimate extends Estimate {
  readonly seeds: number;
}

/** Student's t at 97.5 % for 1 to 10 degrees of freedom. */
const T_975 = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];

/** Student's t at 97.5 %, above 10 degrees of freedom by Fisher's expansion. */
function studentT(freedom: number): number {
  const z = 1.959964;
  return (
    T_975[freedom - 1] ?? z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
  );
}

/**
 * Mean of `scores[seed][question]` with a 95 % interval. One seed: over questions, as everywhere. Several: the interval over
 * questions (of means over seeds) and Student's over the seeds' means, half-widths added in quadrature (MOVER, Zou and Donner
 * 2008), so it is never narrower than the spread between seeds asks for. Noise of single answers counts in both, on the wide side.
 */
export function overSeeds(scores: readonly (readonly number[])[]): SeedsEstimate {
  const seeds = scores.length;
  const [first = []] = scores;
  const questions = estimate(first.map((_, i) => mean(scores.map((own) => own[i] as number))));
  if (seeds < 2) return { ...questions, seeds };
  const { value, n } = questions;
  const between = estimate(scores.map((own) => mean([...own]))).standardError;
  const half = Math.hypot(questions.high - value, studentT(seeds - 1) * between);
  const standardError = Math.hypot(questions.standardError, between);
  return { value, standardError, low: value - half, high: value + half, n, seeds };
}
