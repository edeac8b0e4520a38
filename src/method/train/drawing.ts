/**
 * Draws completions: by the policy itself, by a server that runs another engine, or by the policy in bf16. What another engine or
 * number format drew is scored again here, so that the loss knows how likely the policy that learns finds it.
 */
import { InputError, UnavailableError } from '../../base/records/errors';
import { type LanguageModel, withWeights } from '../../engine/model/model';
import { led } from '../../engine/model/ranks';
import { meanOf } from '../algorithms/advantages';
import { importanceWeights } from '../losses/importance';
import { type GenerationOptions, generate, type RolloutRequest } from '../rollout/generate';
import type { RolloutServer } from '../rollout/remote/rolloutServer';
import { type Rollout, sampleName } from '../rollout/rollout';
import { scoreCompletions } from '../scoring/logprobs';

/** Who draws in place of the policy, and the cap on the weights of what is drawn so (0 for no weights). */
export type Sampler = { readonly importanceCap: number } & (
  | {
      readonly kind: 'server';
      /** In the first rank; the others are told what it drew. */
      readonly server?: Pick<RolloutServer, 'sample' | 'facts'>;
      /** Largest mean distance of its log-probabilities from those computed here, in nats a token. */
      readonly limit: number;
    }
  | { readonly kind: 'bf16' }
);

/**
 * One completion for each request, in their order; those of a sampler are not scored here yet. Throws UnavailableError where a server
 * does not answer, or refuses what it took when the run began.
 */
export async function draw(
  policy: LanguageModel,
  requests: readonly RolloutRequest[],
  { sampler, ...options }: GenerationOptions & { readonly sampler?: Sampler | undefined },
): Promise<Rollout[]> {
  if (!sampler) return generate(policy, requests, options);
  if (sampler.kind === 'bf16')
    return generate(withWeights(policy, { ...policy.weights, precision: 'bf16' }), requests, options);
  return led(policy.ranks, async () => {
    try {
      return await (sampler.server as RolloutServer).sample(policy, requests, options);
    } catch (error) {
      throw error instanceof InputError ? new UnavailableError(error.message, { cause: error }) : error;
    }
  });
}

/**
 * What a sampler drew, with the policy's own log-probabilities and their distance from the sampler's. Throws UnavailableError where a
 * server is further away than its limit.
 */
export async function rescored(
  policy: LanguageModel,
  rollouts: readonly Rollout[],
  { sampler, temperature, topK, topP, signal }: GenerationOptions & { readonly sampler: Sampler },
): Promise<Rollout[]> {
  const scores = await scoreCompletions(policy, rollouts, {
    sampler: { temperature, topK, topP },
    nameOf: (i) => sampleName(rollouts[i] as Rollout),
    ...(signal && { signal }),
  });
  const own = rollouts.map((rollout, i) => {
    const { logprobs, sampling = [] } = scores[i] ?? { logprobs: [] };
    // The greedy choice has no probability to compare; what the sampler computed is then that at temperature 1.
    const drawn = temperature === 0 && rollout.logprobs.length > 0 ? rollout.logprobs : rollout.samplingLogprobs;
    return { ...rollout, logprobs, logRatios: sampling.map((x, t) => x - (drawn[t] as number)) };
  });
  const { mean } = distance(own);
  if (sampler.kind === 'server' && (mean ?? 0) > sampler.limit)
    throw new UnavailableError(
      `The log-probabilities of ${sampler.server?.facts.address ?? 'the server'} are ${(mean as number).toPrecision(2)} nats a token away from those computed here (rollout_limit=${sampler.limit}): it no longer draws from the student's weights; start it anew with the same model.`,
    );
  return own;
}

/** The weight of each token of a rollout; undefined where its policy drew it, or nothing is to be weighed. */
export function tokenImportance(
  { logRatios }: Pick<Rollout, 'logRatios'>,
  { sampler, temperature }: { readonly sampler?: Sampler | undefined; readonly temperature: number },
): number[] | undefined {
  if (!logRatios || !sampler || sampler.importanceCap === 0 || temperature === 0) return undefined;
  return importanceWeights(logRatios, sampler.importanceCap);
}

/** The mask without the tokens that the policy could not have drawn. */
export function countedTokens(
  mask: readonly boolean[] | undefined,
  importance: readonly number[] | undefined,
): readonly boolean[] | undefined {
  if (!importance?.includes(0)) return mask;
  return importance.map((weight, t) => weight > 0 && mask?.[t] !== false);
}

interface Distance {
  readonly max: number | null;
  readonly mean: number | null;
  readonly kl: number | null;
  readonly outside: number | null;
}

/**
 * Largest and mean size of the log-ratios of policy to sampler, the estimate exp(d) - 1 - d of KL(sampler || policy) (k3: Schulman 2020),
 * each over the tokens that the policy could draw; and the share of the others.
 */
export function distance(rollouts: readonly Pick<Rollout, 'logRatios'>[]): Distance {
  const all = rollouts.flatMap(({ logRatios = [] }) => logRatios);
  const finite = all.filter(Number.isFinite);
  return {
    max: finite.length === 0 ? null : finite.reduce((most, delta) => Math.max(most, Math.abs(delta)), 0),
    mean: meanOf(finite.map(Math.abs)),
    kl: meanOf(finite.map((delta) => Math.exp(delta) - 1 - delta)),
    outside: meanOf(all.map((delta) => Number(!Number.isFinite(delta)))),
  };
}

/** The counters of a step's completions; none without a sampler. */
export function distanceMetrics(
  rollouts: readonly Rollout[],
  sampler: Sampler | undefined,
): Record<string, number | null> {
  if (!sampler) return {};
  const { max, mean, kl, outside } = distance(rollouts);
  const name = sampler.kind === 'server' ? 'remote' : 'sampler';
  return {
    [`${name}/log_ratio_max`]: max,
    [`${name}/log_ratio_mean`]: mean,
    [`${name}/kl`]: kl,
    [`${name}/outside`]: outside,
  };
}
