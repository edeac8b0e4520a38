/**
 * The statistics of docs/study.md, computed from the rows only: differences paired over questions with runs nested in
 * bases, Holm's correction over stated families, smallest detectable effects, recovered shares, pass@k, orderings over
 * worlds. Shares are 0 to 1.
 */
import { mean } from 'simple-statistics';
import { studentCdf, studentQuantile } from '../results/evaluation/distributions';
import { type Estimate, wilson } from '../results/evaluation/intervals';
import { mixedSummary } from '../results/evaluation/mixed';
import { holm } from '../results/evaluation/multiplicity';
import { estimate, passAtK } from '../results/evaluation/statistics';
import type { PassCounts, StudyRow } from './row';

/**
 * Which of a question's answers are counted: right ones; those right by right means; those with every process criterion
 * met.
 */
export type Measure = 'correct' | 'faithful' | 'verified' | 'rule';

/** What a score of a question can be: a share of its answers, or whether the answer of most of them is right. */
export type ScoreMeasure = Measure | 'majority';

/** Mean of a number over the rows that have it. */
export function average(
  rows: readonly StudyRow[],
  of: (row: StudyRow) => number | null | undefined,
): number | undefined {
  const values = rows.flatMap((row) => of(row) ?? []);
  return values.length > 0 ? mean(values) : undefined;
}

/** The score of each question; none where a row lacks the measure. */
export function sharesOf(row: StudyRow, measure: ScoreMeasure = 'correct'): number[] {
  const { per_question: counts, samples = 1 } = row;
  if (measure === 'majority') return [...(counts?.majority ?? [])];
  return [...(counts?.[measure] ?? '')].map((digit) => Number.parseInt(digit, 36) / samples);
}

/** A mean over questions, runs and bases; `runs` and `bases` say from how many it was computed. */
export interface Pooled extends Estimate {
  readonly runs: number;
  readonly bases: number;
  /**
   * The standard error that the plan tests with: those over questions and over bases, added in quadrature. It counts the
   * noise of single answers twice, and is therefore larger than `standardError`, to which the interval belongs.
   */
  readonly plannedError: number;
}

/**
 * Pools scores of runs grouped by base. With two or more runs: `mixedSummary`, with the base as a random effect (or the
 * run, if there is one base). With one run: over questions only, which says nothing about other runs. Undefined without
 * any run.
 */
function pool(byBase: readonly (readonly (readonly number[])[])[]): Pooled | undefined {
  const runs = byBase.flat();
  if (runs.length === 0) return undefined;
  if (runs.length === 1) {
    const alone = estimate(runs[0] as number[]);
    return { ...alone, runs: 1, bases: 1, plannedError: alone.standardError };
  }
  const { value, standardError, low, high, n, bases, errors } = mixedSummary(byBase);
  const plannedError = Math.hypot(errors.bases, errors.questions);
  return { value, standardError, low, high, n, bases, runs: runs.length, plannedError };
}

function byBase<T>(rows: readonly StudyRow[], of: (row: StudyRow) => T | undefined): T[][] {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const value = of(row);
    if (value !== undefined) groups.set(row.base, [...(groups.get(row.base) ?? []), value]);
  }
  return [...groups.values()];
}

/** The mean score of a cell's runs; its interval is limited to 0 to 1. */
export function level(rows: readonly StudyRow[], measure: ScoreMeasure = 'correct'): Pooled | undefined {
  const shares = (row: StudyRow) => sharesOf(row, measure);
  const pooled = pool(byBase(rows, (row) => (shares(row).length > 0 ? shares(row) : undefined)));
  return pooled && { ...pooled, low: Math.max(0, pooled.low), high: Math.min(1, pooled.high) };
}

/**
 * Rows of `a` minus rows of `b` with the same base and seed, question by question. A row of an untrained base is used
 * for all its seeds.
 */
export function difference(
  a: readonly StudyRow[],
  b: readonly StudyRow[],
  measure: ScoreMeasure = 'correct',
): Pooled | undefined {
  const partner = (row: StudyRow): StudyRow | undefined =>
    b.find((other) => other.base === row.base && other.seed === row.seed) ??
    b.find((other) => other.base === row.base && other.kind === 'context');
  return pool(
    byBase(a, (row) => {
      const other = partner(row);
      if (!other) return undefined;
      const theirs = sharesOf(other, measure);
      return sharesOf(row, measure).map((own, i) => own - (theirs[i] as number));
    }),
  );
}

/** A comparison that was stated beforehand, with its outcome. */
export interface CellComparison {
  readonly name: string;
  readonly estimate: Pooled;
  /** Two-sided p-values by Student's t; `adjusted` is corrected by Holm over the family. */
  readonly p: number;
  readonly adjusted: number;
  /**
   * Smallest true difference that would be found 80 times in 100: tested alone at 5 %, and at Holm's first threshold.
   */
  readonly detectable: number;
  readonly detectableFirst: number;
}

/** Degrees of freedom: number of bases minus one; with one base, of its runs; with one run, of the questions. */
const freedomOf = ({ bases, runs, n }: Pooled): number => (bases > 1 ? bases : runs > 1 ? runs : n) - 1;

/** Two-sided p-value of a difference by Student's t; without any error, 1 for no difference and 0 for one. */
export const pValue = (value: number, error: number, freedom: number): number =>
  error > 0 ? 2 * studentCdf(-Math.abs(value) / error, freedom) : Number(value === 0);

function detectable(pooled: Pooled, alpha: number): number {
  const freedom = freedomOf(pooled);
  return (studentQuantile(1 - alpha / 2, freedom) + studentQuantile(0.8, freedom)) * pooled.plannedError;
}

