/**
 * Rewards by rubric (Rubrics as Rewards, RaR). Explicit: each criterion is checked, by the task's rule where there is
 * one and by a judge otherwise, and the degrees g (0 to 1) are combined by their weights. Implicit: a judge rates the
 * answer by the whole rubric from 1 to 10, and the rating is divided by ten.
 */
import type { RewardSettings } from '../../base/config/policyGradient';
import type { Task } from '../../questions/tasks/task';
import { type Met, rubricScore } from '../rubrics/score';
import type { Judge } from './judges/readout';
import type { Completion, Reward } from './reward';

/** Who checks criteria: the task's rule, and a judge for what no rule can decide. */
interface Checkers {
  readonly task: Pick<Task, 'meetsCriterion'>;
  readonly judge?: Pick<Judge, 'criteria'>;
}

/** Checks every criterion of each completion's rubric; those that neither rule nor judge can decide are left out. */
export const criteriaCheck =
  ({ task, judge }: Checkers) =>
  async (completions: readonly Completion[]): Promise<Met[][]> => {
    const cases = completions.flatMap(({ question, rubric, text }, i) =>
      (rubric?.criteria ?? []).map((criterion) => ({ i, judged: { question, response: text }, criterion })),
    );
    const byRule = cases.map(({ judged, criterion }) => task.meetsCriterion?.(criterion, judged.response));
    const open = cases.filter((_, k) => byRule[k] === undefined);
    const judged = judge ? await judge.criteria(open) : open.map(() => null);
    const met: Met[][] = completions.map(() => []);
    let at = 0;
    cases.forEach(({ i, criterion }, k) => {
      const rule = byRule[k];
      const degree = rule === undefined ? (judged[at++] ?? null) : Number(rule);
      if (degree !== null) met[i]?.push({ criterion, degree });
    });
    return met;
  };

/** The explicit reward. Null for completions without a rubric and for rubrics of which no criterion can be checked. */
export function explicitRubric(
  { rubric_formula }: Pick<RewardSettings, 'rubric_formula'>,
  checkers: Checkers,
): Reward['score'] {
  const check = criteriaCheck(checkers);
  return async (completions) => (await check(completions)).map((own) => rubricScore(own, rubric_formula));
}

export function implicitRubric(judge: Judge): Reward['score'] {
  return async (completions) => {
    const cases = completions.flatMap(({ question, rubric, text }: Completion, i) =>
      rubric ? [{ i, question, response: text, rubric }] : [],
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
