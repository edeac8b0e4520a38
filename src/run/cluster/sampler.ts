/** Opens who draws a run's completions in place of the policy, and makes sure before the first step that it has the same model. */
import { join } from 'node:path';
import { rolloutServer } from '../../base/config/addresses/rolloutServer';
import type { TrainConfig } from '../../base/config/configs';
import { InputError, UnavailableError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { shellWord } from '../../base/records/printable';
import type { RolloutServerRow } from '../../base/records/rows';
import type { RunFolder } from '../../base/records/runWriter';
import { disturbedAdapter, initializeAdapter } from '../../engine/model/initialize';
import { type LanguageModel, requireTokenizer, withWeights } from '../../engine/model/model';
import { leads, led } from '../../engine/model/ranks';
import { disposeTree } from '../../engine/tensors/tree';
import type { GenerationOptions, RolloutRequest } from '../../method/rollout/generate';
import { connectRolloutServer } from '../../method/rollout/remote/rolloutServer';
import type { Rollout } from '../../method/rollout/rollout';
import { scoreCompletions } from '../../method/scoring/logprobs';
import { distance, rescored, type Sampler } from '../../method/train/drawing';
import { isTrained } from '../session/begun';
import { plannedStages } from '../session/estimate';
import type { Session } from '../session/session';

/** An open sampler; undefined where the policy draws itself. */
export interface OpenSampler {
  readonly sampler?: Sampler;
  dispose(): void;
}

type ServerSampler = Extract<Sampler, { readonly kind: 'server' }>;

/** What is drawn to compare: so many prompts, and at most so many tokens behind each. */
const PROBE = { prompts: 4, tokens: 32 };
/** How much the probe's adapter changes the matrices, as a share of their size: enough for every part of it to be seen. */
const DISTURBANCE = 0.5;

/**
 * Opens the sampler that the settings name; a server only where steps are left to do. A server is compared with the model here on a probe, and recorded in the run folder. Throws
 * InputError where it does not fit, UnavailableError where it does not answer.
 */
export async function openSampler(
  session: Session,
  config: TrainConfig,
  { folder, signal }: Pick<OperationOptions, 'signal'> & { readonly folder: RunFolder },
): Promise<OpenSampler> {
  const address = rolloutServer(config);
  if (address === undefined)
    return {
      ...(config.rollout_precision === 'bf16' && { sampler: { kind: 'bf16', importanceCap: config.importance_cap } }),
      dispose: () => {},
    };
  try {
    return await openServer(session, config, { address, folder, signal });
  } catch (error) {
    const kind = [InputError, UnavailableError].find((each) => error instanceof each);
    if (!kind) throw error;
    const { message } = error as Error;
    throw new kind(`${message} Then go on with: rcsd train --resume ${shellWord(folder.path)}`, { cause: error });
  }
}

async function openServer(
  session: Session,
  config: TrainConfig,
  {
    address,
    folder,
    signal,
  }: Pick<OperationOptions, 'signal'> & { readonly address: string; readonly folder: RunFolder },
): Promise<OpenSampler> {
  const { importance_cap: importanceCap, rollout_limit: limit } = config;
  const { ranks } = session.model;
  if (await led(ranks, () => isTrained(folder.path, config))) return { dispose: () => {} };
  const server = leads(ranks)
    ? await connectRolloutServer({
        address,
        adapters: config.rollout_adapters ?? join(folder.path, 'adapters'),
        run: folder.path,
        concurrency: config.rollout_concurrency,
        timeout: config.rollout_timeout,
        ...(config.rollout_model !== undefined && { model: config.rollout_model }),
      })
    : undefined;
  try {
    const sampler: ServerSampler = { kind: 'server', importanceCap, limit, ...(server && { server }) };
    const probe = await compared(session, config, { sampler, signal });
    if (server) folder.appendRolloutServer({ started: new Date().toISOString(), ...server.facts, probe });
    return { sampler, dispose: () => server?.dispose() };
  } catch (error) {
    server?.dispose();
    throw error;
  }
}

/** Draws with an adapter that changes every matrix, and compares log-probabilities. Throws InputError where they are too far apart. */
async function compared(
  session: Session,
  config: TrainConfig,
  { sampler, signal }: { readonly sampler: ServerSampler; readonly signal?: AbortSignal | undefined },
): Promise<RolloutServerRow['probe']> {
  const { model } = session;
  const { seed, lora, rollout_limit: limit } = config;
  const { adapter: given } = model.weights;
  const plain = given ?? initializeAdapter(model.config, { ...lora, seed: seed.init });
  const adapter = disturbedAdapter(plain, { share: DISTURBANCE, seed: seed.init });
  try {
    const policy = withWeights(model, { ...model.weights, adapter });
    const options = probeOptions(session, config, signal);
    const { server } = sampler;
    const drawn = await led(model.ranks, () => server?.sample(policy, probeRequests(session), options) ?? []);
    const rollouts = await rescored(policy, drawn, { ...options, sampler: { ...sampler, limit: Number.MAX_VALUE } });
    const { max, mean } = distance(rollouts);
    const tokens = rollouts.reduce((sum, { completionTokens }) => sum + completionTokens.length, 0);
    const wrong = whatIsWrong({ own: mean, ...(await alternatives(model, rollouts, options)) }, limit);
    if (max !== null && mean !== null && wrong === undefined)
      return { tokens, log_ratio_max: max, log_ratio_mean: mean };
    throw new InputError(
      `${config.rollouts} does not compute what the model here does: over a probe of ${tokens} tokens, log-probabilities differ by ${mean?.toPrecision(2)} nats a token (rollout_limit=${limit}). ${wrong}`,
    );
  } finally {
    disposeTree(Object.values(adapter.params).filter((value) => !Object.values(plain.params).includes(value)));
    if (!given) disposeTree(plain.params);
  }
}

/** How the first stage of the run draws, with short completions. */
function probeOptions(session: Session, config: TrainConfig, signal: AbortSignal | undefined): GenerationOptions {
  const [{ settings } = { settings: config.stage2 }] = plannedStages(session, config);
  const { temperature, top_p: topP, top_k: topK, max_tokens: longest } = settings.sampling;
  return {
    ...{ temperature, topP, topK, maxTokens: Math.min(longest, PROBE.tokens), seed: config.seed.sampling },
    ...(signal && { signal }),
  };
}

function probeRequests({ train, views, model }: Session): RolloutRequest[] {
  const { encode } = requireTokenizer(model);
  return train.slice(0, PROBE.prompts).map((question, i) => ({
    questionId: `probe ${i}`,
    sample: 0,
    promptTokens: encode(views.render({ question, purpose: 'answer' })),
  }));
}

/** Mean sizes of log-ratios; null where no token could be compared. */
interface Distances {
  readonly own: number | null;
  /** Of the base model without the adapter, and of the policy before temperature and filters. */
  readonly base: number | null;
  readonly raw: number | null;
}

async function alternatives(
  model: LanguageModel,
  rollouts: readonly Rollout[],
  { temperature, topK, topP }: GenerationOptions,
): Promise<Omit<Distances, 'own'>> {
  const base = withWeights(model, { ...model.weights, adapter: undefined });
  const scores = await scoreCompletions(base, rollouts, { sampler: { temperature, topK, topP } });
  const mean = (logprobsOf: (rollout: Rollout, i: number) => readonly number[]): number | null =>
    distance(
      rollouts.map((rollout, i) => ({
        logRatios: logprobsOf(rollout, i).map((x, t) => x - (rollout.samplingLogprobs[t] as number)),
      })),
    ).mean;
  return { base: mean((_, i) => scores[i]?.sampling ?? []), raw: mean(({ logprobs }) => logprobs) };
}

/** Why a server is refused, and what to do; undefined for one that fits. A mistake shows where it would explain the answers far better. */
function whatIsWrong({ own, base, raw }: Distances, limit: number): string | undefined {
  const better = (other: number | null): boolean => other !== null && other < (own ?? Number.POSITIVE_INFINITY) / 2;
  if (better(base))
    return 'It draws from the base model without the adapter; start it with --enable-lora, and with nothing that ignores adapters.';
  if (better(raw))
    return 'It gives log-probabilities before temperature and filters; start it with --logprobs-mode processed_logprobs.';
  if (own !== null && own <= limit) return undefined;
  return 'It serves another model, other weights or another vocabulary; serve the model of the run, in a number format that is close enough.';
}
