/**
 * Whether a rubric tells right answers from wrong ones (ROPD, arXiv 2605.07396, measures its rubrics so): score every answer by
 * the criteria it meets, then compare. Whether a criterion is met is asked of a rule; what no rule can tell is left out.
 */
import type { Criterion } from './rubric';

/**
 * Share of the absolute weights that speaks for an answer, 0..1, over the criteria that `meets` can decide and whose polarity is
 * settled (Rubrics as Rewards' explicit form with absolute weights). Undefined when there is none.
 */
export function ruleScore(
  criteria: readonly Criterion[],
  meets: (criterion: Criterion) => boolean | undefined,
): number | undefined {
  let good = 0;
  let all = 0;
  for (const criterion of criteria) {
    const met = criterion.polarity === null ? undefined : meets(criterion);
    if (met === undefined) continue;
    const weight = Math.abs(criterion.weight);
    all += weight;
    if (met === (criterion.polarity === 'satisfied is good')) good += weight;
  }
  return all === 0 ? undefined : good / all;
}

/**
 * Area under the ROC curve: the chance that a right answer scores above a wrong one, a tie counting half (Mann-Whitney).
 * Undefined unless there are both.
 */
export function areaUnderCurve(right: readonly number[], wrong: readonly number[]): number | undefined {
  if (right.length === 0 || wrong.length === 0) return undefined;
  const wins = right.flatMap((r) => wrong.map((w) => (r > w ? 1 : r === w ? 0.5 : 0)));
  return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
}
