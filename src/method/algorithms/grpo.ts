/**
 * Group Relative Policy Optimization and its family (papers 4.1, 4.2): several completions of a question are drawn, rewarded, and
 * compared with each other; better ones become likelier. No teacher, except as the reference of a KL. It simplifies against TRL:
 * a batch is drawn for one update or, with `num_iterations`, for several over all of it, and groups without spread can be left
 * out, but are not drawn anew.
 */
import { NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import type { Reward } from '../rewards/reward';
import { type Algorithm, type AlgorithmDefinition, drawnAnswers } from './algorithm';
import { assessGroups, policyGradientSpec, policySignals } from './groupPolicy';

/** GRPO on the given rewards. */
export function grpo(settings: StageSettings, rewards: readonly Reward[]): Algorithm {
  const { num_generations, num_iterations, kl_coef } = settings.grpo;
  const views = drawnAnswers(settings);
  return {
    name: 'grpo',
    rollouts: 'student',
    ...views,
    ...(kl_coef > 0 && { teacherView: views.studentView }),
    groupSize: num_generations,
    updates: num_iterations,
    assess: (groups) => assessGroups(groups, rewards, settings),
    signals: (batch, measuring) => policySignals(batch, measuring, settings),
    loss: policyGradientSpec(settings),
  };
}

export const GRPO: AlgorithmDefinition = {
  name: 'grpo',
  about: {
    completions: "the student's, several a question",
    teacher: 'no teacher; a reward compares with y\\* or checks r',
    loss: 'policy gradient, by `loss_type` [below](#the-loss-types-of-grpo)',
    source: 'GRPO, arXiv 2402.03300; TRL',
    learns: 'groups of ŷ with rewards',
    formula: '[below](#grpo)',
    differs: 'arXiv 2402.03300, TRL',
  },
  reads: ['grpo.', 'rollout_context'],
  defaults: () => NO_CONTEXT,
  steps: 500, // paper: baselines
  needs: () => ({ samples: true }),
  answering: (settings, { rewards }) => grpo(settings, rewards()),
};
