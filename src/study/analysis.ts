/**
 * The analysis of docs/study.md, from rows alone: differences paired over questions with runs nested in bases, Holm's correction
 * over stated families, smallest detectable effects, recovered shares, pass@k, orderings over worlds. Shares are 0..1.
 */
import { mean } from 'simple-statistics';
import { studentCdf, studentQuantile } from '../results/evaluation/distributions';
import { type Estimate, wilson } from '../results/evaluation/intervals';
import { mixedSummary } from '../results/evaluation/mixed';
import { holm } from '../results/evaluation/multiplicity';
import { estimate, passAtK } from '../results/evaluation/statistics';
import type { PassCounts, StudyRow } from './row';

/** Which count of a question's answers is looked at: right ones; by right means; with every process criterion met. */
export type Measure = 'correct' | 'faithful' | 'verified';

/** Share of such answers of each question. */
export function sharesOf(row: StudyRow, measure: Measure = 'correct'): number[] {
  const { per_question: counts, samples = 1 } = row;
  return [...(counts?.[measure] ?? '')].map((digit) => Number(digit) / samples);
}

/** A mean over questions, runs and bases; `runs` and `bases` say what it was computed from. */
export interface Pooled extends Estimate {
  readonly runs: number;
  readonly bases: number;
}

/**
 * Scores of runs grouped by base. Two runs and more: `mixedSummary`, the base a random effect (with one base, its runs are).
 * One run: over questions alone, which says nothing of other runs. Undefined without any.
 */
function pool(byBase: readonly (readonly (readonly number[])[])[]): Pooled | undefined {
  const runs = byBase.flat();
  if (runs.length === 0) return undefined;
  if (runs.length === 1) return { ...estimate(runs[0] as number[]), runs: 1, bases: 1 };
  const { value, standardError, low, high, n, bases } = mixedSummary(byBase);
  return { value, standardError, low, high, n, bases, runs: runs.length };
}

function byBase<T>(rows: readonly StudyRow[], of: (row: StudyRow) => T | undefined): T[][] {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const value = of(row);
    if (value !== undefined) groups.set(row.base, [...(groups.get(row.base) ?? []), value]);
  }
  return [...groups.values()];
}

/** The mean score of a cell's runs; its interval ends at 0 and 1. */
export function level(rows: readonly StudyRow[], measure: Measure = 'correct'): Pooled | undefined {
  const pooled = pool(byBase(rows, (row) => sharesOf(row, measure)));
  return pooled && { ...pooled, low: Math.max(0, pooled.low), high: Math.min(1, pooled.high) };
}

/** Rows of `a` less rows of `b` of the same base and seed, question by question; a row of a base itself stands for all its seeds. */
export function difference(
  a: readonly StudyRow[],
  b: readonly StudyRow[],
  measure: Measure = 'correct',
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
export interface Comparison {
  readonly name: string;
  readonly estimate: Pooled;
  /** Two-sided, by Student's t; adjusted by Holm over its family. */
  readonly p: number;
  readonly adjusted: number;
  /** Smallest true difference found 80 times in 100: alone at 5 %, and at Holm's first threshold. */
  readonly detectable: number;
  readonly detectableFirst: number;
}

/** Degrees of freedom: bases less one; with one base its runs less one; with one run those of the questions. */
const freedomOf = ({ bases, runs, n }: Pooled): number => (bases > 1 ? bases : runs > 1 ? runs : n) - 1;

function detectable(pooled: Pooled, alpha: number): number {
  const freedom = freedomOf(pooled);
  return (studentQuantile(1 - alpha / 2, freedom) + studentQuantile(0.8, freedom)) * pooled.standardError;
}

/** Comparisons of one family; those without rows are left out, and the correction counts the ones that are there. */
export function compareFamily(
  pairs: readonly { readonly name: string; readonly a: readonly StudyRow[]; readonly b: readonly StudyRow[] }[],
): Comparison[] {
  const found = pairs.flatMap(({ name, a, b }) => {
    const pooled = difference(a, b);
    return pooled ? [{ name, estimate: pooled }] : [];
  });
  const pValues = found.map(({ estimate: own }) => {
    const { value, standardError } = own;
    return standardError > 0 ? 2 * studentCdf(-Math.abs(value) / standardError, freedomOf(own)) : Number(value === 0);
  });
  const adjusted = holm(pValues);
  return found.map((each, i) => ({
    ...each,
    p: pValues[i] as number,
    adjusted: adjusted[i] as number,
    detectable: detectable(each.estimate, 0.05),
    detectableFirst: detectable(each.estimate, 0.05 / found.length),
  }));
}

/** A mean over bases with Student's interval; undefined without two. */
export function overBases(values: readonly number[]): Estimate | undefined {
  if (values.length < 2) return undefined;
  const { value, standardError, n } = estimate(values);
  const half = studentQuantile(0.975, n - 1) * standardError;
  return { value, standardError, low: value - half, high: value + half, n };
}

/**
 * (student - base) / (teacher - base) of each base, by its rows; a base whose teacher's gap is not positive with its interval over
 * questions is left out.
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
  const pooled = overBases(perBase.map(({ share }) => share));
  return { perBase, ...(pooled && { mean: pooled }) };
}

/** The budgets at which pass@k is shown. */
export const PASS_AT = [1, 2, 4, 8, 16, 32, 64] as const;

const countsOf = (pass: PassCounts, measure: Measure): readonly number[] => pass[measure];

/** Unbiased pass@k of a cell's runs. */
export function passAt(rows: readonly StudyRow[], k: number, measure: Measure): Pooled | undefined {
  return pool(
    byBase(rows, ({ pass }) => pass && countsOf(pass, measure).map((right) => passAtK(pass.samples, right, k))),
  );
}

/** pass@k of `a` less `b`, paired as `difference` is. */
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

/** Whether a base reads rubrics: wrong law below none, and the reference at least this much above the placebo. */
export const GATE_POINTS = 0.15;

/** The gate of one base. */
export interface Gate {
  readonly base: string;
  readonly none: number;
  readonly wrong: number;
  readonly placebo: number;
  readonly reference: number;
  readonly passes: boolean;
}

/** The gates of the bases whose four contexts are there; `label` names a row's context. */
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

/** Ranks from 1, ties sharing their mean. */
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
