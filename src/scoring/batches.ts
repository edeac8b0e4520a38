/** Scoring many sequences: those of like length together, so that little is padding. */
import { throwIfAborted } from '../records/errors';
import { type OperationOptions, yieldToEvents } from '../records/events';

/** How batches are made: about `batchTokens` padded tokens each. */
export interface BatchOptions extends OperationOptions {
  readonly batchTokens?: number;
}

/** Indices of sequences of these lengths in batches of about `batchTokens` padded tokens, the shortest first. */
function batchesByLength(lengths: readonly number[], batchTokens = 2048): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => (lengths[a] as number) - (lengths[b] as number));
  const batches: number[][] = [];
  for (const i of order) {
    const last = batches[batches.length - 1];
    if (last && (lengths[i] as number) * (last.length + 1) <= batchTokens) last.push(i);
    else batches.push([i]);
  }
  return batches;
}

/** Scores items by batches; results come in the order given. `stage` names the work in its progress. @internal */
export async function inBatches<S, T>(
  { stage, items, lengthOf }: { readonly stage: string; readonly items: readonly S[]; lengthOf(item: S): number },
  { batchTokens, signal, onProgress }: BatchOptions,
  score: (batch: readonly S[]) => readonly T[],
): Promise<T[]> {
  const results: T[] = [];
  let done = 0;
  for (const batch of batchesByLength(items.map(lengthOf), batchTokens)) {
    throwIfAborted(signal);
    score(batch.map((i) => items[i] as S)).forEach((result, k) => {
      results[batch[k] as number] = result;
    });
    done += batch.length;
    onProgress?.({ stage, done, total: items.length });
    await yieldToEvents();
  }
  return results;
}
