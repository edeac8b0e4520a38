/** Splits mathematical text where brackets allow it. */

/** Where a separator stands outside of brackets: the parts, and the separators between them. */
export interface Parts {
  readonly parts: readonly string[];
  readonly separators: readonly string[];
}

/** Splits a text at separators outside of brackets; `separator` must be sticky. */
export function splitAt(text: string, separator: RegExp): Parts {
  const parts: string[] = [];
  const separators: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (depth === 0) {
      separator.lastIndex = i;
      const match = separator.exec(text);
      if (match && match[0] !== '') {
        parts.push(text.slice(start, i).trim());
        separators.push(match[0]);
        start = i + match[0].length;
        i = start - 1;
        continue;
      }
    }
    if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
  }
  return { parts: [...parts, text.slice(start).trim()], separators };
}

/** The parts alone. */
export const split = (text: string, separator: RegExp): readonly string[] => splitAt(text, separator).parts;
