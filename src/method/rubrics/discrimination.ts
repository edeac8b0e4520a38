/**
 * Measures whether a rubric tells right answers from wrong ones (as ROPD, arXiv 2605.07396, measures its rubrics):
 * score every answer by the criteria it meets, then compare. Rules decide whether a criterion is met; criteria that no
 * rule can decide are left out.
 */
import type { Criterion } from '../../base/records/rubric';
import { rubricScore } from './score';

/** The `absolute` score, 0 to 1, over the criteria that `meets` can decide; null when there is none. */
export function ruleScore(
  criteria: readonly Criterion[],
  meets: (criterion: Criterion) => boolean | undefined,
): number | null {
  const decided = criteria.flatMap((criterion) => {
    const met = meets(criterion);
    return met === undefined ? [] : { criterion, degree: Number(met) };
  });
  return rubricScore(decided, 'absolute');
}

/**
 * Area under the ROC curve: the probability that a right answer scores above a wrong one, ties counting half
 * (Mann-Whitney). Undefined unless there are answers of both kinds.
 */
export function areaUnderCurve(right: readonly number[], wrong: readonly number[]): number | undefined {
  if (right.length === 0 || wrong.length === 0) return undefined;
  const wins = right.flatMap((r) => wrong.map((w) => (r > w ? 1 : r === w ? 0.5 : 0)));
  return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
}
