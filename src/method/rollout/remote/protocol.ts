/** The two request forms of the OpenAI protocol, and their replies, which are untrusted. */

import { InputError } from '../../../base/records/errors';
import { isObject } from '../../../engine/files/jsonl';
import type { ChatRequest } from '../chat';
import type { Address } from './address';
import type { KeptReply } from './cache';
import type { EndpointSettings } from './settings';

/** Where a request goes. */
export const urlOf = ({ base }: Address, { protocol }: EndpointSettings): string =>
  `${base}/${protocol === 'chat' ? 'chat/completions' : 'completions'}`;

/** The request as the server wants it; for completions the turns' texts stand one below the other, without any template. */
export function bodyOf(
  { model }: Address,
  { protocol, extra }: Pick<EndpointSettings, 'protocol' | 'extra'>,
  { messages, temperature, topP, maxTokens, seed, json }: ChatRequest,
): object {
  return {
    model,
    ...(protocol === 'chat' ? { messages } : { prompt: messages.map(({ content }) => content).join('\n\n') }),
    temperature,
    top_p: topP,
    max_tokens: maxTokens,
    // Some servers keep seeds in 31 bits.
    seed: seed % 2 ** 31,
    ...(json && protocol === 'chat' && { response_format: { type: 'json_object' } }),
    ...extra,
  };
}

/** Characters of a token, roughly, where the server does not count. */
const CHARACTERS_PER_TOKEN = 4;
const tokensOf = (text: string): number => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

/** Tokens that a request may take at most, by rough count. */
export const mostTokens = ({ messages, maxTokens }: ChatRequest): number =>
  messages.reduce((sum, { content }) => sum + tokensOf(content), maxTokens);

const count = (value: unknown, otherwise: number): number =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : otherwise;

/** The reply in a server's answer; a refused or empty answer is an empty text. Throws InputError when there is none. */
export function replyOf(answer: Record<string, unknown>, url: string, request: ChatRequest): KeptReply {
  const choice: unknown = Array.isArray(answer.choices) ? answer.choices[0] : undefined;
  if (!isObject(choice))
    throw new InputError(`${url} sent an answer without "choices"; it does not speak the OpenAI protocol.`);
  const content = isObject(choice.message) ? choice.message.content : choice.text;
  if (typeof content !== 'string' && content !== null && content !== undefined)
    throw new InputError(`${url} sent an answer whose content is not text; it does not speak the OpenAI protocol.`);
  const text = content ?? '';
  const usage = isObject(answer.usage) ? answer.usage : {};
  return {
    text,
    finishReason: choice.finish_reason === 'length' ? 'length' : 'stop',
    promptTokens: count(usage.prompt_tokens, mostTokens(request) - request.maxTokens),
    completionTokens: count(usage.completion_tokens, tokensOf(text)),
  };
}
