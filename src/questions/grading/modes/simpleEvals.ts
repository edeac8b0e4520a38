/**
 * The GPQA grader of openai/simple-evals: the first "Answer: X" with X from A to D. A lower-case letter is found, but
 * counts as wrong.
 */
import { InputError } from '../../../base/records/errors';
import type { Question } from '../../../base/records/question';
import { arrangeChoices, correctFirst } from '../arrange';
import { requireChoices, requireKind } from './kinds';
import { choiceLines } from './lines';
import { pythonRandom } from './mersenne';
import type { Mode } from './mode';

const ANSWER = /Answer[ \t]*:[ \t]*\$?([A-D])\$?/iu;
const name = 'simple-evals';

/** The permutations of `random.Random(0)` in the order of the questions; those of its first repeat. */
const permutations: number[][] = [];
const source = pythonRandom(0);
function permutation(index: number): readonly number[] {
  while (permutations.length <= index) permutations.push(source.sample(4));
  return permutations[index] as number[];
}

function fourChoices(question: Question): readonly string[] {
  requireKind(name, question);
  const choices = requireChoices(question);
  if (choices.length === 4) return choices;
  throw new InputError(
    `The mode ${name} can only ask questions with four choices, but "${question.id}" has ${choices.length}; use corrected or open-science.`,
  );
}

export const simpleEvals: Mode = {
  name,
  arrange(question, index) {
    fourChoices(question);
    return correctFirst(question) ? arrangeChoices(question, permutation(index)) : question;
  },
  prompt(question) {
    const choices = choiceLines(fourChoices(question), ') ');
    return `Answer the following multiple choice question. The last line of your response should be of the following format: 'Answer: $LETTER' (without quotes) where LETTER is one of ABCD. Think step by step before answering.\n\n${question.question}\n\n${choices}`;
  },
  grade(question, response) {
    fourChoices(question);
    const extracted = ANSWER.exec(response)?.[1] ?? null;
    return { extracted, correct: extracted === question.answer };
  },
};
