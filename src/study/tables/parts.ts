/** Parts of the study's tables: rows by cell, levels with intervals, numbers as text. */
import { decodingsText, samplingText } from '../../base/records/decoding';
import { compactNumber, percent, percentInterval, signedInterval } from '../../results/figures/text';
import { average, level } from '../analysis';
import { TRIAL_RATES } from '../cells';
import { EXPERIMENTS, type Experiment } from '../experiments';
import { rowsOfCell } from '../plan';
import { decodingOfRow, type StudyRow, type StudyRows } from '../row';

/** A table as text. */
export interface StudyTable {
  readonly name: string;
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The experiment of a name. Throws for an unknown one. */
export const experimentOf = (name: string): Experiment => {
  const found = EXPERIMENTS.find((each) => each.name === name);
  if (!found) throw new Error(`there is no experiment ${name}`);
  return found;
};

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

/** All rows of an experiment. */
export const rowsOf = (open: StudyRows, name: string): StudyRow[] =>
  labelsOf(name).flatMap((label) => open.of(name, label));

/** A title with the decodings of the scores under it. */
export const decoded = (title: string, rows: readonly StudyRow[]): string =>
  `${title} (${decodingsText(rows.map(decodingOfRow))})`;

/** How the answers behind some rows were drawn, for the titles of figures: `T=1, top_p 0.95`. */
export const drawnAt = (rows: Iterable<StudyRow>): string =>
  [
    ...new Set(
      [...rows].filter(({ accuracy }) => accuracy !== undefined).map((row) => samplingText(decodingOfRow(row))),
    ),
  ].join('; ');

/** A number with three digits; a missing one is a dash. */
export const number = (value: number | undefined): string =>
  value === undefined ? '–' : compactNumber(Number(value.toPrecision(3)));

/** A p-value with four digits. */
export const chance = (p: number): string => (p < 1e-4 ? '< 0.0001' : p.toFixed(4));

/** First and last value of a curve, averaged over rows. */
export function curveEnds(rows: readonly StudyRow[], metric: string): string {
  const at = (index: number) => number(average(rows, ({ curves }) => curves?.[metric]?.at(index)));
  const ends = [at(0), at(-1)];
  return ends[0] === '–' ? '–' : ends.join(' → ');
}

/** Number of runs and of bases, as `15 on 5`. */
export const sizeOf = (rows: readonly StudyRow[]): string =>
  `${rows.length} on ${new Set(rows.map(({ base }) => base)).size}`;

/** An estimate in points, with sign and interval. */
export const points = (estimate: { value: number; low: number; high: number }): string =>
  signedInterval(estimate, 1, 100);

/** Accuracies of an experiment's cells, with further columns from the rows. */
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
