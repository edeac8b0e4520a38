/**
 * Grades by rule, without a judge, and strictly: by what the answer is. A whole number is right in every digit, a decimal when it rounds to the
 * digits of the answer, mathematics when it has the same value, a text when it is the same but for capitals, blanks and what ends the sentence.
 * A tolerance holds only where the question states one.
 */
import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import type { Grade, Question } from '../../base/records/question';
import { settledChoice } from '../grading/choices';
import { answerAlone, valueStated } from '../grading/conclusion';
import { equivalent, sameValue } from '../grading/equivalence/equivalence';
import { unwrapped, withoutLayout } from '../grading/equivalence/notation';
import { decimalOf } from '../grading/equivalence/rounding';
import {
  converted,
  type Quantity,
  readQuantity,
  readUnit,
  sameDimensions,
  splitPower,
} from '../grading/equivalence/units';
import { plainWording } from '../grading/equivalence/words';
import { finalAnswers } from '../grading/extraction';
import { dropThinking } from '../grading/thinking';
import { type AnswerKind, answerKind, familyOf, type QuestionKind, statedKind } from './answerKinds';

const NOTHING: Grade = { extracted: null, correct: false };

/** Grades the letter that the response settles on. */
export function gradeChoice({ choices = [], answer }: Question, response: string): Grade {
  const extracted = settledChoice(response, choices);
  return extracted === undefined ? NOTHING : { extracted, correct: extracted === answer };
}

/** How far a number may be off: a share of the answer, or so much in the answer's unit. */
export interface Tolerance {
  readonly of: 'share' | 'amount';
  readonly size: number;
}

