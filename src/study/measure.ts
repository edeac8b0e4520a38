/**
 * The scores of a model as a row keeps them: shares, and counts for each question. Small enough to be committed, and
 * enough for comparisons paired over questions.
 */

import type { OperationOptions } from '../base/records/events';
import { isFaithful } from '../questions/tasks/microscience';
import { type Evaluation, type EvaluationRequest, evaluate, type QuestionResult } from '../results/evaluation/evaluate';
import type { PassCounts, Scores } from './row';

/** Number of questions for pass@k, and of answers to each. */
export const PASS = { questions: 56, samples: 64 } as const;

interface Counts {
  readonly correct: number;
  readonly faithful: number;
  readonly verified: number;
}

function countsOf({ question, responses }: QuestionResult): Counts {
  const count = (holds: (response: QuestionResult['responses'][number]) => boolean) => responses.filter(holds).length;
  return {
    correct: count(({ correct }) => correct),
    faithful: count(({ text }) => isFaithful(question, text)),
    verified: count(({ correct, process }) => correct && process === 1),
  };
}

/** The scores of an evaluation with at most nine answers to a question. */
export function scoresOf({ summary, results }: Evaluation, transfer?: Evaluation): Scores {
  const counts = results.map(countsOf);
  const answers = results.length * summary.samples;
  const share = (part: keyof Counts): number => counts.reduce((sum, own) => sum + own[part], 0) / answers;
  const digits = (part: keyof Counts): string => counts.map((own) => own[part]).join('');
  return {
    questions: results.length,
    samples: summary.samples,
    accuracy: share('correct'),
    process: rounded(summary.process?.value ?? Number.NaN),
    faithful: share('faithful'),
    verified: share('verified'),
    ...(transfer && { transfer: transfer.summary.accuracy.value }),
    length: rounded(summary.meanLength),
    unparsed: summary.unparsed,
    truncated: summary.truncated,
    per_question: { correct: digits('correct'), faithful: digits('faithful'), verified: digits('verified') },
  };
}

/** Rounds to five significant digits, for every number in a row that is not a count. */
export const rounded = (x: number): number => Number(x.toPrecision(5));

/** Counts for pass@1..64 on the first questions, which contain all families equally often. */
export async function passCounts(request: EvaluationRequest, options: OperationOptions): Promise<PassCounts> {
  const settings = { ...request.settings, ...PASS };
  const { results } = await evaluate({ ...request, settings }, options);
  const counts = results.map(countsOf);
  return {
    samples: PASS.samples,
    correct: counts.map(({ correct }) => correct),
    faithful: counts.map(({ faithful }) => faithful),
    verified: counts.map(({ verified }) => verified),
  };
}
