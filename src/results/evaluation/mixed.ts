/**
 * A mean over questions, base models and runs: every run answers every question, and each run belongs to the base model
 * that it started from. The questions and the highest level that was repeated (bases, or runs if there is one base) are
 * crossed random effects.
 */
import { mean, sum } from 'simple-statistics';
import { studentQuantile } from './distributions';
import type { Estimate } from './intervals';

/**
 * Variances of single effects by the method of moments, 0 where the moment is negative. A component is undefined where
 * nothing was repeated.
 */
export interface VarianceComponents {
  readonly questions: number;
  /** Between bases, and between runs of a base. */
  readonly bases?: number;
  readonly runs?: number;
  /** The rest of the variance of a run's score on a question: interactions, and noise of the answers. */
  readonly residual: number;
}

/** A mean with crossed random effects; `n` is the number of questions. */
export interface MixedEstimate extends Estimate {
  readonly bases: number;
  /** Number of runs of all bases together. */
  readonly runs: number;
  /**
   * Standard errors of the mean over bases alone (with one base, over its runs) and over questions alone. Each contains
   * the noise of single answers, which `standardError` counts once.
   */
  readonly errors: { readonly bases: number; readonly questions: number };
  readonly components: VarianceComponents;
}

/** Mean squares of a complete two-way table `cells[row][column]` with one number in each cell. */
export interface MeanSquares {
  readonly mean: number;
  readonly rows: number;
  readonly columns: number;
  readonly residual: number;
}

/** Two-way analysis of variance without replication. */
export function meanSquares(cells: readonly (readonly number[])[]): MeanSquares {
  const [r, c] = [cells.length, cells[0]?.length ?? 0];
  const rowMeans = cells.map((row) => mean([...row]));
  const columnMeans = (cells[0] ?? []).map((_, j) => mean(cells.map((row) => row[j] as number)));
  const all = mean(rowMeans);
  const residuals = cells.flatMap((row, i) =>
    row.map((x, j) => (x - (rowMeans[i] as number) - (columnMeans[j] as number) + all) ** 2),
  );
  return {
    mean: all,
    rows: (c * sum(rowMeans.map((x) => (x - all) ** 2))) / (r - 1),
    columns: (r * sum(columnMeans.map((x) => (x - all) ** 2))) / (c - 1),
    residual: sum(residuals) / ((r - 1) * (c - 1)),
  };
}

/** Each base's mean over its runs, question by question. */
const baseMeans = (scores: readonly (readonly (readonly number[])[])[]): number[][] =>
  scores.map((own) => (own[0] ?? []).map((_, q) => mean(own.map((run) => run[q] as number))));

/**
 * Grand mean of `scores[base][run][question]` (all bases have the same weight) with a 95 % interval. The variance is
 * the method-of-moments estimate for rows (bases, or the runs of a single base) crossed with questions: (MS rows + MS
 * questions - MS residual) / cells. The interval adds Student's interval for MS rows and that for MS questions - MS
 * residual in quadrature (MOVER); a single t with averaged degrees of freedom (Satterthwaite) would be too short with
 * two bases. It holds for further bases and questions or, with one base, for further runs of it. Throws RangeError for
 * fewer than two runs or two questions, and where runs differ in their number of questions.
 */
export function mixedSummary(scores: readonly (readonly (readonly number[])[])[]): MixedEstimate {
  const runs = scores.flat();
  const n = runs[0]?.length ?? 0;
  if (runs.length < 2 || n < 2) throw new RangeError('a mixed summary needs at least two runs and two questions');
  if (runs.some((own) => own.length !== n))
    throw new RangeError('a mixed summary needs every run to answer every question');
  const table = scores.length > 1 ? baseMeans(scores) : runs;
  const squares = meanSquares(table);
  const cells = table.length * n;
  const [byRow, byQuestion] = [squares.rows / cells, Math.max(0, squares.columns - squares.residual) / cells];
  const half = Math.hypot(
    studentQuantile(0.975, table.length - 1) * Math.sqrt(byRow),
    studentQuantile(0.975, n - 1) * Math.sqrt(byQuestion),
  );
  const { mean: value } = squares;
  return {
    value,
    standardError: Math.sqrt(byRow + byQuestion),
    low: value - half,
    high: value + half,
    n,
    bases: scores.length,
    runs: runs.length,
    errors: { bases: Math.sqrt(byRow), questions: Math.sqrt(squares.columns / cells) },
    components: componentsOf(scores),
  };
}

/**
 * The components from the runs within bases (pooled) and from the bases' means. Where bases have different numbers of
 * runs, their harmonic mean is used.
 */
function componentsOf(scores: readonly (readonly (readonly number[])[])[]): VarianceComponents {
  const n = scores[0]?.[0]?.length ?? 0;
  const repeated = scores.filter((own) => own.length > 1);
  const within = repeated.map((own) => ({ squares: meanSquares(own), weight: own.length - 1 }));
  const pooled = (of: (squares: MeanSquares) => number): number =>
    sum(within.map(({ squares, weight }) => weight * of(squares))) / sum(within.map(({ weight }) => weight));
  const runs = within.length > 0 ? Math.max(0, (pooled((s) => s.rows) - pooled((s) => s.residual)) / n) : undefined;
  if (scores.length === 1) {
    const { columns, residual } = (within[0] as (typeof within)[number]).squares;
    return { questions: Math.max(0, (columns - residual) / (scores[0]?.length ?? 1)), runs: runs ?? 0, residual };
  }
  const { rows, columns, residual } = meanSquares(baseMeans(scores));
  const perBase = sum(scores.map((own) => 1 / own.length)) / scores.length;
  return {
    questions: Math.max(0, (columns - residual) / scores.length),
    bases: Math.max(0, (rows - residual) / n - (runs ?? 0) * perBase),
    ...(runs !== undefined && { runs }),
    residual: within.length > 0 ? pooled((s) => s.residual) : residual,
  };
}
