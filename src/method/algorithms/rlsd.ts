/**
 * Self-distilled reinforcement learning (RLSD, arXiv 2604.03128): the reward gives an advantage its sign, the teacher its size at each
 * token. With d_t = log p_T(y_t) - log p_S(y_t), held constant,
 *   w_t = exp(sign(A) d_t)        A_t = A ((1 - lambda) + lambda clip(w_t, 1 - eps, 1 + eps))
 * in GRPO's clipped loss, as the authors' code has it (equation 16 of the text has no ratio). lambda falls to 0 in equal steps. The
 * teacher is a copy of the student that sees the answer, renewed every 20 updates.
 */
import { CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { belowOne, share, whole } from '../../base/config/declare';
import type { Reward } from '../rewards/reward';
import type { Algorithm, AlgorithmDefinition } from './algorithm';
import { assessGroups, policyGradientSpec, policySignals, refuseReference } from './groupPolicy';
import { distilledAnswers } from './selfDistillation';

/** RLSD on the given rewards. */
export function rlsd(settings: StageSettings, rewards: readonly Reward[]): Algorithm {
  const { rlsd_clip, rlsd_lambda, rlsd_decay_steps } = settings.relatives;
  return {
    ...distilledAnswers('rlsd', settings),
    groupSize: settings.grpo.num_generations,
    updates: settings.grpo.num_iterations,
    assess: (groups) => assessGroups(groups, rewards, settings),
    signals: async (batch, measuring) => {
      const signals = await policySignals(batch, measuring, settings);
      const left = rlsd_decay_steps === 0 ? 1 : Math.max(0, 1 - measuring.updates / rlsd_decay_steps);
      if (left === 0) return signals;
      const compared = await measuring.compare();
      return signals.map((own, i) => {
        const { student = [], teacher = [] } = compared[i] ?? {};
        const advantage = (own.advantage ?? []).map((a, t) =>
          sized(a, (teacher[t] as number) - (student[t] as number), { lambda: rlsd_lambda * left, clip: rlsd_clip }),
        );
        return { ...own, advantage };
      });
    },
    loss: policyGradientSpec(settings),
  };
}

/** The advantage of a token where the teacher's log-probability is `gap` above the student's. */
export function sized(
  advantage: number,
  gap: number,
  { lambda, clip }: { readonly lambda: number; readonly clip: number },
): number {
  const weight = Math.min(1 + clip, Math.max(1 - clip, Math.exp(Math.sign(advantage) * gap)));
  return advantage * (1 - lambda + lambda * weight);
}

export const RLSD: AlgorithmDefinition = {
  name: 'rlsd',
  about: {
    completions: "the student's, several a question",
    teacher: 'x, y\\* (`teacher_context`); a reward compares with y\\* or checks r',
    loss: "GRPO's policy gradient, its advantage larger or smaller at each token by how the teacher likes it",
    source: 'RLSD, arXiv 2604.03128',
    learns: 'groups of ŷ with rewards',
    formula:
      "GRPO's clipped ℓ with A_t = A ((1 − λ) + λ clip(exp(sign(A) d_t), 1 − ε, 1 + ε)) and d_t = log p_T(ŷ_t) − log p_S(ŷ_t)",
    differs:
      "arXiv 2604.03128, as its code has it: with PPO's ratio, which the text's equation 16 lacks. λ is `rlsd_lambda` and falls to 0 over `rlsd_decay_steps` updates; ε is `rlsd_clip`. Published for a model of images and text",
  },
  settings: {
    rlsd_lambda: share(0.5, "rlsd: share of an advantage's size that the teacher decides at first", { since: 4 }), // RLSD
    rlsd_decay_steps: whole(50, 'rlsd: updates over which that share falls to 0; 0 for never', { since: 4 }), // RLSD; its script 60
    rlsd_clip: belowOne(0.2, 'rlsd: how far the teacher changes the size', { since: 4 }), // RLSD
  },
  reads: [...CONTEXT, 'grpo.'],
  defaults: (stage) => ({
    teacher_context: 'answer',
    teacher: 'snapshot', // RLSD, its script
    snapshot_every: 20, // RLSD, its script
    grpo: { ...stage.grpo, num_generations: 8 }, // RLSD
  }),
  steps: 500, // as GRPO
  needs: () => ({ samples: true }),
  check: refuseReference,
  answering: (settings, { rewards }) => rlsd(settings, rewards()),
};
