/**
 * The part of vLLM's server that rollouts need: completions of token ids as token ids, and adapters that come and go while it runs.
 * Its answers are not trusted: each is read field by field, and what does not fit is named.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, throwIfAborted, UnavailableError } from '../../../base/records/errors';
import { isObject } from '../../../base/records/values';
import { keyFor } from './address';
import { isPassing, PassingFailure } from './failures';
import { type Answer, exchange, isGood, parseObject } from './post';
import { shortText } from './text';

/** A completion to draw by token ids. */
export interface TokenRequest {
  /** The served name of a model or of a loaded adapter. */
  readonly model: string;
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  /** 0 for all. */
  readonly topK: number;
  /** From 0 to 2^31 - 1. */
  readonly seed: number;
  /** The tokens that end a completion. */
  readonly ends: readonly number[];
  readonly vocabSize: number;
}

/** A drawn completion, its end token included. */
export interface TokenReply {
  readonly tokens: readonly number[];
  /** Under the distribution that each token was drawn from. */
  readonly logprobs: readonly number[];
  readonly finishReason: 'stop' | 'length';
}

/** A base model or an adapter that a server offers. */
export interface ServedModel {
  readonly id: string;
  /** For an adapter: its base model. */
  readonly parent?: string;
  /** Most tokens of prompt and completion together. */
  readonly positions?: number;
}

/**
 * A server. Every method throws InputError where the server refuses, UnavailableError where it does not answer or its answers cannot
 * be used, however often it is asked.
 */
export interface Vllm {
  /** Undefined where the server does not say. */
  version(): Promise<string | undefined>;
  models(): Promise<ServedModel[]>;
  /** `folder` holds a PEFT adapter, under a path that the server sees. */
  loadAdapter(name: string, folder: string): Promise<void>;
  /** One that is not loaded is none to unload. */
  unloadAdapter(name: string): Promise<void>;
  complete(request: TokenRequest, signal?: AbortSignal): Promise<TokenReply>;
  close(): void;
}

export interface VllmSettings {
  /** Without `/v1` and without a slash at the end. */
  readonly address: string;
  readonly concurrency: number;
  /** Seconds for one request. */
  readonly timeout: number;
}

/** Seconds before each further attempt. A server that has died takes minutes to come back, and the run can be resumed. */
const PAUSES = [0.5, 1, 2];

/** What vLLM says with a status of 500, though it would say it again. */
const LASTING = /max_lora_rank|LoRA is not enabled|no adapter found/i;

/** Seconds for a request that a server answers at once. */
const BRIEF = 60;

/** A request. */
interface Asked {
  readonly path: string;
  readonly body?: object;
  readonly signal?: AbortSignal;
  /** Whether a server answers it at once. */
  readonly brief?: boolean;
}

/** Opens a server; nothing is sent yet. The key comes from the environment and is shown nowhere. */
export function openVllm({ address, concurrency, timeout }: VllmSettings): Vllm {
  const sockets = { keepAlive: true, maxSockets: concurrency };
  const connections = { http: new HttpAgent(sockets), https: new HttpsAgent(sockets) };
  const key = keyFor({ base: address });
  const ask = async <T>({ path, brief = false, ...asked }: Asked, read: (answer: Answer) => T): Promise<T> => {
    const timeoutSeconds = brief ? Math.min(BRIEF, timeout) : timeout;
    for (let attempt = 0; ; attempt++) {
      const started = performance.now();
      try {
        const answer = await exchange({ url: address + path, ...asked, key, connections, timeoutSeconds });
        if (isPassing(answer.status) && !LASTING.test(answer.text)) throw new PassingFailure(saidOf(answer, key));
        return read(answer);
      } catch (error) {
        throwIfAborted(asked.signal);
        if (!(error instanceof PassingFailure)) throw error;
        // Who was silent for so long would be so again.
        const silent = performance.now() - started >= 1000 * timeoutSeconds;
        const pause = silent ? undefined : PAUSES[attempt];
        if (pause === undefined)
          throw new UnavailableError(
            `${address}${path} gave no usable answer, asked ${attempt === 0 ? 'once' : `${attempt + 1} times`} (${error.message}); check that the server is running.`,
          );
        await sleep(1000 * pause, undefined, { signal: asked.signal }).catch(() => throwIfAborted(asked.signal));
      }
    }
  };
  const refuse = (answer: Answer, advice: string): never => {
    if (answer.status === 401 || answer.status === 403)
      throw new InputError(
        `${address} refuses the key (${saidOf(answer, key)}); set RCSD_API_KEY to the server's --api-key (or OPENAI_API_KEY, which is sent over https and to this machine only).`,
      );
    throw new InputError(`${address} ${advice} (${saidOf(answer, key)}).`);
  };
  return {
    version: () =>
      ask({ path: '/version', brief: true }, (answer) => {
        const { version } = (isGood(answer) && parseObject(answer.text)) || {};
        return typeof version === 'string' ? shortText(version, key) : undefined;
      }),
    models: () =>
      ask({ path: '/v1/models', brief: true }, (answer) => {
        if (!isGood(answer)) refuse(answer, 'does not list its models; rollouts=URL needs a vLLM server');
        return servedModels(jsonOf(answer, key), address);
      }),
    loadAdapter: (name, folder) =>
      ask({ path: '/v1/load_lora_adapter', body: { lora_name: name, lora_path: folder } }, (answer) => {
        if (isGood(answer)) return;
        refuse(answer, adviceOnLoading(answer, folder));
      }),
    unloadAdapter: (name) =>
      ask({ path: '/v1/unload_lora_adapter', body: { lora_name: name }, brief: true }, (answer) => {
        if (!isGood(answer) && answer.status !== 404) refuse(answer, `does not unload the adapter ${name}`);
      }),
    complete: (request, signal) =>
      ask({ path: '/v1/completions', body: wireOf(request), ...(signal && { signal }) }, (answer) => {
        if (!isGood(answer)) refuse(answer, adviceOnDrawing(answer, request));
        return replyOf(jsonOf(answer, key), request);
      }),
    close: () => {
      connections.http.destroy();
      connections.https.destroy();
    },
  };
}

