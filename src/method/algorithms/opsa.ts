/**
 * On-policy self-adaptation (OPSA, arXiv 2608.31046): no teacher and no reward. Of the batch's N tokens, the K = max(1, floor(0.2 N)) of
 * lowest log p_S are pushed down, those of high entropy more:
 *   A_t = -1/2 - 1/2 (H_t - H_min) / (H_max - H_min) over the K (all -1 where their entropies are equal)        L = -mean_K A_t log p_S
 * The others leave the loss and its divisor. `opsa_advantage=fixed` is the paper's control, A_t = -1/2 for the K. The authors' code selects
 * within a rank; here the batch is one. The control `penalty` selects by probability (p < 0.5) and keeps the others in the divisor.
 */
import { NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { aboveZero, choice } from '../../base/config/declare';
import { type Algorithm, type AlgorithmDefinition, studentAnswers } from './algorithm';
import { policyGradientSpec, requireTokenMean } from './groupPolicy';

/** OPSA; log-probabilities and entropies are those at the sampling temperature, before truncation. */
export function opsa(settings: StageSettings): Algorithm {
  const { opsa_share, opsa_advantage } = settings.relatives;
  return {
    name: 'opsa',
    rollouts: 'student',
    studentView: studentAnswers(settings),
    signals: async (batch, { score }) => {
      const scores = await score();
      const places = scores.flatMap(({ logprobs, entropy }, i) =>
        logprobs.flatMap((logprob, t) =>
          batch[i]?.mask?.[t] === false ? [] : { i, t, logprob, entropy: entropy[t] as number },
        ),
      );
      const chosen = [...places]
        .sort((a, b) => a.logprob - b.logprob || a.i - b.i || a.t - b.t)
        .slice(0, Math.max(1, Math.floor(opsa_share * places.length)));
      const advantages =
        opsa_advantage === 'fixed' ? chosen.map(() => -0.5) : byEntropy(chosen.map(({ entropy }) => entropy));
      const signals = scores.map(({ logprobs }) => ({
        advantage: logprobs.map(() => 0),
        keep: logprobs.map(() => 0),
      }));
      chosen.forEach(({ i, t }, k) => {
        const own = signals[i] as (typeof signals)[number];
        own.advantage[t] = advantages[k] as number;
        // The loss is a mean over all tokens; this makes it one over the chosen.
        own.keep[t] = places.length / chosen.length;
      });
      return signals;
    },
    loss: policyGradientSpec(settings),
  };
}

/** From -1/2 for the lowest entropy to -1 for the highest; -1 for all where they are equal. */
export function byEntropy(entropies: readonly number[]): number[] {
  const [lowest, highest] = [Math.min(...entropies), Math.max(...entropies)];
  return entropies.map((h) => (highest > lowest ? -0.5 - (0.5 * (h - lowest)) / (highest - lowest) : -1));
}

export const OPSA: AlgorithmDefinition = {
  name: 'opsa',
  about: {
    completions: "the student's",
    teacher: 'no teacher',
    loss: "policy gradient with negative advantages on the fifth of the batch's tokens that are least likely, larger for high entropy",
    source: 'OPSA, arXiv 2608.31046',
    learns: 'its own ŷ',
    formula:
      '−A_t log p_S(ŷ_t) over the `opsa_share` of tokens of lowest p_S, with A_t = −½ − ½ (H_t − H_min) / (H_max − H_min); `opsa_advantage=fixed`: A_t = −½',
    differs:
      "arXiv 2608.31046. Tokens are selected out of the whole batch, in the authors' code out of those of one rank. `penalty` is close to the fixed control, but selects by p < ½ and divides by all tokens",
  },
  settings: {
    opsa_share: aboveZero(0.2, "opsa: share of the batch's tokens, the least likely, that are pushed down", {
      since: 4,
    }), // OPSA
    opsa_advantage: choice(
      ['entropy', 'fixed'],
      'entropy', // OPSA
      "opsa: advantages from -0.5 to -1 by entropy, or -0.5 for all (the paper's control)",
      { since: 4 },
    ),
  },
  reads: [],
  defaults: () => ({ ...NO_CONTEXT, loss_aggregation: 'batch-token' }), // OPSA
  needs: () => ({ samples: true }),
  check: requireTokenMean,
  answering: opsa,
};
