/** What a judge makes of one response: the score with the verdicts behind it, and what is missing. */
import type { JudgeCase } from '../../prompts/judge';
import { type Met, type RubricFormula, rubricScore } from '../../rubrics/score';
import type { Effort } from './ask';
import type { Degree, Preference, Rating } from './forms';
import { mapRating, type RatingMapping } from './kinds';
import type { Reading } from './verdict';

/** The verdict on one criterion; `degree` (0..1) is null where none could be read, and `problem` says why. */
export interface CriterionVerdict {
  readonly id: string;
  readonly title: string;
  readonly degree: number | null;
  readonly level?: string;
  readonly reason: string | null;
  readonly problem?: string;
}

/** The verdict in one order of a pair: `a` is the response, `b` the other one. */
export interface OrderVerdict {
  readonly better: 'a' | 'b' | 'tie' | null;
  readonly reason: string | null;
  readonly problem?: string;
}

/** The judgement of one response. */
export interface Judgement {
  /** 0..1; null where there is nothing to score by. */
  readonly score: number | null;
  /** The score before it was clipped at 0 (HealthBench clips the mean over responses, not each). */
  readonly unclipped?: number;
  /** 1..10; a readout's is a mean. */
  readonly rating?: number | null;
  readonly verdicts?: readonly CriterionVerdict[];
  /** The better of a pair; `tie` too where the two orders disagree, which `consistent` tells. */
  readonly preference?: 'a' | 'b' | 'tie' | null;
  readonly consistent?: boolean | null;
  /** Response first, then response second. */
  readonly orders?: readonly OrderVerdict[];
  readonly reason: string | null;
  /** Verdicts that were asked for and could not be read. */
  readonly unscored: number;
  /** Why, one clause each. */
  readonly problems: readonly string[];
  readonly effort: Effort;
}

/** Nothing was asked. */
export const NO_EFFORT: Effort = { calls: 0, malformed: 0, promptTokens: 0, completionTokens: 0 };

const problemsOf = (readings: readonly Reading<unknown>[]): string[] =>
  readings.flatMap((reading) => ('problem' in reading ? reading.problem : []));

/** A response that could not be judged at all. */
export const unjudged = (problem: string): Judgement => ({
  score: null,
  reason: null,
  unscored: 1,
  problems: [problem],
  effort: NO_EFFORT,
});

/** From a rating. */
export function ratingJudgement(reading: Reading<Rating>, mapping: RatingMapping, effort: Effort): Judgement {
  if ('problem' in reading) return { ...unjudged(reading.problem), rating: null, effort };
  const { rating, reason } = reading.verdict;
  return { score: mapRating(rating, mapping), rating, reason, unscored: 0, problems: [], effort };
}

/** From verdicts on the criteria of a case's rubric, by those that could be read; the score is clipped at 0. */
export function criteriaJudgement(
  { rubric }: JudgeCase,
  { readings, effort }: { readonly readings: readonly Reading<Degree>[]; readonly effort: Effort },
  formula: RubricFormula,
): Judgement {
  const criteria = rubric?.criteria ?? [];
  const verdicts = criteria.map(({ id, title }, i): CriterionVerdict => {
    const reading = readings[i] ?? { problem: 'not asked' };
    const given = 'problem' in reading ? { degree: null, reason: null, ...reading } : reading.verdict;
    return { id, title, ...given };
  });
  const met = criteria.flatMap((criterion, i): Met[] => {
    const degree = verdicts[i]?.degree ?? null;
    return degree === null ? [] : [{ criterion, degree }];
  });
  const unclipped = rubricScore(met, formula);
  const problems = problemsOf(readings);
  return {
    score: unclipped === null ? null : Math.max(0, unclipped),
    ...(formula === 'healthbench' && unclipped !== null && { unclipped }),
    verdicts,
    reason: null,
    unscored: problems.length,
    problems: unclipped === null && problems.length === 0 ? ['no criterion of the rubric counts'] : problems,
    effort,
  };
}

/** From the preferences in both orders: a win needs both, anything else is a tie. */
export function pairJudgement(readings: readonly Reading<Preference>[], effort: Effort): Judgement {
  const orders = readings.map((reading, i): OrderVerdict => {
    if ('problem' in reading) return { better: null, reason: null, ...reading };
    const { better, reason } = reading.verdict;
    return { better: better === 'tie' ? better : (better === 'first') === (i === 0) ? 'a' : 'b', reason };
  });
  const [one, two] = orders.map(({ better }) => better);
  const problems = problemsOf(readings);
  const consistent = one && two ? one === two : null;
  const preference = consistent === null ? null : consistent && one ? one : 'tie';
  const score = preference === null ? null : { a: 1, b: 0, tie: 0.5 }[preference];
  const reason = orders[0]?.reason ?? null;
  return { score, preference, consistent, orders, reason, unscored: problems.length, problems, effort };
}
