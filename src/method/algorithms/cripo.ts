/**
 * GRPO and OPSD in one loss (CriPO, arXiv 2607.18082): L = L_GRPO + beta L_OPSD, on the same completions. That beta rises from 0
 * over `distill_warmup_steps` is our reading of its 50 warm-up steps.
 */
import type { StageSettings } from '../../base/config/train';
import { divergenceSpec } from '../losses/spec';
import type { Reward } from '../rewards/reward';
import type { Algorithm } from './algorithm';
import { judgeGroups, policyGradientSpec, policySignals } from './groupPolicy';
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
    judge: (groups) => judgeGroups(groups, rewards, settings),
    signals: async (batch, score, updates) => {
      const signals = await policySignals(batch, score, settings);
      const weight = distillWeight(settings, updates);
      return signals.map((own, i) => ({ ...own, distill_weight: batch[i]?.completionTokens.map(() => weight) ?? [] }));
    },
    loss: distill_coef > 0 ? { kind: 'mixture', policy, divergence: divergenceSpec(settings) } : policy,
  };
}

/** beta at an update (from 0): it rises in equal parts and is whole at update `distill_warmup_steps`. */
export function distillWeight({ relatives }: Pick<StageSettings, 'relatives'>, updates: number): number {
  const { distill_coef, distill_warmup_steps } = relatives;
  return distill_coef * Math.min(1, (updates + 1) / Math.max(1, distill_warmup_steps));
}
