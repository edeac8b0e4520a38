/** Accuracy of a model on a task: avg@k over sampled answers, in the student's view or with privileged text in the prompt. */
import type { EvaluationSettings } from '../config/train';
import { type LanguageModel, requireTokenizer } from '../model/model';
import type { OperationOptions } from '../records/events';
import { generate } from '../rollout/generate';
import type { Rollout } from '../rollout/rollout';
import type { Grade, Question } from '../tasks/question';
import type { Task } from '../tasks/task';
import type { ViewRequest, Views } from '../tasks/views';
import { clusteredShare, type Estimate, passAtK } from './statistics';

/** What is evaluated. `context` adds privileged text, which measures a teacher. */
export interface EvaluationRequest {
  readonly model: LanguageModel;
  readonly task: Task;
  readonly views: Views;
  readonly questions: readonly Question[];
  readonly settings: EvaluationSettings;
  readonly seed: number;
  readonly context?: (question: Question) => Partial<ViewRequest>;
  /** Whether the chat template opens a thinking block; the template's own default when left out. */
  readonly thinking?: boolean;
}

/** One graded response. */
export interface GradedResponse extends Grade {
  readonly text: string;
  readonly tokens: number;
  /** Cut off at max_tokens. */
  readonly truncated: boolean;
}

/** One question with its graded responses. */
export interface QuestionResult {
  readonly question: Question;
  readonly responses: readonly GradedResponse[];
}

/** The scores of one evaluation. */
export interface EvaluationSummary {
  /** Mean over questions of the share of correct samples (avg@k). */
  readonly accuracy: Estimate;
  /** Mean process score, where the task grades the process. */
  readonly process?: Estimate;
  /** At least one of the k samples is correct. */
  readonly passAtK: Estimate;
  readonly samples: number;
  readonly meanLength: number;
  /** Responses without an answer (counted as incorrect), and responses cut off. */
  readonly unparsed: number;
  readonly truncated: number;
}

/** A finished evaluation. */
export interface Evaluation {
  readonly summary: EvaluationSummary;
  readonly results: readonly QuestionResult[];
}

/** The first questions the settings ask for (0 for all). */
export function limitQuestions(questions: readonly Question[], settings: EvaluationSettings): readonly Question[] {
  return settings.questions > 0 ? questions.slice(0, settings.questions) : questions;
}

/** Samples and grades answers. */
export async function evaluate(request: EvaluationRequest, options: OperationOptions = {}): Promise<Evaluation> {
  return gradeAnswers(request, await sampleAnswers(request, options));
}

/** The answers to each question, as rollouts. */
export async function sampleAnswers(request: EvaluationRequest, options: OperationOptions = {}): Promise<Rollout[][]> {
  const { model, views, settings, context, thinking, seed } = request;
  const questions = limitQuestions(request.questions, settings);
  const tokenizer = requireTokenizer(model);
  const requests = questions.flatMap((question) => {
    const text = views.render({ question, purpose: 'answer', thinking, ...context?.(question) });
    const promptTokens = tokenizer.encode(text);
    return Array.from({ length: settings.samples }, (_, sample) => ({ questionId: question.id, sample, promptTokens }));
  });
  const { temperature, top_p: topP, top_k: topK, max_tokens: maxTokens } = settings;
  const rollouts = await generate(model, requests, { temperature, topP, topK, maxTokens, seed, ...options });
  return questions.map((_, i) => rollouts.slice(i * settings.samples, (i + 1) * settings.samples));
}

/** The evaluation that sampled answers come to. */
export function gradeAnswers(
  { task, questions, settings }: EvaluationRequest,
  answers: readonly Rollout[][],
): Evaluation {
  const results = answers.map((own, i) => {
    const question = questions[i] as Question;
    return { question, responses: own.map((rollout) => gradeResponse(task, question, rollout)) };
  });
  return { summary: summarize(results, settings.samples), results };
}

function gradeResponse(task: Task, question: Question, rollout: Rollout): GradedResponse {
  return {
    ...task.grade(question, rollout.text),
    text: rollout.text,
    tokens: rollout.completionTokens.length,
    truncated: rollout.finishReason === 'length',
  };
}

const correctness = ({ responses }: QuestionResult): number[] => responses.map(({ correct }) => (correct ? 1 : 0));

/** Scores of one question's samples, for paired comparisons. */
export const scoresOf = (results: readonly QuestionResult[]): number[][] => results.map(correctness);

/** Sums up graded responses. */
export function summarize(results: readonly QuestionResult[], samples: number): EvaluationSummary {
  const responses = results.flatMap((result) => result.responses);
  const processes = results.map((result) => result.responses.flatMap(({ process }) => process ?? []));
  return {
    accuracy: clusteredShare(scoresOf(results)),
    ...(processes.some((scores) => scores.length > 0) && { process: clusteredShare(processes) }),
    passAtK: clusteredShare(
      results.map((result) => {
        const correct = correctness(result).reduce((a, b) => a + b, 0);
        return [passAtK(result.responses.length, correct, result.responses.length)];
      }),
    ),
    samples,
    meanLength: responses.reduce((sum, { tokens }) => sum + tokens, 0) / Math.max(1, responses.length),
    unparsed: responses.filter(({ extracted }) => extracted === null).length,
    truncated: responses.filter(({ truncated }) => truncated).length,
  };
}