/** Status and words of an answer, for messages. */
function saidOf({ status, text }: Answer, key: string | undefined): string {
  const json = parseObject(text);
  const { message, detail } = isObject(json?.error) ? json.error : (json ?? {});
  const said = [message, detail].find((each) => typeof each === 'string') ?? text;
  return `${status}: ${shortText(String(said), key)}`;
}

function adviceOnLoading(answer: Answer, folder: string): string {
  const said = saidOf(answer, undefined);
  if (/max_lora_rank/i.test(said)) return 'cannot take an adapter of this rank; start it with a larger --max-lora-rank';
  if (answer.status === 405 || /: not found$/i.test(said))
    return 'loads no adapters; start it with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1';
  if (/not enabled/i.test(said)) return 'loads no adapters; start it with --enable-lora';
  if (/no adapter found|no such file|does not exist|cannot be opened/i.test(said))
    return `does not see the adapter in ${folder}; set rollout_adapters to a folder that both see under the same path`;
  return `does not load the adapter in ${folder}`;
}

function adviceOnDrawing(answer: Answer, { model, vocabSize }: TokenRequest): string {
  const said = saidOf(answer, undefined);
  if (/out of vocabulary|vocab/i.test(said))
    return `has another vocabulary than the ${vocabSize} tokens of the model here; serve the same model`;
  if (answer.status === 404) return `no longer knows ${model}; it was perhaps started anew`;
  return 'refuses to draw a completion';
}

function jsonOf({ text }: Answer, key: string | undefined): Record<string, unknown> {
  const json = parseObject(text);
  if (!json) throw new PassingFailure(`an answer that is not JSON: "${shortText(text, key)}"`);
  return json;
}

function servedModels({ data }: Record<string, unknown>, address: string): ServedModel[] {
  const cards = (Array.isArray(data) ? data : []).filter(isObject);
  const models = cards.flatMap(({ id, parent, max_model_len: positions }) =>
    typeof id !== 'string'
      ? []
      : {
          id,
          ...(typeof parent === 'string' && { parent }),
          ...(Number.isSafeInteger(positions) && { positions: positions as number }),
        },
  );
  if (models.length === 0) throw new InputError(`${address} lists no model; rollouts=URL needs a vLLM server.`);
  return models;
}

/**
 * The request as it is sent. Every setting of the sampler is written out, since vLLM takes what is left out from the model's
 * generation_config.json; and the tokens that end a completion are those of the model here, and no others.
 */
function wireOf({ model, prompt, maxTokens, temperature, topP, topK, seed, ends }: TokenRequest): object {
  return {
    model,
    prompt,
    max_tokens: maxTokens,
    ...{ temperature, top_p: topP, top_k: topK > 0 ? topK : -1, min_p: 0, seed, n: 1, stream: false },
    ...{ repetition_penalty: 1, presence_penalty: 0, frequency_penalty: 0 },
    ...{ ignore_eos: true, stop_token_ids: ends },
    ...{ logprobs: 0, return_token_ids: true },
  };
}

/** Reads a completion out of an answer. Throws PassingFailure that says what is wrong with it. */
function replyOf({ choices }: Record<string, unknown>, request: TokenRequest): TokenReply {
  const wrong = (what: string): never => {
    throw new PassingFailure(`an answer ${what}`);
  };
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  if (!isObject(choice)) return wrong('without "choices"');
  const { token_ids: tokens, logprobs: scores, finish_reason: finishReason } = choice;
  const logprobs = isObject(scores) ? scores.token_logprobs : undefined;
  if (!Array.isArray(tokens)) return wrong('without "token_ids"; vLLM gives them since 0.10.2');
  if (!Array.isArray(logprobs)) return wrong('without the log-probabilities of its tokens');
  if (finishReason !== 'stop' && finishReason !== 'length')
    return wrong(`with finish_reason ${shortText(JSON.stringify(finishReason) ?? 'missing')}`);
  const { ends, maxTokens, vocabSize } = request;
  const stranger = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabSize);
  if (stranger !== undefined)
    return wrong(
      `with the token ${shortText(JSON.stringify(stranger))}, which is none of the ${vocabSize} of the model`,
    );
  if (tokens.length === 0 || tokens.length > maxTokens)
    return wrong(`of ${tokens.length} tokens, where 1 to ${maxTokens} were asked for`);
  if (logprobs.length !== tokens.length)
    return wrong(`with ${logprobs.length} log-probabilities for ${tokens.length} tokens`);
  const bad = logprobs.find((x) => !Number.isFinite(x) || x > LARGEST || x <= SMALLEST);
  if (bad !== undefined)
    return wrong(`with the log-probability ${shortText(JSON.stringify(bad))} for a token that was drawn`);
  const end = tokens.findIndex((token) => ends.includes(token));
  if (end >= 0 && end < tokens.length - 1) return wrong('that goes on behind an end token');
  if (finishReason === 'stop' && end < 0) return wrong('that stops without an end token of the model');
  if (finishReason === 'length' && end < 0 && tokens.length < maxTokens)
    return wrong(`that breaks off after ${tokens.length} of ${maxTokens} tokens`);
  return { tokens, logprobs, finishReason: end < 0 ? 'length' : 'stop' };
}

/** A log-probability may be rounded upwards a little; vLLM writes -9999 for minus infinity. */
const LARGEST = 1e-3;
const SMALLEST = -9999;
