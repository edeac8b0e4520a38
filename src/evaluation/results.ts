/** Evaluations as files: lm-evaluation-harness's results.json and per-question samples, with our counts beside them. */
import type { EvaluationSettings } from '../config/train';
import type { EvaluationResults, SampleRow } from '../records/rows';
import type { Question } from '../tasks/question';
import type { Task } from '../tasks/task';
import { type Evaluation, summarize } from './evaluate';

/** What the results say of how they came about. */
export interface EvaluationFacts {
  readonly task: string;
  readonly model: string;
  readonly settings: EvaluationSettings;
  readonly seed: number;
  readonly seconds: number;
  readonly gitHash: string | null;
}

/** results.json of one evaluation; accuracies are shares, `_stderr` clustered over questions. */
export function toResults({ summary }: Evaluation, facts: EvaluationFacts): EvaluationResults {
  const { accuracy, process, passAtK, samples } = summary;
  const scores = {
    alias: facts.task,
    sample_len: accuracy.n,
    [`avg@${samples},none`]: accuracy.value,
    [`avg@${samples}_stderr,none`]: accuracy.standardError,
    [`avg@${samples}_low,none`]: accuracy.low,
    [`avg@${samples}_high,none`]: accuracy.high,
    [`pass@${samples},none`]: passAtK.value,
    [`pass@${samples}_stderr,none`]: passAtK.standardError,
    ...(process && { 'process,none': process.value, 'process_stderr,none': process.standardError }),
    'mean_length,none': summary.meanLength,
  };
  return {
    results: { [facts.task]: scores },
    'n-samples': { [facts.task]: { original: accuracy.n, effective: accuracy.n } },
    counts: { [facts.task]: { unparsed: summary.unparsed, truncated: summary.truncated, unscored: 0 } },
    versions: { [facts.task]: 1 },
    higher_is_better: { [facts.task]: { [`avg@${samples}`]: true, [`pass@${samples}`]: true } },
    config: { model: facts.model, gen_kwargs: { ...facts.settings }, random_seed: facts.seed },
    git_hash: facts.gitHash,
    date: Math.round(Date.now() / 1000),
    total_evaluation_time_seconds: facts.seconds,
  };
}

/** One row a question for samples_<task>.jsonl. */
export function toSampleRows({ results }: Evaluation): SampleRow[] {
  return results.map(({ question, responses }, index) => ({
    doc_id: index,
    doc: { id: question.id, question: question.question, ...(question.choices && { choices: question.choices }) },
    target: question.answer,
    resps: responses.map(({ text }) => text),
    filtered_resps: responses.map(({ extracted }) => extracted),
    correct: responses.map(({ correct }) => correct),
    ...(responses.some(({ process }) => process !== undefined) && { process: responses.map(({ process }) => process) }),
    truncated: responses.map(({ truncated }) => truncated),
    tokens: responses.map(({ tokens }) => tokens),
  }));
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
    const question = byId.get((row.doc as { id: string }).id);
    if (!question) return [];
    const responses = row.resps.map((text, i) => ({
      ...task.grade(question, text),
      text,
      tokens: (row.tokens as number[])[i] ?? 0,
      truncated: (row.truncated as boolean[])[i] ?? false,
    }));
    return { question, responses };
  });
  return { summary: summarize(results, samples), results };
}
