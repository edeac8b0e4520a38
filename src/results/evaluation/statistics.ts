/** Estimates with standard errors clustered by question, because the samples of one question are not independent. */

import { mean, quantile, sum } from 'simple-statistics';
import { createRandom } from '../../engine/tensors/random';
import { groupAnswers } from '../../questions/grading/votes';
import type { Estimate } from './intervals';
import { shareInterval } from './intervals';

const NORMAL_95 = 1.959964;

/**
 * Mean of per-question means with a standard error over questions (n - 1) and a normal 95 % interval. `perQuestion[i]`
 * are the scores of question i's samples.
 */
export function clusteredMean(perQuestion: readonly (readonly number[])[]): Estimate {
  const means = perQuestion.filter((scores) => scores.length > 0).map((scores) => mean([...scores]));
  return estimate(means);
}

/**
 * `clusteredMean` of scores in 0 to 1 (accuracy, pass@k), with an interval that stays valid near 0 and 1, where that of
 * `clusteredMean` shrinks to a point. Elsewhere the two are the same.
 */
export function clusteredShare(perQuestion: readonly (readonly number[])[]): Estimate {
  const estimated = clusteredMean(perQuestion);
  return { ...estimated, ...shareInterval(estimated, sum(perQuestion.map(({ length }) => length))) };
}

/** Estimate of a mean of independent numbers. */
export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  if (n === 0) return { value: Number.NaN, standardError: Number.NaN, low: Number.NaN, high: Number.NaN, n };
  const value = mean([...values]);
  const variance = n > 1 ? sum(values.map((x) => (x - value) ** 2)) / (n - 1) : Number.NaN;
  const standardError = Math.sqrt(variance / n);
  return { value, standardError, low: value - NORMAL_95 * standardError, high: value + NORMAL_95 * standardError, n };
}

/** Mean difference a - b over the same questions, paired. Throws RangeError when the two have different lengths. */
export function pairedDifference(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): Estimate {
  if (a.length !== b.length) throw new RangeError(`paired comparison of ${a.length} with ${b.length} questions`);
  return estimate(a.map((scores, i) => mean([...scores]) - mean([...(b[i] ?? [])])));
}

/** Fewest discordant questions, counted by their squared differences, for which the normal interval is used. */
const ENOUGH_DISCORDANT = 10;

/**
 * `pairedDifference` of scores in 0 to 1, with an interval that stays valid where few questions differ. It is then
 * Bonett and Price's (2012): the normal interval after adding one question in favour of each side.
 */
export function pairedShareDifference(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): Estimate {
  const plain = pairedDifference(a, b);
  const { value, standardError, n } = plain;
  const squares = n * value ** 2 + (n > 1 ? (n - 1) * n * standardError ** 2 : 0);
  if (n < 2 || squares >= ENOUGH_DISCORDANT) return plain;
  const centre = (n * value) / (n + 2);
  const half = NORMAL_95 * Math.sqrt(((squares + 2) / (n + 2) - centre ** 2) / (n + 2));
  return { ...plain, low: Math.max(-1, centre - half), high: Math.min(1, centre + half) };
}

/** Unbiased pass@k of n samples of which c are correct (Chen et al. 2021), in its stable product form. */
export function passAtK(n: number, c: number, k: number): number {
  if (k > n) throw new RangeError(`pass@${k} needs at least ${k} samples, there are ${n}`);
  if (n - c < k) return 1;
  let miss = 1;
  for (let i = n - c + 1; i <= n; i++) miss *= 1 - k / i;
  return 1 - miss;
}

/** One answer for maj@k: what was read from it (null for nothing) and whether it is right. */
export interface Vote {
  readonly extracted: string | null;
  readonly correct: boolean;
}

/**
 * maj@k of one question: whether the answer that most of its k samples give is right. Samples without an answer do not
 * vote. Texts that say the `same` vote together; where some of them are right and some are not, they count as their share. Answers with
 * equally many votes count as equally likely, so a tie of a right and a wrong one scores 1/2, and the order of the samples does not matter. 0
 * without any vote.
 */
export function majorityAtK(votes: readonly Vote[], same?: (a: string, b: string) => boolean): number {
  const groups = groupAnswers(
    votes.map(({ extracted }) => extracted),
    same,
  );
  const leaders = groups.filter((group) => group.length === groups[0]?.length);
  const shares = leaders.map((group) => group.filter((place) => votes[place]?.correct).length / group.length);
  return shares.length === 0 ? 0 : mean(shares);
}

/** Scores of the same questions by three policies, one inner list for each question. */
export interface GapScores {
  readonly student: readonly (readonly number[])[];
  readonly base: readonly (readonly number[])[];
  readonly teacher: readonly (readonly number[])[];
}

/**
 * Share of the teacher's gap that the student recovered, (student - base) / (teacher - base), with a 95 % percentile
 * interval of a seeded bootstrap over questions. Undefined unless the whole interval of the teacher's gap is positive,
 * because a ratio to a gap that may be zero says nothing.
 */
export function recoveredShare({ student, base, teacher }: GapScores, draws = 2000): Estimate | undefined {
  if (!(pairedDifference(teacher, base).low > 0)) return undefined;
  const means = (scores: GapScores['student']): number[] => scores.map((own) => mean([...own]));
  const [s, b, t] = [means(student), means(base), means(teacher)];
  const share = (indices: readonly number[]): number => {
    let gained = 0;
    let gap = 0;
    for (const i of indices) {
      gained += (s[i] as number) - (b[i] as number);
      gap += (t[i] as number) - (b[i] as number);
    }
    return gained / gap;
  };
  const all = s.map((_, i) => i);
  const random = createRandom(20260617);
  const resampled = Array.from({ length: draws }, () => share(all.map(() => random.int(0, all.length - 1))));
  const value = share(all);
  const standardError = Math.sqrt(mean(resampled.map((x) => (x - value) ** 2)));
  return { value, standardError, low: quantile(resampled, 0.025), high: quantile(resampled, 0.975), n: all.length };
}
