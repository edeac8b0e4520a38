/**
 * The records in a sweep's folder: sweep.json says how far each run has come, processes.json which processes work in
 * the folder.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/records/atomic';
import { InputError, throwIfAborted } from '../../base/records/errors';
import { readJsonFile } from '../../engine/files/jsonl';
import type { Sweep } from './sweepCells';

/** The progress of one run. */
export interface CellState {
  readonly state: 'waiting' | 'done' | 'failed';
  /** Seconds that it has run so far, in all attempts together. */
  readonly seconds: number;
  /** The sentence with which a failed run ended. */
  readonly error?: string;
}

/** The states of a sweep's runs, written to sweep.json at every change. */
export interface SweepState {
  of(cell: string): CellState;
  set(cell: string, state: CellState): void;
}

const UNTOUCHED: CellState = { state: 'waiting', seconds: 0 };

/** Reads the states of an earlier start; empty if there was none. */
export function openState({ name, runs, file, overrides, cells }: Sweep): SweepState {
  const path = join(runs, 'sweep.json');
  const earlier = existsSync(path) ? (readJsonFile(path).cells as Record<string, CellState>) : {};
  const states = new Map(cells.map((cell) => [cell.name, earlier[cell.name] ?? UNTOUCHED]));
  const of = (cell: string): CellState => states.get(cell) ?? UNTOUCHED;
  const set = (cell: string, state: CellState): void => {
    states.set(cell, state);
    const content = { schema_version: 1, name, file, overrides, cells: Object.fromEntries(states) };
    writeFileAtomic(path, `${JSON.stringify(content, null, 2)}\n`);
  };
  return { of, set };
}

/**
 * A process that works in the folder. `word` must occur in its command line, because the system may give its number to
 * another process.
 */
interface AtWork {
  readonly pid: number;
  readonly word: string;
}

function isAlive({ pid, word }: AtWork): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
  } catch {
    return false;
  }
}

/** The processes of a sweep's folder. */
export interface Processes {
  add(pid: number | undefined, cell: string): void;
  remove(pid: number | undefined): void;
  /** Removes all of them from the record. */
  close(): void;
}

/**
 * Reserves the folder for this process. Throws InputError when another sweep works in it. Runs that a killed sweep left
 * behind are saving their state; waits for them.
 */
export async function takeFolder(folder: string, signal?: AbortSignal): Promise<Processes> {
  const path = join(folder, 'processes.json');
  const earlier = existsSync(path) ? (readJsonFile(path).processes as AtWork[]).filter(isAlive) : [];
  const sweep = earlier.find(({ pid, word }) => word === 'sweep' && pid !== process.pid);
  if (sweep) {
    throw new InputError(`Another rcsd sweep (process ${sweep.pid}) is working in ${folder}; wait for it or stop it.`);
  }
  while (earlier.some(isAlive)) {
    throwIfAborted(signal);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  let present: readonly AtWork[] = [{ pid: process.pid, word: 'sweep' }];
  const change = (processes: readonly AtWork[]): void => {
    present = processes;
    writeFileAtomic(path, `${JSON.stringify({ processes }, null, 2)}\n`);
  };
  change(present);
  return {
    add: (pid, word) => change(pid === undefined ? present : [...present, { pid, word }]),
    remove: (pid) => change(present.filter((each) => each.pid !== pid)),
    close: () => rmSync(path, { force: true }),
  };
}
