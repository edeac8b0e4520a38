/**
 * A run that is spread over workers: starts or meets the others, and ends with all of them. Whatever ends one worker ends all, in one
 * sentence, and the first keeps what was finished.
 */
import { availableParallelism } from 'node:os';
import { addressText, type WorkerAddress, workersOf } from '../../base/config/addresses/workers';
import type { TrainConfig } from '../../base/config/configs';
import { InputError, InterruptedError, LostWorkerError, ToldError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { shellWord } from '../../base/records/printable';
import type { Ranks } from '../../engine/model/ranks';
import type { Channel, Loss } from './channel';
import { listen, meet, type Place } from './connect';
import { startWorkers } from './local';
import { isPrivate } from './private';
import { connectedRanks } from './ranks';

export type ClusterSettings = Pick<TrainConfig, 'workers' | 'worker' | 'worker_timeout' | 'insecure'>;

/** Finds the place of this process, and starts the others where they are of this machine; undefined where the run has one worker. */
export async function placeOf(config: TrainConfig): Promise<Place | undefined> {
  const workers = workersOf(config);
  if (workers.count === 1) return undefined;
  if (!workers.addresses) {
    // Before TensorFlow is loaded, which reads it once. Workers that together had more threads than cores would be in each other's way.
    process.env.TF_NUM_INTRAOP_THREADS ??= String(Math.max(1, Math.floor(availableParallelism() / workers.count)));
    return startWorkers(config, workers.count);
  }
  const { addresses, rank } = workers;
  if (!config.insecure) for (const address of addresses) await requirePrivate(address);
  const server = await listen(addresses[rank] as WorkerAddress);
  return { rank, addresses, key: process.env.RCSD_WORKERS_KEY ?? '', server };
}

async function requirePrivate(address: WorkerAddress): Promise<void> {
  if (await isPrivate(address.host)) return;
  throw new InputError(
    `${addressText(address)} in workers is not an address of a private network, and workers do not encrypt what they send; use private addresses, or accept that with insecure=true.`,
  );
}

/** Meets the other workers at `place`, does the work with them and parts from them; `path` is the run folder, to say how to go on. */
export async function together<T>(
  place: Place,
  {
    config,
    options,
    path,
  }: { readonly config: ClusterSettings; readonly options: OperationOptions; readonly path: string },
  work: (ranks: Ranks, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  let loss: Loss | undefined;
  const signal = options.signal ? AbortSignal.any([options.signal, lost.signal]) : lost.signal;
  let peers: ReadonlyMap<number, Channel> = new Map();
  const part = (failure?: Loss): void => {
    for (const channel of peers.values()) channel.close(failure);
  };
  try {
    peers = await meet(place.server, {
      rank: place.rank,
      addresses: place.addresses,
      key: place.key,
      timeout: config.worker_timeout,
      ...(options.signal && { signal: options.signal }),
      onLoss: (_, told) => {
        loss ??= told;
        lost.abort();
      },
    });
    const ranks = connectedRanks(place.rank, peers);
    const result = await work(ranks, signal);
    await ranks.gather('done');
    part();
    return result;
  } catch (error) {
    // Aborted by hand, this worker is the one that ends the others.
    const told = loss && error instanceof InterruptedError && !options.signal?.aborted ? loss : undefined;
    const shown = told ? await lostError(told, place, path) : error;
    part({
      sentence: shown instanceof Error ? shown.message : String(shown),
      exitCode: shown instanceof ToldError ? shown.exitCode : 1,
    });
    throw shown;
  }
}

async function lostError(loss: Loss, place: Place, path: string): Promise<LostWorkerError> {
  // Another worker may be the first to say that a third one is gone; how that one ended is known here, where it was started.
  const others = place.addresses.map((_, other) => other).filter((other) => other !== place.rank);
  const ends = await Promise.all(others.map((other) => place.endOf?.(other)));
  const more = ends.find((end) => end !== undefined) ?? '';
  const advice =
    place.rank === 0 ? ` What was finished is kept; go on with: rcsd train --resume ${shellWord(path)}` : '';
  return new LostWorkerError(`${loss.sentence}${more}${advice}`, loss.exitCode);
}
