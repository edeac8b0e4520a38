/**
 * Checks whether a committed row can be reproduced: bit for bit on the same type of processor, within its interval
 * elsewhere.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../base/records/errors';
import { estimate } from '../results/evaluation/statistics';
import { sharesOf } from './analysis';
import { at, TRIAL_RATES } from './cells';
import { BASES, EXPERIMENTS } from './experiments';
import { RESULTS, readRows, type StudyRow } from './row';
import { runStudy } from './study';

/** A committed row beside the same run made now. */
export interface RowCheck {
  readonly row: StudyRow;
  readonly again: StudyRow;
  /** Whether scores, counts of every question, curves and budgets are all equal. */
  readonly same: boolean;
  /** Whether the accuracy lies in the row's 95 % interval over questions. */
  readonly within: boolean;
}

/** Repeats the quickest trial among the committed rows. Throws InputError where there is none. */
export async function checkRow({
  results = RESULTS,
  signal,
}: {
  readonly results?: string;
  readonly signal?: AbortSignal;
} = {}): Promise<RowCheck> {
  const trials = [...readRows(results).values()].filter(({ kind, base }) => kind === 'trial' && base === BASES[0]);
  const row = trials.sort((a, b) => (a.length ?? 0) - (b.length ?? 0))[0];
  if (!row)
    throw new InputError(`${results} contains no trial that could be repeated; run rcsd study --tier minutes first.`);
  const scratch = mkdtempSync(join(tmpdir(), 'rcsd-study-'));
  try {
    const failures = await runStudy({ ...alone(row), results: scratch, folder: scratch, workers: 1, signal });
    const again = readRows(scratch).get(row.key);
    if (!again) throw new Error(`the run gave no result: ${failures[0]?.message}`);
    const { low, high } = estimate(sharesOf(row));
    const accuracy = again.accuracy ?? Number.NaN;
    return { row, again, same: sameNumbers(row, again), within: accuracy >= low && accuracy <= high };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A study that consists of this run only. */
function alone({ experiment: name, cell: label, settings, base, seed }: StudyRow) {
  const known = EXPERIMENTS.find((experiment) => experiment.name === name);
  const rate = TRIAL_RATES.find((each) => settings.includes(`stage2.learning_rate=${each}`));
  const cell = known?.cells.find((each) => each.label === label && each.rate === rate);
  if (!known || !cell || rate === undefined) throw new InputError(`the plan no longer contains ${label} of ${name}.`);
  const part = { tier: 'minutes' as const, bases: [base], seeds: [seed] };
  return { experiments: [{ ...known, cells: [at(cell, rate)], parts: [part] }] };
}

/** What does not follow from settings and seeds: who made the row, and in which format. */
const MAKING = ['schema_version', 'commit', 'cpu', 'threads', 'seconds'];

/** Whether all that `value` holds is in `now` as well; objects may have more there. */
function holds(value: unknown, now: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === now;
  if (typeof now !== 'object' || now === null) return false;
  if (Array.isArray(value) && value.length !== (now as readonly unknown[]).length) return false;
  return Object.entries(value).every(([name, inner]) => holds(inner, (now as Record<string, unknown>)[name]));
}

/** Whether every number of the row is the same again. A later program may have measured more. */
export function sameNumbers(row: StudyRow, again: StudyRow): boolean {
  return holds(Object.fromEntries(Object.entries(row).filter(([name]) => !MAKING.includes(name))), again);
}
