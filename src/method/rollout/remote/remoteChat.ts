/**
 * A model behind an OpenAI-compatible server. Several requests run at once, passing failures are tried again after
 * growing pauses, and replies are kept on disk, so that the same question is never paid for twice.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, throwIfAborted, UnavailableError } from '../../../base/records/errors';
import type { ChatCallOptions, ChatModel, ChatReply, ChatRequest } from '../chat';
import { type Address, keyFor } from './address';
import { openReplyCache, type ReplyCache } from './cache';
import { PassingFailure, RequestFailure } from './failures';
import { createPace, type Pace } from './pace';
import { type Connections, post } from './post';
import { type KeptReply, mostTokens, replyOf, type Wire, wireOf } from './protocol';
import { type EndpointSettings, endpointDefaults } from './settings';

/** Longest pause in seconds. A server that asks for a longer one is given up. */
const LONGEST_PAUSE = 60;
const LONGEST_WAIT = 600;
/**
 * Retries while the server has never answered: then the address is probably wrong, and waiting longer would not help.
 */
const FIRST_RETRIES = 2;
/** Requests that may fail one by one while no reply has been usable yet. Then it is not for what each of them asks. */
const MOST_FIRST_FAILURES = 16;

interface Endpoint {
  readonly address: Address;
  readonly settings: EndpointSettings;
  readonly key?: string;
  readonly connections: Connections;
  readonly pace: Pace;
  readonly cache?: ReplyCache;
  /** Whether the server has answered anything yet, and whether any of it was usable. */
  answered: boolean;
  useful: boolean;
  /** Requests that failed while nothing was usable. */
  firstFailures: number;
  /** Whether the server failed at the last request that it was asked. */
  failing: boolean;
}

/** What one call needs: the signal that stops it, and whom to tell about pauses. */
interface Hearing {
  readonly signal: AbortSignal;
  tell(detail: string): void;
}

/** Opens the model at an address. The key is read from the environment and is never shown. */
export function remoteChat(address: Address, given: Partial<EndpointSettings> = {}): ChatModel {
  const settings = { ...endpointDefaults(), ...given };
  const sockets = { keepAlive: true, maxSockets: settings.concurrency };
  const connections = { http: new HttpAgent(sockets), https: new HttpsAgent(sockets) };
  const endpoint: Endpoint = {
    address,
    settings,
    key: keyFor(address),
    connections,
    pace: createPace(settings),
    ...{ answered: false, useful: false, firstFailures: 0, failing: false },
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
 * Answers all requests, `concurrency` at a time. A request that fails alone gets a failed reply; any other failure stops the
 * rest, and replies that had arrived by then have been reported.
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
  const wire = wireOf(address, settings, request);
  const kept = cache?.find(wire);
  if (kept) return { ...kept, cached: true };
  const reply = await ask(endpoint, { wire, request }, hearing);
  if ('failure' in reply)
    return { text: '', finishReason: 'failed', ...reply, promptTokens: 0, completionTokens: 0, cached: false };
  cache?.keep(wire, reply);
  return { ...reply, cached: false };
}

/** A request, and how it is sent. */
interface Asked {
  readonly wire: Wire;
  readonly request: ChatRequest;
}

/** Why a request is given up. */
interface Failed {
  readonly failure: string;
}

/** Asks until there is a reply, a permanent failure, or no retry left. */
async function ask(endpoint: Endpoint, { wire, request }: Asked, hearing: Hearing): Promise<KeptReply | Failed> {
  const { settings, key, connections, pace } = endpoint;
  const { url, body } = wire;
  const { signal } = hearing;
  const most = mostTokens(request);
  for (let attempt = 1; ; attempt++) {
    await pace.turn(most, signal);
    try {
      const sent = { url, body, key, connections, timeoutSeconds: settings.timeout, signal };
      const reply = replyOf(await post(sent), sent, request);
      Object.assign(endpoint, { answered: true, useful: true, failing: false });
      pace.giveBack(most - reply.promptTokens - reply.completionTokens);
      return reply;
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof RequestFailure) return failAlone(endpoint, error, url);
      if (!(error instanceof PassingFailure)) throw error;
      if (error.status !== undefined || error.inReply) endpoint.answered = true;
      const { retries } = settings;
      if (attempt > (endpoint.answered ? retries : Math.min(FIRST_RETRIES, retries)))
        return giveUp(endpoint, error, { url, tries: attempt });
      const seconds = pauseAfter(error, attempt, endpoint, url);
      hearing.tell(`again in ${seconds.toPrecision(2)} s: ${error.message}`);
      await sleep(seconds * 1000, undefined, { signal });
    }
  }
}

/**
 * The failure of a request that has no retry left. Where the server did not even reply, one such request in a row may be at
 * fault itself; the second means that the server is gone.
 */
function giveUp(
  endpoint: Endpoint,
  error: PassingFailure,
  { url, tries }: { readonly url: string; readonly tries: number },
): Failed {
  const often = tries === 1 ? 'once' : `${tries} times`;
  const failure = new PassingFailure(`no usable answer, asked ${often}: ${error.message}`, error);
  if (error.inReply) return failAlone(endpoint, failure, url);
  if (!endpoint.useful || endpoint.failing)
    throw new UnavailableError(
      `${url} gave no usable answer after ${often} (${error.message}); check that the server is running.`,
    );
  endpoint.failing = true;
  return { failure: failure.message };
}

/** The failure of a request that the server can still be asked others after. Throws where that has been so from the start. */
function failAlone(endpoint: Endpoint, error: Error, url: string): Failed {
  const { message } = error;
  endpoint.failing = false;
  if (endpoint.useful || ++endpoint.firstFailures <= MOST_FIRST_FAILURES) return { failure: message };
  const what = `${url} gave no usable answer to any of ${endpoint.firstFailures} requests`;
  if (error instanceof RequestFailure)
    throw new InputError(`${what} (${message}); lower max_tokens or ask less at once.`);
  throw new UnavailableError(`${what} (${message}); correct what it names, or ask again later.`);
}

/**
 * Seconds before the next attempt: doubled each time, and at least what the server asks for (which holds back all
 * requests).
 */
function pauseAfter(
  { message, afterSeconds }: PassingFailure,
  attempt: number,
  { settings, pace }: Endpoint,
  url: string,
): number {
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
