/** Answers that speak of what only a teacher sees: the student has copied the teacher's manner instead of its reasoning. */

/** Wordings in which privileged text gives itself away; "given the solution" counts where no chemistry follows it. */
const PHRASES = [
  /\bthe (?:rubric|(?:reference|provided) (?:answer|solution))\b/i,
  /\b(?:according to|as stated in|as required by) the (?:criteria|answer|solution)\b/i,
  /\bgiven the (?:answer|solution)[,.:;]/i,
];

/** Whether an answer mentions a rubric or a reference answer. */
export const mentionsPrivileged = (text: string): boolean => PHRASES.some((phrase) => phrase.test(text));
