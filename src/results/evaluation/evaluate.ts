/**
 * Measures the accuracy of a model on a task as avg@k over sampled answers, with the student's prompt or with
 * privileged text in the prompt.
 */
import type { EvaluationSettings } from '../../base/config/configs';
import { type Decoding, decodingOf } from '../../base/records/decoding';
import type { OperationOptions } from '../../base/records/events';
import type { Grade, Question } from '../../base/records/question';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { generate, type RolloutRequest } from '../../method/rollout/generate';
import type { Rollout } from '../../method/rollout/rollout';
import type { Task } from '../../questions/tasks/task';
import type { ViewRequest, Views } from '../../questions/tasks/views';
import type { Estimate } from './intervals';
import { clusteredShare, majorityAtK, passAtK } from './statistics';

/** What is evaluated. */
export interface EvaluationRequest {
  readonly model: LanguageModel;
  readonly task: Task;
  readonly views: Views;
  readonly questions: readonly Question[];
  readonly settings: EvaluationSettings;
  readonly seed: number;
  /** Most answers that are decoded at once; default as in `generate`. */
  readonly maxBatch?: number;
  /** What the model sees of a question; default: the question alone. A teacher's view measures the teacher. */
  readonly view?: (question: Question) => ViewRequest;
}

/** One answer as it was drawn. */
export interface Answer {
  readonly text: string;
  readonly tokens: number;
  /** Whether it was cut off at max_tokens. */
  readonly truncated: boolean;
}

export interface GradedResponse extends Grade, Answer {
  /** A judge's score, 0 to 1, which counts instead of `correct`; null where the judge gave none. */
  readonly score?: number | null;
}

export interface QuestionResult {
  readonly question: Question;
  readonly responses: readonly GradedResponse[];
  /** Answers that a server failed to give; they are not among the responses. */
  readonly failed?: number;
  /** Whether the answer of most responses is right, by the task's own rule of which answers are equal. */
  readonly majority?: number;
}

export interface EvaluationSummary {
  /** How the answers were drawn; absent where that is not known, and where choices were scored instead. */
  readonly decoding?: Decoding;
  /** Mean over questions of the share of correct samples (avg@k), or of the judge's scores. */
  readonly accuracy: Estimate;
  /** Mean process score, if the task grades the process. */
  readonly process?: Estimate;
  /** Share of responses that state the right rule and not the common wrong one, if the task knows both. */
  readonly rule?: Estimate;
  /** pass@1 to pass@k, unbiased: at least one of so many samples is correct. Empty where a judge scores. */
  readonly passAt: readonly Estimate[];
  /**
   * maj@k: the answer that most samples give is correct, where equal answers in other words vote together. A tie counts
   * as the share of the tied answers that are correct.
   */
  readonly majority?: Estimate;
  readonly samples: number;
  readonly meanLength: number;
  /**
   * Responses without an answer (counted as incorrect), responses that were cut off, responses without a judge's score
   * (left out of the mean), and responses that never came (left out of everything else).
   */
  readonly unparsed: number;
  readonly truncated: number;
  readonly unscored: number;
  readonly failed: number;
}

export interface Evaluation {
  readonly summary: EvaluationSummary;
  readonly results: readonly QuestionResult[];
}

/** The first questions, as many as the settings ask for (0 for all). */
export function limitQuestions(questions: readonly Question[], settings: EvaluationSettings): readonly Question[] {
  return settings.questions > 0 ? questions.slice(0, settings.questions) : questions;
}

export async function evaluate(request: EvaluationRequest, options: OperationOptions = {}): Promise<Evaluation> {
  return gradeAnswers(request, await sampleAnswers(request, options));
}

/** The prompt of a question as the model sees it. */
export const promptOf = ({ views, view }: Pick<EvaluationRequest, 'views' | 'view'>, question: Question): string =>
  views.render(view?.(question) ?? { question, purpose: 'answer' });

/** The requests to the model: every question `samples` times, in order. */
export function answerRequests(request: EvaluationRequest): RolloutRequest[] {
  const { encode } = requireTokenizer(request.model);
  return limitQuestions(request.questions, request.settings).flatMap((question) => {
    const promptTokens = encode(promptOf(request, question));
    return Array.from({ length: request.settings.samples }, (_, sample) => {
      return { questionId: question.id, sample, promptTokens };
    });
  });
}

