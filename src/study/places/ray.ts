/**
 * A Ray cluster as a place: one job, submitted to the dashboard, runs kernel-setup/ray/driver.py inside the cluster, which makes a Ray task of
 * every command. The two speak by lines in files of a folder that all machines share, as they share project, data and runs; a task whose node
 * is lost goes on with its run on another one.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, writeFileAtomic } from '../../base/records/atomic';
import { InputError, throwIfAborted, UnavailableError } from '../../base/records/errors';
import { type OperationOptions, saying } from '../../base/records/events';
import { appendLines, readLines } from '../../base/records/lines';
import { shellWord } from '../../base/records/printable';
import { projectRoot } from '../../engine/files/models';
import { type Dashboard, openDashboard } from './jobs';
import { type End, endOf, type Place, type Running, type Work } from './place';

/** Variables that say how the engine computes and where data lie; keys are none of them. */
const PASSED_ON = ['RCSD_DATA', 'RCSD_KERNELS', 'RCSD_LOOPS', 'RCSD_EAGER', 'TF_NUM_INTEROP_THREADS'];
/** Seconds between two looks at the events, and at the job. */
const LOOK = 0.5;
const LOOK_AT_JOB = 5;
/** Seconds without an answer of the dashboard after which the cluster counts as lost. */
const LOST = 120;
/** Seconds that a job may take to end by itself when nothing is left. */
const ENDING = 30;

/** What the driver writes: that it is ready, or how a command ended. */
interface DriverEvent {
  readonly ready?: boolean;
  readonly id?: number;
  readonly status?: number;
  readonly signal?: string;
  readonly sentence?: string;
}

interface Waiting {
  readonly log: string;
  readonly end: (end: End) => void;
}

/**
 * The Python that has Ray: the one that RCSD_RAY_PYTHON names, that of the set-up, or the `python3` of the cluster's own
 * processes.
 */
function pythonOfRay(): string {
  const own = join(projectRoot, 'kernel-setup', '.ray', 'bin', 'python');
  return process.env.RCSD_RAY_PYTHON || (existsSync(own) ? own : 'python3');
}

/**
 * Submits the job to the cluster at an address and waits until it is ready. `folder` is the locked folder of a sweep or study; a job that a
 * killed one left behind there is stopped first. Throws InputError where the cluster cannot do it.
 */
export async function openRay(address: string, folder: string, options: OperationOptions): Promise<Place> {
  const dashboard = openDashboard(address);
  try {
    const mailbox = join(resolve(folder), '.ray');
    await stopLeftBehind(mailbox, options);
    rmSync(mailbox, { recursive: true, force: true });
    makeFolder(mailbox);
    const id = `rcsd-${randomBytes(6).toString('hex')}`;
    writeFileAtomic(join(mailbox, 'job.json'), `${JSON.stringify({ address, id })}\n`);
    const driver = join(projectRoot, 'kernel-setup', 'ray', 'driver.py');
    const environment = Object.fromEntries(
      PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    );
    const entrypoint = `exec ${[pythonOfRay(), driver, mailbox].map(shellWord).join(' ')}`;
    await dashboard.submit({ id, entrypoint, environment: environment as Record<string, string> });
    return await place({ dashboard, address, id, mailbox }, options);
  } catch (error) {
    dashboard.close();
    throw error;
  }
}

interface Cluster {
  readonly dashboard: Dashboard;
  readonly address: string;
  readonly id: string;
  readonly mailbox: string;
}

/** Stops the job of a killed sweep or study; its commands save and stop, and their folders are waited for when they go on. */
async function stopLeftBehind(mailbox: string, options: OperationOptions): Promise<void> {
  const file = join(mailbox, 'job.json');
  if (!existsSync(file)) return;
  const { address, id } = JSON.parse(readFileSync(file, 'utf8')) as { address: string; id: string };
  const dashboard = openDashboard(address);
  try {
    if (!(await endedJob(dashboard, id)))
      saying(options)(`The Ray job ${id} of an earlier start is still at work; it is stopped first.`);
    await endJob(dashboard, id);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    // Of a cluster that is gone, no job is left.
  } finally {
    dashboard.close();
  }
}

const endedJob = async (dashboard: Dashboard, id: string): Promise<boolean> =>
  (await dashboard.state(id))?.ended ?? true;

