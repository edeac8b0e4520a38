/**
 * Writes evaluations in the form of lm-evaluation-harness: results.json and samples for each question, with our own
 * counts added.
 */
import { createHash } from 'node:crypto';
import type { EvaluationSettings } from '../../base/config/configs';
import type { Question } from '../../base/records/question';
import type { EvaluationResults, SampleRow } from '../../base/records/rows';
import { likelihoodPrompt } from '../../questions/grading/modes/likelihood';
import type { Task } from '../../questions/tasks/task';
import { type Evaluation, gradeQuestion, summarize } from './evaluate';
import { groupsOf } from './groups';
import type { Estimate } from './intervals';
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
  /** Further entries of `config`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const score = (name: string, { value, standardError }: Estimate): Record<string, number> => ({
  [`${name},none`]: value,
  [`${name}_stderr,none`]: standardError,
});

const withInterval = (name: string, estimate: Estimate): Record<string, number> => ({
  ...score(name, estimate),
  [`${name}_low,none`]: estimate.low,
  [`${name}_high,none`]: estimate.high,
});

/** Names of scores for which higher is better. */
const METRIC = /^((?:avg|pass|maj)@\d+|process|acc(?:_norm|_bytes)?),none$/;

function scoresOf({ summary }: Evaluation): Record<string, number> {
  const { accuracy, process, passAt, majority, samples, meanLength } = summary;
  return {
    ...withInterval(`avg@${samples}`, accuracy),
    ...Object.assign({}, ...passAt.map((estimate, i) => score(`pass@${i + 1}`, estimate))),
    ...(majority && score(`maj@${samples}`, majority)),
    ...(process && score('process', process)),
    'mean_length,none': meanLength,
  };
}

/** results.json of one evaluation; accuracies are shares, `_stderr` is clustered over questions. */
export function toResults(evaluation: Evaluation, facts: EvaluationFacts): EvaluationResults {
  const { unparsed, truncated, unscored } = evaluation.summary;
  const { n } = evaluation.summary.accuracy;
  const questions = evaluation.results.map(({ question }) => question);
  return resultsFile(facts, { n, questions, scores: scoresOf(evaluation), counts: { unparsed, truncated, unscored } });
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
  const counts = { unparsed: 0, truncated, unscored: 0 };
  return resultsFile(facts, { n: results.length, questions, scores, counts });
}

/** The parts of a results.json that belong to one task. */
interface TaskScores {
  /** Number of questions in the mean. */
  readonly n: number;
  readonly questions: readonly Question[];
  readonly scores: Readonly<Record<string, number>>;
  readonly counts: EvaluationResults['counts'][string];
}

function resultsFile(facts: EvaluationFacts, { n, questions, scores, counts }: TaskScores): EvaluationResults {
  const { task } = facts;
  const metrics = Object.keys(scores).flatMap((key) => METRIC.exec(key)?.[1] ?? []);
  return {
    results: { [task]: { alias: task, sample_len: n, ...scores } },
    'n-samples': { [task]: { original: questions.length, effective: n } },
    counts: { [task]: counts },
    versions: { [task]: 1 },
    higher_is_better: { [task]: Object.fromEntries(metrics.map((metric) => [metric, true])) },
    config: { model: facts.model, gen_kwargs: { ...facts.settings }, random_seed: facts.seed ?? null, ...facts.more },
    configs: { [task]: { mode: facts.mode } },
    chat_template_sha: facts.chatTemplate === undefined ? null : sha256(facts.chatTemplate),
    task_hashes: { [task]: questionsHash(questions) },
    git_hash: facts.gitHash,
    date: Math.round(Date.now() / 1000),
    total_evaluation_time_seconds: facts.seconds,
  };
}

/** Joins the results.json of several tasks into one. */
export function joinResults(parts: readonly EvaluationResults[]): EvaluationResults {
  const [first] = parts as [EvaluationResults, ...EvaluationResults[]];
  const join = <
    K extends 'results' | 'n-samples' | 'counts' | 'versions' | 'higher_is_better' | 'configs' | 'task_hashes',
  >(
    key: K,
  ): EvaluationResults[K] => Object.assign({}, ...parts.map((part) => part[key]));
  return {
    ...first,
    results: join('results'),
    'n-samples': join('n-samples'),
    counts: join('counts'),
    versions: join('versions'),
    higher_is_better: join('higher_is_better'),
    configs: join('configs'),
    task_hashes: join('task_hashes'),
    total_evaluation_time_seconds: parts.reduce((sum, part) => sum + part.total_evaluation_time_seconds, 0),
  };
}

/** Digest of the question as asked; the order of its choices counts. */
const docHash = ({ id, question, choices = [] }: Question): string => sha256(JSON.stringify([id, question, choices]));

/** SHA-256 of questions as asked, in their order. */
export const questionsHash = (questions: readonly Question[]): string => sha256(questions.map(docHash).join('\n'));

/** One row for each question in samples_<task>.jsonl; `promptOf` renders what the model read. */
export function toSampleRows({ results }: Evaluation, promptOf: (question: Question) => string): SampleRow[] {
  return results.map(({ question, responses }, index) => {
    const prompt = promptOf(question);
    const choices = question.choices && { choices: question.choices };
    return {
      doc_id: index,
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
      truncated: responses.map(({ truncated }) => truncated),
      tokens: responses.map(({ tokens }) => tokens),
      doc_hash: docHash(question),
      prompt_hash: sha256(prompt),
      target_hash: sha256(question.answer),
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

/**
 * Reads the evaluation from its sample rows. Responses are graded again, so a corrected grader takes effect without
 * sampling again.
 */
export function fromSampleRows(
  rows: readonly SampleRow[],
  {
    task,
    questions,
    samples,
  }: { readonly task: Task; readonly questions: readonly Question[]; readonly samples: number },
): Evaluation {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const results = rows.flatMap((row) => {
    const question = byId.get(row.doc.id);
    if (!question) return [];
    const answers = row.resps.map((text, i) => ({
      text,
      tokens: row.tokens[i] ?? 0,
      truncated: row.truncated[i] ?? false,
    }));
    return gradeQuestion(task, question, answers);
  });
  return { summary: summarize(results, samples), results };
}
