/** Scores many sequences in batches of similar length, so that little of the work goes into padding. */
import { NotFiniteError, throwIfAborted } from '../../base/records/errors';
import { type OperationOptions, yieldToEvents } from '../../base/records/events';
import { byFamily } from './pack';

/** Batches hold about `batchTokens` padded tokens each. */
export interface BatchOptions extends OperationOptions {
  readonly batchTokens?: number;
  /** Names an item in errors, by its index; default: "completion 1 of 8". */
  readonly nameOf?: (index: number) => string;
}

/** A sequence's length, and the key of its prompt (see `sizeOf` in align.ts). */
interface Sized {
  readonly length: number;
  readonly family: string;
}

/** What an item comes to, and the numbers of it by token, of which none may be NaN or infinite. */
interface Scored<T> {
  readonly result: T;
  readonly numbers: readonly (readonly number[])[];
}

const allFinite = ({ numbers }: Scored<unknown>): boolean => numbers.every((own) => own.every(Number.isFinite));

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
 * Scores items batch by batch; results come in the order of the items. `stage` names the work in progress reports, and `score` gives
 * for each item its result and all numbers in it. Throws NotFiniteError where one of them is not finite. @internal
 */
export async function inBatches<S, T>(
  { stage, items, sizeOf }: { readonly stage: string; readonly items: readonly S[]; sizeOf(item: S): Sized },
  { batchTokens, signal, onProgress, nameOf }: BatchOptions,
  score: (batch: readonly S[]) => readonly Scored<T>[],
): Promise<T[]> {
  const results: T[] = [];
  let done = 0;
  for (const batch of batchesByLength(items.map(sizeOf), batchTokens)) {
    throwIfAborted(signal);
    const scored = score(batch.map((i) => items[i] as S));
    if (!scored.every(allFinite)) {
      // Items that share rows spoil each other's numbers: the one to name is not finite alone, too.
      const i = batch.find((own) => !score([items[own] as S]).every(allFinite)) ?? (batch[0] as number);
      const name = nameOf?.(i) ?? `Completion ${i + 1} of ${items.length}`;
      throw new NotFiniteError(`${name}: the scores of its tokens are not finite numbers`);
    }
    scored.forEach(({ result }, k) => {
      results[batch[k] as number] = result;
    });
    done += batch.length;
    onProgress?.({ stage, done, total: items.length });
    await yieldToEvents();
  }
  return results;
}
