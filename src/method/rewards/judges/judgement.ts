/** A judge's result for one response: the score, the verdicts behind it, and what is missing. */
import type { JudgeCase } from '../../prompts/judge';
import { type Met, type RubricFormula, rubricScore } from '../../rubrics/score';
import { type Effort, NO_EFFORT } from './ask';
import type { Degree, Dimensions, Preference, Rating } from './forms';
import { BEST_DIMENSION, mapRating, type RatingMapping, RUBRIC_DIMENSIONS } from './kinds';
import type { Reading } from './verdict';

/**
 * The verdict on one criterion. `degree` (0 to 1) is null where the verdict could not be read; `problem` then says why.
 */
export interface CriterionVerdict {
  readonly id: string;
  readonly title: string;
  readonly degree: number | null;
  readonly level?: string;
  readonly reason: string | null;
  readonly problem?: string;
}

/** The verdict on a pair shown in one order: `a` is the response, `b` the other one. */
export interface OrderVerdict {
  readonly better: 'a' | 'b' | 'tie' | null;
  readonly reason: string | null;
  readonly problem?: string;
}

export interface Judgement {
  /** 0 to 1; null where no verdict could be had. */
  readonly score: number | null;
  /** The score before it was clipped at 0. (HealthBench clips the mean over responses, not each score.) */
  readonly unclipped?: number;
  /** 1 to 10 (of a rubric 1 to 5); the mean under the probabilities, where the judge is read by these. */
  readonly rating?: number | null;
  /** Of a rubric: its rating from 1 to 5 on each dimension; `rating` is their mean. */
  readonly dimensions?: Dimensions['dimensions'] | null;
  readonly verdicts?: readonly CriterionVerdict[];
  /** The better of a pair; also `tie` where the two orders disagree, in which case `consistent` is false. */
  readonly preference?: 'a' | 'b' | 'tie' | null;
  readonly consistent?: boolean | null;
  /** First with the response in front, then with the other one in front. */
  readonly orders?: readonly OrderVerdict[];
  readonly reason: string | null;
  /** Verdicts that were asked for and could not be read. */
  readonly unscored: number;
  /** Reasons for the unscored verdicts, one clause each. */
  readonly problems: readonly string[];
  readonly effort: Effort;
}

const problemsOf = (readings: readonly Reading<unknown>[]): string[] =>
  readings.flatMap((reading) => ('problem' in reading ? reading.problem : []));

/** The judgement of a response that could not be judged at all. */
export const unjudged = (problem: string): Judgement => ({
  score: null,
  reason: null,
  unscored: 1,
  problems: [problem],
  effort: NO_EFFORT,
});

export function ratingJudgement(reading: Reading<Rating>, mapping: RatingMapping, effort: Effort): Judgement {
  if ('problem' in reading) return { ...unjudged(reading.problem), rating: null, effort };
  const { rating, reason } = reading.verdict;
  return { score: mapRating(rating, mapping), rating, reason, unscored: 0, problems: [], effort };
}

/** The overall rating of a rubric is the mean of its dimensions. */
export function dimensionsJudgement(reading: Reading<Dimensions>, mapping: RatingMapping, effort: Effort): Judgement {
  if ('problem' in reading) return { ...unjudged(reading.problem), rating: null, dimensions: null, effort };
  const { dimensions, reason } = reading.verdict;
  const rating = RUBRIC_DIMENSIONS.reduce((sum, name) => sum + dimensions[name], 0) / RUBRIC_DIMENSIONS.length;
  const score = mapRating(rating, mapping, BEST_DIMENSION);
  return { score, rating, dimensions, reason, unscored: 0, problems: [], effort };
}

/** The score over those criteria of the rubric that could be read, clipped at 0. */
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

/** Combines the preferences of both orders: a response wins only if both agree, otherwise it is a tie. */
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
