/**
 * Finds questions that also occur in training data, by word n-grams: 13 words as in GPT-3's report, 8 for shorter
 * questions, and the whole text for those of fewer than 8 words. A shared n-gram is a reason to look, not a proof; a
 * paraphrase is not found.
 */

import type { Question } from '../base/records/question';
import { normalizeWords } from './grading/equivalence/words';

const LONG = 13;
const SHORT = 8;

const wordsOf = ({ question, metadata }: Question): string[] => {
  // A question with a long context is compared without the context, because different questions may share one.
  const text = typeof metadata?.stem === 'string' ? metadata.stem : question;
  return normalizeWords(text).split(' ');
};

const gramsOf = (words: readonly string[], size: number): string[] =>
  words.length < size ? [] : words.slice(size - 1).map((_, i) => words.slice(i, i + size).join(' '));

/** The questions of `asked` that share an n-gram with one of `learned`, in order. */
export function overlapping(asked: readonly Question[], learned: readonly Question[]): Question[] {
  const index = new Map<string, Question[]>();
  for (const question of asked) {
    const words = wordsOf(question);
    const size = words.length >= LONG ? LONG : words.length >= SHORT ? SHORT : words.length;
    const prefix = size < SHORT ? '=' : '';
    for (const gram of new Set(gramsOf(words, size))) {
      const found = index.get(prefix + gram);
      if (found) found.push(question);
      else index.set(prefix + gram, [question]);
    }
  }
  const shared = new Set<Question>();
  for (const question of learned) {
    const words = wordsOf(question);
    for (const key of [...gramsOf(words, LONG), ...gramsOf(words, SHORT), `=${words.join(' ')}`])
      for (const found of index.get(key) ?? []) shared.add(found);
  }
  return asked.filter((question) => shared.has(question));
}

/** How many questions repeat an earlier one word for word, including choices. */
export function countDuplicates(questions: readonly Question[]): number {
  const texts = questions.map(({ question, choices = [] }) => [question, ...choices].map(normalizeWords).join('\n'));
  return texts.length - new Set(texts).size;
}
