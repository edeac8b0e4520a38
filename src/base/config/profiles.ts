/**
 * The three tables of defaults. `paper` follows the text of arXiv 2606.19327 (Table 7, sections 2.3-2.5), `released` the
 * authors' code where it differs, `microscience` what the embedded model was measured with. "Unstated" marks values that
 * neither the paper nor the code gives; they are the trainer's usual defaults.
 */
import { traitsOf } from './algorithms';
import { type GrpoSettings, LOSS_SHAPES } from './policyGradient';
import { LORA_TARGETS } from './schema';
import type {
  EvaluationSettings,
  OptimizerSettings,
  RelativeSettings,
  SamplingSettings,
  StageSettings,
  TrainConfig,
} from './train';

const paperOptimizer: OptimizerSettings = {
  learning_rate: 5e-6, // paper, Table 7
  warmup_steps: 0, // unstated
  schedule: 'linear', // unstated
  weight_decay: 0, // unstated
  adam_beta1: 0.9, // unstated
  adam_beta2: 0.999, // unstated
  adam_epsilon: 1e-8, // unstated
  max_grad_norm: 1, // release script
};

const grpoDefaults: GrpoSettings = {
  num_generations: 4, // paper, appendix A
  num_iterations: 1, // TRL
  rewards: ['answer'], // ours: the paper's judge is a model of 14B; rewards=judge with judge_model is that
  reward_weights: [],
  judge_model: 'none', // paper: Qwen3-14B
  judge_kind: 'grpo', // paper, appendix A
  multi_objective_aggregation: 'sum_then_normalize', // TRL
  rubric_formula: 'absolute', // ours: published rubrics give pitfalls negative weights of either polarity
  false_positive: 0, // ours, and the one below: a rule makes no mistakes
  false_negative: 0,
  overlong_buffer: 0,
  scale_rewards: 'group', // TRL
  loss_type: 'dapo', // TRL; unstated in the paper
  epsilon: LOSS_SHAPES.dapo.epsilon,
  epsilon_high: LOSS_SHAPES.dapo.epsilon_high,
  delta: 0, // TRL
  kl_coef: 0, // TRL; unstated in the paper
  kl_bias_correction: false, // TRL
  sapo_temperature_pos: 1, // TRL, and the five below
  sapo_temperature_neg: 1.05,
  vespo_k_pos: 2,
  vespo_lambda_pos: 3,
  vespo_k_neg: 3,
  vespo_lambda_neg: 2,
  top_entropy_quantile: 1, // TRL
  mask_truncated_completions: false, // TRL
  dynamic_sampling: false, // ours
};

const relativeDefaults: RelativeSettings = {
  sft_source: 'reference', // paper, appendix A
  sampler: 'student', // ours
  gkd_lambda: 0.5, // TRL
  distill_coef: 0.05, // CriPO, the larger of its two
  distill_warmup_steps: 50, // CriPO; that it is the weight that rises is our reading
  contrast_coef: 0.5, // RLCSD
  penalty: 1, // ours
  penalty_below: 0.5, // ours: less likely than not
};

const paperReasoner: StageSettings = {
  steps: 100, // paper, Table 7
  batch_size: 32, // paper, Table 7
  microbatch_size: 4, // ours: what fits a small machine; the mean over the batch's tokens does not depend on it
  loss_aggregation: 'batch-token', // ours: equations (4), (5) sum over tokens, without a word on the batch
  teacher: 'fixed', // paper, section 2.3
  ema_decay: 0.999, // the code's option
  snapshot_every: 10, // ours
  teacher_context: 'rubric', // paper, equation (5)
  divergence: 'forward_kl', // paper, section 2.5
  beta: 0.5, // only read by divergence=jsd
  loss_temperature: 1.2, // the code divides both logits by the sampling temperature
  top_k: 0, // paper: whole vocabulary
  tail: false,
  clip: 0, // paper: none
  clip_mode: 'none',
  sampling: { temperature: 1.2, top_p: 1, top_k: 0, max_tokens: 4096 }, // paper, Table 7
  optimizer: paperOptimizer,
  reason_first: false, // not in the text
  reason_by: 'teacher', // ours: the release lets the current student write it, by accident of its generation engine
  anti_mention: false, // not in the text
  mask_thinking: false, // the code's default
  thinking: { student: true, teacher: true }, // release script
  grpo: grpoDefaults,
  relatives: relativeDefaults,
};

const paperRubricWriter: StageSettings = {
  ...paperReasoner,
  steps: 1000, // paper, Table 7
  teacher_context: 'answer', // paper, equation (4)
  sampling: { ...paperReasoner.sampling, max_tokens: 2048 }, // paper: sequence length of the rubric stage
};

/** Paper, section 3: temperature 1.0, top-p 0.95, mean over four generations. The length is unstated. */
const paperEvaluation: EvaluationSettings = {
  temperature: 1,
  top_p: 0.95,
  top_k: 0,
  max_tokens: 4096,
  samples: 4,
  questions: 0,
};

