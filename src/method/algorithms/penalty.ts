/**
 * A control without any teacher: tokens that the student itself finds unlikely get a fixed negative advantage, all others none.
 * What a method gains over it does not come from sharpening the student's own distribution.
 */
import { NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { aboveZero, positive } from '../../base/config/declare';
import { type Algorithm, type AlgorithmDefinition, studentAnswers } from './algorithm';
import { policyGradientSpec } from './groupPolicy';

/** The control; probabilities are those at the sampling temperature, before truncation. */
export function penalty(settings: StageSettings): Algorithm {
  const { penalty: size, penalty_below } = settings.relatives;
  const limit = Math.log(penalty_below);
  return {
    name: 'penalty',
    rollouts: 'student',
    studentView: studentAnswers(settings),
    signals: async (_, { score }) =>
      (await score()).map(({ logprobs }) => ({ advantage: logprobs.map((logprob) => (logprob < limit ? -size : 0)) })),
    loss: policyGradientSpec(settings),
  };
}

export const PENALTY: AlgorithmDefinition = {
  name: 'penalty',
  about: {
    completions: "the student's",
    teacher: 'no teacher',
    loss: 'policy gradient with a fixed negative advantage on unlikely tokens',
    source: 'ours: a control',
    learns: 'its own ŷ',
    formula: '−A_t log p_S(ŷ_t) with A_t = −`penalty` where p_S(ŷ_t) < `penalty_below`, else 0',
    differs: 'ours: a control without a teacher. The logged loss is the share of such tokens times `penalty`',
  },
  settings: {
    penalty: positive(1, 'penalty: how bad an unlikely token is'), // ours
    penalty_below: aboveZero(0.5, 'penalty: probability below which a token is unlikely'), // ours: less likely than not
  },
  reads: [],
  defaults: () => NO_CONTEXT,
  needs: () => ({ samples: true }),
  answering: penalty,
};
