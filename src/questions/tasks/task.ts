/** The type of a task: how its answers are graded and, if it has them, its own prompts and rubrics. */

import type { Grade, Question } from '../../base/records/question';
import type { Criterion, Rubric } from '../../base/records/rubric';
import type { Random } from '../../engine/tensors/random';
import type { Views } from './views';

/** The place in a solution where it names a rule. */
export interface RuleBranch {
  /** The texts that may come before it, one for each style of solution. */
  readonly before: readonly string[];
  /** The right rule from its first word on that differs from the wrong one. */
  readonly rule: string;
}

/** One benchmark or suite. */
export interface Task {
  readonly name: string;
  /** The task's own prompts; without them, chat templates are used. */
  readonly views?: Views;
  grade(question: Question, response: string): Grade;
  /** Whether two extracted answers say the same, for counting votes; without it, only equal texts do. */
  sameAnswer?(question: Question, a: string, b: string): boolean;
  /** The right answer in the form in which a response ends; `\boxed{answer}` for a task without a form of its own. */
  boxed?(question: Question): string;
  /**
   * A rubric made by rule from the question's data. `source` is a rubric source of the settings (`reference`,
   * `generic`, `placebo`, ...), `pool` the questions from which rubrics of other questions are taken. Undefined when
   * the task has no such source.
   */
  rubric?(question: Question, source: string, random: Random, pool: readonly Question[]): Rubric | undefined;
  /** Whether a response meets a criterion, if a rule can decide it; otherwise a judge is asked. */
  meetsCriterion?(criterion: Criterion, response: string): boolean | undefined;
  /** Where a solution chooses between the right rule and the common wrong one; undefined for a question without them. */
  branch?(question: Question): RuleBranch | undefined;
  /** The task's own strict parser of written rubrics, undefined for an invalid one; other tasks use `parseRubric`. */
  parseRubric?(text: string): readonly Criterion[] | undefined;
}