const paper: TrainConfig = {
  profile: 'paper',
  algorithm: 'rcsd',
  model: 'smollm2-135m', // ours: the paper trains Qwen3-8B, which no registry offers
  data: 'data/science-sample', // ours: the paper's own mixture (RaR-Science, RubricHub, natural_reasoning) is not stated exactly and not ours to ship
  name: 'run',
  runs: 'runs',
  stages: 'both',
  rubric_source: 'generated', // paper, Algorithm 1
  rubric_student_sees_answer: false, // paper, equation (4)
  rubric_teacher_sees: 'answer', // paper, equation (4)
  rubric_prompt: 'paper', // paper, appendix B.1
  rubric_sampling: { temperature: 1, top_p: 0.95, top_k: 20, max_tokens: 2048 }, // the code's rubric cache scripts
  rubric_min_valid: 0.5, // ours
  stage1: paperRubricWriter,
  stage2: paperReasoner,
  lora: { rank: 64, alpha: 128, targets: LORA_TARGETS }, // paper, Table 7; targets from the stage-I scripts
  evaluation: paperEvaluation,
  validation: { every: 0, questions: 100 }, // ours: the paper evaluates the last model
  seed: { init: 42, data: 42, sampling: 42 }, // unstated
  checkpoint_every: 10, // release script
  keep_checkpoints: 2, // ours
  collapse_stop: true, // ours
  precision: 'auto', // the release uses bf16; not every processor has it
  rematerialize: false, // ours
};

const releasedReasoner: StageSettings = {
  ...paperReasoner,
  microbatch_size: 1, // release script: one completion a device
  loss_aggregation: 'microbatch-token', // the code divides by the tokens of the micro-batch
  teacher_context: 'answer+rubric', // the code's collator
  top_k: 20, // release script
  clip: 0.05, // release script
  clip_mode: 'entry', // the code clips each vocabulary entry before the sum
  sampling: { temperature: 1.2, top_p: 0.95, top_k: 20, max_tokens: 4096 }, // release script
  reason_first: true, // release script
  anti_mention: true, // the release's transition text
};

const released: TrainConfig = {
  ...paper,
  profile: 'released',
  rubric_student_sees_answer: true, // the code's stage-I collator
  rubric_teacher_sees: 'answer+rubric', // the code's stage-I collator
  rubric_prompt: 'released', // the code's stage-I collator
  stage1: {
    ...releasedReasoner,
    steps: 1000, // paper; the release keeps stage II only
    teacher_context: 'answer+rubric',
    divergence: 'jsd', // stage-I scripts: beta 0.5, no top-k
    top_k: 0,
    reason_first: false, // the stage-I collator has neither analysis nor transition
    anti_mention: false,
  },
  stage2: releasedReasoner,
};

const scienceSampling: SamplingSettings = { temperature: 1, top_p: 0.95, top_k: 0, max_tokens: 80 };

/** Settings under which the embedded model was studied: full fine-tuning, whole vocabulary, no clip. */
const scienceReasoner: StageSettings = {
  ...paperReasoner,
  steps: 40,
  microbatch_size: 32,
  sampling: { ...scienceSampling, temperature: 1.2 },
  optimizer: { ...paperOptimizer, learning_rate: 3e-4, warmup_steps: 5 },
  thinking: { student: false, teacher: false }, // the task's views have no thinking mode
};

const microscience: TrainConfig = {
  ...paper,
  profile: 'microscience',
  model: 'microscience',
  data: 'microscience',
  rubric_teacher_sees: 'answer+rubric', // figure 2 and the code's collator; the answer alone says little to this model
  rubric_sampling: { ...scienceSampling, max_tokens: 128 },
  stage1: {
    ...scienceReasoner,
    steps: 80,
    teacher_context: 'answer+rubric',
    loss_temperature: 1,
    sampling: { ...scienceSampling, max_tokens: 112 }, // the longest teacher's prompt has 140 of 256 positions
  },
  stage2: scienceReasoner,
  lora: { ...paper.lora, rank: 0 },
  evaluation: { ...scienceSampling, samples: 2, questions: 420 },
  precision: 'fp32', // too small a model for the choice to matter; runs stay the same on every processor of a type
  checkpoint_every: 20,
};

const PROFILES = { paper, released, microscience } as const;

/** The complete defaults of a profile for one algorithm. All but RCSD have one stage, `stage2`. */
export function profileDefaults(profile: TrainConfig['profile'], algorithm: TrainConfig['algorithm']): TrainConfig {
  const base = PROFILES[profile];
  if (algorithm === 'rcsd') return base;
  const { defaults, steps } = traitsOf(algorithm);
  const longer = steps !== undefined && profile !== 'microscience' && { steps };
  return { ...base, algorithm, stage2: { ...base.stage2, ...longer, ...defaults?.(base.stage2) } };
}
