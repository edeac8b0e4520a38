/** From a sweep file to its runs: every one of `runs` at every point of `grid`, less what `exclude` names, each fully checked. */

import type { TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import { expandSetting, resolveTrainConfig } from '../../method/algorithms/settings';
import { readSweepFile, type SweepExclusion, type SweepFile, type SweepRun, type SweepSetting } from './sweepFile';

/** One run of a sweep. */
export interface SweepCell {
  /** Name of its run folder inside the sweep's. */
  readonly name: string;
  /** What is compared: the cell without its seeds. */
  readonly method: string;
  /** The seeds as written, empty without one in the grid; equal ones are paired. */
  readonly seed: string;
  /** What the grid varies, by the names in the file. */
  readonly point: Readonly<Record<string, string>>;
  /** `name=value` for `rcsd train`, without the folder. */
  readonly overrides: readonly string[];
  readonly config: TrainConfig;
}

/** A checked sweep. */
export interface Sweep {
  readonly name: string;
  /** The folder that holds its runs and its summary. */
  readonly runs: string;
  readonly file: string;
  /** `name=value` of the command line. */
  readonly overrides: readonly string[];
  readonly cells: readonly SweepCell[];
}

/** A cell before its settings are put together. */
interface Draft {
  readonly run?: SweepRun;
  readonly point: readonly SweepSetting[];
}

/**
 * Reads a sweep and resolves all its runs. `overrides` (`name=value`) hold for every run; `name` and `runs` are the sweep's own.
 * Throws InputError, with file and line, before anything is started.
 */
export function readSweep(file: string, overrides: readonly string[] = []): Sweep {
  const content = readSweepFile(file);
  const own = (key: string): string | undefined =>
    overrides.findLast((each) => each.startsWith(`${key}=`))?.slice(key.length + 1);
  const { name, runs } = resolveTrainConfig({
    overrides: [`name=${own('name') ?? content.name}`, `runs=${own('runs') ?? 'runs'}`],
  });
  const shared = overrides.filter((each) => !/^(name|runs)=/.test(each));
  requireFree(content, shared);
  const drafts = product(content).filter((draft) => !content.exclude.some((each) => leavesOut(content, each, draft)));
  requireUse(content);
  if (drafts.length === 0) refuse(file, 1, 'exclude leaves out every run; take some of its items away.');
  const folder = `${runs}/${name}`;
  const cells = drafts.map((draft) => resolveCell(content, draft, { shared, folder }));
  requireOwnNames(content, drafts, cells);
  return { name, runs: folder, file, overrides, cells };
}

function refuse(file: string, line: number, message: string): never {
  throw new InputError(`${file}, line ${line}: ${message}`);
}

/** Every run at every point; the grid's first setting varies slowest. */
function product({ runs, grid }: SweepFile): Draft[] {
  const starts: Draft[] = runs.length > 0 ? runs.map((run) => ({ run, point: [] })) : [{ point: [] }];
  return grid.reduce(
    (drafts, { values }) =>
      drafts.flatMap((draft) => values.map((value) => ({ ...draft, point: [...draft.point, value] }))),
    starts,
  );
}

/** The draft's values under full names, later ones over earlier ones. */
function valuesOf({ base }: SweepFile, { run, point }: Draft): ReadonlyMap<string, unknown> {
  return new Map([...base, ...(run?.settings ?? []), ...point].flatMap(({ full }) => [...full]));
}

function leavesOut(content: SweepFile, { label, settings }: SweepExclusion, draft: Draft): boolean {
  if (label !== undefined && draft.run?.label !== label) return false;
  const values = valuesOf(content, draft);
  return settings.every(({ full }) =>
    [...full].every(([name, value]) => values.has(name) && String(values.get(name)) === String(value)),
  );
}

/** An exclusion that leaves nothing out is a mistake in it. */
function requireUse(content: SweepFile): void {
  const drafts = product(content);
  const idle = content.exclude.find((each) => !drafts.some((draft) => leavesOut(content, each, draft)));
  if (idle) refuse(content.file, idle.line, 'this exclusion fits no run; correct its label and values, or remove it.');
}

/** A setting has one place: the grid, a run, or the command line. */
function requireFree({ file, runs, grid }: SweepFile, overrides: readonly string[]): void {
  const onGrid = new Map(grid.flatMap(({ values }) => values.slice(0, 1).flatMap(namesOf)));
  for (const { label, settings } of runs) {
    const both = settings.find(({ full }) => [...full.keys()].some((name) => onGrid.has(name)));
    if (both) refuse(file, both.line, `${both.name} is in the grid and in the run ${label}; leave it out of one.`);
  }
  const varied = new Map([...onGrid, ...runs.flatMap(({ settings }) => settings.flatMap(namesOf))]);
  for (const override of overrides) {
    const [name = '', value = ''] = override.split(/=(.*)/s);
    const found = expandSetting({ name, value }).find((entry) => varied.has(entry.name));
    if (found)
      refuse(
        file,
        varied.get(found.name) ?? 1,
        `the sweep sets ${name} itself; change it here, not on the command line.`,
      );
  }
}

const namesOf = ({ full, line }: SweepSetting): [string, number][] => [...full.keys()].map((name) => [name, line]);

const isSeed = ({ name }: SweepSetting): boolean => name === 'seed' || name.startsWith('seed.');

/** A point's setting in a name: the algorithm alone, anything else behind its last word. */
const word = ({ name, text }: SweepSetting, between: string): string =>
  name === 'algorithm' ? text : `${name.split('.').pop()}${between}${text}`;

const folderName = (words: readonly string[]): string =>
  words.map((each) => each.replace(/[^\w.+-]+/g, '-').replace(/^-+|-+$/g, '')).join('-');

interface Shared {
  readonly shared: readonly string[];
  readonly folder: string;
}

function resolveCell(content: SweepFile, draft: Draft, { shared, folder }: Shared): SweepCell {
  const { run, point } = draft;
  const label = run ? [run.label] : [];
  const name = folderName([...label, ...point.map((each) => word(each, '-'))]);
  const given = [...content.base, ...(run?.settings ?? []), ...point].map(({ name, text }) => `${name}=${text}`);
  const overrides = [...given, ...shared];
  try {
    const config = resolveTrainConfig({ overrides: [...overrides, `name=${name}`, `runs=${folder}`] });
    const varied = point.filter((each) => !isSeed(each)).map((each) => word(each, ' '));
    return {
      name,
      method: [...label, ...varied].join(', ') || config.algorithm,
      seed: point
        .filter(isSeed)
        .map(({ text }) => text)
        .join('/'),
      point: Object.fromEntries(point.map(({ name, text }) => [name, text])),
      overrides,
      config,
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const line = run?.line ?? point[0]?.line ?? 1;
    return refuse(content.file, line, `run ${name}: ${error.message}`);
  }
}

/** Two runs of one name would share a folder. */
function requireOwnNames({ file }: SweepFile, drafts: readonly Draft[], cells: readonly SweepCell[]): void {
  const twice = cells.findIndex(({ name }, i) => cells.findIndex((each) => each.name === name) < i);
  if (twice < 0) return;
  const draft = drafts[twice];
  const line = draft?.run?.line ?? draft?.point[0]?.line ?? 1;
  refuse(
    file,
    line,
    `two runs would share the folder ${cells[twice]?.name}; give them labels that differ in letters or digits.`,
  );
}
