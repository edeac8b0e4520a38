/**
 * Runs a sweep: several training runs at once, each as a process of its own in its own run folder, here or on a Ray cluster. Resuming needs
 * nothing but these folders: finished runs are not repeated, begun ones continue from their checkpoint. A run that fails does
 * not stop the others.
 */
import { join } from 'node:path';
import { InterruptedError } from '../../base/records/errors';
import { type OperationOptions, saying } from '../../base/records/events';
import { type Lock, lockFolderAfterChildren } from '../../base/records/lock';
import { type End, here, lastLine, type Place, type Running, rcsd } from '../places/place';
import type { PlannedCell, SweepPlan } from './plan';
import { runWithin } from './schedule';
import { openState, type SweepState } from './state';
import { type SweepSummary, writeSummary } from './summary';

/** The progress of a sweep. */
export interface SweepStatus {
  /** The running children, with the last line that each wrote. */
  readonly running: readonly { readonly name: string; readonly line: string }[];
  readonly done: number;
  readonly failed: number;
  readonly total: number;
  /** From the estimates, corrected by the time that finished runs took. */
  readonly secondsLeft: number;
}

export interface SweepOptions extends OperationOptions {
  /** Opens the place where the runs are made, once the sweep's folder is locked; without it, this machine. */
  readonly open?: (folder: string) => Promise<Place>;
  /** Called every second, and whenever a run starts or ends. */
  readonly onStatus?: (status: SweepStatus) => void;
}

/** Name of the file in a run's folder that gets the output of its process. */
const LOG = 'log.txt';

interface Sweeping {
  readonly plan: SweepPlan;
  readonly state: SweepState;
  readonly lock: Lock;
  readonly signal?: AbortSignal;
  /** When each running child was started, in milliseconds. */
  readonly running: Map<PlannedCell, { readonly child: Running; readonly since: number }>;
  readonly place: Place;
}

/** Makes the runs that are left and sums the sweep up. Throws InterruptedError when stopped, with everything saved. */
export async function runSweep(plan: SweepPlan, options: SweepOptions = {}): Promise<SweepSummary> {
  const { sweep } = plan;
  const { signal } = options;
  const lock = await lockFolderAfterChildren(sweep.runs, { work: 'rcsd sweep', signal });
  try {
    if (lock.takenOver !== undefined) saying(options)(lock.takenOver);
    const state = openState(sweep);
    const left = plan.cells.filter(({ cell }) => state.of(cell.name).state !== 'done');
    const place = left.length > 0 && options.open ? await options.open(sweep.runs) : here;
    try {
      const sweeping: Sweeping = { plan, state, lock, signal, running: new Map(), place };
      await runCells(sweeping, left, options);
      if (signal?.aborted) throw new InterruptedError('Stopped on request; all runs are saved.');
      return writeSummary(sweep, sweeping.state);
    } finally {
      await place.close();
    }
  } finally {
    lock.release();
  }
}

async function runCells(
  sweeping: Sweeping,
  cells: readonly PlannedCell[],
  { signal, onStatus }: SweepOptions,
): Promise<void> {
  const tell = (): void => onStatus?.(statusOf(sweeping));
  const stopAll = (): void => {
    for (const { child } of sweeping.running.values()) child.stop();
  };
  const timer = setInterval(tell, 1000);
  signal?.addEventListener('abort', stopAll);
  try {
    await runWithin(cells, sweeping.plan.budget, { run: (job) => runCell(sweeping, job).finally(tell), signal });
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', stopAll);
  }
}

async function runCell({ plan, state, lock, signal, running, place }: Sweeping, job: PlannedCell): Promise<void> {
  const { name, overrides } = job.cell;
  const path = join(plan.sweep.runs, name);
  const since = Date.now();
  const train = ['train', ...(place.retries ? ['--wait'] : [])];
  const child = place.start({
    name: `${plan.sweep.name} ${name}`,
    command: rcsd(...train, ...overrides, `runs=${plan.sweep.runs}`, `name=${name}`),
    again: { once: join(path, 'config.json'), command: rcsd(...train, '--resume', path) },
    ...{ threads: job.cores, memory: job.memory, log: join(path, LOG) },
  });
  running.set(job, { child, since });
  lock.addChild(child.pid);
  const end = await child.ended;
  lock.removeChild(child.pid);
  running.delete(job);
  const seconds = state.of(name).seconds + (Date.now() - since) / 1000;
  if (end.state === 'stopped' && signal?.aborted) state.set(name, { state: 'waiting', seconds });
  else state.set(name, { state: end.state === 'done' ? 'done' : 'failed', seconds, ...sentence(end) });
}

function sentence({ state, sentence: said }: End): { readonly error?: string } {
  if (state === 'done') return {};
  return {
    error: state === 'stopped' ? 'it was stopped from outside; run the same command again to resume it.' : said,
  };
}

/** Estimated seconds of a run with its share of the cores. */
const expected = ({ seconds, cores }: PlannedCell, all: number): number => (seconds * all) / cores;

function statusOf({ plan, state, running }: Sweeping): SweepStatus {
  const { cells, budget, sweep } = plan;
  const count = (wanted: string): number => cells.filter(({ cell }) => state.of(cell.name).state === wanted).length;
  const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const done = cells.filter(({ cell }) => state.of(cell.name).state === 'done');
  const predicted = total(done.map((job) => expected(job, budget.cores)));
  const pace = predicted > 0 ? total(done.map(({ cell }) => state.of(cell.name).seconds)) / predicted : 1;
  const rest = (job: PlannedCell): number => {
    const since = running.get(job)?.since ?? Date.now();
    const spent = state.of(job.cell.name).seconds + (Date.now() - since) / 1000;
    return Math.max(0, pace * expected(job, budget.cores) - spent);
  };
  const waiting = cells.filter((job) => state.of(job.cell.name).state === 'waiting');
  const work = total(waiting.map((job) => rest(job) * job.cores)) / budget.cores;
  return {
    running: [...running.keys()].map(({ cell: { name } }) => ({ name, line: lastLine(join(sweep.runs, name, LOG)) })),
    done: done.length,
    failed: count('failed'),
    total: cells.length,
    secondsLeft: Math.max(work, ...[...running.keys()].map(rest)),
  };
}
