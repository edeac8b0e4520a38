/** What an answer earns by a rubric, from how far it meets each criterion. */
import type { RewardSettings } from '../../base/config/policyGradient';
import type { Criterion, Importance } from '../../base/records/rubric';

/** A criterion and how far it is met, 0..1. */
export interface Met {
  readonly criterion: Criterion;
  readonly degree: number;
}

/** How verdicts are weighed: those of the rewards' settings, and `uniform`, in which every criterion counts the same. */
export type RubricFormula = RewardSettings['rubric_formula'] | 'uniform';

/** Rubrics as Rewards' weights of the categories. */
const CATEGORY_WEIGHTS: Readonly<Record<Importance, number>> = {
  essential: 1,
  important: 0.7,
  optional: 0.3,
  pitfall: 0.9,
};

/**
 * A rubric's score out of the criteria that could be checked; those whose polarity is undecided do not count, and null is
 * returned where none is left. With g the degree of what is good (1 - degree where satisfied is bad):
 * `absolute` sum |w| g / sum |w|; `rar` the same with a weight for each category (an unnamed one counts as important);
 * `uniform` the mean of g (ResearchQA's coverage);
 * `healthbench` (sum over w > 0 of w g - sum over w < 0 of |w| (1 - g)) / sum of the positive w, which may be negative.
 */
export function rubricScore(met: readonly Met[], formula: RubricFormula): number | null {
  const decided = met.flatMap(({ criterion, degree }) => {
    if (criterion.polarity === null) return [];
    const good = criterion.polarity === 'satisfied is good' ? degree : 1 - degree;
    return [{ weight: weightOf(criterion, formula), good }];
  });
  const fault = formula === 'healthbench' ? 1 : 0;
  const total = decided.reduce((sum, { weight }) => sum + (fault ? Math.max(0, weight) : Math.abs(weight)), 0);
  if (total === 0) return null;
  const earned = decided.reduce(
    (sum, { weight, good }) => sum + Math.abs(weight) * (weight < 0 ? good - fault : good),
    0,
  );
  return earned / total;
}

function weightOf({ importance, weight }: Criterion, formula: RubricFormula): number {
  if (formula === 'rar') return CATEGORY_WEIGHTS[importance ?? 'important'];
  return formula === 'uniform' ? 1 : weight;
}
