/** What a sweep's folder remembers: sweep.json, how far each run has come, and processes.json, who is at work in it. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/records/atomic';
import { InputError, throwIfAborted } from '../../base/records/errors';
import { readJsonFile } from '../../engine/files/jsonl';
import type { Sweep } from './sweepCells';

/** How far one run has come. */
export interface CellState {
  readonly state: 'waiting' | 'done' | 'failed';
  /** Seconds that it has run so far, all attempts together. */
  readonly seconds: number;
  /** The sentence that a failed run ended with. */
  readonly error?: string;
}

/** The states of a sweep's runs, written to sweep.json at every change. */
export interface SweepState {
  of(cell: string): CellState;
  set(cell: string, state: CellState): void;
}

const UNTOUCHED: CellState = { state: 'waiting', seconds: 0 };

/** Reads the states of an earlier start; a sweep without one begins with none. */
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

/** A process at work in the folder; `word` stands in its command line, so that a number given anew is not taken for it. */
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
  /** Forgets them all. */
  close(): void;
}

/**
 * Takes the folder for this process. Throws InputError when another sweep is at work in it; runs that a killed sweep left behind
 * are saving what they have, and are waited for.
 */
export async function takeFolder(folder: string, signal?: AbortSignal): Promise<Processes> {
  const path = join(folder, 'processes.json');
  const earlier = existsSync(path) ? (readJsonFile(path).processes as AtWork[]).filter(isAlive) : [];
  const sweep = earlier.find(({ pid, word }) => word === 'sweep' && pid !== process.pid);
  if (sweep) {
    throw new InputError(
      `${folder} is being filled by another rcsd sweep (process ${sweep.pid}); wait for it or stop it.`,
    );
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