/** The tolerance that a question states: `"5 %"` of the answer, or an amount such as `0.1`. Throws InputError for anything else. */
export function toleranceOf({ id, metadata }: Pick<Question, 'id' | 'metadata'>): Tolerance | undefined {
  const stated = metadata?.tolerance;
  if (stated === undefined || stated === null) return undefined;
  const [, number, percent] =
    /^\s*(?:±\s*)?(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*(%)?\s*$/.exec(typeof stated === 'object' ? '' : String(stated)) ?? [];
  if (number === undefined)
    throw new InputError(
      `The tolerance ${shownValue(stated)} of the question "${id}" is neither a share such as "5 %" nor a number such as 0.1.`,
    );
  return percent ? { of: 'share', size: Number(number) / 100 } : { of: 'amount', size: Number(number) };
}

/** The number of an answer with its unit; a power of ten at the start of `metadata.unit` belongs to the number. */
export function expectedQuantity({ answer, metadata }: Question): Quantity | undefined {
  const read = readQuantity(answer);
  const { power, unit } = splitPower(typeof metadata?.unit === 'string' ? metadata.unit : (read?.unit ?? ''));
  if (!read) return undefined;
  const written = power === 0 ? read.written : `${read.written} \\times 10^{${power}}`;
  return { value: read.value * 10 ** power, unit, written };
}

/** Grades the number that the response settles on. */
function gradeNumber(question: Question, response: string, kind: AnswerKind): Grade {
  const expected = expectedQuantity(question);
  if (!expected) return NOTHING;
  const tolerance = toleranceOf(question);
  for (const extracted of finalAnswers(response).map(valueStated)) {
    const given = readQuantity(extracted);
    if (!given) continue;
    if (!tolerance && kind !== 'quantity' && equivalent(extracted, question.answer))
      return { extracted, correct: true };
    // Two numbers where one is asked for are no answer.
    if ((kind === 'integer' && !tolerance) || /^(?:[,;]|or\b|and\b)?\s*[+-]?\d/.test(given.unit))
      return { extracted, correct: false };
    return { extracted, correct: agree(given, expected, tolerance ?? { kind }) };
  }
  return NOTHING;
}

/** A number that rounds to the digits of the answer has them all; one with a unit may have fewer, but not fewer than these. */
const FEWEST_DIGITS = 3;

function agree(given: Quantity, expected: Quantity, how: Tolerance | { readonly kind: AnswerKind }): boolean {
  const [a, b] = [readUnit(given.unit), readUnit(expected.unit)];
  // A unit that is not known has to be written alike, unless what stands behind the number is prose.
  if (a && !b && expected.unit.trim() !== '' && !sameText(given.unit, expected.unit)) return false;
  if (a && b && !sameDimensions(a, b)) return false;
  const value = a && b ? converted(given.value, a, b) : given.value;
  const off = Math.abs(value - expected.value);
  const rounding = 1e-9 * Math.abs(expected.value);
  if ('size' in how)
    return (
      off <= (how.of === 'share' ? how.size * Math.max(Math.abs(value), Math.abs(expected.value)) : how.size) + rounding
    );
  if (off <= rounding) return true;
  const places = lastPlace(expected);
  if (off <= 0.5 * 10 ** places + rounding) return true;
  if (how.kind !== 'quantity' || Math.sign(value) !== Math.sign(expected.value)) return false;
  const own = decimalOf(given.written);
  const coarser = significant(given) < significant(expected) && significant(given) >= FEWEST_DIGITS && own;
  return Boolean(coarser) && rounds(value, expected.value, significant(given));
}

/** Whether both numbers are the same when rounded to so many significant digits. */
const rounds = (a: number, b: number, digits: number): boolean => a.toPrecision(digits) === b.toPrecision(digits);

/** The place of the last digit of a number as it is written, as a power of ten; far below it for what is no plain number. */
function lastPlace({ written, value }: Quantity): number {
  const decimal = decimalOf(written);
  if (decimal) return decimal.last;
  const ten = /^[+-]?\s*\d+\s*\\(?:times|cdot)\s*10\s*\^\s*\{?([+-]?\d+)\}?$/.exec(written)?.[1];
  if (ten !== undefined) return Number(ten);
  return /^[+-]?\s*\d+$/.test(written) ? 0 : Math.log10(Math.abs(value) || 1) - 9;
}

function significant({ written }: Quantity): number {
  const mantissa = written
    .replace(/\\(?:times|cdot).*$|[eE].*$/s, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');
  return mantissa.length;
}

const sameText = (a: string, b: string): boolean => wording(a) === wording(b);

/** Grades the mathematics that the response settles on: right if it has the answer's value ([equivalence](../grading/equivalence/equivalence.ts)). */
export function gradeMath({ answer }: Question, response: string): Grade {
  const [extracted] = finalAnswers(response).map(valueStated);
  return extracted === undefined ? NOTHING : { extracted, correct: equivalent(extracted, answer) };
}

/** A text without what does not count: layout, indices' marks, an article before it, capitals, blanks, what ends the sentence. */
const wording = (text: string): string =>
  plainWording(withoutLayout(unwrapped(text)).replace(/[_^{}]|\\(?=[a-z])/g, ''))
    .replace(/^(?:the|an?) (?=\w)/, '')
    .replace(/^["'(](.*)["')]$/, '$1');

/** Grades the wording that the response settles on, or that is all of it; `metadata.accept` lists further accepted ones. */
export function gradeText({ answer, metadata }: Question, response: string): Grade {
  const extracted = finalAnswers(response)[0] ?? answerAlone(dropThinking(response));
  if (extracted === undefined) return NOTHING;
  const further = Array.isArray(metadata?.accept) ? metadata.accept.filter((text) => typeof text === 'string') : [];
  const words = wording(extracted);
  return { extracted, correct: words !== '' && [answer, ...further].some((wanted) => wording(wanted) === words) };
}

/** The family of kinds to which a question belongs: as it states, or else as its answer looks. */
export const kindOf = (question: Question): QuestionKind => familyOf(statedKind(question) ?? answerKind(question));

/** Grades a response by what the answer is. */
export function gradeResponse(question: Question, response: string): Grade {
  const kind = answerKind(question);
  if (kind === 'choice') return gradeChoice(question, response);
  if (kind === 'text') return gradeText(question, response);
  const isNumber =
    kind === 'quantity' || ((kind === 'integer' || kind === 'decimal') && statedKind(question) !== 'math');
  return isNumber ? gradeNumber(question, response, kind) : gradeMath(question, response);
}

/**
 * Whether two extracted answers say the same, an equivalence relation: quantities in the same three digits, other numbers and mathematics by
 * value, text by its wording.
 */
export function sameAnswer(question: Question, a: string, b: string): boolean {
  if (a === b) return true;
  const kind = answerKind(question);
  if (kind === 'choice') return false;
  if (kind === 'text') return wording(a) === wording(b);
  if (kind === 'quantity' || toleranceOf(question)) return quantityKey(a, question) === quantityKey(b, question);
  return sameValue(a, b);
}

/** A quantity in the answer's unit to three digits, as text. */
function quantityKey(text: string, question: Question): string {
  const [given, expected] = [readQuantity(text), expectedQuantity(question)];
  if (!given) return wording(text);
  const [a, b] = [readUnit(given.unit), readUnit(expected?.unit ?? '')];
  if (a && b && !sameDimensions(a, b)) return `${given.value.toPrecision(FEWEST_DIGITS)} ${a.dimensions}`;
  return (a && b ? converted(given.value, a, b) : given.value).toPrecision(FEWEST_DIGITS);
}
