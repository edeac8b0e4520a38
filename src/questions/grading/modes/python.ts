/**
 * Patterns, numbers and text functions with Python's meaning where JavaScript differs, because the original graders are
 * Python programs.
 */

const SPACE = '\\t\\n\\v\\f\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const WORD = '\\p{L}\\p{N}_';
/** Under IGNORECASE, Python treats the dotted and the dotless i of Turkish as an i; JavaScript does not. */
const LETTER_I = 'i\\u0130\\u0131';

const OUTSIDE: Readonly<Record<string, string>> = {
  '\\s': `[${SPACE}]`,
  '\\w': `[${WORD}]`,
  '\\b': `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`,
  '.': '[^\\n]',
};
const INSIDE: Readonly<Record<string, string>> = { '\\s': SPACE, '\\w': WORD };

/**
 * A Python pattern over text as a JavaScript one: `\s`, `\w`, `\b` have Unicode's meaning, `.` is any character except
 * `\n`, and the flag `i` includes Python's further forms of the letter i. Groups, classes and quantifiers are the same
 * in both; `\d` and `(?i:...)` are not translated.
 */
export function pythonPattern(source: string, flags = ''): RegExp {
  const ignoreCase = flags.includes('i');
  let inside = false;
  const translated = source.replace(/\\.|[[\].i]/gsu, (token) => {
    if (token === '[' && !inside) inside = true;
    else if (token === ']') inside = false;
    if (token === 'i' && ignoreCase) return inside ? LETTER_I : `[${LETTER_I}]`;
    return (inside ? INSIDE : OUTSIDE)[token] ?? token;
  });
  return new RegExp(translated, `${flags}u`);
}

/**
 * The text as a literal of a pattern, also inside a class. A hyphen is written by its code, because with the flag `u`
 * it may not be escaped outside a class.
 */
export const escapePattern = (text: string): string =>
  text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replaceAll('-', '\\x2d');

const BLANK_START = pythonPattern('^\\s+');
const BLANK_RUN = pythonPattern('\\s+', 'g');
const BLANK = pythonPattern('\\s');

/** `str.rstrip()`. A loop, because a pattern that ends in `$` would try every blank of the text. */
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && BLANK.test(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

/** `str.strip()`. */
export const strip = (text: string): string => stripEnd(text).replace(BLANK_START, '');

/** `str.split()`: the words between blanks. */
export const words = (text: string): string[] => strip(text).split(BLANK_RUN);

const FLOAT = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;

/**
 * `float(text)`: decimal digits of any script, underscores between digits, `inf` and `nan`; undefined where Python
 * raises an error.
 */
export function pythonFloat(text: string): number | undefined {
  const plain = strip(text).replace(/\p{Nd}/gu, (digit) => {
    let zero = digit.codePointAt(0) as number;
    const code = zero;
    // The digits of a script have consecutive codes; at most nine follow its zero.
    while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return code < 128 ? digit : String(code - zero);
  });
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(plain);
  if (special) return special[2]?.toLowerCase() === 'nan' ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  return FLOAT.test(plain) ? Number(plain.replaceAll('_', '')) : undefined;
}

/** `math.isclose(a, b, rel_tol=tolerance)`. */
export function isClose(a: number, b: number, tolerance: number): boolean {
  if (a === b) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}
