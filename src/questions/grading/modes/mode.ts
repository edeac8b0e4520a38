/** A way of asking a benchmark's questions and of reading the answers, named after the program that does it so. */
import type { Grade, Question } from '../../../base/records/question';

/** The modes of `rcsd grade` and `rcsd evaluate`. */
export const MODE_NAMES = [
  'open-science',
  'corrected',
  'simple-evals',
  'mmlu-pro',
  'lm-eval-strict',
  'lm-eval-flexible',
] as const;

/** Name of a mode. */
export type ModeName = (typeof MODE_NAMES)[number];

/** One mode. */
export interface Mode {
  readonly name: ModeName;
  /** The question with its choices as this mode shows them; `index` is its place among the questions asked. */
  arrange(question: Question, index: number): Question;
  /** Text of the one user turn. Throws InputError where the mode has no prompt for such a question. */
  prompt(question: Question): string;
  /** Reads a response; choices are taken as shown. Throws InputError where the mode does not know such a question. */
  grade(question: Question, response: string): Grade;
}
