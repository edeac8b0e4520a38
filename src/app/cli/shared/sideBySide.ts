/** Prints two texts next to each other in a terminal and marks the differences. */
import { visibleText } from '../../../results/figures/text';

/** A piece of text that both sides have, or only one of them. */
interface Piece {
  readonly side: 'both' | 'left' | 'right';
  readonly text: string;
}

/** Marks in the gap between the columns. */
const GAPS = { both: ' | ', left: ' < ', right: ' > ' } as const;

/** Removes tabs, which would move the cursor. */
const plain = (text: string): string => visibleText(text).replaceAll('\t', '  ');

/** The pieces that are compared: lines, or words if both texts are single lines. */
function piecesOf(left: string, right: string): [string[], string[]] {
  if (left.includes('\n') || right.includes('\n')) return [left.split('\n'), right.split('\n')];
  return [left.split(/(?<=\s)/), right.split(/(?<=\s)/)];
}

/** Length of the longest common subsequence of the rest of a from i and the rest of b from j, for all i and j. */
function commonLengths(a: readonly string[], b: readonly string[]): number[][] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      (lengths[i] as number[])[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  return lengths;
}

/** The two texts as pieces in order: what they share, and what only one of them has. */
function differences(left: string, right: string): Piece[] {
  const [a, b] = piecesOf(left, right);
  const lengths = commonLengths(a, b);
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  const pieces: Piece[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push({ side: 'both', text: a[i] as string });
      i++;
      j++;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1)))
      pieces.push({ side: 'left', text: a[i++] as string });
    else pieces.push({ side: 'right', text: b[j++] as string });
  }
  return pieces;
}

/** Joins neighbouring pieces of the same side. */
function joined(pieces: readonly Piece[], separator: string): Piece[] {
  const result: Piece[] = [];
  for (const { side, text } of pieces) {
    const last = result.at(-1);
    if (last?.side === side) result[result.length - 1] = { side, text: last.text + separator + text };
    else result.push({ side, text });
  }
  return result;
}

/** Breaks a text into lines of at most `width` characters, at spaces if possible. */
function wrap(text: string, width: number): string[] {
  const pattern = new RegExp(`.{1,${width}}(?:\\s|$)|.{1,${width}}`, 'g');
  return text.split('\n').flatMap((line) => line.match(pattern)?.map((part) => part.trimEnd()) ?? ['']);
}

/**
 * Two texts in two columns below their titles. The sign between the columns says which text has the line: `|` both, `<`
 * only the left one, `>` only the right one. Long texts are cut, control characters replaced.
 */
export function sideBySide(left: readonly [string, string], right: readonly [string, string], width: number): string {
  const column = Math.floor((width - 3) / 2);
  const row = (a: string, side: Piece['side'], b: string) => `${a.padEnd(column)}${GAPS[side]}${b}`.trimEnd();
  const [a, b] = [plain(left[1]), plain(right[1])];
  const separator = a.includes('\n') || b.includes('\n') ? '\n' : '';
  const body = joined(differences(a, b), separator).flatMap(({ side, text }) =>
    wrap(text, column).map((line) => row(side === 'right' ? '' : line, side, side === 'left' ? '' : line)),
  );
  const rule = '-'.repeat(column);
  return [row(left[0], 'both', right[0]), row(rule, 'both', rule), ...body].join('\n');
}
