/** Questions about passages, as PubMedQA's: the whole stands in `question`, and `metadata.contexts` and `metadata.stem` have the two apart. */
import type { Question } from '../../base/records/question';

const texts = (value: unknown): string[] => [value ?? []].flat().filter((part) => typeof part === 'string');

/** The passages that a question is asked about (`metadata.contexts`, one text or a list); none for most. */
export const passagesOf = ({ metadata }: Question): string[] => texts(metadata?.contexts);

/** The question without its passages. */
export const stemOf = ({ question, metadata }: Question): string =>
  typeof metadata?.stem === 'string' ? metadata.stem : question;

/** The text that supports the right answer and is not part of the question (`metadata.support`, SciQ); empty for most. */
export const supportOf = ({ metadata }: Question): string => texts(metadata?.support).join('\n');
