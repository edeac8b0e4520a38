/** Where a solution of the suite chooses its rule. */

import type { Question } from '../../../base/records/question';
import type { RuleBranch } from '../task';
import { factsOf } from './grading';

/** The clean solution up to the rule in both styles, with the words that right and wrong rule begin with alike. */
export function ruleBranch(question: Question): RuleBranch | undefined {
  const { given, law, wrong } = factsOf(question);
  const [opening, rest] = (question.solution ?? '').split(` ${law} `);
  if (opening === undefined || rest === undefined) return undefined;
  const [right, other] = [law.split(' '), wrong.split(' ')];
  const fork = right.findIndex((word, i) => word !== other[i]);
  const shared = right.slice(0, fork);
  const styles = [opening, opening.replace(`Given ${given} .`, 'So')];
  return { before: styles.map((style) => [style, ...shared].join(' ')), rule: right.slice(fork).join(' ') };
}
