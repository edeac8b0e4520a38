/**
 * A control without any teacher: tokens that the student itself finds unlikely get a fixed negative advantage, all others none.
 * What a method gains over it does not come from sharpening the student's own distribution.
 */
import type { StageSettings } from '../../base/config/train';
import type { Algorithm } from './algorithm';
import { policyGradientSpec } from './groupPolicy';

/** The control; probabilities are those at the sampling temperature, before truncation. */
export function penalty(settings: StageSettings): Algorithm {
  const { penalty: size, penalty_below } = settings.relatives;
  const limit = Math.log(penalty_below);
  return {
    name: 'penalty',
    rollouts: 'student',
    studentView: ({ question }) => ({ question, purpose: 'answer', thinking: settings.thinking.student }),
    signals: async (_, score) =>
      (await score()).map(({ logprobs }) => ({ advantage: logprobs.map((logprob) => (logprob < limit ? -size : 0)) })),
    loss: policyGradientSpec(settings),
  };
}
