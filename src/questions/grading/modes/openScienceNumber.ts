/**
 * The grader for SciBench of lm-open-science-evaluation: the last `oxed{...}`, within 5 %; a power of ten in the unit
 * becomes part of the number.
 */
import type { Grade, Question } from '../../../base/records/question';
import { isClose, pythonFloat, strip, words } from './python';

const TOLERANCE = 0.05;
/** A power of ten at the start of a unit, and the same after a times sign in an answer. */
const POWER = /\$? *10\^\{? *-?\d+ *\}? *\$?/u;
const FACTOR = /10\^\{? *(-?\d+) *\}?/u;

/** The unit of a question, the part that the prompt tells (without the power of ten), and whether the two differ. */
function unitOf({ metadata }: Question): { readonly unit: string; readonly told: string } {
  const unit = typeof metadata?.unit === 'string' ? strip(metadata.unit) : '';
  const behind = strip(unit.split(POWER).at(-1) as string);
  return { unit, told: POWER.test(unit) && unit.split(POWER).at(-1) !== '' ? behind : unit };
}

/**
 * Content of the last `oxed{...}`, after its last `=`. Braces are counted from there; undefined when they do not close.
 */
function boxedNumber(response: string): string | undefined {
  const start = response.lastIndexOf('oxed');
  if (start < 0 || response[start + 4] !== '{') return undefined;
  let depth = 0;
  for (let i = start; i < response.length; i++) {
    if (response[i] === '{') depth++;
    if (response[i] !== '}' || --depth !== 0) continue;
    const content = response.slice(start + 5, i);
    return content.includes('=') ? content.slice(content.lastIndexOf('=') + 1).replace(/^ +/, '') : content;
  }
  return undefined;
}

/** A number and its power of ten as one number in text; undefined where the original finds no number. */
function folded(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const sign = ['\\times', '\times', '*'].find((mark) => text.includes(mark));
  if (sign === undefined) return text;
  const [head, power, ...more] = text.split(sign);
  return more.length > 0 ? undefined : scaled(head as string, power as string);
}

function scaled(head: string, power: string): string | undefined {
  const exponent = FACTOR.exec(power)?.[1];
  const value = pythonFloat(head);
  if (exponent === undefined || value === undefined) return undefined;
  const factor = 10 ** Number(exponent);
  return Number.isFinite(factor) ? String(value * factor) : undefined;
}

/** Whether the text, or its first word, is a number within 5 % of the answer's; commas are ignored. */
function agrees(given: string, expected: string): boolean {
  const plain = given.replaceAll(',', '');
  const target = pythonFloat(expected);
  if (target === undefined) return false;
  return [plain, words(plain)[0] as string].some((text) => {
    const value = pythonFloat(text);
    return value !== undefined && isClose(value, target, TOLERANCE);
  });
}

/** Grades as its `extract_scibench_sft_answer` and `eval_scibench` do. */
export function gradeSciBench(question: Question, response: string): Grade {
  const extracted = boxedNumber(response) ?? null;
  const { unit, told } = unitOf(question);
  const answer = strip(question.answer);
  const [given, expected] =
    told === unit ? [extracted, answer] : [folded(extracted ?? undefined), scaled(answer, unit)];
  return { extracted, correct: typeof given === 'string' && expected !== undefined && agrees(given, expected) };
}

/** Its prompt; the unit is given without its power of ten. */
export function sciBenchPrompt(question: Question): string {
  const { told } = unitOf(question);
  const asked = `${question.question.trim()}${told === '' ? '' : ` The unit of the answer is ${told}.`}`;
  return `Please provide a clear and step-by-step solution for a scientific problem in the categories of Chemistry, Physics, or Mathematics. The problem will specify the unit of measurement, which should not be included in the answer. Express the final answer as a decimal number with three digits after the decimal point. Conclude the answer by stating "The answer is therefore \\boxed{[ANSWER]}."\nQuestion: ${asked}\nLet's think step by step.`;
}
