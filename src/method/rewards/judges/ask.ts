/**
 * Asks a judge until its verdicts can be read. A malformed one is asked for again, alone and with a new seed; after the
 * last attempt it counts as unscored. Each round asks about all cases together, so that a model can batch and a server
 * stays busy.
 */

import type { OperationOptions } from '../../../base/records/events';
import type { ChatMessage } from '../../../engine/files/tokenizer';
import { hashWords } from '../../../engine/tensors/random';
import type { ChatModel, ChatReply } from '../../rollout/chat';
import { isInThinking, type Reading } from './verdict';

/** How a judge is sampled, and how often it is asked again. */
export interface AskSettings {
  /**
   * 0 takes the most likely token. Further attempts sample at `RETRY_TEMPERATURE` at least, because they would
   * otherwise repeat themselves.
   */
  readonly temperature: number;
  readonly topP: number;
  readonly maxTokens: number;
  readonly seed: number;
  /** Further attempts after a malformed verdict. */
  readonly retries: number;
}

/** Lowest temperature of a further attempt. */
export const RETRY_TEMPERATURE = 0.5;

/** What is to be decided about one case: the items, and how a conversation about some of them is written and read. */
export interface Inquiry<I, T> {
  readonly items: readonly I[];
  /** How many items one conversation is about. */
  readonly perCall: number;
  messages(items: readonly I[]): readonly ChatMessage[];
  /** One reading for each item, in order. */
  read(text: string, items: readonly I[]): readonly Reading<T>[];
}

/** What the asking cost. */
export interface Effort {
  readonly calls: number;
  /** Calls after which something had to be asked again or stayed unscored. */
  readonly malformed: number;
  /** Calls to which a server gave no usable reply. */
  readonly failed: number;
  /** Tokens read and written; a reply from the cache counts as none. */
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** The final reading of each item of an inquiry. */
export interface Asked<T> {
  readonly readings: readonly Reading<T>[];
  readonly effort: Effort;
}

/** Of nothing that was asked. */
export const NO_EFFORT: Effort = { calls: 0, malformed: 0, failed: 0, promptTokens: 0, completionTokens: 0 };

interface State<I, T> {
  readonly inquiry: Inquiry<I, T>;
  readonly readings: Reading<T>[];
  effort: Effort;
}

/** Asks about every inquiry; results come in the order of the inquiries. */
export async function ask<I, T>(
  model: ChatModel,
  inquiries: readonly Inquiry<I, T>[],
  { retries, seed, temperature, topP, maxTokens, signal, onProgress }: AskSettings & OperationOptions,
): Promise<Asked<T>[]> {
  const states = inquiries.map((inquiry): State<I, T> => {
    const readings = inquiry.items.map(() => ({ problem: 'not asked' }));
    return { inquiry, readings, effort: NO_EFFORT };
  });
  for (let attempt = 0; attempt <= retries; attempt++) {
    const calls = states.flatMap((state) => openCalls(state));
    if (calls.length === 0) break;
    const requests = calls.map(({ state, indices }) => ({
      messages: state.inquiry.messages(indices.map((i) => state.inquiry.items[i] as I)),
      temperature: attempt === 0 ? temperature : Math.max(temperature, RETRY_TEMPERATURE),
      topP,
      maxTokens,
      // 31 bits, because some servers take seeds as signed numbers.
      seed: attempt === 0 ? seed : hashWords(seed, attempt) >>> 1,
      json: true,
    }));
    const replies = await model.chat(requests, { signal, onProgress });
    calls.forEach(({ state, indices }, k) => {
      const reply = replies[k] as ChatReply;
      const { inquiry, readings, effort } = state;
      const problem = problemOf(reply);
      const items = indices.map((i) => inquiry.items[i] as I);
      const read = problem === undefined ? inquiry.read(reply.text, items) : items.map(() => ({ problem }));
      indices.forEach((i, j) => {
        readings[i] = read[j] as Reading<T>;
      });
      const paid = reply.cached ? undefined : reply;
      const unread = indices.some((i) => 'problem' in (readings[i] as Reading<T>));
      state.effort = {
        calls: effort.calls + 1,
        malformed: effort.malformed + Number(unread),
        failed: effort.failed + Number(reply.finishReason === 'failed'),
        promptTokens: effort.promptTokens + (paid?.promptTokens ?? 0),
        completionTokens: effort.completionTokens + (paid?.completionTokens ?? 0),
      };
    });
  }
  return states.map(({ readings, effort }) => ({ readings, effort }));
}

/** Why a reply holds no verdict, whatever its text; undefined where it is to be read. */
function problemOf({ text, finishReason, failure }: ChatReply): string | undefined {
  if (finishReason === 'failed') return `the server failed: ${failure}`;
  const isThinking = finishReason === 'length' && isInThinking(text);
  return isThinking ? 'the reply was cut off before a verdict' : undefined;
}

/** Splits the items of an inquiry that have no verdict yet into conversations. */
function openCalls<I, T>(state: State<I, T>): { state: State<I, T>; indices: number[] }[] {
  const { inquiry, readings } = state;
  const open = readings.flatMap((reading, i) => ('problem' in reading ? [i] : []));
  const calls = Math.ceil(open.length / inquiry.perCall);
  return Array.from({ length: calls }, (_, c) => ({
    state,
    indices: open.slice(c * inquiry.perCall, (c + 1) * inquiry.perCall),
  }));
}
