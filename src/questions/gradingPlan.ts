/** Says of questions how their responses will be graded, and which cannot be. */
import type { Question } from '../base/records/question';
import { parseExpression } from './grading/equivalence/expression';
import { plainAnswer } from './grading/equivalence/plainAnswer';
import { readUnit } from './grading/equivalence/units';
import { type AnswerKind, answerKind, statedKind } from './tasks/answerKinds';
import { expectedQuantity, toleranceOf } from './tasks/grading';

/** How one question will be graded. */
export interface GradingNote {
  readonly id: string;
  readonly kind: AnswerKind | 'rubric' | 'none';
  /** Whether the question says so; otherwise the answer looks so. */
  readonly stated: boolean;
  readonly answer: string;
  /** When a response is right. */
  readonly rule: string;
  /** Why hardly any right response will be found right; absent where grading works. */
  readonly problem?: string;
}

/** What is said about a data set: some questions, the number of each kind, and the questions with a problem. */
export interface GradingPlan {
  readonly shown: readonly GradingNote[];
  readonly kinds: Readonly<Record<string, number>>;
  readonly problems: readonly GradingNote[];
}

const SHOWN = 10;
const LONGEST_WORDING = 12;

const RULES: Readonly<Record<AnswerKind, string>> = {
  choice: 'its letter, or its own text',
  integer: 'the same in every digit',
  decimal: 'rounds to the digits given',
  quantity: 'rounds to the digits given, in this unit or one that converts to it',
  expression: 'the same value, in any form',
  set: 'the same items, in any order',
  interval: 'the same numbers, as interval or inequality',
  equation: 'the same solutions; for `x = 5` also 5',
  text: 'the same wording but for capitals, blanks and the final mark',
};

function problemOf(question: Question, kind: AnswerKind): string | undefined {
  const { answer, choices = [] } = question;
  if (kind === 'choice') {
    const same = choices.find((choice, i) => choices.indexOf(choice) !== i);
    return same === undefined ? undefined : `two choices are "${same}"`;
  }
  if (kind === 'text') {
    if (/\\(?!text\b|mathrm\b|%|\$|&)[a-zA-Z]+/.test(answer))
      return 'it is not read as mathematics, so only the same text is right';
    if (statedKind(question) === undefined && /^[+-]?\d+(?:\.\d+)?\s*\p{L}/u.test(answer))
      return 'it is not read as a number with a known unit, so only the same text is right';
    const words = answer.trim().split(/\s+/).length;
    return words > LONGEST_WORDING
      ? `${words} words, which no response repeats; it needs a rubric and a judge`
      : undefined;
  }
  if (kind === 'quantity') {
    const unit = expectedQuantity(question)?.unit.trim() ?? '';
    return unit !== '' && !readUnit(unit) ? `the unit "${unit}" is not known, so it does not convert` : undefined;
  }
  if (
    kind === 'expression' &&
    !parseExpression(plainAnswer(answer)) &&
    !/\\begin|,|\\infty|\\pm|\\lor|\\land/.test(plainAnswer(answer))
  )
    return 'it cannot be computed, so only the same text is right';
  return undefined;
}

function noteOf(question: Question): GradingNote {
  const { id, answer } = question;
  if (question.rubric && answer === '')
    return { id, kind: 'rubric', stated: true, answer, rule: 'a judge scores its rubric' };
  if (answer === '') return { id, kind: 'none', stated: true, answer, rule: 'not graded: it has no reference answer' };
  const kind = answerKind(question);
  const tolerance = toleranceOf(question);
  const problem = problemOf(question, kind);
  return {
    ...{ id, kind, answer, stated: statedKind(question) !== undefined },
    rule: tolerance ? `within ${String(question.metadata?.tolerance)}` : RULES[kind],
    ...(problem !== undefined && { problem }),
  };
}

/** The plan for a data set; of many questions, ten at equal distances are shown. */
export function gradingPlan(questions: readonly Question[]): GradingPlan {
  const notes = questions.map(noteOf);
  const kinds: Record<string, number> = {};
  for (const { kind } of notes) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const step = Math.max(1, notes.length / SHOWN);
  const shown = Array.from(
    { length: Math.min(SHOWN, notes.length) },
    (_, i) => notes[Math.floor(i * step)] as GradingNote,
  );
  return { shown, kinds, problems: notes.filter(({ problem }) => problem !== undefined) };
}
