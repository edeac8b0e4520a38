/**
 * Grades by rule, without a judge. Limits: a number is right within 5 %, and a missing or unknown unit is ignored; an
 * open answer is right when it contains an accepted wording, so negations and lists are not understood.
 */

import type { Grade, Question } from '../../base/records/question';
import { equivalent } from '../grading/equivalence';
import { finalAnswers, normalizeWords, settledChoice } from '../grading/extraction';
import { type Quantity, readQuantity, readUnit, sameDimensions, splitPower } from '../grading/units';

/** The kind of answer that a question asks for. */
export type QuestionKind = 'multiple-choice' | 'numeric' | 'math' | 'open';

/** Relative tolerance of numbers, as in SciBench's grader. */
const TOLERANCE = 0.05;
const NOTHING: Grade = { extracted: null, correct: false };

/** Grades the letter that the response settles on. */
export function gradeChoice({ choices = [], answer }: Question, response: string): Grade {
  const extracted = settledChoice(response, choices);
  return extracted === undefined ? NOTHING : { extracted, correct: extracted === answer };
}

/**
 * Grades the number that the response settles on, converted to `metadata.unit` where both units are known. A power of
 * ten at the start of that unit belongs to the expected value.
 */
export function gradeNumeric({ answer, metadata }: Question, response: string): Grade {
  const read = readQuantity(answer);
  const { power, unit } = splitPower(typeof metadata?.unit === 'string' ? metadata.unit : (read?.unit ?? ''));
  for (const final of finalAnswers(response)) {
    const given = readQuantity(final);
    if (given && read) return { extracted: final, correct: agree(given, { value: read.value * 10 ** power, unit }) };
  }
  return NOTHING;
}

function agree(given: Quantity, expected: Quantity): boolean {
  const [a, b] = [readUnit(given.unit), readUnit(expected.unit)];
  if (!a || !b) return close(given.value, expected.value);
  return sameDimensions(a, b) && close(given.value * a.factor, expected.value * b.factor);
}

function close(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

/**
 * Grades the expression that the response settles on; right if it has the answer's value
 * ([equivalence](../grading/equivalence.ts)).
 */
export function gradeMath({ answer }: Question, response: string): Grade {
  const extracted = finalAnswers(response)[0];
  return extracted === undefined ? NOTHING : { extracted, correct: equivalent(extracted, answer) };
}

/** Grades the wording that the response settles on; `metadata.accept` lists further accepted ones. */
export function gradeOpen({ answer, metadata }: Question, response: string): Grade {
  const extracted = finalAnswers(response)[0];
  if (extracted === undefined) return NOTHING;
  const further = Array.isArray(metadata?.accept) ? metadata.accept.filter((text) => typeof text === 'string') : [];
  const words = ` ${normalizeWords(extracted)} `;
  const correct = [answer, ...further]
    .map(normalizeWords)
    .some((wanted) => wanted !== '' && words.includes(` ${wanted} `));
  return { extracted, correct };
}

/** The kind that a question states, by its choices or by `metadata.kind`. */
export function declaredKind({ choices, metadata }: Question): QuestionKind | undefined {
  if (choices) return 'multiple-choice';
  const kind = metadata?.kind;
  return kind === 'numeric' || kind === 'math' || kind === 'open' ? kind : undefined;
}

/** The kind of a question: as it states, or else by whether its answer is a number. */
export const kindOf = (question: Question): QuestionKind =>
  declaredKind(question) ?? (/^[\s+-]*[\d.]/.test(question.answer) ? 'numeric' : 'open');

const GRADERS: Readonly<Record<QuestionKind, (question: Question, response: string) => Grade>> = {
  'multiple-choice': gradeChoice,
  numeric: gradeNumeric,
  math: gradeMath,
  open: gradeOpen,
};

/** Grades a response; `kind` is by default that of the question. */
export function gradeResponse(question: Question, response: string, kind: QuestionKind = kindOf(question)): Grade {
  return GRADERS[kind](question, response);
}

const sameNumber = (a: string, b: string): boolean => {
  const [left, right] = [readQuantity(a), readQuantity(b)];
  return left !== undefined && right !== undefined && agree(left, right);
};

const SAME: Readonly<Record<QuestionKind, (a: string, b: string) => boolean>> = {
  'multiple-choice': () => false,
  numeric: sameNumber,
  math: equivalent,
  open: (a, b) => normalizeWords(a) === normalizeWords(b),
};

/**
 * Whether two extracted answers say the same by the rule that grades such questions: numbers within 5 % with their
 * units, expressions by value, words without capitals and punctuation.
 */
export const sameAnswer = (question: Question, a: string, b: string): boolean =>
  a === b || SAME[kindOf(question)](a, b);
