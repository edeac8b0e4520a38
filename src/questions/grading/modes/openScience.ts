/**
 * The grader of GAIR-NLP/lm-open-science-evaluation, the framework that the paper used, with its peculiarities: eleven
 * patterns for a letter, each searched in the last line and then in the whole text; case is ignored, so the article "a"
 * is an answer; the text of a choice counts as an answer; GPQA's choices are shown in one fixed order, in which the
 * right one is always D. Its patterns can take exponential time; here they are rewritten so that time grows with the
 * length of the text. A word after "answer" or "option" counts up to 200 letters.
 */

import type { Grade, Question } from '../../../base/records/question';
import { passagesOf, stemOf } from '../../tasks/passages';
import { arrangeChoices, correctFirst } from '../arrange';
import { letterAt } from '../letters';
import { requireChoices, requireKind } from './kinds';
import { choiceLines } from './lines';
import { pythonRandom } from './mersenne';
import type { Mode } from './mode';
import { gradeSciBench, sciBenchPrompt } from './openScienceNumber';
import { escapePattern, pythonPattern, stripEnd } from './python';

const name = 'open-science';
/** Seed of its shuffle, which is set anew for every question. */
const SEED = 42;
/** Tasks whose letters go from A to J, whatever the number of choices. */
const TEN_LETTERS: ReadonlySet<string> = new Set(['mmlu-pro', 'supergpqa']);

const COMMAND = '\\\\(?:boxed|mathbf|mathrm|text)\\{';
const MARK = '[*${(\\[\\\\]';
/** Mark-up that may open before a letter or a choice, and mark-up that may close after it. */
const OPEN = `(?:(?:${COMMAND}|${MARK})+\\s*)?`;
const CLOSE = '[\\\\}$)\\]]*(?:[\\s:.*)]|$)';
const NOUN = '(?:answer|option|choice|result)';
/** The rest of the word after the noun, and the blank before the verb. */
const GAP = '(?:\\w{1,200}\\s)?\\s+';

/** The patterns for one of `letters`, in their order. */
function letterPatterns(letters: string): RegExp[] {
  const closed = `([${letters}])${CLOSE}`;
  const marked = `([${letters}])[\\\\}$)\\]]*`;
  const seems = '(?:\\s{2,}|\\s+(?:is|seems)\\s+)';
  return [
    `the\\s+(?:\\w+\\s+)?${NOUN}${GAP}is?:?\\s*${OPEN}${closed}`,
    ...['Answer', 'Option', 'Choice', 'Result'].map((word) => `${word}[*\\s]*:\\s*${OPEN}${closed}`),
    `${NOUN}${GAP}(?:(?:should be|must be):?\\s*|:\\s*)?${OPEN}${closed}`,
    `${NOUN}${GAP}is?\\s+probably?:?\\s*${OPEN}${closed}`,
    `${marked}${seems}correct`,
    `${marked}${seems}the?(?:\\s{2,}|\\s+(?:right|correct)\\s+)${NOUN}`,
    `${NOUN}${GAP}is?:?\\s*${OPEN}${closed}`,
    `\\\\(?:boxed|mathbf|mathrm|text)\\{([${letters}])\\}`,
  ].map((source) => pythonPattern(source, 'i'));
}

const compiled = new Map<string, RegExp[]>();
function patternsFor(letters: string): RegExp[] {
  const patterns = compiled.get(letters) ?? letterPatterns(letters);
  compiled.set(letters, patterns);
  return patterns;
}

/** The first letter that the first matching pattern finds, in the last line or else in the whole text. */
function findLetter(text: string, letters: string): string | undefined {
  for (const part of [text.slice(text.lastIndexOf('\n') + 1), text])
    for (const pattern of patternsFor(letters)) {
      const found = pattern.exec(part)?.[1];
      if (found !== undefined) return found;
    }
  return undefined;
}

/** The letter of the choice whose text occurs in the response. */
function findChoice(text: string, choices: readonly string[]): string | undefined {
  const named = `(${choices.map(escapePattern).join('|')})${CLOSE}`;
  // As in the original: an opening command is taken first, then as few marks as possible.
  const open = `(?:(?:${COMMAND})+(?:${MARK}(?:${COMMAND})*)*?\\s*|(?:(?:${MARK}(?:${COMMAND})*)+?\\s*)??)`;
  const stated = pythonPattern(`[Tt]he\\s+(?:\\w+\\s+)?(?:answer|option)${GAP}is:?\\s*${open}${named}`);
  const plain = pythonPattern(`[Aa][Nn][Ss\\u017f][Ww][Ee][Rr]\\s*${open}${named}`);
  const here = pythonPattern(named, 'y');
  for (const part of [text.slice(text.lastIndexOf('\n') + 1), text]) {
    const found = stated.exec(part)?.[1] ?? plain.exec(part)?.[1] ?? choiceAtStart(part, here);
    if (found !== undefined) return found === '' ? undefined : letterAt(choices.indexOf(found));
  }
  return undefined;
}

