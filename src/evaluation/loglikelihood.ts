/**
 * Accuracy by log-likelihood, as lm-evaluation-harness takes it: the choice that the model finds likeliest, by its whole
 * log-likelihood (acc), by that per character (acc_norm) or per byte (acc_bytes). A question's prompt is computed once for its choices.
 */
import { type LanguageModel, requireTokenizer } from '../model/model';
import type { Sequence } from '../scoring/align';
import type { BatchOptions } from '../scoring/batches';
import { scoreCompletions } from '../scoring/logprobs';
import { letterAt } from '../tasks/letters';
import { type LikelihoodPrompt, likelihoodPrompt } from '../tasks/modes/likelihood';
import type { Question } from '../tasks/question';
import { type Evaluation, summarize } from './evaluate';
import { clusteredMean, type Estimate } from './statistics';

/** The three rules by which a choice is taken. */
export const LIKELIHOOD_RULES = ['acc', 'acc_norm', 'acc_bytes'] as const;

/** Name of a rule. */
export type LikelihoodRule = (typeof LIKELIHOOD_RULES)[number];

/** What is evaluated: multiple-choice questions, their choices in the order in which they are to be shown. */
export interface LikelihoodRequest {
  readonly model: LanguageModel;
  readonly questions: readonly Question[];
  /** Context and continuations of a question; lm-eval's of its task unless given. */
  readonly prompt?: (question: Question) => LikelihoodPrompt;
}

/** One question: the log-likelihood of each choice (nats, summed over its tokens), and what each rule takes. */
export interface LikelihoodResult {
  readonly question: Question;
  readonly loglikelihoods: readonly number[];
  /** Tokens of each continuation. */
  readonly tokens: readonly number[];
  /** Letter taken by each rule; the first one where several are equal. */
  readonly chosen: Readonly<Record<LikelihoodRule, string>>;
  readonly correct: Readonly<Record<LikelihoodRule, boolean>>;
}

/** A finished evaluation by log-likelihood; accuracies are means over questions. */
export interface LikelihoodEvaluation {
  readonly summary: Readonly<Record<LikelihoodRule, Estimate>>;
  readonly results: readonly LikelihoodResult[];
}

/** Scores every choice of every question. Throws InputError where a question has no choices or the model no tokenizer. */
export async function evaluateByLoglikelihood(
  { model, questions, prompt = likelihoodPrompt }: LikelihoodRequest,
  options: BatchOptions = {},
): Promise<LikelihoodEvaluation> {
  const prompts = questions.map(prompt);
  const sequences = prompts.map((each) => encodeChoices(model, each));
  const scores = await scoreCompletions(model, sequences.flat(), options);
  let at = 0;
  const results = questions.map((question, i) => {
    const own = sequences[i] as Sequence[];
    const loglikelihoods = scores.slice(at, at + own.length).map(({ logprobs }) => logprobs.reduce((a, b) => a + b, 0));
    at += own.length;
    const { continuations } = prompts[i] as LikelihoodPrompt;
    const tokens = own.map(({ completionTokens }) => completionTokens.length);
    return { question, loglikelihoods, tokens, ...takeChoice(question, loglikelihoods, continuations) };
  });
  const mean = (rule: LikelihoodRule): Estimate => clusteredMean(results.map(({ correct }) => [correct[rule] ? 1 : 0]));
  return { summary: { acc: mean('acc'), acc_norm: mean('acc_norm'), acc_bytes: mean('acc_bytes') }, results };
}

/**
 * Context and continuation are encoded together and parted behind as many tokens as the context alone has. What is too long for the
 * model loses its beginning.
 */
function encodeChoices(model: LanguageModel, { context, continuations }: LikelihoodPrompt): Sequence[] {
  const tokenizer = requireTokenizer(model);
  const head = tokenizer.encode(context);
  return continuations.map((continuation) => {
    const completionTokens = tokenizer.encode(`${context} ${continuation}`).slice(head.length);
    const room = Math.max(1, model.config.maxPositions - completionTokens.length);
    return { promptTokens: head.slice(-room), completionTokens };
  });
}

/** What each rule takes, out of the log-likelihood of each continuation. */
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

/** The evaluation in the form of sampled ones, by one rule: one response a question, the letter taken. */
export function toEvaluation({ results }: LikelihoodEvaluation, rule: LikelihoodRule): Evaluation {
  const rows = results.map(({ question, chosen, correct, tokens }) => ({
    question,
    responses: [
      {
        extracted: chosen[rule],
        correct: correct[rule],
        text: chosen[rule],
        tokens: tokens[tokens.findIndex((_, i) => letterAt(i) === chosen[rule])] ?? 0,
        truncated: false,
      },
    ],
  }));
  return { summary: summarize(rows, 1), results: rows };
}