/** The answers to some requests, in their order. */
export function drawAnswers(
  { model, settings, seed, maxBatch }: EvaluationRequest,
  requests: readonly RolloutRequest[],
  options: OperationOptions,
): Promise<Rollout[]> {
  const { temperature, top_p: topP, top_k: topK, max_tokens: maxTokens } = settings;
  return generate(model, requests, { temperature, topP, topK, maxTokens, seed, maxBatch, ...options });
}

/** The answers to each question, as rollouts. */
export async function sampleAnswers(request: EvaluationRequest, options: OperationOptions = {}): Promise<Rollout[][]> {
  const { samples } = request.settings;
  const rollouts = await drawAnswers(request, answerRequests(request), options);
  return Array.from({ length: rollouts.length / samples }, (_, i) => rollouts.slice(i * samples, (i + 1) * samples));
}

export const answerOf = ({ text, completionTokens, finishReason }: Rollout): Answer => ({
  text,
  tokens: completionTokens.length,
  truncated: finishReason === 'length',
});

/** Grades sampled answers and sums them up. */
export function gradeAnswers(
  { task, questions, settings }: Pick<EvaluationRequest, 'task' | 'questions' | 'settings'>,
  answers: readonly (readonly Rollout[])[],
): Evaluation {
  const results = answers.map((own, i) => gradeQuestion(task, questions[i] as Question, own.map(answerOf)));
  return { summary: summarize(results, decodingOf(settings)), results };
}

/** Grades the answers to one question by rule. */
export function gradeQuestion(task: Task, question: Question, answers: readonly Answer[]): QuestionResult {
  const responses = answers.map((answer) => ({ ...task.grade(question, answer.text), ...answer }));
  const same = task.sameAnswer && ((a: string, b: string) => task.sameAnswer?.(question, a, b) === true);
  return { question, responses, majority: majorityAtK(responses, same) };
}

/** The score of a response, 0 to 1; undefined where a judge gave none. */
function scoreOf({ correct, score }: GradedResponse): number | undefined {
  return score === undefined ? Number(correct) : (score ?? undefined);
}

/** Scores of each question's samples, for paired comparisons. */
export const scoresOf = (results: readonly QuestionResult[]): number[][] =>
  results.map(({ responses }) => responses.flatMap((response) => scoreOf(response) ?? []));

function passEstimates(results: readonly QuestionResult[], samples: number): Estimate[] {
  const counts = results.map(({ responses }) => [responses.length, responses.filter(({ correct }) => correct).length]);
  return Array.from({ length: samples }, (_, i) =>
    clusteredShare(counts.map(([n = 0, c = 0]) => (n === 0 ? [] : [passAtK(n, c, Math.min(n, i + 1))]))),
  );
}

/** Sums up graded responses. */
export function summarize(results: readonly QuestionResult[], decoding: Decoding | undefined): EvaluationSummary {
  const samples = decoding?.samples ?? Math.max(1, ...results.map((result) => result.responses.length));
  const responses = results.flatMap((result) => result.responses);
  const isJudged = responses.some(({ score }) => score !== undefined);
  const processes = results.map((result) => result.responses.flatMap(({ process }) => process ?? []));
  const rules = results.map((result) =>
    result.responses.flatMap(({ rule }) => (rule === undefined ? [] : Number(rule))),
  );
  const majorities = results.map(({ majority, responses: own }) =>
    own.length === 0 ? [] : [majority ?? majorityAtK(own)],
  );
  return {
    ...(decoding && { decoding }),
    accuracy: clusteredShare(scoresOf(results)),
    ...(processes.some((scores) => scores.length > 0) && { process: clusteredShare(processes) }),
    ...(rules.some((scores) => scores.length > 0) && { rule: clusteredShare(rules) }),
    passAt: isJudged ? [] : passEstimates(results, samples),
    ...(!isJudged && samples > 1 && { majority: clusteredShare(majorities) }),
    samples,
    meanLength: responses.reduce((sum, { tokens }) => sum + tokens, 0) / responses.length,
    unparsed: responses.filter(({ extracted }) => extracted === null).length,
    truncated: responses.filter(({ truncated }) => truncated).length,
    unscored: responses.filter(({ score }) => score === null).length,
    failed: results.reduce((sum, { failed = 0 }) => sum + failed, 0),
  };
}
