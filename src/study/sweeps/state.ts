/** The record in a sweep's folder: sweep.json says how far each run has come. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/records/atomic';
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
