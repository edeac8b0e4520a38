/**
 * Rewards by rubric. Explicit: each criterion is checked, by the task's rule where it has one, else by a judge, and the degrees
 * g in 0..1 are weighed. Implicit: a judge rates the answer by the whole rubric from 1 to 10, divided by ten (RaR, papers 3.5).
 */
import type { RewardSettings } from '../config/policyGradient';
import type { Criterion, Importance } from '../rubrics/rubric';
import type { Task } from '../tasks/task';
import type { Judge } from './judge';
import type { Completion, Reward } from './reward';

/** A criterion and how far it is met, 0..1. */
export interface Met {
  readonly criterion: Criterion;
  readonly degree: number;
}

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
 * `healthbench` (sum over w > 0 of w g - sum over w < 0 of |w| (1 - g)) / sum of the positive w, which may be negative.
 */
export function rubricScore(met: readonly Met[], formula: RewardSettings['rubric_formula']): number | null {
  const decided = met.flatMap(({ criterion, degree }) => {
    if (criterion.polarity === null) return [];
    const good = criterion.polarity === 'satisfied is good' ? degree : 1 - degree;
    const weight = formula === 'rar' ? CATEGORY_WEIGHTS[criterion.importance ?? 'important'] : criterion.weight;
    return [{ weight, good }];
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

/** The explicit reward. Completions without a rubric, and rubrics of which nothing can be checked, give null. */
export function explicitRubric(
  { rubric_formula }: Pick<RewardSettings, 'rubric_formula'>,
  { task, judge }: { readonly task: Task; readonly judge?: Judge },
): Reward['score'] {
  return async (completions) => {
    const cases = completions.flatMap(({ question, rubric, text }, i) =>
      (rubric?.criteria ?? []).map((criterion) => ({ i, answer: { question, text }, criterion })),
    );
    const byRule = cases.map(({ answer, criterion }) => task.meetsCriterion?.(criterion, answer.text));
    const open = cases.filter((_, k) => byRule[k] === undefined);
    const judged = judge ? await judge.criteria(open) : open.map(() => null);
    const met: Met[][] = completions.map(() => []);
    let at = 0;
    cases.forEach(({ i, criterion }, k) => {
      const rule = byRule[k];
      const degree = rule === undefined ? (judged[at++] ?? null) : Number(rule);
      if (degree !== null) met[i]?.push({ criterion, degree });
    });
    return met.map((own) => rubricScore(own, rubric_formula));
  };
}

/** The implicit reward. */
export function implicitRubric(judge: Judge): Reward['score'] {
  return async (completions) => {
    const cases = completions.flatMap(({ question, rubric, text }: Completion, i) =>
      rubric ? [{ i, answer: { question, text }, rubric }] : [],
    );
    const ratings = await judge.ratings(cases);
    const scores: (number | null)[] = completions.map(() => null);
    cases.forEach(({ i }, k) => {
      const rating = ratings[k] ?? null;
      scores[i] = rating === null ? null : rating / 10;
    });
    return scores;
  };
}
