/**
 * Completions drawn by a server with the weights of the step: the policy's adapter is written where the server sees it, loaded under a
 * name that was never used before (vLLM keeps what it computed of a prompt by the adapter's name), and unloaded whatever happens.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { asWriteError } from '../../../base/records/atomic';
import { InputError, throwIfAborted } from '../../../base/records/errors';
import { sha256Of } from '../../../engine/files/digest';
import { adapterRank } from '../../../engine/model/merge';
import type { LanguageModel } from '../../../engine/model/model';
import { saveAdapter } from '../../../engine/model/saveAdapter';
import type { Adapter } from '../../../engine/model/transformer';
import { hashString, hashWords } from '../../../engine/tensors/random';
import { type GenerationOptions, type RolloutRequest, toRollout } from '../generate';
import type { Rollout } from '../rollout';
import { openVllm, type ServedModel, type TokenReply, type Vllm, type VllmSettings } from './vllm';

/** What a server says of itself. */
export interface ServerFacts {
  readonly address: string;
  /** The served name of the base model. */
  readonly model: string;
  readonly version?: string;
  /** Most tokens of prompt and completion together. */
  readonly positions?: number;
}

/** A server that draws for one run. */
export interface RolloutServer {
  readonly facts: ServerFacts;
  /**
   * One completion for each request, in their order; `samplingLogprobs` are the server's, and `logprobs` empty. Its random numbers
   * depend on seed, question and sample. Throws InputError where the server refuses, UnavailableError where it does not answer.
   */
  sample(policy: LanguageModel, requests: readonly RolloutRequest[], options: GenerationOptions): Promise<Rollout[]>;
  dispose(): void;
}

export interface RolloutServerSettings extends VllmSettings {
  /** The served name of the base model; by default the only one. */
  readonly model?: string;
  /** Folder for adapters, under a path that the server sees too. */
  readonly adapters: string;
  /** What names the run, so that adapters which a killed process left are found again. */
  readonly run: string;
}

/** The server's seed of a completion, 31 bits. */
export const serverSeed = (seed: number, { questionId, sample }: Omit<RolloutRequest, 'promptTokens'>): number =>
  hashWords(seed, hashString(questionId), sample) % 2 ** 31;

/** Connects to a server, and clears away what an earlier process of the run left there. Throws as its methods do. */
export async function connectRolloutServer(settings: RolloutServerSettings): Promise<RolloutServer> {
  const server = openVllm(settings);
  const prefix = `rcsd-${sha256Of(`${hostname()}:${resolve(settings.run)}`).slice(0, 12)}-`;
  try {
    const served = await server.models();
    const version = await server.version();
    for (const { id } of served) if (id.startsWith(prefix)) await server.unloadAdapter(id);
    removeFolders(settings.adapters, prefix);
    const { id: model, positions } = baseModel(served, settings);
    const facts = { address: settings.address, model, ...(version && { version }), ...(positions && { positions }) };
    let adapters = 0;
    const nextName = () => `${prefix}${process.pid}-${Date.now().toString(36)}-${++adapters}`;
    return {
      facts,
      sample: async (policy, requests, options) => {
        checkPositions(facts, requests, options);
        const { adapter } = policy.weights;
        const draw = (name: string) => drawAll(server, { model: name, policy, ...settings }, requests, options);
        const replies = adapter
          ? await withAdapter(
              server,
              { adapter, baseModel: policy.name, folder: settings.adapters, name: nextName() },
              draw,
            )
          : await draw(model);
        return replies.map(({ tokens, logprobs, finishReason }, i) => {
          const drawn = { tokens: [...tokens], logprobs: [], samplingLogprobs: [...logprobs], finished: finishReason };
          return toRollout(policy, requests[i] as RolloutRequest, drawn, options);
        });
      },
      dispose: server.close,
    };
  } catch (error) {
    server.close();
    throw error;
  }
}

function baseModel(served: readonly ServedModel[], { address, model }: RolloutServerSettings): ServedModel {
  const bases = served.filter(({ parent }) => parent === undefined);
  const names = bases.map(({ id }) => id).join(', ');
  const found = model === undefined ? bases[0] : bases.find(({ id }) => id === model);
  if (!found)
    throw new InputError(`${address} serves ${names || 'no base model'}, and not rollout_model=${model ?? ''}.`);
  if (model === undefined && bases.length > 1)
    throw new InputError(`${address} serves several models (${names}); say which by rollout_model=NAME.`);
  return found;
}

function checkPositions(
  { address, positions = Number.POSITIVE_INFINITY }: ServerFacts,
  requests: readonly RolloutRequest[],
  { maxTokens }: GenerationOptions,
): void {
  const long = requests.find(({ promptTokens }) => promptTokens.length + maxTokens > positions);
  if (long)
    throw new InputError(
      `Prompt of ${long.questionId} has ${long.promptTokens.length} tokens; together with max_tokens=${maxTokens} that is more than the ${positions} that ${address} takes; start it with a larger --max-model-len, or lower max_tokens.`,
    );
}

/** Does the work with the adapter loaded under `name`. */
async function withAdapter<T>(
  server: Vllm,
  {
    adapter,
    baseModel,
    folder,
    name,
  }: { readonly adapter: Adapter; readonly baseModel: string; readonly folder: string; readonly name: string },
  work: (name: string) => Promise<T>,
): Promise<T> {
  const path = resolve(folder, name);
  const rank = adapterRank(adapter);
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  try {
    saveAdapter(path, adapter.params, { rank, alpha: adapter.scale * rank, baseModel });
  } catch (error) {
    remove();
    throw asWriteError(error, path);
  }
  try {
    await server.loadAdapter(name, path);
    const result = await work(name);
    await server.unloadAdapter(name);
    return result;
  } catch (error) {
    // A server that is gone has no adapter either, and what ended the work is what there is to say.
    await server.unloadAdapter(name).catch(() => {});
    throw error;
  } finally {
    remove();
  }
}

function removeFolders(folder: string, prefix: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (name.startsWith(prefix)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** Draws all requests, `concurrency` at a time. The first failure stops the others. */
async function drawAll(
  server: Vllm,
  {
    model,
    policy,
    concurrency,
  }: { readonly model: string; readonly policy: LanguageModel; readonly concurrency: number },
  requests: readonly RolloutRequest[],
  { temperature, topP, topK, maxTokens, seed, signal, onProgress }: GenerationOptions,
): Promise<TokenReply[]> {
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const replies = new Array<TokenReply>(requests.length);
  const { eosTokenIds: ends, vocabSize } = policy.config;
  let [next, done] = [0, 0];
  let failure: unknown;
  const work = async (): Promise<void> => {
    while (next < requests.length && !either.aborted) {
      const index = next++;
      const request = requests[index] as RolloutRequest;
      const own = { prompt: request.promptTokens, seed: serverSeed(seed, request) };
      const how = { model, maxTokens, temperature, topP, topK, ends, vocabSize };
      replies[index] = await server.complete({ ...own, ...how }, either);
      onProgress?.({ stage: 'generate', done: ++done, total: requests.length });
    }
  };
  const fail = (error: unknown): void => {
    if (!stop.signal.aborted) failure = error;
    stop.abort();
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, requests.length) }, () => work().catch(fail)));
  throwIfAborted(signal);
  if (stop.signal.aborted) throw failure;
  return replies;
}
