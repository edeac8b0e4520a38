/** The forms of a verdict: how a judge is told to reply, and how its reply is read. */

import { shownValue } from '../../../base/records/printable';
import { isObject } from '../../../base/records/values';
import { BEST_DIMENSION, RUBRIC_DIMENSIONS, type RubricDimension } from './kinds';
import { type Reading, readObject, reasonOf } from './verdict';

/** `rating` is an integer from 1 to 10. */
export interface Rating {
  readonly rating: number;
  readonly reason: string | null;
}

/** How far a criterion is met, 0 to 1, and the judge's word for it where the scale has words. */
export interface Degree {
  readonly degree: number;
  readonly level?: string;
  readonly reason: string | null;
}

/** The better of two responses, by the order in which they were shown. */
export interface Preference {
  readonly better: 'first' | 'second' | 'tie';
  readonly reason: string | null;
}

/** A rating from 1 to 5 on every dimension. */
export interface Dimensions {
  readonly dimensions: Readonly<Record<RubricDimension, number>>;
  readonly reason: string | null;
}

/** ResearchQA's levels of coverage; the i-th (from 0) is worth i / 4. */
export const LEVELS = ['Not at all', 'Barely', 'Moderately', 'Mostly', 'Completely'] as const;

const REASON = '"reason": "one to three sentences", ';
const only = (form: string): string => `Reply with one JSON object and nothing else: ${form}`;

const because = (reason: boolean): string => (reason ? REASON : '');

/** The instruction on how to reply with a rating. */
export const ratingReply = (reason: boolean): string => only(`{${because(reason)}"rating": an integer from 1 to 10}`);

/** The instruction on how to reply with a preference. */
export const preferenceReply = (reason: boolean): string =>
  only(`{${because(reason)}"better": "first" or "second" or "tie"}`);

/** The instruction on how to reply with a rating on each dimension. */
export const dimensionsReply = (reason: boolean): string =>
  only(
    `{${because(reason)}"ratings": {${RUBRIC_DIMENSIONS.map((name) => `"${name}": 1 to ${BEST_DIMENSION}`).join(', ')}}}`,
  );

/** The instruction on how to reply with verdicts on `count` criteria. */
export function criteriaReply(scale: 'met' | 'levels', count: number, reason: boolean): string {
  const verdict = scale === 'met' ? '"met": true or false' : '"level": one of the five levels';
  if (count === 1) return only(`{${because(reason)}${verdict}}`);
  const item = `{"criterion": its number, ${because(reason)}${verdict}}`;
  return only(`{"verdicts": [${item}, ...]}, with one entry for each of the ${count} criteria`);
}

/** Reads a rating; only a JSON integer from 1 to 10 is accepted. */
export function readRating(text: string): Reading<Rating> {
  const found = readObject(text, 'rating');
  if ('problem' in found) return found;
  const { rating } = found.verdict;
  if (typeof rating === 'number' && Number.isInteger(rating) && rating >= 1 && rating <= 10)
    return { verdict: { rating, reason: reasonOf(found.verdict) } };
  return { problem: `the rating is ${shownValue(rating)}, not an integer from 1 to 10` };
}

/** Reads the ratings of a rubric; there must be an integer from 1 to 5 for every dimension, and for no other. */
export function readDimensions(text: string): Reading<Dimensions> {
  const found = readObject(text, 'ratings');
  if ('problem' in found) return found;
  const { ratings } = found.verdict;
  if (!isObject(ratings)) return { problem: `the ratings are ${shownValue(ratings)}, not one for each dimension` };
  const fits = (value: unknown): boolean =>
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= BEST_DIMENSION;
  const odd = RUBRIC_DIMENSIONS.find((name) => !fits(ratings[name]));
  if (odd !== undefined)
    return {
      problem: `the rating of ${odd} is ${shownValue(ratings[odd])}, not an integer from 1 to ${BEST_DIMENSION}`,
    };
  const other = Object.keys(ratings).find((name) => !(RUBRIC_DIMENSIONS as readonly string[]).includes(name));
  if (other !== undefined) return { problem: `${shownValue(other)} is none of the dimensions` };
  return { verdict: { dimensions: ratings as Dimensions['dimensions'], reason: reasonOf(found.verdict) } };
}

export function readPreference(text: string): Reading<Preference> {
  const found = readObject(text, 'better');
  if ('problem' in found) return found;
  const { better } = found.verdict;
  if (better === 'first' || better === 'second' || better === 'tie')
    return { verdict: { better, reason: reasonOf(found.verdict) } };
  return { problem: `the better one is ${shownValue(better)}, neither first, second nor tie` };
}

/**
 * Reads verdicts on `count` criteria. Each is read on its own: a missing or malformed one does not affect the others.
 */
export function readDegrees(text: string, scale: 'met' | 'levels', count: number): readonly Reading<Degree>[] {
  const key = scale === 'met' ? 'met' : 'level';
  if (count === 1) {
    const found = readObject(text, key);
    return ['problem' in found ? found : readDegree(found.verdict, key)];
  }
  const found = readObject(text, 'verdicts');
  const all = (problem: string) => Array.from({ length: count }, () => ({ problem }));
  if ('problem' in found) return all(found.problem);
  const { verdicts } = found.verdict;
  if (!Array.isArray(verdicts) || !verdicts.every(isObject)) return all('"verdicts" is not a list of objects');
  return Array.from({ length: count }, (_, i) => {
    const own = verdicts.filter(({ criterion }) => criterion === i + 1);
    const [first] = own;
    if (first && own.length === 1) return readDegree(first, key);
    return { problem: own.length === 0 ? 'the criterion is left out' : 'the criterion has several verdicts' };
  });
}

function readDegree(fields: Readonly<Record<string, unknown>>, key: 'met' | 'level'): Reading<Degree> {
  const value = fields[key];
  const reason = reasonOf(fields);
  if (key === 'met') {
    if (typeof value === 'boolean') return { verdict: { degree: Number(value), reason } };
    return { problem: `"met" is ${shownValue(value)}, neither true nor false` };
  }
  const index = typeof value === 'string' ? (LEVELS as readonly string[]).indexOf(value.trim()) : -1;
  const level = LEVELS[index];
  if (level !== undefined) return { verdict: { degree: index / (LEVELS.length - 1), level, reason } };
  return { problem: `the level is ${shownValue(value)}, none of the five levels` };
}
