/** Losses by name, as settings and graph signatures carry them. */
import type { DivergenceSettings } from '../../base/config/parts';
import { crossEntropy } from './crossEntropy';
import { divergence } from './divergence';
import { mixture } from './mixture';
import { type PolicyGradientSpec, policyGradient } from './policyGradient';
import { type SampledTokenSpec, sampledToken } from './sampledToken';
import type { LogitLoss } from './tokenLoss';

/** The comparison of two distributions as plain data. */
export type DivergenceSpec = { readonly kind: 'divergence' } & DivergenceSettings;

/** A loss of one kind as plain data. */
export type PlainLossSpec = DivergenceSpec | { readonly kind: 'cross_entropy' } | PolicyGradientSpec | SampledTokenSpec;

/** Several losses as plain data, each with the name of the signal that weighs it; without one it counts in full. */
export interface MixtureSpec {
  readonly kind: 'mixture';
  readonly parts: readonly { readonly loss: PlainLossSpec; readonly weight?: string }[];
}

/** A loss as plain data. */
export type LossSpec = PlainLossSpec | MixtureSpec;

/** The divergence part of a stage's settings. */
export function divergenceSpec(settings: DivergenceSettings): DivergenceSpec {
  const { divergence, beta, loss_temperature, top_k, tail, clip, clip_mode } = settings;
  return { kind: 'divergence', divergence, beta, loss_temperature, top_k, tail, clip, clip_mode };
}

/** The function behind the name. @internal */
export function lossFunction(spec: LossSpec): LogitLoss {
  switch (spec.kind) {
    case 'cross_entropy':
      return crossEntropy;
    case 'divergence':
      return divergence(spec);
    case 'policy_gradient':
      return policyGradient(spec);
    case 'sampled_token':
      return sampledToken(spec);
    case 'mixture':
      return mixture(spec.parts.map(({ loss, weight }) => ({ loss: lossFunction(loss), weight })));
  }
}
