/** Quality of a rubric's text: what can be measured without a model or a judge. It says nothing about whether a rubric is right. */

import type { Question } from '../../base/records/question';
import type { Criterion, Importance, Rubric } from '../../base/records/rubric';
import { placeOf } from '../../questions/grading/letters';
import { importanceOf, MAX_WEIGHT, withoutCategory } from './criteria';

/** Range of items that the paper's prompt asks for. */
export const CRITERIA_RANGE = [5, 15] as const;
/** Weights that the paper's prompt gives each category. */
const WEIGHTS: Readonly<Record<Importance, readonly number[]>> = {
  essential: [5],
  important: [3, 4],
  optional: [1, 2],
  pitfall: [-1, -2],
};
/** Word overlap (Jaccard) from which two descriptions count as saying the same. */
const SAME = 0.8;
/** Descriptions that one is compared with: the nearest earlier ones, since a model may write thousands. */
const WINDOW = 100;
/** Words in the pieces of the answer that are looked for. */
export const PIECE = 4;

/** Measures of one rubric; shares are 0..1. */
export interface RubricQuality {
  readonly criteria: number;
  readonly inRange: boolean;
  /** Share of descriptions that begin with their category. */
  readonly prefixed: number;
  /** Share of criteria whose weight is one that the paper's prompt allows for their category. */
  readonly conventionalWeights: number;
  /** Share of criteria whose weight lies in -10..10. */
  readonly weightsInRange: number;
  /** Share of criteria whose description, without case, marks and category, is word for word an earlier one. */
  readonly repeats: number;
  /** Share of criteria whose words are (nearly) those of an earlier one, in whatever order; repeats included. */
  readonly duplicates: number;
  /** Share of criteria that are pitfalls. */
  readonly pitfalls: number;
  readonly wordsPerCriterion: number;
  /** Share of the reference answer's sequences of `pieceWords` words that stand in a title or description; null for none. */
  readonly leakage: number | null;
  /** Words in such a sequence: 4, or all of a shorter answer; 0 for an answer that is a mere letter or has no word. */
  readonly pieceWords: number;
}

/** Measures a rubric against its question; `piece` is the length of the sequences for the leakage. An empty rubric has all shares 0. */
export function rubricQuality(
  { criteria }: Pick<Rubric, 'criteria'>,
  question: Question,
  piece: number = PIECE,
): RubricQuality {
  const answer = wordsOf(answerText(question));
  const pieceWords = isLetter(answer) ? 0 : Math.min(piece, answer.length);
  const share = (test: (criterion: Criterion, index: number) => boolean): number =>
    criteria.length === 0 ? 0 : criteria.filter(test).length / criteria.length;
  const words = criteria.map(({ description }) => wordsOf(description));
  const plain = criteria.map(({ description }) => wordsOf(withoutCategory(description)));
  const sets = plain.map((list) => new Set(list));
  const texts = plain.map((list) => list.join(' '));
  return {
    criteria: criteria.length,
    inRange: criteria.length >= CRITERIA_RANGE[0] && criteria.length <= CRITERIA_RANGE[1],
    prefixed: share(({ description }) => importanceOf(description) !== undefined),
    conventionalWeights: share(({ importance, weight }) => importance !== null && WEIGHTS[importance].includes(weight)),
    weightsInRange: share(({ weight }) => Math.abs(weight) <= MAX_WEIGHT),
    repeats: share((_, i) => texts.indexOf(texts[i] as string) < i),
    duplicates: share((_, i) =>
      sets.slice(Math.max(0, i - WINDOW), i).some((earlier) => overlap(earlier, sets[i] as Set<string>) >= SAME),
    ),
    pitfalls: share(({ importance }) => importance === 'pitfall'),
    wordsPerCriterion: criteria.length === 0 ? 0 : words.reduce((sum, list) => sum + list.length, 0) / criteria.length,
    leakage: pieceWords === 0 ? null : leakage(criteria, answer, pieceWords),
    pieceWords,
  };
}

/** The reference answer as a reader sees it: a choice's text, not its letter. */
function answerText({ answer, choices }: Question): string {
  return choices?.[placeOf(answer)] ?? answer;
}

/** Whether an answer only names a choice: "a" stands in any text. */
const isLetter = (words: readonly string[]): boolean => words.length === 1 && /^\p{L}$/u.test(words[0] as string);

/** Digits that stand apart, as microscience writes them, are one number. */
const APART = /(?<=(?:^|\s)\d) (?=\d(?:\s|$))/g;

function wordsOf(text: string): string[] {
  const joined = text.replace(APART, '').toLowerCase();
  return joined.match(/[\p{L}\p{N}]+(?:[.,]\p{N}+)*/gu) ?? [];
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const common = [...a].filter((word) => b.has(word)).length;
  const all = a.size + b.size - common;
  return all === 0 ? 1 : common / all;
}

function leakage(criteria: readonly Criterion[], answer: readonly string[], size: number): number {
  const shown = new Set(
    criteria.flatMap(({ title, description }) => [title, description].flatMap((t) => pieces(wordsOf(t), size))),
  );
  const wanted = new Set(pieces(answer, size));
  return [...wanted].filter((piece) => shown.has(piece)).length / wanted.size;
}

function pieces(words: readonly string[], size: number): string[] {
  return Array.from({ length: Math.max(0, words.length - size + 1) }, (_, i) => words.slice(i, i + size).join(' '));
}
