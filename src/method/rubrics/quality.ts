/** Measures of a rubric's text that need no model and no judge. They do not say whether a rubric is right. */

import type { Question } from '../../base/records/question';
import type { Criterion, Importance, Rubric } from '../../base/records/rubric';
import { placeOf } from '../../questions/grading/letters';
import { importanceOf, MAX_WEIGHT, withoutCategory } from './criteria';

/** How many items the paper's prompt asks for: least and most. */
export const CRITERIA_RANGE = [5, 15] as const;
/** The weights that the paper's prompt gives to each category. */
const WEIGHTS: Readonly<Record<Importance, readonly number[]>> = {
  essential: [5],
  important: [3, 4],
  optional: [1, 2],
  pitfall: [-1, -2],
};
/** From this word overlap (Jaccard) on, two descriptions count as saying the same. */
const SAME = 0.8;
/**
 * How many of the nearest earlier descriptions each one is compared with. Bounded, since a model may write thousands.
 */
const WINDOW = 100;
/** Length, in words, of the pieces of the answer that are searched for. */
export const PIECE = 4;

/** Shares are 0 to 1. */
export interface RubricQuality {
  readonly criteria: number;
  readonly inRange: boolean;
  /** Share of descriptions that begin with their category. */
  readonly prefixed: number;
  /** Share of criteria whose weight is one that the paper's prompt allows for their category. */
  readonly conventionalWeights: number;
  /** Share of criteria whose weight lies in -10..10. */
  readonly weightsInRange: number;
  /** Share of criteria that repeat an earlier description word for word, ignoring case, punctuation and category. */
  readonly repeats: number;
  /** Share of criteria that use (nearly) the same words as an earlier one, in any order; includes the repeats. */
  readonly duplicates: number;
  /** Share of criteria that are pitfalls. */
  readonly pitfalls: number;
  readonly wordsPerCriterion: number;
  /**
   * Share of the reference answer's sequences of `pieceWords` words that occur in a title or description; null if it
   * has none.
   */
  readonly leakage: number | null;
  /**
   * Words in such a sequence: 4, or fewer for a shorter answer; 0 for an answer that is a single letter or has no word.
   */
  readonly pieceWords: number;
}

/**
 * Measures a rubric against its question; `piece` is the length of the sequences that `leakage` searches for. In an
 * empty rubric all shares are 0.
 */
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

/** The reference answer as a reader sees it: the text of a choice, not its letter. */
function answerText({ answer, choices }: Question): string {
  return choices?.[placeOf(answer)] ?? answer;
}

/** Whether an answer is only the letter of a choice: "a" would be found in any text. */
const isLetter = (words: readonly string[]): boolean => words.length === 1 && /^\p{L}$/u.test(words[0] as string);

/** Blanks between single digits: microscience writes numbers digit by digit, and each counts as one word. */
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
