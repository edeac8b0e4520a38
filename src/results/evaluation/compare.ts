/**
 * Compares any number of evaluations: scores with intervals, and paired differences to the first one, corrected for
 * multiple comparisons.
 */

import { type Decoding, samplingText } from '../../base/records/decoding';
import { InputError } from '../../base/records/errors';
import type { Measured, MeasuredTask } from './compareRead';
import { type Group, type Grouping, questionGroups, type ScoredQuestion } from './groups';
import type { Estimate } from './intervals';
import { LIKELIHOOD_MODE } from './loglikelihood';
import { holm } from './multiplicity';
import { mcnemarOf, permutationTest } from './paired';
import { PUBLISHED, publishedTable } from './published';
import { clusteredShare, pairedShareDifference } from './statistics';

/** A paired difference to the first run. */
export interface Difference extends Estimate {
  /** Two-sided p-value of the hypothesis of no difference, and the test that gave it. */
  readonly p: number;
  readonly test: 'permutation' | 'McNemar';
  /** Holm's p-value over all comparisons of the same kind: of whole benchmarks, or of groups. */
  readonly adjusted: number;
}

/** One run on one benchmark, or on one group of its questions. */
export interface EvaluationComparison {
  readonly benchmark: string;
  /** `all`, or the property by which the group was made. */
  readonly by: 'all' | Grouping;
  readonly group: string;
  readonly run: string;
  readonly mode: string;
  /** How the answers were drawn; undefined where that is not recorded, and where choices were scored. */
  readonly decoding?: Decoding;
  readonly samples: number;
  readonly score: Estimate;
  /** Absent for the first run, and where fewer than two questions can be paired. */
  readonly difference?: Difference;
  readonly unparsed: number;
  readonly truncated: number;
  readonly unscored: number;
  readonly failed: number;
  readonly meanLength: number;
}

/** A number from the paper, which has no interval. */
export interface PublishedScore {
  readonly benchmark: string;
  readonly label: string;
  readonly method: string;
  /** A share, 0 to 1. */
  readonly score: number;
}

export interface Comparison {
  readonly runs: readonly string[];
  readonly rows: readonly EvaluationComparison[];
  readonly published: readonly PublishedScore[];
}

/**
 * Compares evaluations. Differences are to the first evaluation that has the benchmark. Throws InputError where
 * questions, modes or decodings differ.
 */
export function compareEvaluations(measured: readonly Measured[]): Comparison {
  const benchmarks = [...new Set(measured.flatMap(({ tasks }) => tasks.map(({ task }) => task)))];
  const rows = benchmarks.flatMap((benchmark) => {
    const runs = measured.flatMap(({ name, tasks }) => {
      const own = tasks.find(({ task }) => task === benchmark);
      return own ? [{ name, ...own }] : [];
    });
    requirePairs(runs);
    const groups = questionGroups((runs[0]?.questions ?? []).map(({ doc }) => doc));
    return [undefined, ...groups].flatMap((group) => rowsOf(runs, group));
  });
  const runs = measured.map(({ name }) => name);
  // The paper's numbers are from sampled answers, so they are not shown beside log-likelihoods.
  const sampled = benchmarks.filter((benchmark) => {
    return rows.some((row) => row.benchmark === benchmark && !row.mode.startsWith(LIKELIHOOD_MODE));
  });
  return { runs, rows: adjusted(rows), published: sampled.flatMap(publishedOf) };
}

interface Answered extends MeasuredTask {
  readonly name: string;
}

/** Requires the same questions, asked in the same way; otherwise the difference says nothing about the models. */
function requirePairs([first, ...others]: readonly Answered[]): void {
  if (!first) return;
  const keys = new Map(first.questions.map(({ doc, key }) => [doc.id, key]));
  for (const other of others) {
    const both = `${first.name} and ${other.name}`;
    if (other.mode !== first.mode)
      throw new InputError(
        `${both} were asked ${first.task} in different modes (${first.mode}, ${other.mode}), which cannot be compared; evaluate both in one mode, for example with rcsd evaluate mode=${other.mode.split(' ')[0]}.`,
      );
    if (
      other.judgeWeights !== undefined &&
      first.judgeWeights !== undefined &&
      other.judgeWeights !== first.judgeWeights
    )
      throw new InputError(
        `${both} were judged on ${first.task} by other weights of the judge, which cannot be compared; evaluate both again with one judge.`,
      );
    const [own, theirs] = [first, other].map(({ decoding }) => samplingText(decoding));
    if (own !== theirs)
      throw new InputError(
        `${both} answered ${first.task} under different decodings (${own}; ${theirs}), which cannot be compared; evaluate both with --ladder and choose one with --decoding, for example --decoding greedy.`,
      );
    const ids = new Set(other.questions.map(({ doc }) => doc.id));
    const lone =
      first.questions.find(({ doc }) => !ids.has(doc.id)) ?? other.questions.find(({ doc }) => !keys.has(doc.id));
    if (lone)
      throw new InputError(
        `${both} were not asked the same questions of ${first.task}: only ${ids.has(lone.doc.id) ? other.name : first.name} has "${lone.doc.id}"; evaluate both on the same questions.`,
      );
    const changed = other.questions.find(({ doc, key }) => keys.get(doc.id) !== key);
    if (changed)
      throw new InputError(
        `${both} were asked the question "${changed.doc.id}" of ${first.task} with another text, order of choices or answer; evaluate both on the same data.`,
      );
  }
}

