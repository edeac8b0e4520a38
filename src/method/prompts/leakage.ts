/**
 * Finds answers that mention what only a teacher sees: the student has then copied the teacher's wording instead of its
 * reasoning.
 */

/** Phrases that refer to privileged text. "Given the solution" does not count where chemistry follows. */
const PHRASES = [
  /\bthe (?:rubric|(?:reference|provided) (?:answer|solution))\b/i,
  /\b(?:according to|as stated in|as required by) the (?:criteria|answer|solution)\b/i,
  /\bgiven the (?:answer|solution)[,.:;]/i,
];

export const mentionsPrivileged = (text: string): boolean => PHRASES.some((phrase) => phrase.test(text));