/** The comparisons of one family. Those without rows are left out, and the correction counts only the others. */
export function compareFamily(
  pairs: readonly { readonly name: string; readonly a: readonly StudyRow[]; readonly b: readonly StudyRow[] }[],
): CellComparison[] {
  const found = pairs.flatMap(({ name, a, b }) => {
    const pooled = difference(a, b);
    return pooled ? [{ name, estimate: pooled }] : [];
  });
  const pValues = found.map(({ estimate: own }) => pValue(own.value, own.plannedError, freedomOf(own)));
  const adjusted = holm(pValues);
  return found.map((each, i) => ({
    ...each,
    p: pValues[i] as number,
    adjusted: adjusted[i] as number,
    detectable: detectable(each.estimate, 0.05),
    detectableFirst: detectable(each.estimate, 0.05 / found.length),
  }));
}

/** A mean over independent units, such as bases, with Student's interval; undefined for fewer than two. */
export function overUnits(values: readonly number[]): Estimate | undefined {
  if (values.length < 2) return undefined;
  const { value, standardError, n } = estimate(values);
  const half = studentQuantile(0.975, n - 1) * standardError;
  return { value, standardError, low: value - half, high: value + half, n };
}

/**
 * (student - base) / (teacher - base) of each base, from its rows. Bases whose teacher's gap has an interval over
 * questions that is not entirely positive are left out.
 */
export function recovery(rows: {
  readonly students: readonly StudyRow[];
  readonly teachers: readonly StudyRow[];
  readonly bases: readonly StudyRow[];
}): { readonly perBase: readonly { readonly base: string; readonly share: number }[]; readonly mean?: Estimate } {
  const perBase = rows.bases.flatMap((base) => {
    const teacher = rows.teachers.find((row) => row.base === base.base);
    const students = rows.students.filter((row) => row.base === base.base);
    if (!teacher || students.length === 0) return [];
    const gap = difference([teacher], [base]);
    if (!gap || !(gap.low > 0)) return [];
    const gained = mean(students.map((row) => row.accuracy as number)) - (base.accuracy as number);
    return [{ base: base.base, share: gained / gap.value }];
  });
  const pooled = overUnits(perBase.map(({ share }) => share));
  return { perBase, ...(pooled && { mean: pooled }) };
}

/** The values of k at which pass@k is shown. */
export const PASS_AT = [1, 2, 4, 8, 16, 32, 64] as const;

const countsOf = (pass: PassCounts, measure: Measure): readonly number[] => pass[measure] ?? [];

/** Unbiased pass@k of a cell's runs. */
export function passAt(rows: readonly StudyRow[], k: number, measure: Measure): Pooled | undefined {
  return pool(
    byBase(rows, ({ pass }) => pass && countsOf(pass, measure).map((right) => passAtK(pass.samples, right, k))),
  );
}

/** pass@k of `a` minus that of `b`, paired as in `difference`. */
export function passDifference(
  a: readonly StudyRow[],
  b: readonly StudyRow[],
  { k, measure }: { readonly k: number; readonly measure: Measure },
): Pooled | undefined {
  const scores = ({ pass }: StudyRow) =>
    pass && countsOf(pass, measure).map((right) => passAtK(pass.samples, right, k));
  return pool(
    byBase(a, (row) => {
      const other =
        b.find((each) => each.base === row.base && each.seed === row.seed) ??
        b.find((each) => each.base === row.base && each.kind === 'context');
      const [own, theirs] = [scores(row), other && scores(other)];
      return own && theirs ? own.map((x, i) => x - (theirs[i] as number)) : undefined;
    }),
  );
}

/**
 * A base passes the gate if it uses rubrics: its accuracy with the wrong law is below that without context, and with
 * the reference it is at least this much above the placebo.
 */
export const GATE_POINTS = 0.15;

/** The gate of one base: accuracies under four contexts, and the verdict. */
export interface Gate {
  readonly base: string;
  readonly none: number;
  readonly wrong: number;
  readonly placebo: number;
  readonly reference: number;
  readonly passes: boolean;
}

/** The gates of the bases that have all four contexts; a row's cell is the name of its context. */
export function gates(rows: readonly StudyRow[]): Gate[] {
  const bases = [...new Set(rows.map(({ base }) => base))];
  return bases.flatMap((base) => {
    const of = (cell: string): number | undefined =>
      rows.find((row) => row.base === base && row.cell === cell)?.accuracy;
    const [none, wrong, placebo, reference] = [of('none'), of('wrong'), of('placebo'), of('reference')];
    if (none === undefined || wrong === undefined || placebo === undefined || reference === undefined) return [];
    return [{ base, none, wrong, placebo, reference, passes: wrong < none && reference - placebo >= GATE_POINTS }];
  });
}

/** Ranks from 1; equal values share their mean rank. */
function ranks(values: readonly number[]): number[] {
  return values.map((x) => {
    const below = values.filter((y) => y < x).length;
    const equal = values.filter((y) => y === x).length;
    return below + (equal + 1) / 2;
  });
}

/** Spearman's rank correlation; NaN where one side is constant. */
export function spearman(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [ranks(x), ranks(y)];
  const [ma, mb] = [mean(a), mean(b)];
  const product = (u: readonly number[], mu: number, v: readonly number[], mv: number): number =>
    u.reduce((sum, each, i) => sum + (each - mu) * ((v[i] as number) - mv), 0);
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
}

/** Share of worlds in which something holds, with Wilson's interval. */
export function shareOfWorlds(holds: readonly boolean[]): Estimate {
  const n = holds.length;
  const value = holds.filter(Boolean).length / n;
  return { value, standardError: Math.sqrt((value * (1 - value)) / n), ...wilson(value, n), n };
}
