/** The letters of choices: A is the first. */

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The letter of place 0, 1, ...; empty for places after Z and for negative ones. */
export const letterAt = (place: number): string => LETTERS[place] ?? '';

/** The place of a letter; -1 for anything else. */
export const placeOf = (letter: string): number => (letter.length === 1 ? LETTERS.indexOf(letter) : -1);

/** The letters of the first `choices` places, as one string. */
export const lettersOf = (choices: number): string => LETTERS.slice(0, choices);
