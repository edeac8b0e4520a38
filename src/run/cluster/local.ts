/**
 * The other workers of this machine: processes that this one starts, tells the run's settings and key, and takes with it when it ends.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { WorkerAddress } from '../../base/config/addresses/workers';
import type { TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import { projectRoot } from '../../engine/files/models';
import { workerEnvironment } from '../../engine/tensors/gpu';
import { listen, type Place } from './connect';

/** What a started worker is told at first. */
export interface Orders {
  readonly config: TrainConfig;
  readonly rank: number;
  readonly key: string;
}

const LOOPBACK = '127.0.0.1';
/** So much of what a worker wrote to standard error is kept, in case that it ends without a word. */
const KEPT_TEXT = 2000;

/** Opens a door on this machine that the system chooses. */
export async function listenHere(): Promise<{ server: Place['server']; address: WorkerAddress }> {
  const server = await listen({ host: LOOPBACK, port: 0 });
  const { port } = server.address() as { port: number };
  return { server, address: { host: LOOPBACK, port } };
}

/** Starts all workers but the first, which is this process. */
export async function startWorkers(config: TrainConfig, count: number): Promise<Place> {
  const key = randomBytes(32).toString('hex');
  const children = Array.from({ length: count - 1 }, (_, i) => startWorker({ config, rank: i + 1, key }));
  const stop = (): void => {
    for (const { process: child } of children) child.kill('SIGKILL');
  };
  try {
    const { server, address } = await listenHere();
    const addresses = [address, ...(await Promise.all(children.map(({ address: own }) => own)))];
    for (const { process: child } of children) {
      child.send({ addresses });
      // From here on its connection tells whether it is there; this process may end without it.
      child.unref();
      child.channel?.unref();
    }
    return { rank: 0, addresses, key, server, endOf: (rank) => ended(children[rank - 1]) };
  } catch (error) {
    stop();
    throw error;
  }
}

interface Started {
  readonly process: ChildProcess;
  /** Where it listens. Rejects where it ends before. */
  readonly address: Promise<WorkerAddress>;
  readonly written: () => string;
}

function startWorker(orders: Orders): Started {
  // In a process group of its own: Ctrl-C in the terminal reaches the first worker, and its end the others.
  const child = fork(join(projectRoot, 'dist', 'run', 'experiments', 'worker.js'), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
    env: { ...process.env, ...workerEnvironment(orders.rank) },
    execArgv: [],
  });
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-KEPT_TEXT);
  });
  (child.stderr as unknown as { unref?(): void } | null)?.unref?.();
  const address = new Promise<WorkerAddress>((resolve, reject) => {
    child.once('message', (told: WorkerAddress) => resolve(told));
    child.once('error', ({ message }) =>
      reject(new InputError(`Worker ${orders.rank} could not be started (${message}).`)),
    );
    child.once('exit', () =>
      reject(new Error(`worker ${orders.rank} ended before it met the others: ${lastLine(text)}`)),
    );
  });
  child.send(orders);
  return { process: child, address, written: () => text };
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

/** How a worker ended, where it has; its connection closes a moment earlier. */
async function ended(started: Started | undefined): Promise<string | undefined> {
  if (!started) return undefined;
  const { process: child, written } = started;
  if (child.exitCode === null && child.signalCode === null) {
    const exit = new Promise((resolve) => child.once('exit', resolve));
    await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 1000))]);
  }
  if (child.signalCode === 'SIGKILL') return ' It was killed, perhaps because the machine ran out of memory.';
  if (child.signalCode) return ` It was ended by ${child.signalCode}.`;
  return child.exitCode && written() !== '' ? ` It last wrote: ${lastLine(written())}` : undefined;
}
