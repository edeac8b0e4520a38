/**
 * Batches of the microscience corpus for pretraining: seeded, and sorted by length within blocks, so that little is
 * padding.
 */

import { bucketLength } from '../../engine/tensors/buckets';
import { createRandom, hashWords } from '../../engine/tensors/random';
import { corpusExample, encodeTokens, vocabularyOf, type World } from '../../questions/tasks/microscience';

/** One example of the corpus as tokens; the first `promptLength` are the prompt. */
export interface CorpusSequence {
  readonly tokens: readonly number[];
  readonly promptLength: number;
}

/** How many examples are sorted by length together. */
const BLOCK = 2048;

/** Gives batches of about `batchTokens` padded tokens each. Batch n depends only on the seed, the world and n. */
export function corpusBatches(
  world: World,
  { seed, batchTokens, endToken }: { readonly seed: number; readonly batchTokens: number; readonly endToken: number },
): (step: number) => readonly CorpusSequence[] {
  let block = -1;
  let first = 0;
  let batches: CorpusSequence[][] = [];
  const advance = (): void => {
    first += batches.length;
    block++;
    batches = blockBatches(world, { seed: hashWords(seed, block), batchTokens, endToken });
  };
  return (step) => {
    if (step < first) [block, first, batches] = [-1, 0, []];
    while (step >= first + batches.length) advance();
    return batches[step - first] as CorpusSequence[];
  };
}

function blockBatches(
  world: World,
  { seed, batchTokens, endToken }: { readonly seed: number; readonly batchTokens: number; readonly endToken: number },
): CorpusSequence[][] {
  const random = createRandom(seed);
  const vocabulary = vocabularyOf(world);
  const encode = (words: readonly string[]): number[] => encodeTokens(vocabulary, words);
  const examples = Array.from({ length: BLOCK }, (): CorpusSequence => {
    const { prompt, completion } = corpusExample(random, world);
    return { tokens: [...encode(prompt), ...encode(completion), endToken], promptLength: prompt.length };
  });
  const length = (s: CorpusSequence): number => bucketLength(s.tokens.length);
  const sorted = [...examples].sort((a, b) => length(a) - length(b));
  const batches: CorpusSequence[][] = [];
  for (let start = 0; start < sorted.length; ) {
    const width = length(sorted[start] as CorpusSequence);
    let end = start;
    while (
      end < sorted.length &&
      length(sorted[end] as CorpusSequence) === width &&
      (end - start + 1) * width <= batchTokens
    )
      end++;
    batches.push(sorted.slice(start, Math.max(end, start + 1)));
    start = Math.max(end, start + 1);
  }
  return random.shuffle(batches);
}
