/** Rewarded groups of completions and the policy gradient on them: what GRPO and its mixtures share (papers 4.1, 4.2). */

import type { StageSettings } from '../../base/config/configs';
import { LOSS_SHAPES } from '../../base/config/policyGradient';
import type { PolicyGradientSpec } from '../losses/policyGradient';
import { highEntropyTokens, sequenceLogRatio } from '../losses/ratios';
import type { Reward } from '../rewards/reward';
import type { CompletionScores } from '../scoring/logprobs';
import { groupAdvantages, meanOf, spreadOf } from './advantages';
import type { Assessments, RolloutGroup, TokenSignals, TrainingRollout } from './algorithm';

/** The policy gradient's part of a stage's settings. */
export function policyGradientSpec({ grpo, sampling }: StageSettings): PolicyGradientSpec {
  return {
    kind: 'policy_gradient',
    objective: LOSS_SHAPES[grpo.loss_type].objective,
    temperature: sampling.temperature,
    epsilon: grpo.epsilon,
    epsilon_high: grpo.epsilon_high,
    delta: grpo.delta,
    kl_coef: grpo.kl_coef,
    kl_bias_correction: grpo.kl_bias_correction,
    sapo_temperature_pos: grpo.sapo_temperature_pos,
    sapo_temperature_neg: grpo.sapo_temperature_neg,
    vespo_k_pos: grpo.vespo_k_pos,
    vespo_lambda_pos: grpo.vespo_lambda_pos,
    vespo_k_neg: grpo.vespo_k_neg,
    vespo_lambda_neg: grpo.vespo_lambda_neg,
  };
}

/** Rewards every completion and compares it with its group; counts as TRL names them. */
export async function assessGroups(
  groups: readonly RolloutGroup[],
  rewards: readonly Reward[],
  { grpo }: StageSettings,
): Promise<Assessments> {
  const completions = groups.flatMap(({ example, rollouts }) =>
    rollouts.map(({ text, completionTokens }) => ({ ...example, text, tokens: completionTokens.length })),
  );
  const columns: (number | null)[][] = [];
  for (const reward of rewards) columns.push(await reward.score(completions));
  let at = 0;
  const rows = groups.map(({ rollouts }) =>
    rollouts.map(() => {
      const i = at++;
      return columns.map((column) => column[i] ?? null);
    }),
  );
  const weights = rewards.map(({ weight }) => weight);
  const { advantages, rewards: sums, flat } = groupAdvantages(rows, weights, grpo);
  const assessments = groups.map(({ rollouts }, g) =>
    rollouts.map(({ finishReason }, i) => {
      if (grpo.dynamic_sampling && flat[g]) return null;
      const reward = sums[g]?.[i] ?? undefined;
      const masked = grpo.mask_truncated_completions && finishReason === 'length';
      return { ...(reward !== undefined && { reward }), advantage: advantages[g]?.[i] ?? 0, ...(masked && { masked }) };
    }),
  );
  const single = rewards.map(({ name }, f) => [
    [`rewards/${name}/mean`, meanOf(columns[f] ?? [])] as const,
    [`rewards/${name}/std`, spreadOf(columns[f] ?? [])] as const,
    [`rewards/${name}/unscored`, meanOf((columns[f] ?? []).map((value) => Number(value === null)))] as const,
  ]);
  const metrics = {
    reward: meanOf(sums.flat()),
    reward_std: spreadOf(sums.flat()),
    frac_reward_zero_std: meanOf(flat.map(Number)),
    ...Object.fromEntries(single.flat()),
  };
  return { assessments, metrics };
}

/** At the batch's first update every ratio is 1; later ones compare with the log-probabilities of then. */
export async function policySignals(
  batch: readonly TrainingRollout[],
  score: () => Promise<readonly CompletionScores[]>,
  { grpo }: StageSettings,
): Promise<TokenSignals[]> {
  const { ratio } = LOSS_SHAPES[grpo.loss_type];
  const later = batch[0]?.first !== undefined;
  const selective = grpo.top_entropy_quantile < 1;
  const scores = selective || (later && ratio !== 'token') ? await score() : undefined;
  const masks = batch.map(({ mask }, i) => ({ ...(mask && { mask }), entropy: scores?.[i]?.entropy ?? [] }));
  const kept = selective ? highEntropyTokens(masks, grpo.top_entropy_quantile) : undefined;
  return batch.map(({ completionTokens, assessment, mask, first }, i) => {
    const everywhere = (x: number): number[] => completionTokens.map(() => x);
    const old = first?.logprob;
    const logprobs = scores?.[i]?.logprobs;
    const keep = kept?.[i]?.map(Number);
    return {
      advantage: everywhere(assessment.advantage ?? 0),
      ...(old && ratio === 'token' && { old_logprob: old }),
      ...(old &&
        logprobs &&
        ratio !== 'token' && { log_ratio: everywhere(sequenceLogRatio({ logprobs, old, mask }, ratio)) }),
      // A ratio of the whole sequence moves all its tokens, whichever of them the loss counts: each gets the share that is kept.
      ...(keep && { keep: ratio === 'sequence-mean' ? everywhere(keptShare(keep, mask)) : keep }),
    };
  });
}

const keptShare = (keep: readonly number[], mask: readonly boolean[] | undefined): number =>
  meanOf(keep.filter((_, t) => mask?.[t] !== false)) ?? 0;
