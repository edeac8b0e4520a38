/**
 * A model behind an OpenAI-compatible server. Several requests run at once, passing failures are tried again after
 * growing pauses, and replies are kept on disk, so that the same question is never paid for twice.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted, UnavailableError } from '../../../base/records/errors';
import type { ChatCallOptions, ChatModel, ChatReply, ChatRequest } from '../chat';
import { type Address, keyFor } from './address';
import { type KeptReply, openReplyCache, type ReplyCache } from './cache';
import { createPace, type Pace } from './pace';
import { type Connections, PassingFailure, post } from './post';
import { bodyOf, mostTokens, replyOf, urlOf } from './protocol';
import { ENDPOINT_DEFAULTS, type EndpointSettings } from './settings';

/** Longest pause in seconds. A server that asks for a longer one is given up. */
const LONGEST_PAUSE = 60;
const LONGEST_WAIT = 600;
/**
 * Retries while the server has never answered: then the address is probably wrong, and waiting longer would not help.
 */
const FIRST_RETRIES = 2;

interface Endpoint {
  readonly address: Address;
  readonly settings: EndpointSettings;
  readonly key?: string;
  readonly connections: Connections;
  readonly pace: Pace;
  readonly cache?: ReplyCache;
  /** Whether the server has answered anything yet. */
  answered: boolean;
}

/** What one call needs: the signal that stops it, and whom to tell about pauses. */
interface Hearing {
  readonly signal: AbortSignal;
  tell(detail: string): void;
}

/** Opens the model at an address. The key is read from the environment and is never shown. */
export function remoteChat(address: Address, given: Partial<EndpointSettings> = {}): ChatModel {
  const settings = { ...ENDPOINT_DEFAULTS, ...given };
  const sockets = { keepAlive: true, maxSockets: settings.concurrency };
  const connections = { http: new HttpAgent(sockets), https: new HttpsAgent(sockets) };
  const endpoint: Endpoint = {
    address,
    settings,
    key: keyFor(address),
    connections,
    pace: createPace(settings),
    answered: false,
    ...(settings.cache !== undefined && { cache: openReplyCache(settings.cache) }),
  };
  return {
    name: `${address.base}#${address.model}`,
    chat: (requests, options) => answerAll(endpoint, requests, options ?? {}),
    dispose: () => {
      connections.http.destroy();
      connections.https.destroy();
    },
  };
}

/**
 * Answers all requests, `concurrency` at a time. The first failure stops the rest; replies that had arrived by then
 * have been reported.
 */
async function answerAll(
  endpoint: Endpoint,
  requests: readonly ChatRequest[],
  { signal, onProgress, onReply }: ChatCallOptions,
): Promise<ChatReply[]> {
  throwIfAborted(signal);
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const replies = new Array<ChatReply>(requests.length);
  let next = 0;
  let done = 0;
  const tell = (detail?: string) => onProgress?.({ stage: 'ask', done, total: requests.length, detail });
  const work = async (): Promise<void> => {
    while (next < requests.length && !either.aborted) {
      const index = next++;
      const reply = await answer(endpoint, requests[index] as ChatRequest, { signal: either, tell });
      replies[index] = reply;
      done++;
      onReply?.(reply, index);
      tell();
    }
  };
  let failure: unknown;
  const fail = (error: unknown) => {
    if (!stop.signal.aborted) failure = error;
    stop.abort();
  };
  // Starts the time estimate: a first answer may take minutes.
  tell();
  const workers = Math.min(endpoint.settings.concurrency, requests.length);
  await Promise.all(Array.from({ length: workers }, () => work().catch(fail)));
  throwIfAborted(signal);
  if (stop.signal.aborted) throw failure;
  return replies;
}

async function answer(endpoint: Endpoint, request: ChatRequest, hearing: Hearing): Promise<ChatReply> {
  const { address, settings, cache } = endpoint;
  const url = urlOf(address, settings);
  const body = bodyOf(address, settings, request);
  const kept = cache?.find(url, body);
  if (kept) return { ...kept, cached: true };
  const reply = await ask(endpoint, { url, body, request }, hearing);
  cache?.keep(url, body, reply);
  return { ...reply, cached: false };
}

/** A request with its URL and body. */
interface Asked {
  readonly url: string;
  readonly body: object;
  readonly request: ChatRequest;
}

/** Asks until there is a reply, a permanent failure, or no retry left. */
async function ask(endpoint: Endpoint, { url, body, request }: Asked, hearing: Hearing): Promise<KeptReply> {
  const { settings, key, connections, pace } = endpoint;
  const { signal } = hearing;
  const most = mostTokens(request);
  for (let attempt = 1; ; attempt++) {
    await pace.turn(most, signal);
    try {
      const sent = { url, body, key, connections, timeoutSeconds: settings.timeout, signal };
      const reply = replyOf(await post(sent), url, request);
      endpoint.answered = true;
      pace.giveBack(most - reply.promptTokens - reply.completionTokens);
      return reply;
    } catch (error) {
      throwIfAborted(signal);
      if (!(error instanceof PassingFailure)) throw error;
      if (error.status !== undefined) endpoint.answered = true;
      const seconds = pauseAfter(error, attempt, endpoint, url);
      hearing.tell(`again in ${seconds.toPrecision(2)} s: ${error.message}`);
      await sleep(seconds * 1000, undefined, { signal });
    }
  }
}

/**
 * Seconds before the next attempt: doubled each time, and at least what the server asks for (which holds back all
 * requests).
 */
function pauseAfter(
  error: PassingFailure,
  attempt: number,
  { settings, pace, answered }: Endpoint,
  url: string,
): number {
  const { message, afterSeconds } = error;
  if (attempt > (answered ? settings.retries : Math.min(FIRST_RETRIES, settings.retries))) {
    const tries = attempt === 1 ? 'once' : `${attempt} times`;
    throw new UnavailableError(
      `${url} gave no usable answer after ${tries} (${message}); check that the server is running.`,
    );
  }
  const grown = Math.min(LONGEST_PAUSE, settings.backoff * 2 ** (attempt - 1));
  // Random jitter keeps requests that failed together from coming back together.
  const own = grown * (0.5 + Math.random() / 2);
  if (afterSeconds === undefined) return own;
  if (afterSeconds > LONGEST_WAIT)
    throw new UnavailableError(
      `${url} wants no request for ${Math.round(afterSeconds)} s (${message}); run the same command again after that time to resume.`,
    );
  pace.hold(afterSeconds);
  return Math.max(afterSeconds, own);
}
