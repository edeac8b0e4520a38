/** Settings of reinforcement learning on groups of completions: the loss types and the rewards. Names are TRL's where it has one. */

import type { GrpoSettings } from './configs';

/** TRL's loss types, and GSPO, which it spells as importance_sampling_level=sequence. */
export const LOSS_TYPES = ['grpo', 'bnpo', 'dr_grpo', 'dapo', 'cispo', 'gspo', 'sapo', 'luspo', 'vespo'] as const;
export type LossType = (typeof LOSS_TYPES)[number];

/** How the tokens of a batch make one number. */
export const AGGREGATIONS = [
  'batch-token',
  'sequence',
  'microbatch-token',
  'sum',
  'sequence-sum',
  'longest-token',
] as const;
export type LossAggregation = (typeof AGGREGATIONS)[number];

/** What a loss type comes to, and the limits of the ratio it was published with. */
export interface LossTypeShape {
  readonly objective: 'clip' | 'cispo' | 'sapo' | 'vespo';
  /** Whose ratio: each token's, or one a sequence from the mean or the sum of its logarithms. */
  readonly ratio: 'token' | 'sequence-mean' | 'sequence-sum';
  readonly aggregation: LossAggregation;
  readonly epsilon: number;
  readonly epsilon_high: number;
}

const plain = { objective: 'clip', ratio: 'token', epsilon: 0.2, epsilon_high: 0.2 } as const;

/** Papers 4.2; GSPO and LUSPO compare means over sequences, which move far less than tokens. CISPO has an upper limit only. */
export const LOSS_SHAPES: Readonly<Record<LossType, LossTypeShape>> = {
  grpo: { ...plain, aggregation: 'sequence' },
  bnpo: { ...plain, aggregation: 'microbatch-token' },
  dr_grpo: { ...plain, aggregation: 'longest-token' },
  dapo: { ...plain, aggregation: 'batch-token', epsilon_high: 0.28 },
  cispo: { ...plain, aggregation: 'batch-token', objective: 'cispo', epsilon_high: 5 },
  gspo: { ...plain, aggregation: 'sequence', ratio: 'sequence-mean', epsilon: 3e-4, epsilon_high: 4e-4 },
  sapo: { ...plain, aggregation: 'sequence', objective: 'sapo' },
  luspo: { ...plain, aggregation: 'sequence-sum', ratio: 'sequence-mean', epsilon: 2e-3, epsilon_high: 2.5e-3 },
  vespo: { ...plain, aggregation: 'batch-token', objective: 'vespo', ratio: 'sequence-sum' },
};

/** What a loss type comes to with the ratio that the settings ask for. */
export function shapeOf({
  loss_type,
  importance_sampling_level: level,
}: Pick<GrpoSettings, 'loss_type' | 'importance_sampling_level'>): LossTypeShape {
  const shape = LOSS_SHAPES[loss_type];
  return level === 'loss_type' ? shape : { ...shape, ratio: level === 'token' ? 'token' : 'sequence-mean' };
}

/** Kinds of judges that score one answer at a time; all but `grpo`, which reads the reference answer, read a rubric. */
export const ANSWER_JUDGES = [
  'paper',
  'grpo',
  'rar-implicit',
  'rar-explicit',
  'criteria',
  'healthbench',
  'researchqa',
] as const;
export type AnswerJudge = (typeof ANSWER_JUDGES)[number];

/** The part of a group's settings that says what a completion is rewarded for. */
export type RewardSettings = Pick<
  GrpoSettings,
  | 'rewards'
  | 'reward_weights'
  | 'judge_model'
  | 'judge_kind'
  | 'multi_objective_aggregation'
  | 'rubric_formula'
  | 'false_positive'
  | 'false_negative'
  | 'overlong_buffer'
>;

/** The part that says what the loss on one token is. */
export type PolicyGradientSettings = Pick<
  GrpoSettings,
  | 'loss_type'
  | 'epsilon'
  | 'epsilon_high'
  | 'delta'
  | 'kl_coef'
  | 'kl_bias_correction'
  | 'sapo_temperature_pos'
  | 'sapo_temperature_neg'
  | 'vespo_k_pos'
  | 'vespo_lambda_pos'
  | 'vespo_k_neg'
  | 'vespo_lambda_neg'
>;
