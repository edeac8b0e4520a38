/**
 * Losses as plain data (a name with its settings), and the function that each of them stands for. Settings and compiled
 * graphs are keyed by this data.
 */
import type { DivergenceSettings } from '../../base/config/parts';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { crossEntropy } from './crossEntropy';
import { divergence } from './divergence';
import { mixture } from './mixture';
import { type PolicyGradientSpec, policyGradient } from './policyGradient';
import { type SampledTokenSpec, sampledToken } from './sampledToken';
import type { LogitLoss } from './tokenLoss';

export type DivergenceSpec = { readonly kind: 'divergence' } & DivergenceSettings;

/** A loss of one kind as plain data. */
export type PlainLossSpec = DivergenceSpec | { readonly kind: 'cross_entropy' } | PolicyGradientSpec | SampledTokenSpec;

/** Several losses as plain data, each with the name of the signal that weighs it; without one it counts in full. */
export interface MixtureSpec {
  readonly kind: 'mixture';
  readonly parts: readonly { readonly loss: PlainLossSpec; readonly weight?: string }[];
}

export type LossSpec = PlainLossSpec | MixtureSpec;

/** Picks the divergence's settings out of those of a training stage. */
export function divergenceSpec(settings: DivergenceSettings): DivergenceSpec {
  const { divergence, beta, loss_temperature, top_k, support, tail, clip, clip_mode } = settings;
  return { kind: 'divergence', divergence, beta, loss_temperature, top_k, support, tail, clip, clip_mode };
}

/** The divergence in a loss: the loss itself, or a part of it; undefined for one that compares no distributions. */
export function divergenceIn(spec: LossSpec): DivergenceSpec | undefined {
  const parts = spec.kind === 'mixture' ? spec.parts.map(({ loss }) => loss) : [spec];
  return parts.find((part) => part.kind === 'divergence');
}

/** Below every logit; an entry that is excluded has minus infinity, which would make sums of 0 times infinity NaN. */
const LOWEST = -1e30;

/** The loss of that name. A logit of minus infinity counts as probability 0. @internal */
export function lossFunction(spec: LossSpec): LogitLoss {
  const loss = plainLoss(spec);
  const held = (logits: Tensor): Tensor => tf.maximum(logits, LOWEST);
  return (studentLogits, { teacherLogits, ...inputs }) =>
    loss(held(studentLogits), { ...inputs, ...(teacherLogits && { teacherLogits: held(teacherLogits) }) });
}

function plainLoss(spec: LossSpec): LogitLoss {
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
      return mixture(spec.parts.map(({ loss, weight }) => ({ loss: plainLoss(loss), weight })));
  }
}
