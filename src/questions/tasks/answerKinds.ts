/** What the answer to a question is, which decides how a response is graded: as the question states, or as its answer looks. */
import type { Question } from '../../base/records/question';
import { parseExpression } from '../grading/equivalence/expression';
import { plainSigns } from '../grading/equivalence/notation';
import { readRealSet } from '../grading/equivalence/realSets';
import { isName, readRelation } from '../grading/equivalence/relations';
import { readQuantity, readUnit } from '../grading/equivalence/units';

/** What an answer is. */
export const ANSWER_KINDS = [
  ...(['choice', 'integer', 'decimal', 'quantity', 'expression', 'set', 'interval', 'equation', 'text'] as const),
] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

/** What a question may state as `metadata.kind`: a kind of answer, or a family of kinds of which its answer is one. */
export const STATED_KINDS = [...ANSWER_KINDS, 'multiple-choice', 'numeric', 'math', 'open'] as const;
export type StatedKind = (typeof STATED_KINDS)[number];

/** The families of kinds, which the modes of grading tell apart. */
export type QuestionKind = 'multiple-choice' | 'numeric' | 'math' | 'open';

const FAMILIES: Readonly<Record<StatedKind, QuestionKind>> = {
  ...({ choice: 'multiple-choice', 'multiple-choice': 'multiple-choice' } as const),
  ...({ integer: 'numeric', decimal: 'numeric', quantity: 'numeric', numeric: 'numeric' } as const),
  ...({ expression: 'math', set: 'math', interval: 'math', equation: 'math', math: 'math' } as const),
  ...({ text: 'open', open: 'open' } as const),
};
export const familyOf = (kind: StatedKind): QuestionKind => FAMILIES[kind];

/** The kind that a question states, by its choices or by `metadata.kind`. */
export function statedKind({ choices, metadata }: Question): StatedKind | undefined {
  if (choices) return 'choice';
  return STATED_KINDS.find((kind) => kind === metadata?.kind);
}

/** What the answer to a question is: as it states, or else as its answer looks. */
export function answerKind(question: Question): AnswerKind {
  const stated = statedKind(question);
  if (stated === 'numeric') return numberKind(question);
  if (stated === 'math') return mathKind(question.answer);
  if (stated === 'open') return 'text';
  if (stated === 'choice' || stated === 'multiple-choice') return 'choice';
  return stated ?? inferredKind(question);
}

const INTEGER = /^[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)$/;
const NUMBER =
  /^[+-]?(?:\d+(?:,\d{3})*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+|\s*(?:\\times|\\cdot|\*|x)\s*10\s*\^\s*\{?\s*[+-]?\d+\s*\}?)?$/;

function numberKind({ answer, metadata }: Question): AnswerKind {
  const unit = typeof metadata?.unit === 'string' ? metadata.unit.trim() : readQuantity(answer)?.unit;
  if (unit) return 'quantity';
  return INTEGER.test(plain(answer)) ? 'integer' : 'decimal';
}

const plain = (text: string): string =>
  plainSigns(text.trim())
    .replace(/^\$+|\$+$/g, '')
    .trim();

function mathKind(answer: string): AnswerKind {
  const text = plain(answer);
  if (INTEGER.test(text)) return 'integer';
  if (NUMBER.test(text)) return 'decimal';
  if (/^\\\{.*\\\}$|^\\emptyset/s.test(text)) return 'set';
  const { sides, signs } = readRelation(text);
  if (sides.length === 2 && signs[0] === '=' && !/,|\\(?:land|lor)/.test(text)) return 'equation';
  if (!/^\(/.test(text) && readRealSet(text)) return 'interval';
  return 'expression';
}

/** Dates, ranges, codes and formulas of substances, which could be read as mathematics. */
const NO_MATHEMATICS =
  /^\d{1,4}[-/]\d{1,2}[-/]\d{1,4}$|^\d+\s*-\s*\d+$|^\d{1,2}:\d\d|^[A-Z][A-Za-z\d]*(?:-\d+)?$|\p{L}{3,}(?![^{]*\})/u;

function inferredKind(question: Question): AnswerKind {
  const text = plain(question.answer);
  if (typeof question.metadata?.unit === 'string' && question.metadata.unit.trim() !== '' && readQuantity(text))
    return 'quantity';
  if (INTEGER.test(text)) return 'integer';
  if (NUMBER.test(text)) return 'decimal';
  const quantity = /^[+-]?(?:[\d.]|\\frac)/.test(text) ? readQuantity(text) : undefined;
  if (
    quantity &&
    /^(?:\\(?:text|mathrm)\s*\{|[A-Za-z°%Ωµ\\])/.test(quantity.unit) &&
    readUnit(quantity.unit) &&
    quantity.unit !== '%'
  )
    return 'quantity';
  const words = text.replace(/\\[a-zA-Z]+/g, '').replace(/\b(?:sqrt|sin|cos|tan|log|exp|arc\w+)\b/g, '');
  if (NO_MATHEMATICS.test(words)) return 'text';
  const kind = mathKind(text);
  if (kind !== 'expression') {
    const { sides } = readRelation(text);
    const read = kind !== 'equation' || sides.every((side) => isName(side) || parseExpression(side));
    return read ? kind : 'text';
  }
  const mathematical = /[\\^*/+√π=<>|]|^-?\d|^\(.*,.*\)$|.-/u.test(text);
  const parts = text.replace(/^[([]|[)\]]$/g, '').split(',');
  return mathematical && parts.every((part) => parseExpression(part) || /\\begin|\\infty|\\pm/.test(part))
    ? 'expression'
    : 'text';
}
