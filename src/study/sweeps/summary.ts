/** Sums up a sweep: one row for each run, methods with intervals over questions and seeds, and a figure. */
import { join } from 'node:path';
import { mean } from 'simple-statistics';
import { writeFileAtomic } from '../../base/records/atomic';
import { type Decoding, decodingText } from '../../base/records/decoding';
import type { EvaluationMoment, EvaluationResults } from '../../base/records/rows';
import { openRun } from '../../base/records/runReader';
import { csv } from '../../engine/files/csv';
import { avgScores, rowsByDecoding } from '../../results/evaluation/results';
import { overSeeds, type SeedsEstimate } from '../../results/evaluation/seeds';
import { accuracyBars } from '../../results/figures/accuracy';
import { figureToSvg } from '../../results/figures/svg/render';
import type { CellState, SweepState } from './state';
import type { Sweep, SweepCell } from './sweepCells';

/** One method on one task; estimates are shares. */
export interface SweepMethod {
  readonly method: string;
  readonly task: string;
  /** How the answers were drawn; of a ladder, its last decoding. */
  readonly decoding?: Decoding;
  /** The run folders from which it was computed. */
  readonly runs: readonly string[];
  readonly before?: SeedsEstimate;
  readonly after?: SeedsEstimate;
  /** After training, this method minus the first one, paired over questions and over the seeds that both have. */
  readonly difference?: SeedsEstimate;
  /**
   * Answers to each question with each seed, and how many of all answers after training had no answer or were cut off.
   */
  readonly samples: number;
  readonly unparsed: number;
  readonly truncated: number;
}

/** The content of summary.json. */
export interface SweepSummary {
  readonly schema_version: 1;
  readonly name: string;
  readonly intervals: string;
  readonly methods: readonly SweepMethod[];
  readonly runs: readonly ({ readonly name: string } & CellState)[];
}

/** The scores of one evaluation: question by question, and its counts. */
interface Scores {
  readonly byQuestion: ReadonlyMap<string, number>;
  readonly decoding?: Decoding;
  readonly samples: number;
  readonly unparsed: number;
  readonly truncated: number;
}

/** One run on one task. */
interface Measured {
  readonly cell: SweepCell;
  readonly task: string;
  readonly before?: Scores;
  readonly after?: Scores;
}

const INTERVALS =
  '95 %; one seed: over questions (normal, Wilson’s near 0 and 1); several: that and Student’s interval over the seeds’ means, added in quadrature';

