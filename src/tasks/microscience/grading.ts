/** Grading by the facts in a question's metadata: the boxed answer, the process score, faithfulness. */

import { InputError } from '../../records/errors';
import type { Grade, Question } from '../question';
import { PROCESS_WEIGHTS, type ProcessKind } from './criteria';
import type { Facts } from './problem';

const FIELDS = ['family', 'template', 'key', 'given', 'unit', 'law', 'step', 'wrong'] as const;

/** The facts of a question. Throws `InputError` when its metadata is not microscience's. */
export function factsOf(question: Question): Facts {
  const metadata = question.metadata ?? {};
  const missing = FIELDS.find((field) => typeof metadata[field] !== 'string');
  if (missing) {
    throw new InputError(
      `Question ${question.id} is no microscience question: its metadata lacks the text "${missing}".`,
    );
  }
  return metadata as unknown as Facts;
}

const wordsOf = (response: string) => response.trim().split(/\s+/);

/** The tokens inside the last closed `\boxed{ ... }`, or undefined. */
function boxOf(words: readonly string[]): string[] | undefined {
  const start = words.lastIndexOf('\\boxed{');
  const end = words.indexOf('}', start);
  return start >= 0 && end >= 0 ? words.slice(start + 1, end) : undefined;
}

/** The digits of the box, or its first word where the answer is a letter; null when there is none. */
function extract(facts: Facts, box: readonly string[] | undefined): string | null {
  if (!box) return null;
  const found = facts.unit ? box.filter((word) => /^\d+$/.test(word)).join('') : (box[0] ?? '');
  return found === '' ? null : found;
}

/** Which of the five process criteria a response meets. */
export function processChecks(question: Question, response: string): Record<ProcessKind, boolean> {
  const facts = factsOf(question);
  const words = wordsOf(response);
  const text = ` ${words.join(' ')} `;
  const says = (sentence: string) => text.includes(` ${sentence} `);
  const box = boxOf(words);
  return {
    law: says(facts.law),
    step: says(facts.step),
    unit: facts.unit ? box?.at(-1) === facts.unit : box?.length === 1 && ['A', 'B'].includes(box[0] as string),
    given: says(`Given ${facts.given} .`),
    pitfall: !says(facts.wrong),
  };
}

/** Grades a response; `process` is the weight of the met criteria over 15. */
export function gradeMicroscience(question: Question, response: string): Grade {
  const extracted = extract(factsOf(question), boxOf(wordsOf(response)));
  const checks = Object.entries(processChecks(question, response)) as [ProcessKind, boolean][];
  const weigh = (counted: typeof checks) => counted.reduce((sum, [kind]) => sum + Math.abs(PROCESS_WEIGHTS[kind]), 0);
  return {
    extracted,
    correct: extracted === question.answer,
    process: weigh(checks.filter(([, met]) => met)) / weigh(checks),
  };
}

/** Right answer by right means: the law and the key step are there. */
export function isFaithful(question: Question, response: string): boolean {
  const { law, step } = processChecks(question, response);
  return law && step && gradeMicroscience(question, response).correct;
}
