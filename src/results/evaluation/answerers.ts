/**
 * Draws the answers of an evaluation from a local model or a server, a few at a time, so that a stopped evaluation can
 * resume.
 */
import type { EvaluationSettings } from '../../base/config/configs';
import type { OperationOptions } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import { hashString, hashWords } from '../../engine/tensors/random';
import type { ChatModel, ChatReply, ChatRequest } from '../../method/rollout/chat';
import { checkRequests } from '../../method/rollout/generate';
import { refuseTopK } from '../../method/rollout/remote/fields';
import type { Rollout } from '../../method/rollout/rollout';
import { answerRequests, drawAnswers, type EvaluationRequest, limitQuestions } from './evaluate';
import type { AnswerRow } from './record';

/** What an answerer gets beside the questions. */
export interface AnswerOptions extends OperationOptions {
  /** Whether an answer exists already. */
  readonly has: (id: string, sample: number) => boolean;
  /** Called with answers as they come, in any order. */
  readonly hear: (rows: readonly AnswerRow[]) => void;
}

/** Draws every answer that does not exist yet. */
export type Answerer = (options: AnswerOptions) => Promise<void>;

/** About this many tokens of a local model's answers are drawn between two savings. Larger blocks are not faster. */
const TOKENS_A_BLOCK = 2 ** 14;

/** Requests in a block: at most the generator's largest batch, at least enough to keep matrix products efficient. */
const blockRows = ({ max_tokens: longest }: EvaluationSettings): number =>
  Math.min(256, Math.max(16, Math.floor(TOKENS_A_BLOCK / longest)));

/**
 * A model in this process. The blocks do not depend on which answers exist already, so that resuming changes no number.
 */
export function localAnswerer(request: EvaluationRequest): Answerer {
  return async ({ has, hear, signal, onProgress }) => {
    const requests = answerRequests(request).sort((a, b) => a.promptTokens.length - b.promptTokens.length);
    const rows = blockRows(request.settings);
    // All at once: a prompt that does not fit would otherwise be found when the answers to the shorter ones are drawn.
    checkRequests(request.model, requests, { maxTokens: request.settings.max_tokens });
    for (let start = 0; start < requests.length; start += rows) {
      const block = requests.slice(start, start + rows);
      if (block.every(({ questionId, sample }) => has(questionId, sample))) continue;
      const rollouts = await drawAnswers(request, block, {
        signal,
        onProgress: (event) => onProgress?.({ ...event, done: start + event.done, total: requests.length }),
      });
      hear(rollouts.filter(({ questionId, sample }) => !has(questionId, sample)).map(rowOfRollout));
    }
  };
}

const rowOfRollout = ({
  questionId,
  sample,
  text,
  completionTokens,
  promptTokens,
  finishReason,
}: Rollout): AnswerRow => ({
  id: questionId,
  sample,
  text,
  tokens: completionTokens.length,
  prompt_tokens: promptTokens.length,
  finish_reason: finishReason,
});

/** A model behind a server; `turn` gives the user's turn for a question. */
export interface RemoteRequest {
  readonly chat: ChatModel;
  readonly turn: (question: Question) => string;
  readonly questions: readonly Question[];
  readonly settings: EvaluationSettings;
  readonly seed: number;
}

/**
 * Answers by a model behind a server. The seed of an answer depends on (seed, question, sample) only. Throws InputError
 * for top_k.
 */
export function remoteAnswerer({ chat, turn, questions, settings, seed }: RemoteRequest): Answerer {
  refuseTopK(settings.top_k);
  return async ({ has, hear, ...options }) => {
    const all = limitQuestions(questions, settings).flatMap((question) =>
      Array.from({ length: settings.samples }, (_, sample) => ({ question, sample })),
    );
    const wanted = all.filter(({ question, sample }) => !has(question.id, sample));
    const requests = wanted.map(({ question, sample }): ChatRequest => {
      const messages = [{ role: 'user', content: turn(question) }] as const;
      const own = hashWords(seed, hashString(question.id), sample);
      const { temperature, top_p: topP, max_tokens: maxTokens } = settings;
      return { messages, temperature, topP, maxTokens, seed: own };
    });
    const done = all.length - wanted.length;
    await chat.chat(requests, {
      signal: options.signal,
      onProgress: (event) => options.onProgress?.({ ...event, done: done + event.done, total: all.length }),
      onReply: (reply, index) => {
        const { question, sample } = wanted[index] as (typeof wanted)[number];
        hear([rowOfReply(reply, question.id, sample)]);
      },
    });
  };
}

const rowOfReply = (reply: ChatReply, id: string, sample: number): AnswerRow => ({
  id,
  sample,
  text: reply.text,
  tokens: reply.completionTokens,
  prompt_tokens: reply.promptTokens,
  finish_reason: reply.finishReason,
  ...(reply.failure !== undefined && { failure: reply.failure }),
  ...(reply.cached && { cached: true }),
});
