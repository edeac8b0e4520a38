/** Makes text of others fit for a terminal: no character of it moves the cursor, changes a colour or turns the writing round. */

/** Control and format characters (bidirectional marks among them), lone surrogates and separators; the two joiners of words are text. */
const UNPRINTABLE = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/gu;

/** The text with a visible mark in place of each such character. Tabs and line breaks stay; `\r\n` becomes `\n`. */
export const markUnprintable = (text: string): string => text.replaceAll('\r\n', '\n').replace(UNPRINTABLE, '\ufffd');

/** JSON with such characters written as `\u009b`: the same value, in characters that do nothing. */
export const escapeUnprintable = (json: string): string =>
  json.replace(UNPRINTABLE, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );

/** One line of at most `limit` characters: line breaks become blanks, and of a longer text the middle is left out. */
export function printable(text: string, limit = 80): string {
  // The end stays too, because a sentence says there what to do. Cut first, so that many megabytes cost no more than a few.
  const tail = Math.floor((limit - 3) / 3);
  const short = text.length > limit ? `${text.slice(0, limit - 3 - tail)} … ${text.slice(text.length - tail)}` : text;
  return markUnprintable(short).replace(/[\n\t]/g, ' ');
}
