/**
 * The scores of a model as a row keeps them: shares, and counts for each question. Small enough to be committed, and
 * enough for comparisons paired over questions.
 */

import type { OperationOptions } from '../base/records/events';
import { isFaithful } from '../questions/tasks/microscience';
import { type Evaluation, type EvaluationRequest, evaluate, type QuestionResult } from '../results/evaluation/evaluate';
import { byStratum } from '../results/evaluation/ladder';
import type { PassCounts, Scores, StratumScores } from './row';

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

/** The most answers to a question for which a row has one digit. */
const MOST_SAMPLES = 35;

/** The scores of an evaluation. Throws RangeError for more answers to a question than a digit can count. */
export function scoresOf({ summary, results }: Evaluation, transfer?: Evaluation): Scores {
  const { decoding } = summary;
  if (summary.samples > MOST_SAMPLES)
    throw new RangeError(`a row counts at most ${MOST_SAMPLES} answers to a question, not ${summary.samples}`);
  const counts = results.map(countsOf);
  const answers = results.length * summary.samples;
  const share = (part: keyof Counts): number => counts.reduce((sum, own) => sum + own[part], 0) / answers;
  const digits = (part: keyof Counts): string => counts.map((own) => own[part].toString(36)).join('');
  const strata = [...byStratum({ summary, results })].map(([name, own]) => [name, stratumScores(own)] as const);
  return {
    ...(decoding && { decoding }),
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
    per_question: {
      ...{ correct: digits('correct'), faithful: digits('faithful'), verified: digits('verified') },
      ...(summary.majority && { majority: results.map(({ majority = Number.NaN }) => rounded(majority)) }),
    },
    ...(strata.length > 0 && { strata: Object.fromEntries(strata) }),
  };
}

function stratumScores({ summary, results }: Evaluation): StratumScores {
  const counts = results.map(countsOf);
  const share = (part: keyof Counts): number =>
    counts.reduce((sum, own) => sum + own[part], 0) / (results.length * summary.samples);
  return {
    questions: results.length,
    accuracy: share('correct'),
    faithful: share('faithful'),
    verified: share('verified'),
  };
}

/**
 * The scores beside those of the sampled answers: of the ladder's other decodings, where there is one, and otherwise of
 * greedy answers.
 */
export async function furtherScores(
  request: EvaluationRequest,
  others: readonly Evaluation[],
  options: OperationOptions,
): Promise<Scores[]> {
  const settings = { ...request.settings, temperature: 0, samples: 1 };
  const further = others.length > 0 ? others : [await evaluate({ ...request, settings }, options)];
  return further.map((each) => scoresOf(each));
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
