/**
 * Builds requests in the two forms of the OpenAI protocol and reads the replies, which are not trusted to be
 * well-formed.
 */

import { InputError } from '../../../base/records/errors';
import { isObject } from '../../../engine/files/jsonl';
import type { ChatRequest } from '../chat';
import type { Address } from './address';
import type { KeptReply } from './cache';
import type { EndpointSettings } from './settings';

export const urlOf = ({ base }: Address, { protocol }: EndpointSettings): string =>
  `${base}/${protocol === 'chat' ? 'chat/completions' : 'completions'}`;

/**
 * The request body. The form `completions` joins the texts of all turns, one below the other, without a chat template.
 */
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
    // Some servers accept seeds of 31 bits only.
    seed: seed % 2 ** 31,
    ...(json && protocol === 'chat' && { response_format: { type: 'json_object' } }),
    ...extra,
  };
}

/** Rough length of a token, for servers that do not report counts. */
const CHARACTERS_PER_TOKEN = 4;
const tokensOf = (text: string): number => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

/** Rough upper bound on the tokens that a request can use. */
export const mostTokens = ({ messages, maxTokens }: ChatRequest): number =>
  messages.reduce((sum, { content }) => sum + tokensOf(content), maxTokens);

const count = (value: unknown, otherwise: number): number =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : otherwise;

/**
 * Reads the reply from a server's answer; a refusal or an empty answer gives an empty text. Throws InputError when the
 * answer has another form.
 */
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
