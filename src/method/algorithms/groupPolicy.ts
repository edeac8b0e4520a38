/** Rewarded groups of completions and the policy gradient on them: what GRPO and its mixtures share (papers 4.1, 4.2). */

import type { StageSettings, TrainConfig } from '../../base/config/configs';
import { atLeastZero, whole } from '../../base/config/declare';
import { shapeOf } from '../../base/config/policyGradient';
import { refuse } from '../../base/config/refuse';
import type { PolicyGradientSpec } from '../losses/policyGradient';
import { highEntropyTokens, onPolicy, samplerRatios, sequenceLogRatio } from '../losses/ratios';
import type { Reward } from '../rewards/reward';
import { groupAdvantages, meanOf, spreadOf } from './advantages';
import type { Assessments, Measuring, RolloutGroup, TokenSignals, TrainingRollout } from './algorithm';

/** The policy gradient's part of a stage's settings. */
export function policyGradientSpec({ grpo, sampling }: StageSettings): PolicyGradientSpec {
  return {
    kind: 'policy_gradient',
    objective: shapeOf(grpo).objective,
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

/** Settings of a divergence from a teacher that is added to a policy gradient. */
export const DISTILLATION = {
  // CriPO, the larger of its two
  distill_coef: atLeastZero(0.05, 'cripo, grpo_opsd: weight of the distillation beside the policy gradient'),
  distill_warmup_steps: whole(50, 'cripo, grpo_opsd: updates over which that weight rises'), // CriPO
};

/** That weight at an update (from 0): it rises in equal parts and is whole at update `distill_warmup_steps`. */
export function distillWeight({ relatives }: Pick<StageSettings, 'relatives'>, updates: number): number {
  const { distill_coef, distill_warmup_steps } = relatives;
  return distill_coef * Math.min(1, (updates + 1) / Math.max(1, distill_warmup_steps));
}

/** Refuses a KL to a reference, which reads the student's view, where the one teacher has a view of its own. */
export const refuseReference = ({ algorithm, stage2: { grpo } }: TrainConfig): void =>
  refuse(
    grpo.kl_coef > 0,
    `kl_coef=${grpo.kl_coef} needs a reference in the student's view, and ${algorithm}'s one teacher has a view of its own; set kl_coef=0 or use algorithm=grpo.`,
  );

/** Refuses an aggregation under which a mean over selected tokens cannot be had by weighing tokens. */
export const requireTokenMean = ({ algorithm, stage2: { loss_aggregation } }: TrainConfig): void =>
  refuse(
    loss_aggregation !== 'batch-token',
    `${algorithm} takes a mean over selected tokens of the batch, which loss_aggregation=${loss_aggregation} is not; use batch-token, or a loss_type that has it (dapo, cispo, vespo).`,
  );

/**
 * At the batch's first update every ratio is 1; later ones compare with the log-probabilities of then. What the loss of a token is
 * multiplied by (`keep`): whether its completion is still on policy, whether its entropy is high, the policy's ratio to the sampler.
 */
export async function policySignals(
  batch: readonly TrainingRollout[],
  { score }: Pick<Measuring, 'score'>,
  { grpo }: StageSettings,
): Promise<TokenSignals[]> {
  const { ratio, objective } = shapeOf(grpo);
  const later = batch[0]?.first !== undefined;
  const selective = grpo.top_entropy_quantile < 1;
  const corrected = grpo.sampler_correction !== 'none';
  const threshold = grpo.off_policy_mask_threshold;
  const read = selective || (later ? ratio !== 'token' || threshold > 0 : corrected);
  const scores = read ? await score() : undefined;
  const masks = batch.map(({ mask }, i) => ({ ...(mask && { mask }), entropy: scores?.[i]?.entropy ?? [] }));
  const kept = selective ? highEntropyTokens(masks, grpo.top_entropy_quantile) : undefined;
  const counts = batch.map(({ completionTokens, mask }, i) =>
    completionTokens.map((_, t) => mask?.[t] !== false && kept?.[i]?.[t] !== false),
  );
  const bonus = grpo.entropy_coef / Math.max(1, counts.flat().filter(Boolean).length);
  return batch.map(({ completionTokens, samplingLogprobs: sampler, assessment, mask, first }, i) => {
    const everywhere = (x: number): number[] => completionTokens.map(() => x);
    const advantage = assessment.advantage ?? 0;
    const logprobs = scores?.[i]?.logprobs;
    const old = first?.logprob;
    const now = logprobs ?? old ?? [];
    const drawn = corrected ? samplerRatios({ old: old ?? now, sampler, mask }, grpo) : undefined;
    const inRatio = objective === 'vespo' ? drawn?.ratios : undefined;
    const factors = [
      kept?.[i]?.map(Number),
      objective === 'vespo' ? undefined : drawn?.ratios,
      threshold > 0
        ? everywhere(
            Number(
              onPolicy({ logprobs: now, old: corrected ? sampler : (old ?? now), mask }, { advantage, threshold }),
            ),
          )
        : undefined,
    ].filter((factor) => factor !== undefined);
    const keep = completionTokens.map((_, t) =>
      factors.reduce((product, factor) => product * (factor[t] as number), 1),
    );
    // A ratio of the whole sequence moves all its tokens, whichever of them the loss counts: each gets the mean of what is kept.
    const shared = ratio === 'sequence-mean' && (objective === 'clip' || objective === 'sapo');
    return {
      advantage: everywhere(advantage),
      ...(old && ratio === 'token' && { old_logprob: old }),
      ...(ratio !== 'token' &&
        (old || inRatio) && {
          log_ratio: everywhere(sequenceLogRatio({ logprobs: now, old: old ?? now, mask }, ratio, inRatio)),
        }),
      ...(factors.length > 0 && { keep: shared ? everywhere(countedMean(keep, mask)) : keep }),
      ...(bonus > 0 && { entropy_bonus: (counts[i] ?? []).map((own) => (own ? bonus : 0)) }),
      ...(drawn && { sampler_ratio: drawn.ratios, sampler_gap: drawn.gaps }),
    };
  });
}

/** Mean over the tokens that count; 0 where none does. */
export const countedMean = (values: readonly number[], mask: readonly boolean[] | undefined): number =>
  meanOf(values.filter((_, t) => mask?.[t] !== false)) ?? 0;
