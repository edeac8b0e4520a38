/** Compares texts by their words. */

/** The text without full stops and blanks at its end. The pattern begins only where a run does, or each blank would be a beginning. */
export const withoutStop = (text: string): string => text.replace(/(?<![.\s])[.\s]+$/, '');

/** Lower-case words without accents and punctuation, separated by single blanks. */
export function normalizeWords(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).join(' ');
}

/** A text without capitals, runs of blanks and what ends a sentence. */
export const plainWording = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[’‘]/g, "'")
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[.!?,;:。\s]+$/, '');
