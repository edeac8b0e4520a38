/** Finds what a response puts in a box, in a tag, or under a key: the places for a final answer that need no reading of sentences. */

/** A piece of a text and where it begins and ends. */
export interface Found {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const BOX = /(?:boxed|fbox|framebox)\s{0,3}\{/y;

/**
 * The complete boxes (`\boxed{...}`, `\fbox{...}`, `\framebox{...}`) that stand in no other, in order. Braces may nest; a box that is never
 * closed does not count.
 */
export function boxesIn(text: string): Found[] {
  const open: { readonly index: number; readonly start: number; readonly depth: number }[] = [];
  const found: Found[] = [];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') {
      BOX.lastIndex = i + 1;
      const box = BOX.exec(text)?.[0];
      if (box) {
        open.push({ index: i, start: i + 1 + box.length, depth: depth++ });
        i += box.length;
      } else i++;
    } else if (c === '{') depth++;
    else if (c === '}') {
      depth = Math.max(0, depth - 1);
      const box = open[open.length - 1];
      if (box?.depth === depth) {
        open.pop();
        while (found.length > 0 && (found[found.length - 1] as Found).start > box.start) found.pop();
        found.push({ text: text.slice(box.start, i), start: box.index, end: i + 1 });
      }
    }
  }
  return found;
}

/** Content of the last complete box; undefined if there is none. */
export const lastBoxed = (text: string): string | undefined => boxesIn(text).at(-1)?.text;

/** What may stand between boxes that are one answer together: "and", "or" or a comma, and the name of the next value. */
const GAP = String.raw`(?:\s|\$|\\[()[\]]|\\(?:quad|qquad)(?![a-z])|\\[,;:!])*`;
const JOINT = String.raw`(?:,|;|,?\s*(?:and|or)\b|\\(?:text|mathrm|mbox)\s*\{\s*,?\s*(?:and|or)\s*\})`;
const TOGETHER = new RegExp(`^${GAP}${JOINT}${GAP}(?:[A-Za-z](?:_\\{?\\w{1,9}\\}?)?\\s*=\\s*)?$`);

/** The last box, with those before it that are joined to it by "and", "or" or a comma. */
export function boxedAnswer(text: string): string | undefined {
  const boxes = boxesIn(text);
  let first = boxes.length - 1;
  while (first > 0 && TOGETHER.test(text.slice(boxes[first - 1]?.end, boxes[first]?.start))) first--;
  const together = boxes.slice(Math.max(0, first));
  return together.length === 0 ? undefined : together.map((box) => box.text).join(', ');
}

/** Whether a box is opened and not closed. */
export const hasOpenBox = (text: string): boolean => {
  const last = Math.max(...['\\boxed', '\\fbox', '\\framebox'].map((name) => text.lastIndexOf(name)));
  return last >= 0 && boxesIn(text.slice(last)).length === 0;
};

const TAG = /<\s{0,2}((?:final[_ ]?)?answer)\s{0,2}>/gi;

/** Content of the last `<answer> ... </answer>`; one that is not closed goes on to the end of the text. */
export function taggedAnswer(text: string): string | undefined {
  const tag = [...text.matchAll(TAG)].at(-1);
  if (!tag) return undefined;
  const start = tag.index + tag[0].length;
  const rest = text.slice(start);
  const end = rest.search(/<\s{0,2}\/\s{0,2}(?:final[_ ]?)?answer\s{0,2}>/i);
  return end < 0 ? rest : rest.slice(0, end);
}

const KEY =
  /"(?:final[_ ]?|correct[_ ]?)?(?:answer|choice|option)(?:[_ ]?letter)?"\s{0,5}:\s{0,5}("(?:[^"\\]|\\.){0,2000}"|-?\d[\d.eE+-]{0,40}|\[[^[\]]{0,500}\]|true|false)/gi;

/** The value of the key "answer" in a response that is a JSON object, in a fence or alone, or that ends in one. */
export function keyedAnswer(text: string): string | undefined {
  if (!/\}\s*(?:```\s*)?$/.test(text.slice(-200).trimEnd()) || !text.includes('"')) return undefined;
  const value = [...text.matchAll(KEY)].at(-1)?.[1];
  if (value === undefined) return undefined;
  try {
    const read: unknown = JSON.parse(value);
    const shown = (part: unknown): string => (typeof part === 'object' ? JSON.stringify(part) : String(part));
    return Array.isArray(read) ? read.map(shown).join(', ') : String(read);
  } catch (error) {
    // A backslash of LaTeX that was not doubled is no JSON.
    if (error instanceof SyntaxError) return value.replace(/^"|"$/g, '');
    throw error;
  }
}
