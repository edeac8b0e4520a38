/**
 * Orders the choices of questions. Some data sets are published with the right answer first: shown like that, the
 * answer would always be A.
 */

import type { Question } from '../../base/records/question';
import { createRandom, hashWords } from '../../engine/tensors/random';
import { letterAt, placeOf } from './letters';

/** Whether the order of a question's choices gives the answer away (`metadata.correct_first`). */
export const correctFirst = ({ metadata }: Question): boolean => metadata?.correct_first === true;

/**
 * Puts the choices of a question in another order: place i shows choice `order[i]`, and the answer's letter is changed
 * accordingly.
 */
export function arrangeChoices(question: Question, order: readonly number[]): Question {
  const { choices = [], answer, metadata } = question;
  const right = placeOf(answer);
  return {
    ...question,
    choices: order.map((from) => choices[from] as string),
    answer: letterAt(order.indexOf(right)),
    metadata: { ...metadata, correct_first: false },
  };
}

/**
 * If the order of the choices gives the answer away, puts them in an order drawn from the question's id; otherwise
 * leaves them.
 */
export function shuffleChoices(question: Question): Question {
  if (!correctFirst(question)) return question;
  const random = createRandom(hashWords(...[...question.id].map((letter) => letter.codePointAt(0) as number)));
  return arrangeChoices(question, random.shuffle((question.choices ?? []).map((_, i) => i)));
}
