/** Finds what is to be viewed: run folders and their stages, given by themselves or by a folder that holds some. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { InputError } from '../../base/records/errors';
import { openRun, type Run } from '../../base/records/runReader';

/** A run folder or a stage of one. */
export interface FoundRun {
  readonly name: string;
  readonly run: Run;
  /** The run that a stage belongs to, or the run itself: it has settings, rubrics and evaluations. */
  readonly whole: Run;
}

/** Folders that hold runs hold them at most this deep: `runs/quickstart/rcsd/stage-2`. */
const DEEPEST = 4;

const isRun = (path: string): boolean => existsSync(join(path, 'config.json'));
const hasRows = (path: string): boolean =>
  ['metrics.jsonl', 'completions.jsonl', 'eval', 'checkpoints'].some((name) => existsSync(join(path, name)));

/**
 * The runs in some folders, by name. A new run whose first step is not done yet is found when the folder is looked through again. Throws
 * InputError for a folder that is not there, or that holds no run.
 */
export function findRuns(paths: readonly string[]): FoundRun[] {
  const found = new Map<string, FoundRun>();
  for (const path of paths) {
    if (!existsSync(path))
      throw new InputError(`${path}: there is no such folder; give run folders, or a folder of runs.`);
    const before = found.size;
    const root = isRun(path) ? resolve(path, '..') : resolve(path);
    for (const folder of runsBelow(resolve(path), DEEPEST)) addRun(found, folder, relative(root, folder));
    if (found.size === before && !isRun(path))
      throw new InputError(`${path} holds no run folder (one has a config.json); give the path of a run.`);
  }
  return [...found.values()];
}

function runsBelow(folder: string, deepest: number): string[] {
  const inside =
    deepest === 0
      ? []
      : readdirSync(folder, { withFileTypes: true })
          .filter((entry) => entry.isDirectory() && !/^(checkpoints|eval|stage-\d+|model|\..*)$/.test(entry.name))
          .map((entry) => entry.name)
          .sort();
  const own = isRun(folder) ? [folder] : [];
  return [...own, ...inside.flatMap((name) => runsBelow(join(folder, name), deepest - 1))];
}

function addRun(found: Map<string, FoundRun>, path: string, name: string): void {
  const whole = openRun(path);
  // A quickstart's own folder holds the comparison of its runs, which the report shows.
  if (whole.comparison() === undefined && (hasRows(path) || whole.stages().length > 0))
    found.set(path, { name: name || basename(path), run: whole, whole });
  for (const stage of whole.stages()) found.set(stage.path, { name: `${name}/${stage.name}`, run: stage, whole });
}
