/** Choices as prompts show them. */

/** `A`, `B`, ... for place 0, 1, ... */
export const letterAt = (index: number): string => String.fromCharCode(65 + index);

/** One line a choice: what stands before the letter, the letter, what stands behind it, the choice. */
export const choiceLines = (choices: readonly string[], behind: string, before = ''): string =>
  choices.map((choice, i) => `${before}${letterAt(i)}${behind}${choice}`).join('\n');
