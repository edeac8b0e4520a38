/** Grading by the facts in a question's metadata: the boxed answer, the process score, faithfulness. */

import { InputError } from '../../records/errors';
import type { Criterion } from '../../rubrics/rubric';
import type { Grade, Question } from '../question';
import { criterionText, draft, PROCESS_WEIGHTS, type ProcessKind } from './criteria';
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

const PART = /^(States :|Finds|Lists :|Gives the answer in|Does not mention :) (.+?)$/;

/**
 * Whether a response does what the words of a criterion ask for, be they of this question or of another; undefined where no
 * rule can tell ("Explains each step .").
 */
function meetsText(text: string, response: string): boolean | undefined {
  const words = wordsOf(response);
  const box = boxOf(words);
  if (text === 'Gives a final answer .') return box !== undefined;
  if (text === 'Gives A or B .') return box?.length === 1 && ['A', 'B'].includes(box[0] as string);
  const says = (sentence: string) => ` ${words.join(' ')} `.includes(` ${sentence} `);
  const [, verb, rest = ''] = PART.exec(text) ?? [];
  switch (verb) {
    case 'States :':
    case 'Finds':
      return says(rest);
    case 'Lists :':
      return says(`Given ${rest}`);
    case 'Gives the answer in':
      return `${box?.at(-1)} .` === rest;
    case 'Does not mention :':
      return !says(rest);
    default:
      return undefined;
  }
}

/** Whether a response meets a criterion, decided by looking for its words; undefined where no rule can tell. */
export const meetsCriterion = ({ description }: Pick<Criterion, 'description'>, response: string) =>
  meetsText(criterionText(description), response);

/** Which of the five process criteria a response meets. */
export function processChecks(question: Question, response: string): Record<ProcessKind, boolean> {
  const facts = factsOf(question);
  const meets = (kind: ProcessKind) => meetsText(draft(facts, kind).text, response) === true;
  return {
    law: meets('law'),
    step: meets('step'),
    unit: meets('unit'),
    given: meets('given'),
    pitfall: meets('pitfall'),
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
