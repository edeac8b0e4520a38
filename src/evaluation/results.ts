/** Evaluations as files: lm-evaluation-harness's results.json and per-question samples, with our counts beside them. */
import { createHash } from 'node:crypto';
import type { EvaluationSettings } from '../config/train';
import type { EvaluationResults, SampleRow } from '../records/rows';
import type { Question } from '../tasks/question';
import type { Task } from '../tasks/task';
import { type Evaluation, gradeQuestion, summarize } from './evaluate';
import { groupsOf } from './groups';
import type { Estimate } from './statistics';

/** What the results say of how they came about. */
export interface EvaluationFacts {
  readonly task: string;
  readonly model: string;
  readonly settings: EvaluationSettings;
  readonly seed: number;
  readonly seconds: number;
  readonly gitHash: string | null;
  /** How questions are asked and answers read: a mode's name, `task` for the task's own way. */
  readonly mode: string;
  /** The Jinja source that prompts went through. */
  readonly chatTemplate?: string;
  /** More for `config`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const score = (name: string, { value, standardError }: Estimate): Record<string, number> => ({
  [`${name},none`]: value,
  [`${name}_stderr,none`]: standardError,
});

function scoresOf({ summary }: Evaluation): Record<string, number> {
  const { accuracy, process, passAt, majority, samples, meanLength } = summary;
  return {
    ...score(`avg@${samples}`, accuracy),
    [`avg@${samples}_low,none`]: accuracy.low,
    [`avg@${samples}_high,none`]: accuracy.high,
    ...Object.assign({}, ...passAt.map((estimate, i) => score(`pass@${i + 1}`, estimate))),
    ...(majority && score(`maj@${samples}`, majority)),
    ...(process && score('process', process)),
    'mean_length,none': meanLength,
  };
}

/** results.json of one evaluation; accuracies are shares, `_stderr` clustered over questions. */
export function toResults(evaluation: Evaluation, facts: EvaluationFacts): EvaluationResults {
  const { summary, results } = evaluation;
  const { task } = facts;
  const { n } = summary.accuracy;
  const scores = scoresOf(evaluation);
  const metrics = Object.keys(scores).flatMap((key) => /^((?:avg|pass|maj)@\d+|process),none$/.exec(key)?.[1] ?? []);
  const { unparsed, truncated, unscored } = summary;
  return {
    results: { [task]: { alias: task, sample_len: n, ...scores } },
    'n-samples': { [task]: { original: results.length, effective: n } },
    counts: { [task]: { unparsed, truncated, unscored } },
    versions: { [task]: 1 },
    higher_is_better: { [task]: Object.fromEntries(metrics.map((metric) => [metric, true])) },
    config: { model: facts.model, gen_kwargs: { ...facts.settings }, random_seed: facts.seed, ...facts.more },
    configs: { [task]: { mode: facts.mode } },
    chat_template_sha: facts.chatTemplate === undefined ? null : sha256(facts.chatTemplate),
    task_hashes: { [task]: questionsHash(results.map(({ question }) => question)) },
    git_hash: facts.gitHash,
    date: Math.round(Date.now() / 1000),
    total_evaluation_time_seconds: facts.seconds,
  };
}

/** results.json of several tasks out of those of each. */
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

/** The question as asked: the order of its choices counts. */
const docHash = ({ id, question, choices = [] }: Question): string => sha256(JSON.stringify([id, question, choices]));

/** SHA-256 of questions as asked, in their order. */
export const questionsHash = (questions: readonly Question[]): string => sha256(questions.map(docHash).join('\n'));

/** One row a question for samples_<task>.jsonl; `promptOf` renders what the model read. */
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

/** The evaluation that sample rows record; responses are graded anew, so that a corrected grader is heard. */
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
