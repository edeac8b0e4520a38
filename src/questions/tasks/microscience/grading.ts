/** Grades by the facts in a question's metadata: the boxed answer, the process score, and faithfulness. */

import { InputError } from '../../../base/records/errors';
import type { Grade, Question } from '../../../base/records/question';
import type { Criterion } from '../../../base/records/rubric';
import { PROCESS_WEIGHTS, type ProcessKind, sentenceOf } from './criteria';
import type { Facts } from './families/problem';

const FIELDS = ['family', 'template', 'key', 'given', 'unit', 'law', 'step', 'wrong', 'mistake'] as const;

/** The facts of a question. Throws `InputError` when its metadata is not microscience's. */
export function factsOf(question: Question): Facts {
  const metadata = question.metadata ?? {};
  const missing = FIELDS.find((field) => typeof metadata[field] !== 'string');
  if (missing) {
    throw new InputError(
      `Question ${question.id} is not a microscience question: its metadata lacks the text "${missing}".`,
    );
  }
  return metadata as unknown as Facts;
}

const wordsOf = (response: string) => response.trim().split(/\s+/);

/** The tokens inside the last closed `\boxed{ ... }`; undefined if there is none. */
function boxOf(words: readonly string[]): string[] | undefined {
  const start = words.lastIndexOf('\\boxed{');
  const end = words.indexOf('}', start);
  return start >= 0 && end >= 0 ? words.slice(start + 1, end) : undefined;
}

/** The digits of the box or, where the answer is a letter, its first word; null when there is none. */
function extract(facts: Facts, box: readonly string[] | undefined): string | null {
  if (!box) return null;
  const found = facts.unit ? box.filter((word) => /^\d+$/.test(word)).join('') : (box[0] ?? '');
  return found === '' ? null : found;
}

/**
 * Prepares a response for look-ups: whether it contains a sentence or a box, and whether the box ends in a unit or is a
 * letter.
 */
function reading(response: string) {
  const words = wordsOf(response);
  const text = ` ${words.join(' ')} `;
  const box = boxOf(words);
  return {
    says: (sentence: string) => text.includes(` ${sentence} `),
    boxes: (unit: string) => box?.at(-1) === unit,
    answers: () => box !== undefined,
    boxesLetter: () => box?.length === 1 && ['A', 'B'].includes(box[0] as string),
  };
}

/** Which of the five process criteria a response meets. */
export function processChecks(question: Question, response: string): Record<ProcessKind, boolean> {
  const facts = factsOf(question);
  const { says, boxes, boxesLetter } = reading(response);
  return {
    law: says(facts.law),
    step: says(facts.step),
    unit: facts.unit ? boxes(facts.unit) : boxesLetter(),
    given: says(`Given ${facts.given} .`),
    pitfall: !says(facts.wrong),
  };
}

/** Whether a response does what a criterion of any rubric says; undefined for sentences that cannot be looked up. */
export function meetsCriterion(criterion: Criterion, response: string): boolean | undefined {
  const { says, boxes, boxesLetter, answers } = reading(response);
  const sentence = sentenceOf(criterion);
  if (sentence === 'Gives a final answer .') return answers();
  if (sentence === 'Gives A or B .') return boxesLetter();
  const [, opening, rest = ''] =
    /^(States :|Finds|Lists :|Gives the answer in|Does not mention :) (.+)$/.exec(sentence) ?? [];
  switch (opening) {
    case 'States :':
    case 'Finds':
      return says(rest);
    case 'Lists :':
      return says(`Given ${rest}`);
    case 'Gives the answer in':
      return boxes(rest.replace(/ \.$/, ''));
    case 'Does not mention :':
      return !says(rest);
    default:
      return undefined;
  }
}

/** Grades a response; `process` is the weight of the met criteria divided by 15, `rule` says that the law is stated and the wrong one is not. */
export function gradeMicroscience(question: Question, response: string): Grade {
  const extracted = extract(factsOf(question), boxOf(wordsOf(response)));
  const checks = Object.entries(processChecks(question, response)) as [ProcessKind, boolean][];
  const weigh = (counted: typeof checks) => counted.reduce((sum, [kind]) => sum + Math.abs(PROCESS_WEIGHTS[kind]), 0);
  return {
    extracted,
    correct: extracted === question.answer,
    process: weigh(checks.filter(([, met]) => met)) / weigh(checks),
    rule: checks.every(([kind, met]) => met || (kind !== 'law' && kind !== 'pitfall')),
  };
}

/** Whether an answer is right by right means, that is, contains the law and the key step. */
export function isFaithful(question: Question, response: string): boolean {
  const { law, step } = processChecks(question, response);
  return law && step && gradeMicroscience(question, response).correct;
}

/** Which of the two rules a response states; undefined where it states none or both. */
export function statedRule(question: Question, response: string): 'right' | 'wrong' | undefined {
  const { law, pitfall } = processChecks(question, response);
  if (law === !pitfall) return undefined;
  return law ? 'right' : 'wrong';
}

/** Whether the box holds the answer of the rule that is stated, right or wrong. */
export function followsStatedRule(question: Question, response: string): boolean {
  const stated = statedRule(question, response);
  const facts = factsOf(question);
  const extracted = extract(facts, boxOf(wordsOf(response)));
  return stated !== undefined && extracted === (stated === 'right' ? question.answer : facts.mistake);
}
