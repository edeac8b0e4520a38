/** Batches of the microscience corpus for pretraining: seeded, sorted by length in blocks so that little is padding. */
import { corpusExample, encodeTokens, type World } from '../tasks/microscience';
import { bucketLength } from '../tensors/buckets';
import { createRandom, hashWords } from '../tensors/random';
import type { TrainingSequence } from './batch';

/** Examples that are sorted by length together. */
const BLOCK = 2048;

/** Batches of about `batchTokens` padded tokens; batch n is a pure function of the seed, the world and n. */
export function corpusBatches(
  world: World,
  { seed, batchTokens, endToken }: { readonly seed: number; readonly batchTokens: number; readonly endToken: number },
): (step: number) => readonly TrainingSequence[] {
  let block = -1;
  let first = 0;
  let batches: TrainingSequence[][] = [];
  const advance = (): void => {
    first += batches.length;
    block++;
    batches = blockBatches(world, { seed: hashWords(seed, block), batchTokens, endToken });
  };
  return (step) => {
    if (step < first) [block, first, batches] = [-1, 0, []];
    while (step >= first + batches.length) advance();
    return batches[step - first] as TrainingSequence[];
  };
}

function blockBatches(
  world: World,
  { seed, batchTokens, endToken }: { readonly seed: number; readonly batchTokens: number; readonly endToken: number },
): TrainingSequence[][] {
  const random = createRandom(seed);
  const examples = Array.from({ length: BLOCK }, (): TrainingSequence => {
    const { prompt, completion } = corpusExample(random, world);
    return { studentPrompt: encodeTokens(prompt), completionTokens: [...encodeTokens(completion), endToken] };
  });
  const length = (s: TrainingSequence): number => bucketLength(s.studentPrompt.length + s.completionTokens.length);
  const sorted = [...examples].sort((a, b) => length(a) - length(b));
  const batches: TrainingSequence[][] = [];
  for (let start = 0; start < sorted.length; ) {
    const width = length(sorted[start] as TrainingSequence);
    let end = start;
    while (
      end < sorted.length &&
      length(sorted[end] as TrainingSequence) === width &&
      (end - start + 1) * width <= batchTokens
    )
      end++;
    batches.push(sorted.slice(start, Math.max(end, start + 1)));
    start = Math.max(end, start + 1);
  }
  return random.shuffle(batches);
}