const LEADING = pythonPattern('[^\\w\\r\\n]*', 'y');
const BLANKS = pythonPattern('\\s*', 'y');
const COMMANDS = pythonPattern(`(?:${COMMAND})*`, 'y');
const MARKED = pythonPattern(`${MARK}(?:${COMMAND})*`, 'y');

/** The original's `^[^\w\r\n]*`, opening mark-up, blanks and a choice: tries the same places in the same order. */
function choiceAtStart(text: string, choice: RegExp): string | undefined {
  const endOf = (pattern: RegExp, from: number): number => {
    pattern.lastIndex = from;
    return pattern.test(text) ? pattern.lastIndex : from;
  };
  const at = (place: number): string | undefined => {
    choice.lastIndex = place;
    return choice.exec(text)?.[1];
  };
  const behindBlanks = (place: number): string | undefined => {
    for (let end = endOf(BLANKS, place); end >= place; end--) {
      const found = at(end);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const run = endOf(LEADING, 0);
  const first = behindBlanks(run);
  if (first !== undefined) return first;
  // The run ends at a command's backslash; going back by that backslash reaches the command's word.
  let place = run > 0 ? endOf(COMMANDS, run - 1) : 0;
  while (place > run) {
    const found = behindBlanks(place);
    if (found !== undefined) return found;
    const next = endOf(MARKED, place);
    place = next > place ? next : 0;
  }
  for (let start = run - 1; start >= 0; start--) {
    const found = at(start);
    if (found !== undefined) return found;
  }
  return undefined;
}

function gradeLetter(question: Question, response: string): Grade {
  const choices = requireChoices(question);
  const count = TEN_LETTERS.has(question.task) ? 10 : choices.length;
  // Under IGNORECASE, a range that contains I also contains the two Turkish forms.
  const letters = `A-${letterAt(count - 1)}${count > 8 ? '\\u0130\\u0131' : ''}`;
  const text = stripEnd(response);
  const found = findLetter(text, letters) ?? findChoice(text, choices);
  if (found === undefined) return { extracted: null, correct: false };
  return { extracted: found.toUpperCase(), correct: found.toLowerCase() === question.answer.toLowerCase() };
}

/** `A or B`, `A, B, or C`. */
function alternatives(count: number): string {
  const letters = Array.from({ length: count }, (_, i) => letterAt(i));
  if (count <= 2) return letters.join(' or ');
  return `${letters.slice(0, -1).join(', ')}, or ${letters.at(-1)}`;
}

function letterPrompt(question: Question): string {
  const choices = requireChoices(question);
  const passages = question.task === 'pubmedqa' ? passagesOf(question) : [];
  const stem = passages.length > 0 ? stemOf(question) : question.question;
  const count = TEN_LETTERS.has(question.task) ? 10 : choices.length;
  const shown = `${stem.trim()}\n${choiceLines(choices, ') ', question.task === 'supergpqa' ? '' : '(')}`;
  const ending = `There is only one correct answer. The last line of your response should be in the format 'Answer: $LETTER' (without quotes), where LETTER is one of ${alternatives(count)}.`;
  if (passages.length === 0)
    return `Answer the following multiple choice question. ${ending}\nQuestion: ${shown.trim()}`;
  const information = passages.map((passage) => `- ${passage}`).join('\n');
  return `Answer the following multiple choice question. Given the following information and a question, analyze the information step by step using your internal knowledge. Consider all relevant details before arriving at an answer. ${ending}\nInformation:\n${information.trim()}\n\nQuestion:\n${shown.trim()}`;
}

export const openScience: Mode = {
  name,
  arrange(question) {
    requireKind(name, question);
    if (!correctFirst(question)) return question;
    return arrangeChoices(question, pythonRandom(SEED).shuffle(requireChoices(question).length));
  },
  prompt(question) {
    return requireKind(name, question) === 'numeric' ? sciBenchPrompt(question) : letterPrompt(question);
  },
  grade(question, response) {
    return requireKind(name, question) === 'numeric'
      ? gradeSciBench(question, response)
      : gradeLetter(question, response);
  },
};
