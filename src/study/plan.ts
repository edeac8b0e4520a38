/**
 * Turns experiments into runs: every cell on every base with every seed, equal runs only once, with the learning rates
 * that the trials chose.
 */

import type { Cell } from './cells';
import { BASES, EXPERIMENTS, type Experiment, type RunKind, TIERS, type Tier } from './experiments';
import type { RunName, StudyRow } from './row';

export interface StudyRun extends RunName {
  readonly passAt64: boolean;
  readonly skills: boolean;
  readonly tier: Tier;
  /** Whether its learning rate is still to be chosen by trials. */
  readonly waiting: boolean;
}

/** The prefix of the settings of a second training, which begins where the first one ended. */
const THEN = 'then.';

/** The settings `name=value` of a run's trainings, of which most have one; the context of an untrained base is none of them. */
export function trainingsOf({ settings }: Pick<StudyRun, 'settings'>): readonly [string[], ...string[][]] {
  const first = settings.filter((word) => !word.startsWith('context=') && !word.startsWith(THEN));
  const second = settings.flatMap((word) => (word.startsWith(THEN) ? [word.slice(THEN.length)] : []));
  return second.length > 0 ? [first, second] : [first];
}

/** The base and the seed of the trials. */
const TRIAL = { base: BASES[0], seed: 1 } as const;

const rateSetting = (rate: number): string => `stage2.learning_rate=${rate}`;

const keyOf = (kind: RunKind, { base, seed, settings }: Pick<StudyRun, 'base' | 'seed' | 'settings'>): string =>
  [kind, base, `seed=${seed}`, ...settings].join(' ');

/**
 * The rate with the highest accuracy on the development split (the lower rate of equals); undefined until all trials
 * are made.
 */
export function chosenRate(
  cell: Cell,
  rates: readonly number[],
  rows: ReadonlyMap<string, StudyRow>,
): number | undefined {
  const found = rates.map((rate) => {
    const settings = [...cell.settings, rateSetting(rate)];
    return { rate, accuracy: rows.get(keyOf('trial', { ...TRIAL, settings }))?.accuracy };
  });
  if (found.some(({ accuracy }) => accuracy === undefined)) return undefined;
  return found.reduce((best, next) => ((next.accuracy as number) > (best.accuracy as number) ? next : best)).rate;
}

/** All runs in the order in which they are made: by tier, then by experiment. `rows` are the existing ones. */
export function planStudy(
  rows: ReadonlyMap<string, StudyRow>,
  {
    experiments = EXPERIMENTS,
    rates,
  }: { readonly experiments?: readonly Experiment[]; readonly rates: readonly number[] },
): StudyRun[] {
  const byKey = new Map<string, StudyRun>();
  for (const tier of TIERS) {
    for (const experiment of experiments) {
      for (const part of experiment.parts.filter((each) => each.tier === tier)) {
        for (const base of part.bases) {
          for (const seed of part.seeds) {
            for (const cell of experiment.cells) {
              const run = toRun(experiment, { cell, base, seed, tier, rates, rows });
              const known = byKey.get(run.key);
              if (!known) byKey.set(run.key, run);
              else if (run.passAt64 && !known.passAt64) byKey.set(run.key, { ...known, passAt64: true });
            }
          }
        }
      }
    }
  }
  return [...byKey.values()];
}

interface Place {
  readonly cell: Cell;
  readonly base: string;
  readonly seed: number;
  readonly tier: Tier;
  readonly rates: readonly number[];
  readonly rows: ReadonlyMap<string, StudyRow>;
}

function toRun(experiment: Experiment, { cell, base, seed, tier, rates, rows }: Place): StudyRun {
  const { name, kind, passAt64 = false, skills = false } = experiment;
  const trains = kind === 'train' || kind === 'trial';
  const rate = trains ? (cell.rate ?? chosenRate(cell, rates, rows)) : undefined;
  const waiting = trains && rate === undefined;
  const chosen = rate === undefined ? [] : [rateSetting(rate)];
  const settings = [...cell.settings, ...(waiting ? ['stage2.learning_rate=(chosen by the trials)'] : chosen)];
  return {
    key: keyOf(kind, { base, seed, settings }),
    kind,
    experiment: name,
    cell: cell.label,
    group: cell.group,
    base,
    seed,
    settings,
    passAt64: passAt64 && (kind === 'train' || cell.settings.includes('context=none')),
    skills: skills && (kind === 'train' || cell.settings.includes('context=none')),
    tier,
    waiting,
  };
}

/** The rows of one cell of an experiment by their keys, for tables; another experiment may have made them. */
export function rowsOfCell(
  experiment: Experiment,
  cell: Cell,
  { rates, rows }: { readonly rates: readonly number[]; readonly rows: ReadonlyMap<string, StudyRow> },
): StudyRow[] {
  return experiment.parts.flatMap(({ bases, seeds, tier }) =>
    bases.flatMap((base) =>
      seeds.flatMap((seed) => rows.get(toRun(experiment, { cell, base, seed, tier, rates, rows }).key) ?? []),
    ),
  );
}
