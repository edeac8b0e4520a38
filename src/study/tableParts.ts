/** What the study's tables are made of: rows by cell, levels with intervals, numbers as text. */
import { mean } from 'simple-statistics';
import { compactNumber, percent, percentInterval } from '../results/figures/text';
import { level } from './analysis';
import { TRIAL_RATES } from './cells';
import { EXPERIMENTS, type Experiment } from './experiments';
import { rowsOfCell } from './plan';
import type { StudyRow } from './row';

/** A table as text. */
export interface StudyTable {
  readonly name: string;
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The rows by what made them. */
export interface StudyRows {
  readonly all: ReadonlyMap<string, StudyRow>;
  /** The runs of a cell of an experiment; a cell of that label where the learning rate does not matter. */
  of(experiment: string, label: string): readonly StudyRow[];
}

/** The experiment of a name. */
export const experimentOf = (name: string): Experiment => {
  const found = EXPERIMENTS.find((each) => each.name === name);
  if (!found) throw new Error(`there is no experiment ${name}`);
  return found;
};

/** Access to rows by experiment and label. */
export function openRows(all: ReadonlyMap<string, StudyRow>): StudyRows {
  return {
    all,
    of: (name, label) => {
      const experiment = experimentOf(name);
      const cells = experiment.cells.filter((cell) => cell.label === label);
      return cells.flatMap((cell) => rowsOfCell(experiment, cell, { rates: TRIAL_RATES, rows: all }));
    },
  };
}

/** The labels of an experiment, each once. */
export const labelsOf = (name: string): string[] => [...new Set(experimentOf(name).cells.map(({ label }) => label))];

/** Mean of a number over rows that have it. */
export function average(
  rows: readonly StudyRow[],
  of: (row: StudyRow) => number | null | undefined,
): number | undefined {
  const values = rows.flatMap((row) => of(row) ?? []);
  return values.length > 0 ? mean(values) : undefined;
}

/** A number in three digits; a missing one is a dash. */
export const number = (value: number | undefined): string =>
  value === undefined ? '–' : compactNumber(Number(value.toPrecision(3)));

/** First and last value of a curve, averaged over rows. */
export function curveEnds(rows: readonly StudyRow[], metric: string): string {
  const at = (index: number) => number(average(rows, ({ curves }) => curves?.[metric]?.at(index)));
  const ends = [at(0), at(-1)];
  return ends[0] === '–' ? '–' : ends.join(' → ');
}

/** How many runs of how many bases. */
export const sizeOf = (rows: readonly StudyRow[]): string =>
  `${rows.length} on ${new Set(rows.map(({ base }) => base)).size}`;

/** Estimates as points, signed. */
export function points({ value, low, high }: { value: number; low: number; high: number }): string {
  const shown = (x: number): string => `${x < 0 ? '−' : '+'}${Math.abs(100 * x).toFixed(1)}`;
  return Number.isFinite(low) ? `${shown(value)} [${shown(low)}, ${shown(high)}]` : shown(value);
}

/** Levels of an experiment's cells, with what else the rows say. */
export function levelTable(open: StudyRows, experiment: string, labels = labelsOf(experiment)): string[][] {
  return labels.flatMap((label) => {
    const rows = open.of(experiment, label);
    if (rows.length === 0) return [];
    return [
      [
        label,
        percentInterval(level(rows)),
        percent(average(rows, ({ transfer }) => transfer)),
        percent(average(rows, ({ process }) => process)),
        percent(average(rows, ({ faithful }) => faithful)),
        percent(average(rows, ({ verified }) => verified)),
        number(average(rows, ({ length }) => length)),
        curveEnds(rows, 'divergence/true'),
        curveEnds(rows, 'entropy'),
        sizeOf(rows),
      ],
    ];
  });
}

/** Head of `levelTable`. */
export const LEVEL_HEAD = [
  'student',
  'accuracy',
  'transfer family',
  'process',
  'faithful',
  'verified',
  'tokens',
  'KL first → last',
  'entropy first → last',
  'runs on bases',
];
