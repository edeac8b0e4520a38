/** Finding the final answer in a response: the last `\boxed{...}`, else the last "answer is ..." or "Answer: ...". */

import { dropThinking } from './thinking';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const STATED = /\banswer\b[*_\s]*(?:is|:|=)[*_\s:]*([^\n]+)/gi;

/** Content of the last complete `\boxed{...}`, undefined when there is none. Braces may nest; one that never closes counts not. */
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

/** Candidates for the final answer in falling order of trust, thinking left out; empty when the response states none. */
export function finalAnswers(response: string): string[] {
  const text = dropThinking(response);
  const stated = [...text.matchAll(STATED)].at(-1)?.[1];
  return [lastBoxed(text), stated]
    .filter((answer) => answer !== undefined)
    .map((answer) => plainText(answer))
    .filter((answer) => answer !== '');
}

/** LaTeX wrappers, dollar signs, emphasis and the closing full stop taken off. */
export function plainText(text: string): string {
  let plain = text;
  for (let before = ''; before !== plain; ) {
    before = plain;
    plain = plain.replace(/\\(?:text|mathrm|mathbf|mathit|textbf|boxed|operatorname)\s*\{([^{}]*)\}/g, '$1');
  }
  return plain
    .replace(/\$|\\[()[\]]|\*\*|__/g, '')
    .replace(/\\[,;:! ]|~/g, ' ')
    .trim()
    .replace(/[.\s]+$/, '');
}

/** Lower-case words without accents and punctuation, single blanks between them. */
export function normalizeWords(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).join(' ');
}

/**
 * The letter of a choice in a final answer: `B`, `(B)`, `B) copper`, `B because ...`, or a choice's own text. `A` before another
 * word is taken for the article. Undefined when none of the choices is named.
 */
export function choiceLetter(answer: string, choices: readonly string[]): string | undefined {
  const letters = LETTERS.slice(0, choices.length);
  const match = /^[\s("'[]*(?:(?:option|choice)\s+)?\(?([A-Z])(?![A-Za-z0-9'’-])\s*(.*)/is.exec(answer);
  const letter = match?.[1]?.toUpperCase() ?? '';
  const rest = match?.[2] ?? '';
  if (match && letters.includes(letter)) {
    const choice = normalizeWords(choices[letters.indexOf(letter)] as string);
    const bare = rest === '' || /^[^\p{L}\p{N}\s=]/u.test(rest) || /^(?:because|since|as|for|is)\b/i.test(rest);
    const upper = match[1] === letter || /^["')\].]*$/.test(rest);
    if ((bare && upper) || normalizeWords(rest).startsWith(choice)) return letter;
  }
  const words = normalizeWords(answer);
  const index = choices.findIndex((choice) => normalizeWords(choice) === words && words !== '');
  return index < 0 ? undefined : letters[index];
}
