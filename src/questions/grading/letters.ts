/** The letters that choices go by: A for the first. */

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The letter of place 0, 1, ...; empty beyond Z and for no place. */
export const letterAt = (place: number): string => LETTERS[place] ?? '';

/** The place of a letter, -1 for anything else. */
export const placeOf = (letter: string): number => (letter.length === 1 ? LETTERS.indexOf(letter) : -1);

/** The letters of so many choices. */
export const lettersOf = (choices: number): string => LETTERS.slice(0, choices);
