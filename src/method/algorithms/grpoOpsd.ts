/**
 * GRPO and OPSD in one loss, L = L_GRPO + beta L_OPSD on the same completions: the sum that RLSD (arXiv 2604.03128) compares with as
 * "GRPO + OPSD". Its beta is not stated; here it is CriPO's, and rises over CriPO's 50 warm-up steps.
 */
import { CONTEXT, DIVERGENCE } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { refuse } from '../../base/config/refuse';
import { divergenceSpec } from '../losses/spec';
import type { Reward } from '../rewards/reward';
import type { Algorithm, AlgorithmDefinition } from './algorithm';
import {
  assessGroups,
  DISTILLATION,
  distillWeight,
  policyGradientSpec,
  policySignals,
  refuseReference,
} from './groupPolicy';
import { distilledAnswers } from './selfDistillation';

/** The sum on the given rewards; with `distill_coef` 0 there is no teacher, and what is left is GRPO. */
export function grpoOpsd(settings: StageSettings, rewards: readonly Reward[]): Algorithm {
  const { num_generations, num_iterations } = settings.grpo;
  const { distill_coef } = settings.relatives;
  const { teacherView, ...sampled } = distilledAnswers('grpo_opsd', settings);
  const policy = policyGradientSpec(settings);
  return {
    ...sampled,
    ...(distill_coef > 0 && { teacherView }),
    groupSize: num_generations,
    updates: num_iterations,
    assess: (groups) => assessGroups(groups, rewards, settings),
    signals: async (batch, measuring) => {
      const signals = await policySignals(batch, measuring, settings);
      const weight = distillWeight(settings, measuring.updates);
      return signals.map((own, i) => ({ ...own, distill_weight: batch[i]?.completionTokens.map(() => weight) ?? [] }));
    },
    loss:
      distill_coef > 0
        ? { kind: 'mixture', parts: [{ loss: policy }, { loss: divergenceSpec(settings), weight: 'distill_weight' }] }
        : policy,
  };
}

export const GRPO_OPSD: AlgorithmDefinition = {
  name: 'grpo_opsd',
  about: {
    completions: "the student's, several a question",
    teacher: 'x, y\\* (`teacher_context`); a reward compares with y\\* or checks r',
    loss: "GRPO's policy gradient plus β times the divergence from the teacher",
    source: 'the baseline GRPO + OPSD of RLSD, arXiv 2604.03128',
    learns: 'groups of ŷ with rewards',
    formula: 'ℓ_GRPO + β ℓ_OPSD, where β rises to `distill_coef`',
    differs: "arXiv 2604.03128, table of results. Its β is not stated; ours is CriPO's, with CriPO's warm-up",
  },
  settings: DISTILLATION,
  reads: [...DIVERGENCE, ...CONTEXT, 'grpo.'],
  defaults: () => ({ teacher_context: 'answer' }),
  steps: 500, // as GRPO
  needs: () => ({ samples: true }),
  check: (config) => {
    refuseReference(config);
    const { relatives, teacher_mixture } = config.stage2;
    refuse(
      relatives.distill_coef === 0 && teacher_mixture !== 'joint',
      `teacher_mixture=${teacher_mixture} mixes teachers, and distill_coef=0 has none; set distill_coef above 0 or leave teacher_mixture out.`,
    );
  },
  answering: (settings, { rewards }) => grpoOpsd(settings, rewards()),
};