/** Reads the finished runs, writes summary.json, summary.csv and accuracy.svg, and returns the summary. */
export function writeSummary(sweep: Sweep, state: SweepState): SweepSummary {
  const done = sweep.cells.filter(({ name }) => state.of(name).state === 'done');
  const measured = done.flatMap((cell) => measure(sweep, cell));
  const methods = summarize(measured);
  const runs = sweep.cells.map(({ name }) => ({ name, ...state.of(name) }));
  const summary: SweepSummary = { schema_version: 1, name: sweep.name, intervals: INTERVALS, methods, runs };
  writeFileAtomic(join(sweep.runs, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  writeFileAtomic(
    join(sweep.runs, 'summary.csv'),
    csv(done.flatMap((cell) => tidyRows(sweep, cell, state.of(cell.name)))),
  );
  const bars = methods.flatMap(({ method, task, after, decoding }) =>
    after ? [{ method: title(method, task, methods), score: after, ...(decoding && { decoding }) }] : [],
  );
  if (bars.length > 0) {
    const base = methods[0]?.before;
    const references = base ? [{ label: 'before training', value: base.value }] : [];
    const figure = accuracyBars(bars, { title: `Accuracy after training: ${sweep.name}`, references });
    writeFileAtomic(join(sweep.runs, 'accuracy.svg'), `${figureToSvg(figure)}\n`);
  }
  return summary;
}

/** A method's name, followed by its task if there are several. */
export function title(method: string, task: string, methods: readonly SweepMethod[]): string {
  return methods.every((each) => each.task === task) ? method : `${method} (${task})`;
}

const MOMENTS = ['before', 'after'] as const;

function measure({ runs }: Sweep, cell: SweepCell): Measured[] {
  const run = openRun(join(runs, cell.name));
  const records = MOMENTS.flatMap((moment) => {
    const record = run.evaluation(moment);
    return record ? [{ moment, record }] : [];
  });
  const tasks = new Set(records.flatMap(({ record }) => Object.keys(record.results.results)));
  return [...tasks].map((task) => {
    const scores = records.map(({ moment, record }) => [moment, scoresOf(record, task)] as const);
    return { cell, task, ...Object.fromEntries(scores) };
  });
}

function scoresOf(record: NonNullable<ReturnType<ReturnType<typeof openRun>['evaluation']>>, task: string): Scores {
  const last = rowsByDecoding(record.samples(task), record.results).at(-1);
  const rows = last?.rows.map(({ doc, correct }) => [doc.id, correct] as const) ?? [];
  const { unparsed = 0, truncated = 0 } = avgScores(record.results, task).at(-1) ?? {};
  return {
    byQuestion: new Map(rows.map(([id, correct]) => [id, mean(correct.map(Number))])),
    ...(last?.decoding && { decoding: last.decoding }),
    samples: rows[0]?.[1].length ?? 0,
    unparsed,
    truncated,
  };
}

/** Methods in the order of the file, each on each of its tasks. */
function summarize(measured: readonly Measured[]): SweepMethod[] {
  const first = measured[0]?.cell.method;
  const keys = new Map(measured.map(({ cell, task }) => [`${cell.method}\n${task}`, { method: cell.method, task }]));
  return [...keys.values()].map(({ method, task }) => {
    const own = measured.filter((each) => each.task === task && each.cell.method === method);
    const reference = measured.filter((each) => each.task === task && each.cell.method === first);
    const after = own.flatMap(({ after }) => after ?? []);
    const total = (key: 'unparsed' | 'truncated'): number => after.reduce((sum, scores) => sum + scores[key], 0);
    const difference = method === first ? undefined : pairedOverSeeds(own, reference);
    const decoding = own.flatMap((each) => (each.after ?? each.before)?.decoding ?? [])[0];
    return {
      method,
      task,
      ...(decoding && { decoding }),
      runs: own.map(({ cell }) => cell.name),
      ...estimateOf('before', own),
      ...estimateOf('after', own),
      ...(difference && { difference }),
      samples: after[0]?.samples ?? 0,
      unparsed: total('unparsed'),
      truncated: total('truncated'),
    };
  });
}

function estimateOf<M extends EvaluationMoment>(
  moment: M,
  own: readonly Measured[],
): Partial<Record<M, SeedsEstimate>> {
  const scores = own.flatMap((each) => each[moment]?.byQuestion ?? []);
  if (scores.length === 0) return {};
  const ids = shared(scores);
  const byQuestion = scores.map((own) => ids.map((id) => own.get(id) as number));
  return { [moment]: overSeeds(byQuestion, 'share') } as Partial<Record<M, SeedsEstimate>>;
}

/** The questions that all evaluations have, in the order of the first. */
function shared(scores: readonly ReadonlyMap<string, number>[]): string[] {
  const [first, ...others] = scores;
  return [...(first?.keys() ?? [])].filter((id) => others.every((each) => each.has(id)));
}

/** Differences question by question and seed by seed; undefined when no seed or no question is common. */
function pairedOverSeeds(own: readonly Measured[], reference: readonly Measured[]): SeedsEstimate | undefined {
  const pairs = own.flatMap(({ cell, after }) => {
    const other = reference.find((each) => each.cell.seed === cell.seed)?.after;
    return after && other ? [[after.byQuestion, other.byQuestion] as const] : [];
  });
  const ids = shared(pairs.flat());
  if (ids.length === 0) return undefined;
  return overSeeds(pairs.map(([a, b]) => ids.map((id) => (a.get(id) as number) - (b.get(id) as number))));
}

/** One row for each run, task and moment (before or after training). */
function tidyRows({ runs }: Sweep, { name, method, seed, point }: SweepCell, { seconds }: CellState): object[] {
  const run = openRun(join(runs, name));
  return MOMENTS.flatMap((moment) => {
    const record = run.evaluation(moment);
    if (!record) return [];
    return Object.keys(record.results.results).map((task) => ({
      run: name,
      method,
      seed,
      ...point,
      task,
      moment,
      ...scoreColumns(record.results, task),
      seconds: Math.round(seconds),
    }));
  });
}

function scoreColumns(results: EvaluationResults, task: string): object {
  const last = avgScores(results, task).at(-1);
  return {
    decoding: decodingText(last?.decoding),
    accuracy: last?.value,
    low: last?.low,
    high: last?.high,
    standard_error: last?.stderr,
    questions: last?.n,
    samples: last?.samples,
    unparsed: last?.unparsed,
    truncated: last?.truncated,
    mean_length: last?.mean_length,
  };
}
