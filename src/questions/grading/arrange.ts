/** The order in which choices are shown. Some sets are published with the right answer first: shown as they are, the answer is always A. */

import type { Question } from '../../base/records/question';
import { createRandom, hashWords } from '../../engine/tensors/random';
import { letterAt, placeOf } from './letters';

/** Whether the choices of a question stand in an order that gives the answer away (`metadata.correct_first`). */
export const correctFirst = ({ metadata }: Question): boolean => metadata?.correct_first === true;

/** The question with its choices in another order: place i shows choice `order[i]`; the answer's letter follows. */
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

/** Choices that give the answer away put in an order drawn from the question's id; other questions as they are. */
export function shuffleChoices(question: Question): Question {
  if (!correctFirst(question)) return question;
  const random = createRandom(hashWords(...[...question.id].map((letter) => letter.codePointAt(0) as number)));
  return arrangeChoices(question, random.shuffle((question.choices ?? []).map((_, i) => i)));
}
