/**
 * Importance-weighted on-policy distillation (IW-OPD, arXiv 2606.22600): distillation at the sampled tokens that weighs a token more
 * where the prefix is still close to the teacher's. With A_t = log p_T(y_t) - log p_old(y_t), held constant,
 *   w_t = 1 + gamma (1 - sum_{k<t} |A_k| / sum_{k<T} |A_k|)        L = -mean_t min(rho w A, clip(rho) w A)
 * where rho is the ratio to the policy that drew the batch, with PPO's clip and, for A < 0, an upper limit (dual clip). The sum below
 * the line leaves out the last token, whose weight is therefore 1; TRL's `iw_opd` sums over all (`iw_total=completion`), and has neither
 * ratio nor clip, as there is none at a batch's first update. Here the teacher is the model itself with more in its context.
 */
import { atTemperature, CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { atLeastZero, choice } from '../../base/config/declare';
import { checkPolicyGradient } from '../../base/config/grpoCombinations';
import type { Algorithm, AlgorithmDefinition } from './algorithm';
import { policyGradientSpec, policySignals } from './groupPolicy';
import { distilledAnswers } from './selfDistillation';

/** Least sum below the line, as TRL's. */
const LEAST_TOTAL = 1e-8;

/** IW-OPD; `teacher_context` names what the teacher sees. */
export function iwOpd(settings: StageSettings): Algorithm {
  return {
    ...distilledAnswers('iw_opd', settings),
    updates: settings.grpo.num_iterations,
    signals: async (batch, measuring) => {
      const [signals, compared] = [await policySignals(batch, measuring, settings), await measuring.compare()];
      return signals.map((own, i) => {
        const { student = [], teacher = [] } = compared[i] ?? {};
        const old = batch[i]?.first?.logprob ?? student;
        const advantages = teacher.map((logprob, t) => logprob - (old[t] as number));
        const weights = prefixWeights(advantages, settings.relatives, batch[i]?.mask);
        return { ...own, advantage: advantages.map((a, t) => a * (weights[t] as number)) };
      });
    },
    loss: policyGradientSpec(settings),
  };
}

/** w_t of each token; tokens where `mask` is false count in no sum. */
export function prefixWeights(
  advantages: readonly number[],
  { iw_gamma, iw_total }: Pick<StageSettings['relatives'], 'iw_gamma' | 'iw_total'>,
  mask?: readonly boolean[],
): number[] {
  const sizes = advantages.map((a, t) => (mask?.[t] === false ? 0 : Math.abs(a)));
  const last = sizes.findLastIndex((_, t) => mask?.[t] !== false);
  const summed = iw_total === 'prefix' ? sizes.slice(0, Math.max(0, last)) : sizes;
  const total = Math.max(
    LEAST_TOTAL,
    summed.reduce((sum, size) => sum + size, 0),
  );
  let before = 0;
  return sizes.map((size) => {
    const weight = 1 + iw_gamma * (1 - Math.min(1, before / total));
    before += size;
    return weight;
  });
}

export const IW_OPD: AlgorithmDefinition = {
  name: 'iw_opd',
  about: {
    completions: "the student's",
    teacher: 'x, y\\* (`teacher_context`)',
    loss: 'policy gradient whose advantage is log p_T − log p_S at the sampled token, larger where the prefix is close to the teacher',
    source: 'IW-OPD, arXiv 2606.22600; TRL',
    learns: 'its own ŷ',
    formula:
      "GRPO's clipped ℓ with A_t = w_t (log p_T(ŷ_t) − log p_old(ŷ_t)) and w_t = 1 + γ (1 − Σ_{k<t} |A_k| / Σ_{k<T} |A_k|)",
    differs:
      "arXiv 2606.22600, whose teacher is a larger model. γ is `iw_gamma`. `iw_total=completion` is TRL's: its sum below the line has the last token too",
  },
  settings: {
    iw_gamma: atLeastZero(0.5, 'iw_opd: how much more the first token weighs than the last', { since: 4 }), // IW-OPD
    iw_total: choice(
      ['prefix', 'completion'],
      'prefix', // IW-OPD
      "iw_opd: gaps to the teacher are summed up to the last token (the paper's) or with it (TRL's)",
      { since: 4 },
    ),
  },
  reads: [...CONTEXT, 'grpo.epsilon', 'grpo.epsilon_high', 'grpo.delta', 'grpo.num_iterations'],
  defaults: (stage) => ({
    teacher_context: 'answer',
    ...atTemperature(stage, 1), // IW-OPD
    grpo: { ...stage.grpo, epsilon_high: 0.2, delta: 3 }, // IW-OPD
  }),
  needs: () => ({ samples: true }),
  check: ({ stage2 }) => checkPolicyGradient(stage2),
  answering: iwOpd,
};
