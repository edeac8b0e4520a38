/**
 * Accuracy by log-likelihood as in lm-evaluation-harness: the model's answer is the choice with the highest
 * log-likelihood, in total (acc), per character (acc_norm) or per byte (acc_bytes). A question's prompt is computed
 * once for all its choices.
 */

import type { Question } from '../../base/records/question';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import type { BatchOptions } from '../../method/scoring/batches';
import { scoreCompletions } from '../../method/scoring/logprobs';
import type { Sequence } from '../../method/scoring/sequence';
import { letterAt } from '../../questions/grading/letters';
import { type LikelihoodPrompt, likelihoodPrompt } from '../../questions/grading/modes/likelihood';
import { type Evaluation, summarize } from './evaluate';
import type { Estimate } from './intervals';
import { clusteredShare } from './statistics';

export const LIKELIHOOD_MODE = 'loglikelihood';

/** The three rules by which a choice is taken. */
export const LIKELIHOOD_RULES = ['acc', 'acc_norm', 'acc_bytes'] as const;

export type LikelihoodRule = (typeof LIKELIHOOD_RULES)[number];

/**
 * The rule that tables and comparisons use unless told otherwise; lm-eval's headline number where continuations differ
 * in length.
 */
export const USUAL_RULE: LikelihoodRule = 'acc_norm';

/** Multiple-choice questions to evaluate, with their choices in the order in which they are to be shown. */
export interface LikelihoodRequest {
  readonly model: LanguageModel;
  readonly questions: readonly Question[];
  /** Context and continuations of a question; default are those that lm-eval uses for its task. */
  readonly prompt?: (question: Question) => LikelihoodPrompt;
}

/** The model's scores for the choices of one question. */
export interface ChoiceScores {
  /** The log-likelihood of each choice in nats, summed over its tokens. */
  readonly loglikelihoods: readonly number[];
  /** Number of tokens of each continuation. */
  readonly tokens: readonly number[];
  /** The question was too long for the model, and its beginning was cut off. */
  readonly truncated?: boolean;
}

/** One question with the choice that each rule takes. */
export interface LikelihoodResult extends ChoiceScores {
  readonly question: Question;
  /** The letter taken by each rule; the first one if several are equal. */
  readonly chosen: Readonly<Record<LikelihoodRule, string>>;
  readonly correct: Readonly<Record<LikelihoodRule, boolean>>;
}

/** A finished evaluation by log-likelihood; accuracies are means over questions. */
export interface LikelihoodEvaluation {
  readonly summary: Readonly<Record<LikelihoodRule, Estimate>>;
  readonly results: readonly LikelihoodResult[];
}

/** Scores every choice of every question. Throws InputError if a question has no choices or the model no tokenizer. */
export async function evaluateByLoglikelihood(
  request: LikelihoodRequest,
  options: BatchOptions = {},
): Promise<LikelihoodEvaluation> {
  return likelihoodEvaluation(request, await scoreQuestions(request, options));
}

/** The scores of every question's choices, in order. */
export async function scoreQuestions(
  { model, questions, prompt = likelihoodPrompt }: LikelihoodRequest,
  options: BatchOptions = {},
): Promise<ChoiceScores[]> {
  const sequences = questions.map((question) => encodeChoices(model, prompt(question)));
  const scores = await scoreCompletions(
    model,
    sequences.flatMap((own) => own.choices),
    options,
  );
  let at = 0;
  return sequences.map(({ choices, truncated }) => {
    const own = scores.slice(at, at + choices.length);
    at += choices.length;
    return {
      loglikelihoods: own.map(({ logprobs }) => logprobs.reduce((a, b) => a + b, 0)),
      tokens: choices.map(({ completionTokens }) => completionTokens.length),
      ...(truncated && { truncated }),
    };
  });
}

/** Sums up the scores of all questions; intervals are over questions. */
export function likelihoodEvaluation(
  { questions, prompt = likelihoodPrompt }: Pick<LikelihoodRequest, 'questions' | 'prompt'>,
  scores: readonly ChoiceScores[],
): LikelihoodEvaluation {
  const results = questions.map((question, i): LikelihoodResult => {
    const own = scores[i] as ChoiceScores;
    return { question, ...own, ...takeChoice(question, own.loglikelihoods, prompt(question).continuations) };
  });
  const share = (rule: LikelihoodRule): Estimate =>
    clusteredShare(results.map(({ correct }) => [correct[rule] ? 1 : 0]));
  return { summary: { acc: share('acc'), acc_norm: share('acc_norm'), acc_bytes: share('acc_bytes') }, results };
}

/**
 * Encodes context and continuation together and splits them after as many tokens as the context alone has. What is too
 * long for the model loses its beginning.
 */
function encodeChoices(
  model: LanguageModel,
  { context, continuations }: LikelihoodPrompt,
): { readonly choices: readonly Sequence[]; readonly truncated: boolean } {
  const tokenizer = requireTokenizer(model);
  const head = tokenizer.encodeData(context);
  const choices = continuations.map((continuation) => {
    const completionTokens = tokenizer.encodeData(`${context} ${continuation}`).slice(head.length);
    const room = Math.max(1, model.config.maxPositions - completionTokens.length);
    return { promptTokens: head.slice(-room), completionTokens };
  });
  return { choices, truncated: choices.some(({ promptTokens }) => promptTokens.length < head.length) };
}

/** The choice that each rule takes, from the log-likelihoods of the continuations. */
export function takeChoice(
  { answer }: Question,
  loglikelihoods: readonly number[],
  continuations: readonly string[],
): Pick<LikelihoodResult, 'chosen' | 'correct'> {
  const per = (length: (text: string) => number): string => {
    const values = loglikelihoods.map((value, i) => value / length(continuations[i] as string));
    return letterAt(values.indexOf(Math.max(...values)));
  };
  const chosen = {
    acc: per(() => 1),
    acc_norm: per((text) => [...text].length),
    acc_bytes: per((text) => Buffer.byteLength(text)),
  };
  const right = (rule: LikelihoodRule): boolean => chosen[rule] === answer;
  return { chosen, correct: { acc: right('acc'), acc_norm: right('acc_norm'), acc_bytes: right('acc_bytes') } };
}

/**
 * Presents the evaluation like one with sampled answers: one response to each question, the letter that `rule` takes.
 */
export function toEvaluation({ results }: LikelihoodEvaluation, rule: LikelihoodRule): Evaluation {
  const rows = results.map(({ question, chosen, correct, tokens, truncated = false }) => ({
    question,
    responses: [
      {
        extracted: chosen[rule],
        correct: correct[rule],
        text: chosen[rule],
        tokens: tokens[tokens.findIndex((_, i) => letterAt(i) === chosen[rule])] ?? 0,
        truncated,
      },
    ],
  }));
  return { summary: summarize(rows, undefined), results: rows };
}
