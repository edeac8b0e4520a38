/**
 * The graders of lm-evaluation-harness: the filters `strict-match` and `flexible-extract` of its gpqa_*_cot_zeroshot
 * tasks, the filter of its mmlu_pro, and the string comparison of its hendrycks_math. Where a task ends generation at a
 * stop string, responses are expected to be cut there already.
 */

import type { Grade, Question } from '../../../base/records/question';
import { arrangeChoices, correctFirst } from '../arrange';
import { letterAt } from '../letters';
import { gradeHendrycks } from './hendrycks';
import { requireChoices, requireKind } from './kinds';
import { choiceLines } from './lines';
import { pythonRandom } from './mersenne';
import { mmluProQuestion } from './mmluPro';
import type { Mode, ModeName } from './mode';
import { escapePattern, pythonPattern, strip } from './python';

const NOTHING: Grade = { extracted: null, correct: false };
const MMLU_PRO = /answer is \(?([ABCDEFGHIJ])\)?/;
const BRACKETED = /\([A-Z]\)/g;
/** Characters before which Python's `re.escape` puts a backslash. */
const ESCAPED = /[()[\]{}?*+|^$\\.&~# \t\n\r\v\f-]/g;

/** lm-eval puts the right choice last and shuffles with Python's global generator, which its evaluator seeds with 0. */
const shuffles = new Map<number, { readonly source: ReturnType<typeof pythonRandom>; readonly drawn: number[][] }>();
function shuffleOf(index: number, n: number): readonly number[] {
  const { source, drawn } = shuffles.get(n) ?? { source: pythonRandom(0), drawn: [] };
  shuffles.set(n, { source, drawn });
  while (drawn.length <= index) drawn.push(source.shuffle(n));
  return (drawn[index] as number[]).map((place) => (place + 1) % n);
}

/**
 * The text after the first "The answer is " that is followed by more on its line, without the last character of that
 * line.
 */
function strictMatch(response: string): string | undefined {
  const phrase = 'The answer is ';
  for (let at = response.indexOf(phrase); at >= 0; at = response.indexOf(phrase, at + 1)) {
    const start = at + phrase.length;
    const newline = response.indexOf('\n', start);
    const characters = response.slice(start, newline < 0 ? undefined : newline);
    if (characters !== '') return strip([...characters].slice(0, -1).join(''));
  }
  return undefined;
}

/** The last `(X)`, or else the last choice that is quoted, or else the last letter after a colon. */
function flexibleExtract(response: string, choices: readonly string[]): string | undefined {
  return (
    response.match(BRACKETED)?.at(-1) ?? quotedChoice(response, choices) ?? letterBehindColon(response, choices.length)
  );
}

/** Lower case without punctuation, as the filter compares choices and response. */
const plain = (text: string): string => text.toLowerCase().replace(/\p{P}/gu, '');

function quotedChoice(response: string, choices: readonly string[]): string | undefined {
  const shown = choices.map((choice) => plain(strip(choice)));
  const length = (text: string): number => [...text].length + (text.match(ESCAPED)?.length ?? 0);
  const longestFirst = [...shown].sort((a, b) => length(b) - length(a));
  const pattern = new RegExp(longestFirst.map(escapePattern).join('|'), 'gu');
  let last: string | undefined;
  for (const [match] of plain(response).matchAll(pattern)) last = match;
  const found = strip(last ?? '');
  const place = shown.lastIndexOf(found);
  if (found === '') return undefined;
  return place < 0 ? found : `(${letterAt(place)})`;
}

function letterBehindColon(response: string, count: number): string | undefined {
  const letters = Array.from({ length: count }, (_, i) => letterAt(i)).join('|');
  let last: string | undefined;
  for (const match of response.matchAll(pythonPattern(`:[\\s]*(${letters})`, 'g'))) last = match[1];
  return last === undefined ? undefined : `(${last})`;
}

/** lm-eval's exact_match with ignore_case and ignore_punctuation. */
const matches = (found: string, target: string): boolean => folded(found) === folded(target);
const folded = (text: string): string => text.toLowerCase().replace(/[!-/:-@[-`{-~]/g, '');

function prompt(name: ModeName, question: Question): string {
  if (requireKind(name, question) === 'math') return `Problem: ${question.question}\nAnswer:`;
  const choices = requireChoices(question);
  if (question.task === 'mmlu-pro') return mmluProQuestion(question, choices.map(strip));
  return `What is the correct answer to this question:${question.question}\nChoices:\n${choiceLines(choices, ') ', '(')}\nLet's think step by step: `;
}

function modeOf(name: ModeName, extract: (response: string, choices: readonly string[]) => string | undefined): Mode {
  return {
    name,
    arrange(question, index) {
      requireKind(name, question);
      return correctFirst(question)
        ? arrangeChoices(question, shuffleOf(index, requireChoices(question).length))
        : question;
    },
    prompt: (question) => prompt(name, question),
    grade(question, response) {
      if (requireKind(name, question) === 'math') return gradeHendrycks(question, response);
      const found = extract(response, requireChoices(question));
      if (found === undefined || found === '') return NOTHING;
      const letter = /^\(([A-Z])\)$/.exec(found)?.[1];
      return { extracted: letter ?? found, correct: matches(found, `(${question.answer})`) };
    },
  };
}

const strict = modeOf('lm-eval-strict', strictMatch);

/** The filter `strict-match`; for the task mmlu-pro, the filter of lm-eval's own mmlu_pro. */
export const lmEvalStrict: Mode = {
  ...strict,
  grade(question, response) {
    if (question.task !== 'mmlu-pro') return strict.grade(question, response);
    requireKind('lm-eval-strict', question);
    const extracted = MMLU_PRO.exec(response)?.[1] ?? null;
    return { extracted, correct: extracted === question.answer };
  },
};

/** The filter `flexible-extract`. */
export const lmEvalFlexible = modeOf('lm-eval-flexible', flexibleExtract);