async function endJob(dashboard: Dashboard, id: string): Promise<void> {
  if (await endedJob(dashboard, id)) return;
  await dashboard.stop(id);
  while (!(await endedJob(dashboard, id))) await sleep(1000 * LOOK);
}

async function place({ dashboard, address, id, mailbox }: Cluster, options: OperationOptions): Promise<Place> {
  const events = join(mailbox, 'events.jsonl');
  const requests = appendLines(join(mailbox, 'requests.jsonl'));
  const send = (request: object): void => {
    requests.append(request);
    requests.sync();
  };
  const lost = async (): Promise<string | undefined> => {
    const state = await dashboard.state(id);
    if (state && !state.ended) return undefined;
    const printed = state ? await dashboard.printed(id) : '';
    const last = printed.split('\n').findLast((line) => line.trim() !== '') ?? '';
    return `the Ray job ended (${[state?.message ?? 'the cluster does not know it', last].filter(Boolean).join(': ')})`;
  };
  for (;;) {
    if (readLines<DriverEvent>(events).rows.some(({ ready }) => ready)) break;
    const why = await lost();
    if (why !== undefined)
      throw new InputError(
        `${address} cannot run it: ${why}. RCSD_RAY_PYTHON names the cluster's Python that has Ray, and the project must lie at the same path there.`,
      );
    if (options.signal?.aborted) await endJob(dashboard, id);
    throwIfAborted(options.signal);
    await sleep(1000 * LOOK);
  }
  const waiting = new Map<number, Waiting>();
  const watcher = watch({ events, waiting, lost, address });
  let count = 0;
  return {
    retries: true,
    start: ({ name, command, again, threads, memory, log, environment = {} }: Work): Running => {
      const number = ++count;
      makeFolder(dirname(log));
      writeFileSync(log, 'waiting for a node of the Ray cluster\n', { flag: 'a' });
      const ended = new Promise<End>((end) => waiting.set(number, { log, end }));
      const variables = { TF_NUM_INTRAOP_THREADS: String(threads), ...environment };
      const paths = { node: process.execPath, cwd: process.cwd(), log: resolve(log) };
      send({
        id: number,
        name,
        command,
        ...(again && { again: { ...again, once: resolve(again.once) } }),
        threads,
        memory,
        variables,
        ...paths,
      });
      return { ended, stop: () => writeFileSync(join(mailbox, `${number}.stop`), '') };
    },
    close: async () => {
      watcher.stop();
      send({ end: true });
      requests.close();
      try {
        for (let left = ENDING; left > 0 && !(await endedJob(dashboard, id)); left -= LOOK) await sleep(1000 * LOOK);
        await endJob(dashboard, id);
        rmSync(mailbox, { recursive: true, force: true });
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        saying(options)(error.message);
      } finally {
        dashboard.close();
      }
    },
  };
}

interface Watched {
  readonly events: string;
  readonly waiting: Map<number, Waiting>;
  /** Why the job is at work no more; undefined while it is. */
  readonly lost: () => Promise<string | undefined>;
  readonly address: string;
}

/** Tells the commands how they ended, from the driver's lines, or from the end of the whole job. */
function watch({ events, waiting, lost, address }: Watched): { stop(): void } {
  const stopped = new AbortController();
  const look = (): void => {
    for (const { id, status, signal, sentence } of readLines<DriverEvent>(events).rows) {
      const found = waiting.get(id ?? 0);
      waiting.delete(id ?? 0);
      found?.end(
        sentence === undefined ? endOf(status ?? null, signal ?? null, found.log) : { state: 'failed', sentence },
      );
    }
  };
  const giveUp = (sentence: string): void => {
    look();
    for (const { end } of waiting.values()) end({ state: 'failed', sentence });
    waiting.clear();
  };
  const run = async (): Promise<void> => {
    let heard = Date.now();
    for (let at = 0; !stopped.signal.aborted; at += LOOK) {
      await sleep(1000 * LOOK, undefined, { signal: stopped.signal }).catch(() => {});
      look();
      if (waiting.size === 0 || at % LOOK_AT_JOB !== 0) continue;
      try {
        const why = await lost();
        heard = Date.now();
        if (why !== undefined) giveUp(`${why}.`);
      } catch (error) {
        if (Date.now() - heard > 1000 * LOST)
          giveUp(`the Ray cluster at ${address} is gone (${(error as Error).message}).`);
      }
    }
  };
  void run();
  return { stop: () => stopped.abort() };
}
