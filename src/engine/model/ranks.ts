/**
 * Ranks: processes that hold the same model and share its work. Each runs the same program on the same data; what differs is
 * dealt out here and exchanged, so that all go on with the same numbers. The first one alone reads and writes the run folder.
 */
import { NotFiniteError } from '../../base/records/errors';

/** What one rank can do with the others. All of them must call the same methods in the same order. */
export interface Ranks {
  /** From 0. */
  readonly rank: number;
  readonly count: number;
  /** Everyone's value (plain data), in the order of ranks. */
  gather<T>(own: T): Promise<T[]>;
  /**
   * The sums over all ranks, written into `own`. They are added in the order of ranks, so that every rank has the same bits.
   * A later call may begin before an earlier one is done.
   */
  sum(own: Float32Array): Promise<void>;
  /** The values of the first rank, written into `own`. */
  copy(own: Float32Array): Promise<void>;
}

/** Whether this process is the one that reads and writes the run folder. */
export const leads = (ranks: Ranks | undefined): boolean => ranks === undefined || ranks.rank === 0;

/** What the first rank alone does or looks up, told to all. */
export async function led<T>(ranks: Ranks | undefined, work: () => T | Promise<T>): Promise<T> {
  if (!ranks) return work();
  const [first] = await ranks.gather(ranks.rank === 0 ? await work() : undefined);
  return first as T;
}

/** In turns, where items that are alike in cost stand together; in blocks, where those that share a prompt do. */
type Deal = 'turns' | 'blocks';

const dealers: Readonly<Record<Deal, (i: number, of: { readonly items: number; readonly ranks: number }) => number>> = {
  turns: (i, { ranks }) => i % ranks,
  blocks: (i, { items, ranks }) => Math.floor((i * ranks) / items),
};

/**
 * Deals the items out, lets `work` give one result for each of its own, and returns those of all in the order of the items. Without
 * ranks, `work` gets everything. Throws NotFiniteError in every rank where one of them does.
 */
export async function shared<S, T>(
  ranks: Ranks | undefined,
  { items, deal }: { readonly items: readonly S[]; readonly deal: Deal },
  work: (own: readonly S[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  if (!ranks) return work(items);
  const owner = items.map((_, i) => dealers[deal](i, { items: items.length, ranks: ranks.count }));
  const own = items.filter((_, i) => owner[i] === ranks.rank);
  const parts = await ranks.gather(own.length > 0 ? await settled(() => work(own)) : { results: [] });
  const failed = parts.find((part) => 'place' in part);
  if (failed && 'place' in failed) throw new NotFiniteError(failed.place);
  const next = parts.map((part) => ('results' in part ? part.results.values() : [].values()));
  return owner.map((rank) => next[rank]?.next().value as T);
}

type Settled<T> = { readonly results: readonly T[] } | { readonly place: string };

async function settled<T>(work: () => Promise<readonly T[]>): Promise<Settled<T>> {
  try {
    return { results: await work() };
  } catch (error) {
    if (error instanceof NotFiniteError) return { place: error.place };
    throw error;
  }
}
