/** Losses by name, as settings and graph signatures carry them. */
import type { DivergenceSettings } from '../config/train';
import { crossEntropy } from './crossEntropy';
import { divergence } from './divergence';
import { type PolicyGradientSpec, policyGradient } from './policyGradient';
import type { LogitLoss } from './tokenLoss';

/** A loss as plain data. */
export type LossSpec =
  | ({ readonly kind: 'divergence' } & DivergenceSettings)
  | { readonly kind: 'cross_entropy' }
  | PolicyGradientSpec;

/** The divergence part of a stage's settings. */
export function divergenceSpec(settings: DivergenceSettings): LossSpec {
  const { divergence, beta, loss_temperature, top_k, tail, clip, clip_mode } = settings;
  return { kind: 'divergence', divergence, beta, loss_temperature, top_k, tail, clip, clip_mode };
}

/** The function behind the name. @internal */
export function lossFunction(spec: LossSpec): LogitLoss {
  if (spec.kind === 'policy_gradient') return policyGradient(spec);
  return spec.kind === 'divergence' ? divergence(spec) : crossEntropy;
}
