/**
 * Builds requests in the two forms of the OpenAI protocol and reads the replies, which are not trusted to be
 * well-formed.
 */

import { InputError } from '../../../base/records/errors';
import { isObject } from '../../../base/records/values';
import type { ChatReply, ChatRequest } from '../chat';
import type { Address } from './address';
import { errorInside, PassingFailure, type Sent } from './failures';
import type { EndpointSettings, StandardField } from './settings';
import { shortText } from './text';

/** A request as it is sent, and what of it the server does not get to know. */
export interface Wire {
  readonly url: string;
  readonly body: object;
  /** Standard fields that are left out, with their values: requests that differ only in these have different answers. */
  readonly unsent: Readonly<Record<string, unknown>>;
}

/**
 * The request as a server gets it. The form `completions` joins the texts of all turns, one below the other, without a chat
 * template.
 */
export function wireOf(address: Address, settings: EndpointSettings, request: ChatRequest): Wire {
  const { protocol, fields, extra } = settings;
  const { messages, temperature, topP, maxTokens, seed, json } = request;
  const standard: Record<StandardField, unknown> = {
    temperature,
    top_p: topP,
    max_tokens: maxTokens,
    // Some servers accept seeds of 31 bits only.
    seed: seed % 2 ** 31,
    response_format: json && protocol === 'chat' ? { type: 'json_object' } : undefined,
  };
  const given = Object.entries(standard).filter(([, value]) => value !== undefined) as [StandardField, unknown][];
  const isSent = ([name]: [StandardField, unknown]): boolean => fields[name] !== null;
  return {
    url: `${address.base}/${protocol === 'chat' ? 'chat/completions' : 'completions'}`,
    body: {
      model: address.model,
      ...(protocol === 'chat' ? { messages } : { prompt: messages.map(({ content }) => content).join('\n\n') }),
      ...Object.fromEntries(given.filter(isSent).map(([name, value]) => [fields[name] ?? name, value])),
      ...extra,
    },
    unsent: Object.fromEntries(given.filter((field) => !isSent(field))),
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

/** A usable reply. */
export interface KeptReply extends Omit<ChatReply, 'cached' | 'failure'> {
  readonly finishReason: 'stop' | 'length';
}

/** `finish_reason` of replies that reached their longest length, and of those that are no answer, in lower case. */
const LENGTH = ['length', 'max_tokens', 'model_length', 'max_output_tokens'];
const FAILED = [
  ...['error', 'abort', 'aborted', 'cancelled', 'insufficient_system_resource'],
  ...['content_filter', 'safety', 'recitation', 'prohibited_content', 'blocklist', 'refusal'],
];

/**
 * Reads the reply from a server's answer. Throws PassingFailure where it holds an error, a refusal or nothing, RequestFailure
 * for an error that no further attempt would mend, and InputError where the answer has another form.
 */
export function replyOf(answer: Record<string, unknown>, sent: Sent, request: ChatRequest): KeptReply {
  const inside = errorInside(sent, answer);
  if (inside) throw inside;
  if (!('choices' in answer))
    throw new InputError(`${sent.url} sent an answer without "choices"; it does not speak the OpenAI protocol.`);
  const unusable = (what: string) => new PassingFailure(what, { inReply: true });
  const choices = (Array.isArray(answer.choices) ? answer.choices : []).filter(isObject);
  const choice = choices.find(({ index }) => index === 0) ?? choices[0];
  if (!choice) throw unusable('an answer whose "choices" are empty');
  const failure = errorInside(sent, { error: choice.error });
  if (failure) throw failure;
  const finish = String(choice.finish_reason ?? 'stop').toLowerCase();
  if (FAILED.includes(finish)) throw unusable(`a reply that ended with finish_reason "${finish}"`);
  const message = isObject(choice.message) ? choice.message : { content: choice.text };
  const { text, refusal } = contentOf(message, sent);
  if (refusal !== '') throw unusable(`a refusal: "${shortText(refusal, sent.key)}"`);
  const isCut = LENGTH.includes(finish);
  // A reply that is cut off while the model still thinks has no text yet; it counts as cut off.
  if (text.trim() === '' && !isCut) throw unusable('a reply without any text');
  const usage = isObject(answer.usage) ? answer.usage : {};
  return {
    text,
    finishReason: isCut ? 'length' : 'stop',
    promptTokens: count(usage.prompt_tokens, mostTokens(request) - request.maxTokens),
    completionTokens: count(usage.completion_tokens, tokensOf(text)),
  };
}

/** The text of a message, and why the model refused; the text may come in parts, of which some are its thinking. */
function contentOf(message: Record<string, unknown>, { url }: Sent): { text: string; refusal: string } {
  const { content } = message;
  const parts = Array.isArray(content) ? content : [content ?? ''];
  const read = parts.map((part) => {
    if (typeof part === 'string') return { text: part, refusal: '' };
    if (!isObject(part) || typeof part.type !== 'string')
      throw new InputError(`${url} sent an answer whose content is not text; it does not speak the OpenAI protocol.`);
    const isText = part.type === 'text' || part.type === 'output_text';
    return {
      text: isText && typeof part.text === 'string' ? part.text : '',
      refusal: part.type === 'refusal' && typeof part.refusal === 'string' ? part.refusal : '',
    };
  });
  return {
    text: read.map(({ text }) => text).join(''),
    refusal: typeof message.refusal === 'string' ? message.refusal : read.map(({ refusal }) => refusal).join(''),
  };
}
