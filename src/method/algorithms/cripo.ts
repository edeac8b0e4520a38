/**
 * GRPO and OPSD in one loss (CriPO, arXiv 2607.18082): L = L_GRPO + beta L_OPSD, on the same completions. That beta rises from 0
 * over `distill_warmup_steps` is our reading of its 50 warm-up steps.
 */
import { CONTEXT, DIVERGENCE } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { atLeastZero, whole } from '../../base/config/declare';
import { refuse } from '../../base/config/refuse';
import { divergenceSpec } from '../losses/spec';
import type { Reward } from '../rewards/reward';
import type { Algorithm, AlgorithmDefinition } from './algorithm';
import { assessGroups, policyGradientSpec, policySignals } from './groupPolicy';
import { distilledAnswers } from './selfDistillation';

/** CriPO on the given rewards; with `distill_coef` 0 there is no teacher, and what is left is GRPO. */
export function cripo(settings: StageSettings, rewards: readonly Reward[]): Algorithm {
  const { num_generations, num_iterations } = settings.grpo;
  const { distill_coef } = settings.relatives;
  const { teacherView, ...sampled } = distilledAnswers('cripo', settings);
  const policy = policyGradientSpec(settings);
  return {
    ...sampled,
    ...(distill_coef > 0 && { teacherView }),
    groupSize: num_generations,
    updates: num_iterations,
    assess: (groups) => assessGroups(groups, rewards, settings),
    signals: async (batch, score, updates) => {
      const signals = await policySignals(batch, score, settings);
      const weight = distillWeight(settings, updates);
      return signals.map((own, i) => ({ ...own, distill_weight: batch[i]?.completionTokens.map(() => weight) ?? [] }));
    },
    loss:
      distill_coef > 0
        ? { kind: 'mixture', parts: [{ loss: policy }, { loss: divergenceSpec(settings), weight: 'distill_weight' }] }
        : policy,
  };
}

/** beta at an update (from 0): it rises in equal parts and is whole at update `distill_warmup_steps`. */
export function distillWeight({ relatives }: Pick<StageSettings, 'relatives'>, updates: number): number {
  const { distill_coef, distill_warmup_steps } = relatives;
  return distill_coef * Math.min(1, (updates + 1) / Math.max(1, distill_warmup_steps));
}

export const CRIPO: AlgorithmDefinition = {
  name: 'cripo',
  about: {
    completions: "the student's, several a question",
    teacher: 'x, y\\* (`teacher_context`); a reward compares with y\\* or checks r',
    loss: "GRPO's policy gradient plus β times the divergence from the teacher",
    source: 'CriPO, arXiv 2607.18082',
    learns: 'groups of ŷ with rewards',
    formula: 'ℓ_GRPO + β ℓ_OPSD, where β rises to `distill_coef`',
    differs: 'arXiv 2607.18082. Its text names 50 warm-up steps; that β is what rises over them is our reading',
  },
  settings: {
    distill_coef: atLeastZero(0.05, 'cripo: weight of the distillation beside the policy gradient'), // CriPO, the larger of its two
    // CriPO; that it is the weight that rises is our reading
    distill_warmup_steps: whole(50, 'cripo: updates over which that weight rises'),
  },
  reads: [...DIVERGENCE, ...CONTEXT, 'grpo.'],
  defaults: () => ({ teacher_context: 'answer' }),
  steps: 500, // as GRPO
  needs: () => ({ samples: true }),
  check: ({ stage2: { grpo, relatives, teacher_mixture } }) => {
    refuse(
      grpo.kl_coef > 0,
      `kl_coef=${grpo.kl_coef} needs a reference in the student's view, and cripo's one teacher has a view of its own; set kl_coef=0 or use algorithm=grpo.`,
    );
    refuse(
      relatives.distill_coef === 0 && teacher_mixture !== 'joint',
      `teacher_mixture=${teacher_mixture} mixes teachers, and distill_coef=0 has none; set distill_coef above 0 or leave teacher_mixture out.`,
    );
  },
  answering: (settings, { rewards }) => cripo(settings, rewards()),
};
