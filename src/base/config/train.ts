/**
 * The settings of one training run. Names follow the field's terms; defaults and the three profiles (`paper`, `released`,
 * `microscience`) are in profiles.ts, the checks of single values and of combinations in schema.ts.
 */

import type { AlgorithmName } from './algorithms';
import type { GrpoSettings, LossAggregation } from './policyGradient';

/** What the teacher sees beside the question. */
export type TeacherContext = 'none' | 'answer' | 'rubric' | 'answer+rubric';

/** Rubric sources of any data with reference rubrics; `placebo` is another family's rubric of about the same length. */
export const SHARED_SOURCES = ['generated', 'reference', 'generic', 'random', 'noisy', 'reduced', 'placebo'] as const;
/** Sources that need to know each question's law, which only microscience does. */
export const LAW_SOURCES = ['wrong', 'full', 'law-only', 'step-only', 'same-family', 'all-laws', 'filler'] as const;

/** Where stage II's rubrics come from. */
export type RubricSource = (typeof SHARED_SOURCES)[number] | (typeof LAW_SOURCES)[number] | `file:${string}`;

/** Whose weights the teacher has: the initial policy, the current one, an average, or a copy renewed every n steps. */
export type TeacherPolicy = 'fixed' | 'live' | 'ema' | 'snapshot';

/** Token-level divergence between teacher and student (papers: RCSD 1.7). */
export interface DivergenceSettings {
  readonly divergence: 'forward_kl' | 'reverse_kl' | 'jsd';
  /** Interpolation of the JSD, 0..1; ignored by the other two. */
  readonly beta: number;
  /** Temperature of both distributions in the loss. */
  readonly loss_temperature: number;
  /** Keep the teacher's k largest logits; 0 keeps the whole vocabulary. */
  readonly top_k: number;
  /** With top_k: gather the rest of the mass in one more entry instead of renormalising. */
  readonly tail: boolean;
  /** Threshold of the clip, 0 for none. */
  readonly clip: number;
  readonly clip_mode: 'entry' | 'position' | 'mask' | 'none';
}

/** How completions are drawn. */
export interface SamplingSettings {
  readonly temperature: number;
  readonly top_p: number;
  readonly top_k: number;
  readonly max_tokens: number;
}

/** The update. */
export interface OptimizerSettings {
  readonly learning_rate: number;
  readonly warmup_steps: number;
  readonly schedule: 'linear' | 'cosine' | 'constant';
  readonly weight_decay: number;
  readonly adam_beta1: number;
  readonly adam_beta2: number;
  readonly adam_epsilon: number;
  /** Clip of the global gradient norm, 0 for none. */
  readonly max_grad_norm: number;
}

/** Low-rank adapters; rank 0 means full fine-tuning. */
export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly string[];
}

/** Settings of the evaluation before and after training. */
export interface EvaluationSettings extends SamplingSettings {
  /** Samples a question (avg@k). */
  readonly samples: number;
  /** At most this many questions, 0 for all. */
  readonly questions: number;
}

/** Validation of the stage that answers, on questions taken out of the training ones. */
export interface ValidationSettings {
  /** Updates between validations; 0 for none. */
  readonly every: number;
  readonly questions: number;
}

/** What one stage of training does; RCSD's two stages are the same record with other values. */
export interface StageSettings extends DivergenceSettings {
  readonly steps: number;
  /** Completions in one update. */
  readonly batch_size: number;
  /** Completions in one forward and backward pass; gradients add up over batch_size / microbatch_size passes. */
  readonly microbatch_size: number;
  readonly loss_aggregation: LossAggregation;
  readonly teacher: TeacherPolicy;
  readonly ema_decay: number;
  readonly snapshot_every: number;
  readonly teacher_context: TeacherContext;
  readonly sampling: SamplingSettings;
  readonly optimizer: OptimizerSettings;
  /** The teacher first writes an analysis of the privileged text and scores behind it (papers: RCSD 1.5). */
  readonly reason_first: boolean;
  /** Who writes that analysis. */
  readonly reason_by: 'teacher' | 'student';
  /** Close the teacher's context with the do-not-mention transition. */
  readonly anti_mention: boolean;
  /** Leave out the loss up to and including the first `</think>`. */
  readonly mask_thinking: boolean;
  readonly thinking: { readonly student: boolean; readonly teacher: boolean };
  /** Groups of completions: all of it read by algorithm=grpo and cripo, num_generations by whoever draws groups. */
  readonly grpo: GrpoSettings;
  readonly relatives: RelativeSettings;
}

/** Settings of single algorithms beside the common ones. */
export interface RelativeSettings {
  /** sft: the questions' solutions, their answers alone, or sampled completions whose answer is right. */
  readonly sft_source: 'reference' | 'answer' | 'filtered';
  /** sft on filtered completions, majority: whose weights draw them. */
  readonly sampler: 'student' | 'teacher';
  /** gkd: chance of a completion of the student's own. */
  readonly gkd_lambda: number;
  /** cripo: weight of the distillation beside the policy gradient, and the updates over which it rises. */
  readonly distill_coef: number;
  readonly distill_warmup_steps: number;
  /** rlcsd: largest shift of an advantage by the hints. */
  readonly contrast_coef: number;
  /** penalty: how bad a token is whose probability is below `penalty_below`. */
  readonly penalty: number;
  readonly penalty_below: number;
}

/** The whole run, frozen into config.json. */
export interface TrainConfig {
  readonly profile: 'paper' | 'released' | 'microscience';
  readonly algorithm: AlgorithmName;
  readonly model: string;
  readonly adapter?: string;
  /** A folder with train.jsonl and test.jsonl, a JSONL file, or `microscience`. */
  readonly data: string;
  readonly name: string;
  readonly runs: string;
  /** RCSD only: run both stages, the rubric generator, or the reasoner alone. */
  readonly stages: 'both' | 'rubric' | 'reasoner';
  readonly rubric_source: RubricSource;
  /** Stage I: the student sees the reference answer too, as in the authors' code. */
  readonly rubric_student_sees_answer: boolean;
  /** Stage I: what the teacher sees: the answer, the reference rubric, or both. */
  readonly rubric_teacher_sees: 'answer' | 'rubric' | 'answer+rubric';
  /** Whose wording asks for a rubric: the paper's appendix B.1 or the authors' stage-I code. */
  readonly rubric_prompt: 'paper' | 'released';
  /** A YAML file with prompt templates in place of the built-in ones. */
  readonly prompts?: string;
  /** Sampling of the rubrics between the stages. */
  readonly rubric_sampling: SamplingSettings;
  /** Least share of questions that must keep a valid rubric. */
  readonly rubric_min_valid: number;
  readonly stage1: StageSettings;
  readonly stage2: StageSettings;
  readonly lora: LoraSettings;
  readonly evaluation: EvaluationSettings;
  readonly validation: ValidationSettings;
  readonly seed: { readonly init: number; readonly data: number; readonly sampling: number };
  readonly checkpoint_every: number;
  readonly keep_checkpoints: number;
  /** End a run whose divergence or length runs away, with its last good checkpoint. */
  readonly collapse_stop: boolean;
  /**
   * Of the matrix products in scoring, learning and drawing; weights, sums, softmax and norms are fp32 in any case. `auto` takes the faster one
   * of this machine; config.json holds which.
   */
  readonly precision: 'auto' | 'fp32' | 'bf16';
  /** Keep only what enters each layer for the gradient and compute the layer again. */
  readonly rematerialize: boolean;
}
