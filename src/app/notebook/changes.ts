/** What training changed, answer by answer: the same questions and random numbers, before and after. */

import type { Question } from '../../base/records/question';
import type { Evaluation, GradedResponse } from '../../results/evaluation/evaluate';

/** One sample of one question, before and after. */
export interface AnswerPair {
  readonly question: Question;
  readonly before: GradedResponse;
  readonly after: GradedResponse;
}

/** The samples of two evaluations side by side; questions that only one of them has are left out. */
export function pairAnswers(before: Evaluation, after: Evaluation): AnswerPair[] {
  const later = new Map(after.results.map(({ question, responses }) => [question.id, responses]));
  return before.results.flatMap(({ question, responses }) =>
    responses.flatMap((response, sample) => {
      const other = later.get(question.id)?.[sample];
      return other ? { question, before: response, after: other } : [];
    }),
  );
}

/** The pairs with the given correctness before (`was`) and after (`is`). */
export const pairsThat = (pairs: readonly AnswerPair[], was: boolean, is: boolean): AnswerPair[] =>
  pairs.filter(({ before, after }) => before.correct === was && after.correct === is);

/** How many answers changed from right or wrong to right or wrong, as rows of a table. */
export function changeRows(pairs: readonly AnswerPair[]): Readonly<Record<string, string | number>>[] {
  return [true, false].map((was) => ({
    before: was ? 'right' : 'wrong',
    'right after': pairsThat(pairs, was, true).length,
    'wrong after': pairsThat(pairs, was, false).length,
  }));
}

/** One pair as rows of a table; `show` makes text readable. */
export function answerRows(
  { question, before, after }: AnswerPair,
  show: (text: string) => string,
): { readonly what: string; readonly text: string }[] {
  return [
    { what: 'question', text: show(question.question) },
    { what: 'reference', text: show(question.answer) },
    { what: 'before', text: show(before.text) },
    { what: 'after', text: show(after.text) },
  ];
}
