/**
 * The type of a mode: a way of asking a benchmark's questions and reading the answers, named after the program that
 * does it.
 */
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

export type ModeName = (typeof MODE_NAMES)[number];

export interface Mode {
  readonly name: ModeName;
  /** The question with its choices as this mode shows them; `index` is its place among the questions that are asked. */
  arrange(question: Question, index: number): Question;
  /** Text of the only user turn. Throws InputError where the mode has no prompt for such a question. */
  prompt(question: Question): string;
  /**
   * Grades a response; choices must be in the order in which they were shown. Throws InputError where the mode cannot
   * grade such a question.
   */
  grade(question: Question, response: string): Grade;
}
