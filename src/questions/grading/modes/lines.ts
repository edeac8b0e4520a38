/** Shows choices in prompts. */
import { letterAt } from '../letters';

/** One line for each choice: `before`, the letter, `behind`, the choice. */
export const choiceLines = (choices: readonly string[], behind: string, before = ''): string =>
  choices.map((choice, i) => `${before}${letterAt(i)}${behind}${choice}`).join('\n');
