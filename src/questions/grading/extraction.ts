/** Finds the final answer in a response: the last `\boxed{...}`, or else the last "answer is ..." or "Answer: ...". */

import { lettersOf } from './letters';
import { dropThinking } from './thinking';

const STATED = /\banswer\b[*_\s]*(?:is|:|=)[*_\s:]*/gi;
/**
 * Of a longer final answer only this many first characters are read. The other constant limits how many sentences are
 * searched, from the last one on.
 */
const LONGEST = 2000;
const MOST_SENTENCES = 50;

/**
 * Content of the last complete `\boxed{...}`; undefined if there is none. Braces may nest; a box that is never closed
 * does not count.
 */
export function lastBoxed(text: string): string | undefined {
  const open: { readonly start: number; readonly depth: number }[] = [];
  let found: string | undefined;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') {
      if (text.startsWith('boxed{', i + 1)) {
        open.push({ start: i + '\\boxed{'.length, depth: depth++ });
        i += 'boxed{'.length;
      } else i++;
    } else if (c === '{') depth++;
    else if (c === '}') {
      depth = Math.max(0, depth - 1);
      const box = open[open.length - 1];
      if (box?.depth === depth) {
        open.pop();
        found = text.slice(box.start, i);
      }
    }
  }
  return found;
}

/** Candidates for the final answer, the most trusted first, without thinking; empty when the response states none. */
export function finalAnswers(response: string): string[] {
  const text = dropThinking(response);
  return [lastBoxed(text), lastStated(text)]
    .filter((answer) => answer !== undefined)
    .map((answer) => plainText(answer.slice(0, LONGEST)))
    .filter((answer) => answer !== '');
}

/** The rest of the line after the last "answer is" or "answer:" that is followed by text. */
function lastStated(text: string): string | undefined {
  let start = text.length;
  for (const { index, 0: head } of text.matchAll(STATED))
    if (index + head.length < text.length) start = index + head.length;
  return start < text.length ? text.slice(start).split('\n', 1)[0] : undefined;
}

/** Removes LaTeX wrappers, dollar signs, emphasis and the closing full stop. */
export function plainText(text: string): string {
  let plain = text;
  for (let before = ''; before !== plain; ) {
    before = plain;
    plain = plain.replace(/\\(?:text|mathrm|mathbf|mathit|textbf|boxed|operatorname)\s*\{([^{}]*)\}/g, '$1');
  }
  return withoutStop(
    plain
      .replace(/\$|\\[()[\]]|\*\*|__/g, '')
      .replace(/\\[,;:! ]|~/g, ' ')
      .trim(),
  );
}

/** The text without full stops and blanks at its end. The pattern begins only where a run does, or each blank would be a beginning. */
export const withoutStop = (text: string): string => text.replace(/(?<![.\s])[.\s]+$/, '');

/** Lower-case words without accents and punctuation, separated by single blanks. */
export function normalizeWords(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).join(' ');
}

const BRACKETED = /^[\s"'`<{[(]+([A-Z])["'`>}\])]+/i;
const ARTICLE = /^(?:the|an?) /;

/**
 * The letter of a choice in a final answer: `B`, `(B)`, `B) copper`, `B because ...`, or the text of a choice. `A`
 * before another word counts as the article, and so does a lone `a`. Undefined when no choice is named.
 */
export function choiceLetter(answer: string, choices: readonly string[]): string | undefined {
  const letters = lettersOf(choices.length);
  const match =
    /^[\s("'[]*(?:(?:option|choice)\s+)?\(?([A-Z])(?![A-Za-z0-9'’-])\s*(.*)/is.exec(answer) ?? BRACKETED.exec(answer);
  const letter = match?.[1]?.toUpperCase() ?? '';
  const rest = match?.[2] ?? '';
  if (match && letters.includes(letter)) {
    const choice = normalizeWords(choices[letters.indexOf(letter)] as string);
    const bare = rest === '' || /^[^\p{L}\p{N}\s=]/u.test(rest) || /^(?:because|since|as|for|is)\b/i.test(rest);
    const upper = match[1] === letter || (/^["')\].]*$/.test(rest) && match[0].trim() !== 'a');
    if ((bare && upper) || normalizeWords(rest).startsWith(choice)) return letter;
  }
  const named = normalizeWords(answer);
  const index = [named, named.replace(ARTICLE, '')]
    .map((words) => choices.findIndex((choice) => normalizeWords(choice) === words && words !== ''))
    .find((place) => place >= 0);
  return index === undefined ? undefined : letters[index];
}

const NAMED =
  /\b(?:answer|option|choice|result)s?\b[*_\s]*(?:is|are|should be|must be|:|=|：)(?:\s+(?:probably|most likely))?[*_\s:]*/gi;
const PICKED = /\b(?:answer|option|choice)\s+(?=\(?[A-Z]\)?(?:[.,:;!]|$))/gim;
const JUDGED = /(?<![A-Za-z0-9])\(?([A-Z])\)?(?:\s*\*{1,2})?\s+(?:is|seems)\s+(?:the\s+)?(?:correct|right|best)\b/g;

/**
 * The letter that a response to a multiple-choice question settles on: in the last box, or else in the last sentence
 * that names one ("the correct option is B", "option B.", "B is correct"), or else as its whole last line. Thinking is
 * ignored.
 */
export function settledChoice(response: string, choices: readonly string[]): string | undefined {
  const text = dropThinking(response);
  const read = (answer: string): string | undefined => choiceLetter(plainText(answer.slice(0, LONGEST)), choices);
  const boxed = read(lastBoxed(text) ?? '');
  if (boxed) return boxed;
  const sentences = [NAMED, PICKED].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ index, 0: head }) => ({ index, start: index + head.length })),
  );
  sentences.push(
    ...[...text.matchAll(JUDGED)].map(({ index, 0: head }) => ({ index, start: index + head.search(/[A-Z]/) })),
  );
  sentences.sort((a, b) => b.index - a.index);
  for (const { start } of sentences.slice(0, MOST_SENTENCES)) {
    const letter = read(text.slice(start, start + LONGEST).split('\n', 1)[0] as string);
    if (letter) return letter;
  }
  const line = text
    .slice(text.trimEnd().lastIndexOf('\n') + 1)
    .slice(0, LONGEST)
    .replace(/^[#>*\s-]+/, '');
  return /^\(?[A-Z]\)?\s+(?:is|as|for|since|because)\b/.test(line) ? undefined : read(line);
}
