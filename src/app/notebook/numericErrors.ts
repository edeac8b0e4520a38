/**
 * How numeric answers are wrong: by a power of ten, by the sign, by the unit, or by a little; and how much the
 * tolerance matters.
 */

import type { Question } from '../../base/records/question';
import {
  converted,
  readQuantity,
  readUnit,
  sameDimensions,
  splitPower,
} from '../../questions/grading/equivalence/units';
import { expectedQuantity } from '../../questions/tasks/grading';
import type { ShareSeries } from '../../results/figures/shares';
import { percent } from '../../results/figures/text';
import type { MethodEvaluation } from '../../run/experiments/comparison';
import type { Row } from './analysis';

/** The classes of numeric answers, from right to missing. */
export const NUMERIC_ERRORS = [
  'right',
  'within 5 %, not right',
  'right number, other unit',
  'wrong sign',
  'off by a power of ten',
  'within a factor of 2',
  'within a factor of 10',
  'farther off',
  'no number found',
] as const;
export type NumericError = (typeof NUMERIC_ERRORS)[number];

const TOLERANCE = 0.05;

interface Comparison {
  /** Given value divided by the expected one, in the same unit if the units can be converted. */
  readonly ratio: number;
  /** Both sides name a unit, and neither can be converted into the other. */
  readonly otherUnit: boolean;
}

function compareValues(question: Question, extracted: string | null): Comparison | undefined {
  const [given, wanted] = [extracted === null ? undefined : readQuantity(extracted), expectedQuantity(question)];
  if (!given || !wanted || wanted.value === 0) return undefined;
  const [a, b] = [readUnit(given.unit), readUnit(wanted.unit)];
  if (!a || !b) return { ratio: given.value / wanted.value, otherUnit: false };
  const otherUnit = !sameDimensions(a, b);
  return { ratio: (otherUnit ? given.value : converted(given.value, a, b)) / wanted.value, otherUnit };
}

/** Given value divided by the expected one, in the same unit if the units can be converted; undefined without a number. */
export const valueRatio = (question: Question, extracted: string | null): number | undefined =>
  compareValues(question, extracted)?.ratio;

/** Whether two numbers with this ratio differ by at most 5 % of the larger one. */
const near = (ratio: number): boolean => ratio > 0 && Math.min(ratio, 1 / ratio) >= 1 - TOLERANCE;

/** The class of a graded answer. */
export function numericError(
  question: Question,
  { extracted, correct }: { extracted: string | null; correct: boolean },
): NumericError {
  if (correct) return 'right';
  const compared = compareValues(question, extracted);
  if (!compared) return 'no number found';
  const { ratio, otherUnit } = compared;
  if (near(ratio)) return otherUnit ? 'right number, other unit' : 'within 5 %, not right';
  if (near(-ratio)) return 'wrong sign';
  const power = Math.round(Math.log10(Math.abs(ratio)));
  if (power !== 0 && Number.isFinite(power) && near(Math.abs(ratio) / 10 ** power)) return 'off by a power of ten';
  const distance = Math.max(Math.abs(ratio), 1 / Math.abs(ratio));
  if (ratio > 0 && distance <= 2) return 'within a factor of 2';
  return ratio > 0 && distance <= 10 ? 'within a factor of 10' : 'farther off';
}

const answersOf = ({ evaluation }: MethodEvaluation) =>
  evaluation.results.flatMap(({ question, responses }) => responses.map((response) => ({ question, response })));

/** Number of answers of each method by class. */
export function numericErrorRows(methods: readonly MethodEvaluation[]): Row[] {
  const kinds = methods.map((own) => answersOf(own).map(({ question, response }) => numericError(question, response)));
  return NUMERIC_ERRORS.map((error) => ({
    'an answer is': error,
    ...Object.fromEntries(
      methods.map(({ method }, i) => [method, kinds[i]?.filter((kind) => kind === error).length ?? 0]),
    ),
  }));
}

/** Share of each method's answers whose number is within a given percentage of the larger of the two numbers. */
export function toleranceSeries(methods: readonly MethodEvaluation[]): ShareSeries[] {
  const x = [1, 2, 5, 10, 20, 30, 50];
  return methods.map((own) => {
    const ratios = answersOf(own).map(({ question, response }) => valueRatio(question, response.extracted) ?? 0);
    const within = (tolerance: number) =>
      ratios.filter((ratio) => ratio > 0 && Math.min(ratio, 1 / ratio) >= 1 - tolerance / 100).length;
    return { name: own.method, x, y: x.map((tolerance) => within(tolerance) / Math.max(1, ratios.length)) };
  });
}

/** Score of each method on questions with a unit, with a power of ten in the unit, and without a unit. */
export function unitRows(methods: readonly MethodEvaluation[]): Row[] {
  const kindOf = ({ metadata }: Question): string => {
    const { power, unit } = splitPower(typeof metadata?.unit === 'string' ? metadata.unit : '');
    return power !== 0 ? 'unit with a power of ten' : unit.trim() === '' ? 'no unit' : 'unit';
  };
  const kinds = ['no unit', 'unit', 'unit with a power of ten'];
  return kinds.map((kind) => {
    const cells = methods.map((own) => {
      const answers = answersOf(own).filter(({ question }) => kindOf(question) === kind);
      return [own.method, percent(answers.filter(({ response }) => response.correct).length / answers.length)];
    });
    const questions = (methods[0]?.evaluation.results ?? []).filter(({ question }) => kindOf(question) === kind).length;
    return { 'the question has': kind, questions, ...Object.fromEntries(cells) };
  });
}
