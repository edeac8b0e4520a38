/** Scores many sequences in batches of similar length, so that little of the work goes into padding. */
import { throwIfAborted } from '../../base/records/errors';
import { type OperationOptions, yieldToEvents } from '../../base/records/events';
import { byFamily } from './pack';

/** Batches hold about `batchTokens` padded tokens each. */
export interface BatchOptions extends OperationOptions {
  readonly batchTokens?: number;
}

/** A sequence's length, and the key of its prompt (see `sizeOf` in align.ts). */
interface Sized {
  readonly length: number;
  readonly family: string;
}

/** Sorts indices of sequences into batches of about `batchTokens` padded tokens, the shortest first. */
function batchesByLength(sizes: readonly Sized[], batchTokens = 2048): number[][] {
  const batches: number[][] = [];
  for (const i of byFamily(sizes)) {
    const last = batches[batches.length - 1];
    if (last && (sizes[i]?.length ?? 0) * (last.length + 1) <= batchTokens) last.push(i);
    else batches.push([i]);
  }
  return batches;
}

/**
 * Scores items batch by batch; results come in the order of the items. `stage` names the work in progress reports.
 * @internal
 */
export async function inBatches<S, T>(
  { stage, items, sizeOf }: { readonly stage: string; readonly items: readonly S[]; sizeOf(item: S): Sized },
  { batchTokens, signal, onProgress }: BatchOptions,
  score: (batch: readonly S[]) => readonly T[],
): Promise<T[]> {
  const results: T[] = [];
  let done = 0;
  for (const batch of batchesByLength(items.map(sizeOf), batchTokens)) {
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
