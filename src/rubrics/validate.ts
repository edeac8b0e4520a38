/** Structural quality of rubrics: what can be measured without a judge. It says nothing about whether a rubric is right. */

import type { Question } from '../tasks/question';
import { importanceOf } from './criteria';
import type { Criterion, Importance, Rubric } from './rubric';

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
const PIECE = 4;

/** Measures of one rubric; shares are 0..1. */
export interface RubricQuality {
  readonly criteria: number;
  readonly inRange: boolean;
  /** Share of descriptions that begin with their category. */
  readonly prefixed: number;
  /** Share of criteria whose weight is one that the paper's prompt allows for their category. */
  readonly conventionalWeights: number;
  /** Share of criteria whose description repeats an earlier one, measured on words. */
  readonly duplicates: number;
  /** Share of criteria that are pitfalls. */
  readonly pitfalls: number;
  readonly wordsPerCriterion: number;
  /** Share of the reference answer's word sequences (of 4, or all of a shorter answer) that the rubric contains. */
  readonly leakage: number;
}

/** Measures a rubric against its question. An empty rubric has all shares 0. */
export function rubricQuality({ criteria }: Pick<Rubric, 'criteria'>, question: Question): RubricQuality {
  const share = (test: (criterion: Criterion, index: number) => boolean): number =>
    criteria.length === 0 ? 0 : criteria.filter(test).length / criteria.length;
  const words = criteria.map((criterion) => wordsOf(criterion.description));
  const sets = words.map((list) => new Set(list));
  return {
    criteria: criteria.length,
    inRange: criteria.length >= CRITERIA_RANGE[0] && criteria.length <= CRITERIA_RANGE[1],
    prefixed: share(({ description }) => importanceOf(description) !== undefined),
    conventionalWeights: share(({ importance, weight }) => importance !== null && WEIGHTS[importance].includes(weight)),
    duplicates: share((_, i) =>
      sets.slice(Math.max(0, i - WINDOW), i).some((earlier) => overlap(earlier, sets[i] as Set<string>) >= SAME),
    ),
    pitfalls: share(({ importance }) => importance === 'pitfall'),
    wordsPerCriterion: criteria.length === 0 ? 0 : words.reduce((sum, list) => sum + list.length, 0) / criteria.length,
    leakage: leakage(criteria, answerText(question)),
  };
}

/** Means over rubrics; `inRange` becomes a share. */
export function meanQuality(
  qualities: readonly RubricQuality[],
): Readonly<Record<keyof RubricQuality, number>> | undefined {
  const first = qualities[0];
  if (!first) return undefined;
  const mean = (name: keyof RubricQuality): number =>
    qualities.reduce((sum, quality) => sum + Number(quality[name]), 0) / qualities.length;
  const names = Object.keys(first) as (keyof RubricQuality)[];
  return Object.fromEntries(names.map((name) => [name, mean(name)])) as Record<keyof RubricQuality, number>;
}

/** The reference answer as a reader sees it: a choice's text, not its letter. */
function answerText({ answer, choices }: Question): string {
  return choices?.[answer.charCodeAt(0) - 'A'.charCodeAt(0)] ?? answer;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:[.,]\p{N}+)*/gu) ?? [];
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const common = [...a].filter((word) => b.has(word)).length;
  const all = a.size + b.size - common;
  return all === 0 ? 1 : common / all;
}

function leakage(criteria: readonly Criterion[], answer: string): number {
  const answerWords = wordsOf(answer);
  if (answerWords.length === 0) return 0;
  const size = Math.min(PIECE, answerWords.length);
  const shown = new Set(
    criteria.flatMap(({ title, description }) => [title, description].flatMap((t) => pieces(wordsOf(t), size))),
  );
  const wanted = new Set(pieces(answerWords, size));
  return [...wanted].filter((piece) => shown.has(piece)).length / wanted.size;
}

function pieces(words: readonly string[], size: number): string[] {
  return Array.from({ length: Math.max(0, words.length - size + 1) }, (_, i) => words.slice(i, i + size).join(' '));
}
