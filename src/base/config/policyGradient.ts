/** Settings of reinforcement learning on groups of completions: the loss types and the rewards. Names are TRL's where it has one. */

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

/** The loss on one token. */
export interface PolicyGradientSettings {
  readonly loss_type: LossType;
  /** The ratio is clipped to 1 - epsilon .. 1 + epsilon_high (cispo: to at most epsilon_high). */
  readonly epsilon: number;
  readonly epsilon_high: number;
  /** Cap of the ratio where the advantage is negative, 0 for none (INTELLECT-2). */
  readonly delta: number;
  /** Weight of the KL to the teacher's weights in the student's view (TRL's beta); 0 leaves the reference out. */
  readonly kl_coef: number;
  readonly kl_bias_correction: boolean;
  readonly sapo_temperature_pos: number;
  readonly sapo_temperature_neg: number;
  readonly vespo_k_pos: number;
  readonly vespo_lambda_pos: number;
  readonly vespo_k_neg: number;
  readonly vespo_lambda_neg: number;
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

/** What a completion is rewarded for. */
export interface RewardSettings {
  /** `answer`, `format`, `length`, `rubric`, `rubric_implicit`, `judge` or `file:PATH`. */
  readonly rewards: readonly string[];
  /** One weight a reward; empty for 1 each. */
  readonly reward_weights: readonly number[];
  /** Reward `judge`: name, folder or server's address of the model that judges, or `none`; and how it judges. */
  readonly judge_model: string;
  readonly judge_kind: AnswerJudge;
  readonly multi_objective_aggregation: 'sum_then_normalize' | 'normalize_then_sum';
  readonly rubric_formula: 'absolute' | 'rar' | 'healthbench';
  /** Error rates of the reward `answer`, for a judge of known quality; the same completion is always judged alike. */
  readonly false_positive: number;
  readonly false_negative: number;
  /** Tokens before max_tokens over which the reward `length` falls to -1, 0 for a fifth of max_tokens. */
  readonly overlong_buffer: number;
}

/** Reinforcement learning on groups. */
export interface GrpoSettings extends PolicyGradientSettings, RewardSettings {
  /** Completions of one question. */
  readonly num_generations: number;
  /** Updates made with one batch of completions. */
  readonly num_iterations: number;
  readonly scale_rewards: 'group' | 'batch' | 'none';
  /** Share of the batch's tokens, those of highest entropy, that the policy learns from. */
  readonly top_entropy_quantile: number;
  readonly mask_truncated_completions: boolean;
  /** Leave out groups whose rewards are all the same. */
  readonly dynamic_sampling: boolean;
}
