/** What a benchmark brings along: how its answers are graded, and where it can, its own views and rubrics. */

import type { Grade, Question } from '../../base/records/question';
import type { Criterion, Rubric } from '../../base/records/rubric';
import type { Random } from '../../engine/tensors/random';
import type { Views } from './views';

/** One benchmark or suite. */
export interface Task {
  readonly name: string;
  /** The task's own views; chat templates are used where it has none. */
  readonly views?: Views;
  grade(question: Question, response: string): Grade;
  /** The right answer in the form in which a response ends; `\boxed{answer}` where the task has no form of its own. */
  boxed?(question: Question): string;
  /**
   * A rubric made by rule from the question's data: `source` is a rubric source of the settings (`reference`, `generic`,
   * `placebo`, ...), `pool` the questions that foreign rubrics are taken from. Undefined when the task has no such source.
   */
  rubric?(question: Question, source: string, random: Random, pool: readonly Question[]): Rubric | undefined;
  /** Whether a response meets a criterion, where a rule can tell; a judge is asked otherwise. */
  meetsCriterion?(criterion: Criterion, response: string): boolean | undefined;
  /** The task's own strict reading of a written rubric, undefined when it is invalid; others use `parseRubric`. */
  parseRubric?(text: string): readonly Criterion[] | undefined;
}
