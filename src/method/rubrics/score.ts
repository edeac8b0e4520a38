/** Computes an answer's score by a rubric from how far it meets each criterion. */
import type { RewardSettings } from '../../base/config/policyGradient';
import type { Criterion, Importance } from '../../base/records/rubric';

/** A criterion with the degree to which it is met, 0 to 1. */
export interface Met {
  readonly criterion: Criterion;
  readonly degree: number;
}

/**
 * How verdicts are combined: the formulas of the rewards' settings, and `uniform`, which gives every criterion the same
 * weight.
 */
export type RubricFormula = RewardSettings['rubric_formula'] | 'uniform';

/** The weights of the categories in Rubrics as Rewards. */
const CATEGORY_WEIGHTS: Readonly<Record<Importance, number>> = {
  essential: 1,
  important: 0.7,
  optional: 0.3,
  pitfall: 0.9,
};

/**
 * A rubric's score over the criteria that could be checked. Criteria with undecided polarity do not count; null if none
 * is left. With g the degree of what is good (1 - degree where satisfied is bad): `absolute` is sum |w| g / sum |w|;
 * `rar` is the same with one weight for each category (a criterion without a category counts as important); `uniform`
 * is the mean of g (ResearchQA's coverage); `healthbench` is (sum over w > 0 of w g - sum over w < 0 of |w| (1 - g)) /
 * sum of the positive w, which can be negative.
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
