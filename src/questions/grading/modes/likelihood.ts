/**
 * Multiple-choice questions in the form in which lm-evaluation-harness asks them by log-likelihood: a context, and one
 * continuation for each choice. The forms are those of its arc_*, piqa, sciq, medmcqa, pubmedqa and gpqa_*_zeroshot;
 * other questions are asked like arc's.
 */

import type { Question } from '../../../base/records/question';
import { passagesOf, stemOf, supportOf } from '../../tasks/passages';
import { letterAt } from '../letters';
import { requireChoices } from './kinds';
import { choiceLines } from './lines';

/** What is scored: `continuations[i]` follows the context after one blank. */
export interface LikelihoodPrompt {
  readonly context: string;
  readonly continuations: readonly string[];
}

type Format = (question: Question, choices: readonly string[]) => LikelihoodPrompt;

const letters = (choices: readonly string[]): string[] => choices.map((_, i) => letterAt(i));

const arc: Format = ({ question }, choices) => ({ context: `Question: ${question}\nAnswer:`, continuations: choices });

const gpqa: Format = ({ question }, choices) => ({
  context: `What is the correct answer to this question:${question}\nChoices:\n${choiceLines(choices, ') ', '(')}\nAnswer:`,
  continuations: letters(choices).map((letter) => `(${letter})`),
});

const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['gpqa-diamond', gpqa],
  ['gpqa-main', gpqa],
  ['gpqa-extended', gpqa],
  [
    'sciq',
    (question, choices) => ({
      context: `${supportOf(question).trimStart()}\nQuestion: ${question.question}\nAnswer:`,
      continuations: choices,
    }),
  ],
  [
    'medmcqa',
    ({ question }, choices) => ({
      context: `Question: ${question}\nChoices:\n${choiceLines(choices, '. ')}\nAnswer:`,
      continuations: letters(choices),
    }),
  ],
  [
    'pubmedqa',
    (question, choices) => ({
      context: `Abstract: ${passagesOf(question).join('\n')}\nQuestion: ${stemOf(question)}\nAnswer:`,
      continuations: choices.map((choice) => choice.toLowerCase()),
    }),
  ],
]);

/** Context and continuations of a question with its choices as shown. Throws InputError where it has no choices. */
export function likelihoodPrompt(question: Question): LikelihoodPrompt {
  return (FORMATS.get(question.task) ?? arc)(question, requireChoices(question));
}