const total = (
  questions: readonly ScoredQuestion[],
  field: 'unparsed' | 'truncated' | 'unscored' | 'failed' | 'tokens' | 'samples',
): number => questions.reduce((sum, question) => sum + question[field], 0);

/** A row whose p-value is not corrected yet. */
type RawRow = Omit<EvaluationComparison, 'difference'> & { readonly difference?: Omit<Difference, 'adjusted'> };

function rowsOf(runs: readonly Answered[], group: Group | undefined): RawRow[] {
  const inGroup = ({ questions }: Answered) =>
    group ? questions.filter(({ doc }) => group.ids.has(doc.id)) : questions;
  const [first] = runs as [Answered, ...Answered[]];
  const base = new Map(inGroup(first).map((question) => [question.doc.id, question.scores]));
  return runs.map((run) => {
    const questions = inGroup(run);
    const paired = questions.flatMap(({ doc, scores }): [readonly number[], readonly number[]][] => {
      const other = base.get(doc.id) ?? [];
      return scores.length > 0 && other.length > 0 ? [[scores, other]] : [];
    });
    const difference = run === first || paired.length < 2 ? undefined : differenceOf(paired);
    return {
      benchmark: run.task,
      by: group?.by ?? 'all',
      group: group?.name ?? 'all',
      run: run.name,
      mode: run.mode,
      ...(run.decoding && { decoding: run.decoding }),
      samples: Math.max(...questions.map(({ samples }) => samples)),
      score: clusteredShare(questions.map(({ scores }) => scores)),
      ...(difference && { difference }),
      unparsed: total(questions, 'unparsed'),
      truncated: total(questions, 'truncated'),
      unscored: total(questions, 'unscored'),
      failed: total(questions, 'failed'),
      meanLength: total(questions, 'tokens') / total(questions, 'samples'),
    };
  });
}

/** Uses McNemar's test if every question has one right or wrong answer, otherwise a permutation test over questions. */
function differenceOf(
  paired: readonly (readonly [readonly number[], readonly number[]])[],
): Omit<Difference, 'adjusted'> {
  const [own, other] = [paired.map(([scores]) => scores), paired.map(([, scores]) => scores)];
  const isRightOrWrong = paired.flat().every((scores) => scores.length === 1 && (scores[0] === 0 || scores[0] === 1));
  const right = (side: typeof own) => side.map(([score]) => score === 1);
  const estimate = pairedShareDifference(own, other);
  return isRightOrWrong
    ? { ...estimate, p: mcnemarOf(right(own), right(other)).exact, test: 'McNemar' }
    : { ...estimate, p: permutationTest(own, other).p, test: 'permutation' };
}

/**
 * Applies Holm's correction to whole benchmarks and to groups separately, so that looking at groups does not reduce the
 * power of the main comparison.
 */
function adjusted(rows: readonly RawRow[]): EvaluationComparison[] {
  const byRow = new Map<RawRow, number>();
  for (const isGroup of [false, true]) {
    const family = rows.filter((row) => row.difference && (row.by !== 'all') === isGroup);
    const values = holm(family.map(({ difference }) => difference?.p ?? 1));
    family.forEach((row, i) => {
      byRow.set(row, values[i] as number);
    });
  }
  return rows.map((row) => {
    const { difference, ...others } = row;
    return { ...others, ...(difference && { difference: { ...difference, adjusted: byRow.get(row) as number } }) };
  });
}

const PUBLISHED_LABEL = `${PUBLISHED.label}, ${PUBLISHED.model}, ${samplingText(PUBLISHED.decoding)}, no interval`;

/** The paper's numbers for a benchmark. Its names equal the registered ones except for capitals. */
function publishedOf(benchmark: string): PublishedScore[] {
  return ['table-1', 'table-2'].flatMap((table) => {
    const { columns, rows } = publishedTable(table);
    const at = columns.findIndex((column) => column.toLowerCase() === benchmark.toLowerCase());
    return rows.flatMap(({ name, values }) => {
      const points = values[at];
      return typeof points === 'number'
        ? [{ benchmark, label: PUBLISHED_LABEL, method: name, score: points / 100 }]
        : [];
    });
  });
}
