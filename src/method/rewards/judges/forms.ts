/** The forms of a verdict: how a judge is told to reply, and how its reply is read. */
import { isObject } from '../../../engine/files/jsonl';
import { type Reading, readObject, reasonOf, shownValue } from './verdict';

/** A rating from 1 to 10. */
export interface Rating {
  readonly rating: number;
  readonly reason: string | null;
}

/** How far a criterion is met, 0..1, with the word for it where the scale has words. */
export interface Degree {
  readonly degree: number;
  readonly level?: string;
  readonly reason: string | null;
}

/** The better of two as shown. */
export interface Preference {
  readonly better: 'first' | 'second' | 'tie';
  readonly reason: string | null;
}

/** ResearchQA's levels of coverage; the i-th counts i / 4. */
export const LEVELS = ['Not at all', 'Barely', 'Moderately', 'Mostly', 'Completely'] as const;

const REASON = '"reason": "one to three sentences", ';
const only = (form: string): string => `Reply with one JSON object and nothing else: ${form}`;

const because = (reason: boolean): string => (reason ? REASON : '');

/** What a judge is told about the form of a rating. */
export const ratingReply = (reason: boolean): string => only(`{${because(reason)}"rating": an integer from 1 to 10}`);

/** The same for the better of two. */
export const preferenceReply = (reason: boolean): string =>
  only(`{${because(reason)}"better": "first" or "second" or "tie"}`);

/** The same for verdicts on `count` criteria. */
export function criteriaReply(scale: 'met' | 'levels', count: number, reason: boolean): string {
  const verdict = scale === 'met' ? '"met": true or false' : '"level": one of the five levels';
  if (count === 1) return only(`{${because(reason)}${verdict}}`);
  const item = `{"criterion": its number, ${because(reason)}${verdict}}`;
  return only(`{"verdicts": [${item}, ...]}, with one entry for each of the ${count} criteria`);
}

/** Reads a rating: a whole JSON number from 1 to 10, nothing else. */
export function readRating(text: string): Reading<Rating> {
  const found = readObject(text, 'rating');
  if ('problem' in found) return found;
  const { rating } = found.verdict;
  if (typeof rating === 'number' && Number.isInteger(rating) && rating >= 1 && rating <= 10)
    return { verdict: { rating, reason: reasonOf(found.verdict) } };
  return { problem: `the rating is ${shownValue(rating)}, no integer from 1 to 10` };
}

/** Reads a preference. */
export function readPreference(text: string): Reading<Preference> {
  const found = readObject(text, 'better');
  if ('problem' in found) return found;
  const { better } = found.verdict;
  if (better === 'first' || better === 'second' || better === 'tie')
    return { verdict: { better, reason: reasonOf(found.verdict) } };
  return { problem: `the better one is ${shownValue(better)}, neither first, second nor tie` };
}

/** Reads verdicts on `count` criteria, each by itself: one that is missing or odd leaves the others as they are. */
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
  if (!Array.isArray(verdicts) || !verdicts.every(isObject)) return all('"verdicts" is no list of objects');
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
  return { problem: `the level is ${shownValue(value)}, none of the five` };
}
