/**
 * The scores of a model as a row keeps them: shares, and counts for each question. Small enough to be committed, and
 * enough for comparisons paired over questions.
 */

import { mean } from 'simple-statistics';
import type { OperationOptions } from '../base/records/events';
import { factsOf, followsStatedRule, isFaithful, statedRule } from '../questions/tasks/microscience';
import {
  type Evaluation,
  type EvaluationRequest,
  evaluate,
  limitQuestions,
  type QuestionResult,
} from '../results/evaluation/evaluate';
import { groupsOf } from '../results/evaluation/groups';
import { greedy } from '../results/evaluation/ladder';
import { trueRule } from '../run/session/trueRule';
import type { PassCounts, Scores, StratumScores, StudyRow } from './row';

/** Number of questions for pass@k, and of answers to each. Where questions have strata: two of each of the 24 rules. */
export const PASS = { questions: 56, questionsWithStrata: 48, samples: 64 } as const;

interface Counts {
  readonly correct: number;
  readonly faithful: number;
  readonly verified: number;
  readonly rule: number;
  readonly mistaken: number;
  readonly consistent: number;
}

function countsOf({ question, responses }: QuestionResult): Counts {
  const count = (holds: (response: QuestionResult['responses'][number]) => boolean) => responses.filter(holds).length;
  return {
    correct: count(({ correct }) => correct),
    faithful: count(({ text }) => isFaithful(question, text)),
    verified: count(({ correct, process }) => correct && process === 1),
    rule: count(({ rule }) => rule === true),
    mistaken: count(({ text }) => statedRule(question, text) === 'wrong'),
    consistent: count(({ text }) => followsStatedRule(question, text)),
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
  const share = (part: keyof Counts): number => shareOf(counts, part, summary.samples);
  const digits = (part: keyof Counts): string => counts.map((own) => own[part].toString(36)).join('');
  const strata = strataOf(results, counts, summary.samples);
  return {
    ...(decoding && { decoding }),
    questions: results.length,
    samples: summary.samples,
    accuracy: share('correct'),
    process: rounded(summary.process?.value ?? Number.NaN),
    faithful: share('faithful'),
    verified: share('verified'),
    ...(summary.rule && { rule: share('rule'), mistaken: share('mistaken'), consistent: share('consistent') }),
    ...(transfer && { transfer: transfer.summary.accuracy.value }),
    length: rounded(summary.meanLength),
    unparsed: summary.unparsed,
    truncated: summary.truncated,
    per_question: {
      ...{ correct: digits('correct'), faithful: digits('faithful'), verified: digits('verified') },
      ...(summary.rule && { rule: digits('rule') }),
      ...(summary.majority && { majority: results.map(({ majority = Number.NaN }) => rounded(majority)) }),
    },
    ...(strata && { strata }),
  };
}

/** Shares by the questions' strata, in order of appearance; undefined where no question has one. */
function strataOf(results: readonly QuestionResult[], counts: readonly Counts[], samples: number): Scores['strata'] {
  const byName = new Map<string, Counts[]>();
  for (const [i, { question }] of results.entries()) {
    const { stratum } = groupsOf(question);
    if (stratum !== undefined) byName.set(stratum, [...(byName.get(stratum) ?? []), counts[i] as Counts]);
  }
  if (byName.size === 0) return undefined;
  return Object.fromEntries([...byName].map(([name, own]) => [name, stratumScores(own, samples)]));
}

function stratumScores(counts: readonly Counts[], samples: number): StratumScores {
  const share = (part: keyof Counts): number => shareOf(counts, part, samples);
  return {
    questions: counts.length,
    accuracy: share('correct'),
    faithful: share('faithful'),
    verified: share('verified'),
    rule: share('rule'),
  };
}

const shareOf = (counts: readonly Counts[], part: keyof Counts, samples: number): number =>
  counts.reduce((sum, own) => sum + own[part], 0) / (counts.length * samples);

/**
 * The scores beside those of the sampled answers: of the ladder's other decodings, where there is one, and otherwise of
 * greedy answers.
 */
export async function furtherScores(
  request: EvaluationRequest,
  others: readonly Evaluation[],
  options: OperationOptions,
): Promise<Scores[]> {
  const settings = greedy(request.settings);
  const further = others.length > 0 ? others : [await evaluate({ ...request, settings }, options)];
  return further.map((each) => scoresOf(each));
}

/** Rounds to five significant digits, for every number in a row that is not a count. */
export const rounded = (x: number): number => Number(x.toPrecision(5));

/** Counts for pass@1..64 on the first questions, which contain all families equally often. */
export async function passCounts(request: EvaluationRequest, options: OperationOptions): Promise<PassCounts> {
  const [first] = request.questions;
  const questions = first && groupsOf(first).stratum ? PASS.questionsWithStrata : PASS.questions;
  const settings = { ...request.settings, questions, samples: PASS.samples };
  const { results } = await evaluate({ ...request, settings }, options);
  const counts = results.map(countsOf);
  return {
    samples: PASS.samples,
    correct: counts.map(({ correct }) => correct),
    faithful: counts.map(({ faithful }) => faithful),
    verified: counts.map(({ verified }) => verified),
    rule: counts.map(({ rule }) => rule),
  };
}

/** The probability of the right rule of each template that has a stratum, on the questions that are asked; undefined where none has. */
export async function ruleByTemplate(
  request: EvaluationRequest,
  options: OperationOptions,
): Promise<StudyRow['true_rule']> {
  const asked = limitQuestions(request.questions, request.settings);
  const questions = asked.filter((question) => groupsOf(question).stratum !== undefined);
  if (questions.length === 0) return undefined;
  const chances = await trueRule({ ...request, questions }, options);
  const byTemplate = new Map<string, number[]>();
  for (const [i, question] of questions.entries()) {
    const { template } = factsOf(question);
    const chance = chances[i];
    if (chance !== undefined) byTemplate.set(template, [...(byTemplate.get(template) ?? []), chance]);
  }
  return Object.fromEntries([...byTemplate].map(([template, own]) => [template, rounded(mean(own))]));
}
