/**
 * Writes evaluations in the form of lm-evaluation-harness: results.json and samples for each question, with our own
 * counts added.
 */

import type { EvaluationSettings } from '../../base/config/configs';
import { type Decoding, decodingIn, decodingName } from '../../base/records/decoding';
import type { Question } from '../../base/records/question';
import type {
  DecodedScores,
  EvaluationResults,
  RecordedScore,
  RecordedScores,
  SampleRow,
  TrueRule,
} from '../../base/records/rows';
import { sha256Of } from '../../engine/files/digest';
import { likelihoodPrompt } from '../../questions/grading/modes/likelihood';
import type { Task } from '../../questions/tasks/task';
import { type Evaluation, type EvaluationSummary, gradeQuestion, type QuestionResult, summarize } from './evaluate';
import { groupsOf } from './groups';
import type { Estimate } from './intervals';
import { byStratum } from './ladder';
import { LIKELIHOOD_RULES, type LikelihoodEvaluation, toEvaluation, USUAL_RULE } from './loglikelihood';

/** How the results were obtained. */
export interface EvaluationFacts {
  readonly task: string;
  readonly model: string;
  /** How answers were drawn; absent for evaluations without drawn answers. */
  readonly settings?: EvaluationSettings;
  readonly seed?: number;
  readonly seconds: number;
  readonly gitHash: string | null;
  /** How questions are asked and answers read: a mode's name, or `task` for the task's own way. */
  readonly mode: string;
  /** The Jinja source of the chat template. */
  readonly chatTemplate?: string;
  /** The probability of the right rule, where the task knows it. */
  readonly trueRule?: TrueRule;
  /** Further entries of `config`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Scores under the names that lm-eval's tables read: `METRIC,FILTER` and `METRIC_stderr,FILTER`. */
const flat = (name: string, { value, standardError }: Estimate, filter = 'none'): Record<string, number> => ({
  [`${name},${filter}`]: value,
  [`${name}_stderr,${filter}`]: standardError,
});

const withInterval = (name: string, estimate: Estimate, filter = 'none'): Record<string, number> => ({
  ...flat(name, estimate, filter),
  [`${name}_low,${filter}`]: estimate.low,
  [`${name}_high,${filter}`]: estimate.high,
});

/** Names of scores for which higher is better. */
const METRIC = /^((?:avg|pass|maj)@\d+|process|rule|acc(?:_norm|_bytes)?),\S+$/;

/** The scores of a summary by name: `avg@k`, `pass@1` to `pass@k`, `maj@k`, `process`, `rule`. */
export const namedScores = ({
  accuracy,
  process,
  rule,
  passAt,
  majority,
  samples,
}: EvaluationSummary): Readonly<Record<string, Estimate>> => ({
  [`avg@${samples}`]: accuracy,
  ...Object.fromEntries(passAt.map((estimate, i) => [`pass@${i + 1}`, estimate])),
  ...(majority && { [`maj@${samples}`]: majority }),
  ...(process && { process }),
  ...(rule && { rule }),
});

function flatScores({ summary }: Evaluation, filter: string): Record<string, number> {
  const named = Object.entries(namedScores(summary)).map(([name, estimate], i) =>
    i === 0 ? withInterval(name, estimate, filter) : flat(name, estimate, filter),
  );
  return Object.assign({}, ...named, { [`mean_length,${filter}`]: summary.meanLength });
}

const recorded = ({ value, standardError: stderr, low, high, n }: Estimate): RecordedScore => ({
  ...{ value, stderr, low, high, n },
});

const recordedScores = ({ summary }: Evaluation): RecordedScores => ({
  unparsed: summary.unparsed,
  truncated: summary.truncated,
  unscored: summary.unscored,
  failed: summary.failed,
  mean_length: summary.meanLength,
  scores: Object.fromEntries(
    Object.entries(namedScores(summary)).map(([name, estimate]) => [name, recorded(estimate)]),
  ),
});

function decodedScores(evaluation: Evaluation, seed: number | undefined): DecodedScores[] {
  const { decoding } = evaluation.summary;
  if (!decoding) return [];
  const strata = [...byStratum(evaluation)].map(([name, own]) => [name, recordedScores(own)] as const);
  return [
    {
      decoding,
      seed: seed ?? null,
      ...recordedScores(evaluation),
      ...(strata.length > 0 && { strata: Object.fromEntries(strata) }),
    },
  ];
}

/**
 * results.json of one evaluation under each of its decodings; accuracies are shares, `_stderr` is clustered over
 * questions.
 */
export function toResults(evaluations: readonly Evaluation[], facts: EvaluationFacts): EvaluationResults {
  const [first] = evaluations as readonly [Evaluation, ...Evaluation[]];
  const sum = (count: 'unparsed' | 'truncated' | 'unscored' | 'failed') =>
    evaluations.reduce((total, { summary }) => total + summary[count], 0);
  const isLadder = evaluations.length > 1;
  const filterOf = ({ summary: { decoding } }: Evaluation) => (isLadder && decoding ? decodingName(decoding) : 'none');
  return resultsFile(facts, {
    n: first.summary.accuracy.n,
    questions: first.results.map(({ question }) => question),
    scores: Object.assign({}, ...evaluations.map((own) => flatScores(own, filterOf(own)))),
    decodings: evaluations.flatMap((own) => decodedScores(own, facts.seed)),
    counts: {
      ...{ unparsed: sum('unparsed'), truncated: sum('truncated') },
      ...{ unscored: sum('unscored'), failed: sum('failed') },
    },
  });
}

/**
 * results.json of an evaluation by log-likelihood: lm-eval's acc, acc_norm and acc_bytes. `truncated` counts questions
 * that lost their beginning.
 */
export function toLikelihoodResults(
  { summary, results }: LikelihoodEvaluation,
  facts: EvaluationFacts,
): EvaluationResults {
  const scores = Object.assign({}, ...LIKELIHOOD_RULES.map((rule) => withInterval(rule, summary[rule])));
  const truncated = results.filter((result) => result.truncated).length;
  const questions = results.map(({ question }) => question);
  const counts = { unparsed: 0, truncated, unscored: 0, failed: 0 };
  return resultsFile(facts, { n: results.length, questions, scores, decodings: [], counts });
}

/** The parts of a results.json that belong to one task. */
interface TaskScores {
  /** Number of questions in the mean. */
  readonly n: number;
  readonly questions: readonly Question[];
  readonly scores: Readonly<Record<string, number>>;
  readonly decodings: readonly DecodedScores[];
  readonly counts: EvaluationResults['counts'][string];
}

function resultsFile(
  facts: EvaluationFacts,
  { n, questions, scores, decodings, counts }: TaskScores,
): EvaluationResults {
  const { task } = facts;
  const metrics = Object.keys(scores).flatMap((key) => METRIC.exec(key)?.[1] ?? []);
  return {
    results: { [task]: { alias: task, sample_len: n, ...scores } },
    'n-samples': { [task]: { original: questions.length, effective: n } },
    counts: { [task]: counts },
    decodings: { [task]: decodings },
    ...(facts.trueRule && { true_rule: { [task]: facts.trueRule } }),
    versions: { [task]: 1 },
    higher_is_better: { [task]: Object.fromEntries(metrics.map((metric) => [metric, true])) },
    config: { model: facts.model, gen_kwargs: { ...facts.settings }, random_seed: facts.seed ?? null, ...facts.more },
    configs: { [task]: { mode: facts.mode } },
    chat_template_sha: facts.chatTemplate === undefined ? null : sha256Of(facts.chatTemplate),
    task_hashes: { [task]: questionsHash(questions) },
    git_hash: facts.gitHash,
    date: Math.round(Date.now() / 1000),
    total_evaluation_time_seconds: facts.seconds,
    peak_memory_bytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** Joins the results.json of several tasks into one. */
export function joinResults(parts: readonly EvaluationResults[]): EvaluationResults {
  const [first] = parts as [EvaluationResults, ...EvaluationResults[]];
  const join = <
    K extends
      | 'results'
      | 'n-samples'
      | 'counts'
      | 'decodings'
      | 'true_rule'
      | 'versions'
      | 'higher_is_better'
      | 'configs'
      | 'task_hashes',
  >(
    key: K,
  ): EvaluationResults[K] => Object.assign({}, ...parts.map((part) => part[key]));
  return {
    ...first,
    results: join('results'),
    'n-samples': join('n-samples'),
    counts: join('counts'),
    decodings: join('decodings'),
    ...(parts.some((part) => part.true_rule) && { true_rule: join('true_rule') }),
    versions: join('versions'),
    higher_is_better: join('higher_is_better'),
    configs: join('configs'),
    task_hashes: join('task_hashes'),
    total_evaluation_time_seconds: parts.reduce((sum, part) => sum + part.total_evaluation_time_seconds, 0),
    peak_memory_bytes: Math.max(...parts.map((part) => part.peak_memory_bytes ?? 0)),
  };
}

/** Digest of the question as asked; the order of its choices counts. */
const docHash = ({ id, question, choices = [] }: Question): string => sha256Of(JSON.stringify([id, question, choices]));

/** SHA-256 of questions as asked, in their order. */
export const questionsHash = (questions: readonly Question[]): string => sha256Of(questions.map(docHash).join('\n'));

/** One row for each question in samples_<task>.jsonl; `promptOf` renders what the model read. */
export function toSampleRows({ summary, results }: Evaluation, promptOf: (question: Question) => string): SampleRow[] {
  const { decoding } = summary;
  return results.map(({ question, responses, failed = 0 }, index) => {
    const prompt = promptOf(question);
    const choices = question.choices && { choices: question.choices };
    return {
      doc_id: index,
      ...(decoding && { decoding }),
      doc: { id: question.id, question: question.question, ...choices, ...groupsOf(question) },
      target: question.answer,
      arguments: { gen_args_0: { arg_0: prompt } },
      resps: responses.map(({ text }) => text),
      filtered_resps: responses.map(({ extracted }) => extracted),
      correct: responses.map(({ correct }) => correct),
      ...(responses.some(({ score }) => score !== undefined) && {
        scores: responses.map(({ score }) => score ?? null),
      }),
      ...(responses.some(({ process }) => process !== undefined) && {
        process: responses.map(({ process }) => process),
      }),
      ...(responses.some(({ rule }) => rule !== undefined) && { rule: responses.map(({ rule }) => rule) }),
      truncated: responses.map(({ truncated }) => truncated),
      tokens: responses.map(({ tokens }) => tokens),
      ...(failed > 0 && { failed }),
      doc_hash: docHash(question),
      prompt_hash: sha256Of(prompt),
      target_hash: sha256Of(question.answer),
    };
  });
}

/**
 * One row for each question, as for an evaluation with one sample by the usual rule, and in addition the log-likelihood
 * of every choice and the result of every rule.
 */
export function toLikelihoodRows(evaluation: LikelihoodEvaluation): SampleRow[] {
  const rows = toSampleRows(toEvaluation(evaluation, USUAL_RULE), (question) => likelihoodPrompt(question).context);
  return evaluation.results.map(({ question, loglikelihoods, correct }, i) => {
    const { context, continuations } = likelihoodPrompt(question);
    const asked = continuations.map((text, k) => [`gen_args_${k}`, { arg_0: context, arg_1: ` ${text}` }]);
    return {
      ...(rows[i] as SampleRow),
      arguments: Object.fromEntries(asked) as SampleRow['arguments'],
      loglikelihoods,
      ...Object.fromEntries(LIKELIHOOD_RULES.map((rule) => [rule, Number(correct[rule])])),
    };
  });
}

/** The decoding of an evaluation's only rows, where the rows of earlier versions do not say: that of its settings. */
export const recordedDecoding = ({ config }: Pick<EvaluationResults, 'config'>): Decoding | undefined =>
  decodingIn(config.gen_kwargs);

/** The avg@k of one decoding as results.json has it. */
export interface AvgScore extends RecordedScore {
  readonly decoding?: Decoding;
  readonly samples: number;
  readonly unparsed: number;
  readonly truncated: number;
  readonly mean_length: number;
}

/** The avg@k of each decoding of a task, from files of this version and of earlier ones, which have one decoding. */
export function avgScores(file: EvaluationResults, task: string): AvgScore[] {
  const decoded = file.decodings?.[task]?.flatMap(({ decoding, scores, unparsed, truncated, mean_length }) => {
    const avg = scores[`avg@${decoding.samples}`];
    return avg ? [{ ...avg, decoding, samples: decoding.samples, unparsed, truncated, mean_length }] : [];
  });
  if (decoded && decoded.length > 0) return decoded;
  const flatNames = file.results[task] ?? {};
  const name = Object.keys(flatNames).find((key) => /^avg@\d+,none$/.test(key)) ?? 'avg@1,none';
  // null, which is how a number that could not be measured is written, is not 0.
  const at = (suffix: string): number => Number(flatNames[name.replace(',', `${suffix},`)] ?? Number.NaN);
  const decoding = recordedDecoding(file);
  return [
    {
      ...{ value: at(''), stderr: at('_stderr'), low: at('_low'), high: at('_high'), n: Number(flatNames.sample_len) },
      ...(decoding && { decoding }),
      samples: Number(/^avg@(\d+)/.exec(name)?.[1]),
      unparsed: file.counts[task]?.unparsed ?? 0,
      truncated: file.counts[task]?.truncated ?? 0,
      mean_length: Number(flatNames['mean_length,none']),
    },
  ];
}

/** The rows of each decoding, in the order of the file. */
export function rowsByDecoding(
  rows: readonly SampleRow[],
  results: Pick<EvaluationResults, 'config'>,
): { readonly decoding: Decoding | undefined; readonly rows: readonly SampleRow[] }[] {
  const groups = new Map<string, SampleRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(row.decoding ?? null);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((own) => ({
    decoding: own[0]?.loglikelihoods ? undefined : (own[0]?.decoding ?? recordedDecoding(results)),
    rows: own,
  }));
}

/**
 * Reads the evaluations of a folder from their sample rows, one for each decoding. Responses are graded again, so a
 * corrected grader takes effect without sampling again.
 */
export function fromSampleRows(
  rows: readonly SampleRow[],
  results: Pick<EvaluationResults, 'config'>,
  { task, questions }: { readonly task: Task; readonly questions: readonly Question[] },
): Evaluation[] {
  const byId = new Map(questions.map((question) => [question.id, question]));
  return rowsByDecoding(rows, results).map(({ decoding, rows: own }) => {
    const graded = own.flatMap((row): QuestionResult[] => {
      const question = byId.get(row.doc.id);
      if (!question) return [];
      const answers = row.resps.map((text, i) => ({
        text,
        tokens: row.tokens[i] ?? 0,
        truncated: row.truncated[i] ?? false,
      }));
      return [{ ...gradeQuestion(task, question, answers), failed: row.failed }];
    });
    return { summary: summarize(graded, decoding), results: graded };
  });
}
