/** Plans a sweep before anything is started: memory, cores and time of every run. */

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../base/records/errors';
import { type OperationOptions, saying } from '../../base/records/events';
import { openRun } from '../../base/records/runReader';
import { requireRunInputs, requireSameSettings } from '../../base/records/runWriter';
import { begunRun } from '../../run/session/begun';
import { estimateRun, plannedFormat, settled } from '../../run/session/estimate';
import { inputsOf } from '../../run/session/inputs';
import { openSession, type Session } from '../../run/session/session';
import type { Need } from './schedule';
import { type CellState, openState } from './state';
import type { Sweep, SweepCell } from './sweepCells';

/**
 * One run with its needs: memory in bytes; seconds as if it had the machine for itself and every completion had full
 * length.
 */
export interface PlannedCell extends Need {
  readonly cell: SweepCell;
  readonly state: CellState['state'];
  /** Whether its folder contains a run that can be resumed. */
  readonly begun: boolean;
  readonly seconds: number;
}

/** What all runs together may use, and the most that one may: on several machines, what one of them has. */
export interface Budget extends Need {
  readonly each: Need;
}

export interface SweepPlan {
  readonly sweep: Sweep;
  readonly budget: Budget;
  readonly cells: readonly PlannedCell[];
}

/**
 * Seconds for starting a run's process, loading the engine and compiling graphs; a run's estimate does not include
 * them.
 */
const START_SECONDS = 4;
/** Share of the free memory that runs may use; the rest is for the system and the sweep itself. */
const MEMORY_SHARE = 0.9;

/** What the user says, and the machines that the runs are made on; without them, this one. */
export interface GivenBudget extends Partial<Need> {
  readonly machines?: readonly Need[] | undefined;
}

const thisMachine = (): Need => ({ cores: availableParallelism(), memory: MEMORY_SHARE * process.availableMemory() });

/** The budget: given values, or what the machines have. */
function budgetOf({ cores, memory, machines = [thisMachine()] }: GivenBudget): Budget {
  const total = (key: keyof Need): number => machines.reduce((sum, machine) => sum + machine[key], 0);
  const all = { cores: cores ?? total('cores'), memory: memory ?? total('memory') };
  if (machines.length === 1) return { ...all, each: all };
  const most = (key: keyof Need): number => Math.min(all[key], Math.max(...machines.map((machine) => machine[key])));
  return { ...all, each: { cores: most('cores'), memory: most('memory') } };
}

/**
 * Estimates every run and gives each its share of the cores. A begun run keeps the number of threads it began with,
 * because the last digits of its numbers depend on it. Throws InputError, before anything is started, for a model or
 * data that cannot be opened, a folder that contains a run with other settings or inputs, and a run that is larger than the
 * budget.
 */
export async function planSweep(sweep: Sweep, given: GivenBudget, options: OperationOptions = {}): Promise<SweepPlan> {
  for (const { name, config } of sweep.cells) {
    if (existsSync(join(sweep.runs, name, 'config.json')))
      requireSameSettings(join(sweep.runs, name), { settings: config, understand: begunRun });
  }
  const estimates = await estimateCells(sweep, options);
  const budget = budgetOf(given);
  const largest = Math.max(...estimates.map(({ memory }) => memory));
  const side = Math.max(1, Math.min(budget.cores, sweep.cells.length, Math.floor(budget.memory / largest)));
  const state = openState(sweep);
  const cells = sweep.cells.map((cell, i): PlannedCell => {
    const { memory, seconds } = estimates[i] as Needs;
    requireRoom(cell, memory, budget.each);
    const path = join(sweep.runs, cell.name);
    const begun = existsSync(join(path, 'config.json'));
    const share = begun ? openRun(path).config.threads : Math.floor(budget.cores / side);
    return {
      cell,
      state: state.of(cell.name).state,
      begun,
      seconds: START_SECONDS + seconds,
      memory,
      cores: Math.min(share, budget.each.cores),
    };
  });
  return { sweep, budget, cells };
}

interface Needs {
  readonly memory: number;
  readonly seconds: number;
}

/** Estimates in the order of the cells; models and data are opened once for all runs that share them. */
async function estimateCells({ cells, runs }: Sweep, options: OperationOptions): Promise<Needs[]> {
  const sessionKey = ({ config }: SweepCell): string =>
    JSON.stringify(
      (['model', 'adapter', 'data', 'precision', 'weights', 'memory', 'rubric_prompt', 'prompts'] as const).map(
        (name) => config[name],
      ),
    );
  const found = new Map<SweepCell, Needs>();
  for (const key of new Set(cells.map(sessionKey))) {
    const alike = cells.filter((cell) => sessionKey(cell) === key) as [SweepCell, ...SweepCell[]];
    const [{ config: first }] = alike;
    const session = await openSession(first, (outline) => plannedFormat(outline, first));
    try {
      for (const cell of alike) {
        await requireSameInputs(join(runs, cell.name), { cell, session, options });
        const { memory, seconds } = estimateRun(session, settled(session, cell.config));
        found.set(cell, { memory: memory.peak, seconds });
      }
    } finally {
      session.dispose();
    }
  }
  return cells.map((cell) => found.get(cell) as Needs);
}

/** A run that was begun, or is done, with other inputs would stand beside those of today as if they were one sweep. */
async function requireSameInputs(
  path: string,
  {
    cell,
    session,
    options,
  }: { readonly cell: SweepCell; readonly session: Session; readonly options: OperationOptions },
): Promise<void> {
  if (!existsSync(join(path, 'config.json'))) return;
  const sentence = requireRunInputs(path, await inputsOf(cell.config, session, options));
  if (sentence !== undefined) saying(options)(sentence);
}

function requireRoom({ name }: SweepCell, memory: number, budget: Need): void {
  if (memory <= budget.memory) return;
  const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
  throw new InputError(
    `Run ${name} needs about ${gib(memory)} GiB of memory, but the budget is ${gib(budget.memory)}; make microbatch_size or max_tokens smaller, or raise --memory.`,
  );
}
