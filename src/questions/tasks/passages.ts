/**
 * Questions about passages, such as PubMedQA's: `question` contains everything, and `metadata.contexts` and
 * `metadata.stem` have the two parts separately.
 */
import type { Question } from '../../base/records/question';

const texts = (value: unknown): string[] => [value ?? []].flat().filter((part) => typeof part === 'string');

/** The passages that a question is about (`metadata.contexts`, one text or a list); most questions have none. */
export const passagesOf = ({ metadata }: Question): string[] => texts(metadata?.contexts);

/** The question without its passages. */
export const stemOf = ({ question, metadata }: Question): string =>
  typeof metadata?.stem === 'string' ? metadata.stem : question;

/**
 * The text that supports the right answer and is not part of the question (`metadata.support`, SciQ); empty for most
 * questions.
 */
export const supportOf = ({ metadata }: Question): string => texts(metadata?.support).join('\n');
