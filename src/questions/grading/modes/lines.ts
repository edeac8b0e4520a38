/** Choices as prompts show them. */
import { letterAt } from '../letters';

/** One line a choice: what stands before the letter, the letter, what stands behind it, the choice. */
export const choiceLines = (choices: readonly string[], behind: string, before = ''): string =>
  choices.map((choice, i) => `${before}${letterAt(i)}${behind}${choice}`).join('\n');
