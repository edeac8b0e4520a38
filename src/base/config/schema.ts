/** Every setting of a training run, once: its type, its range, what it means. The plain types are in train.ts. */
import { z } from 'zod';
import { ALGORITHM_NAMES } from './algorithms';
import { AGGREGATIONS, ANSWER_JUDGES, LOSS_TYPES } from './policyGradient';
import {
  about,
  aboveZero,
  atLeastZero,
  belowOne,
  choice,
  flag,
  positive,
  seed,
  settingsTable,
  share,
  text,
  whole,
} from './settings';
import { LAW_SOURCES, SHARED_SOURCES, type TrainConfig } from './train';

/** The seven projections of a decoder layer that an adapter can sit on. */
export const LORA_TARGETS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

const sampling = {
  temperature: atLeastZero('sampling temperature; 0 takes the most likely token'),
  top_p: aboveZero('sample from the smallest set of tokens with this much probability'),
  top_k: whole(0, 'sample from the k most likely tokens; 0 for all'),
  max_tokens: whole(1, 'longest completion in tokens'),
};

const optimizer = z.object({
  learning_rate: positive('peak learning rate of AdamW'),
  warmup_steps: whole(0, 'updates over which the learning rate rises'),
  schedule: choice(['linear', 'cosine', 'constant'], 'how the learning rate goes on after the warm-up'),
  weight_decay: atLeastZero('decoupled weight decay'),
  adam_beta1: belowOne('decay of the mean gradient'),
  adam_beta2: belowOne('decay of the mean squared gradient'),
  adam_epsilon: positive("AdamW's epsilon"),
  max_grad_norm: atLeastZero('clip of the global gradient norm; 0 for none'),
});

const reward = z.string().regex(/^(answer|format|length|rubric|rubric_implicit|judge|file:.+)$/);

const grpo = z.object({
  num_generations: whole(1, 'completions of one question, which are compared; divides batch_size'),
  num_iterations: whole(1, 'updates made with one batch of completions'),
  rewards: z
    .array(reward)
    .min(1)
    .meta(
      about(
        'a comma-separated list out of answer, format, length, rubric, rubric_implicit, judge, file:PATH',
        'what a completion is rewarded for',
      ),
    ),
  reward_weights: z
    .array(z.coerce.number().finite())
    .meta(about('a comma-separated list of numbers', 'weight of each reward; empty for 1 each')),
  judge_model: text(
    'reward judge: name, folder or .gguf file of the model that scores completions, or http://HOST:PORT/v1#NAME; none for none',
  ),
  judge_kind: choice(
    ANSWER_JUDGES,
    'reward judge: how it judges; grpo beside the reference answer, the others by the rubric',
  ),
  multi_objective_aggregation: choice(
    ['sum_then_normalize', 'normalize_then_sum'],
    'add the rewards up and compare the sums, or compare each reward by itself and add up (GDPO)',
  ),
  rubric_formula: choice(
    ['absolute', 'rar', 'healthbench'],
    'reward rubric: share of the absolute weights; of the weights of the categories; of the positive points, faults taken off',
  ),
  false_positive: share('reward answer: chance that a wrong completion is taken for right, a judge that errs'),
  false_negative: share('reward answer: chance that a right completion is taken for wrong'),
  overlong_buffer: whole(0, 'reward length: tokens before max_tokens over which it falls to -1; 0 for a fifth'),
  scale_rewards: choice(
    ['group', 'batch', 'none'],
    "advantages are divided by the group's spread, the batch's, or not",
  ),
  loss_type: choice(LOSS_TYPES, 'the loss; it brings its own loss_aggregation, epsilon and epsilon_high'),
  epsilon: atLeastZero('the ratio is clipped below 1 - epsilon'),
  epsilon_high: atLeastZero('the ratio is clipped above 1 + epsilon_high; loss_type=cispo: above epsilon_high'),
  delta: atLeastZero('upper limit of the ratio where the advantage is negative; 0 for none'),
  kl_coef: atLeastZero("weight of the KL to the teacher's weights in the student's view; 0 for none"),
  kl_bias_correction: flag('multiply the KL by the ratio'),
  sapo_temperature_pos: positive('loss_type=sapo: steepness for advantages above 0'),
  sapo_temperature_neg: positive('loss_type=sapo: steepness for the others'),
  vespo_k_pos: atLeastZero("loss_type=vespo: power of the sequence's ratio for advantages of 0 and above"),
  vespo_lambda_pos: positive('loss_type=vespo: decay with the ratio for advantages of 0 and above'),
  vespo_k_neg: atLeastZero("loss_type=vespo: power of the sequence's ratio for the others"),
  vespo_lambda_neg: positive('loss_type=vespo: decay with the ratio for the others'),
  top_entropy_quantile: aboveZero("share of the batch's tokens, those of highest entropy, that are learned from"),
  mask_truncated_completions: flag('leave completions that were cut off out of the loss'),
  dynamic_sampling: flag('leave out questions whose completions all have the same reward'),
});

const relatives = z.object({
  sft_source: choice(
    ['reference', 'answer', 'filtered'],
    "sft: learn from the questions' solutions, from their answers alone, or from sampled completions whose answer is right",
  ),
  sampler: choice(['student', 'teacher'], 'sft_source=filtered, majority: whose weights draw the completions'),
  gkd_lambda: share("gkd: chance that a completion is the student's own and not the question's solution"),
  distill_coef: atLeastZero('cripo: weight of the distillation beside the policy gradient'),
  distill_warmup_steps: whole(0, 'cripo: updates over which that weight rises'),
  contrast_coef: atLeastZero("rlcsd: largest shift of a token's advantage by the contrast of hints"),
  penalty: positive('penalty: how bad an unlikely token is'),
  penalty_below: aboveZero('penalty: probability below which a token is unlikely'),
});

const contexts = ['none', 'answer', 'rubric', 'answer+rubric'] as const;

const stage = z.object({
  steps: whole(1, 'updates'),
  batch_size: whole(1, 'completions in one update'),
  microbatch_size: whole(1, 'completions in one forward and backward pass; divides batch_size'),
  loss_aggregation: choice(
    AGGREGATIONS,
    'mean over the tokens of the batch, over sequences, over the tokens of each microbatch (as released); sum; sum over the number of sequences, or over that times max_tokens',
  ),
  teacher: choice(
    ['fixed', 'live', 'ema', 'snapshot'],
    "whose weights the teacher has: the initial ones, the student's, an average, a copy",
  ),
  ema_decay: belowOne('decay of the averaged teacher (teacher=ema)'),
  snapshot_every: whole(1, "updates between copies of the student's weights (teacher=snapshot)"),
  teacher_context: choice(contexts, 'what the teacher sees beside the question'),
  divergence: choice(['forward_kl', 'reverse_kl', 'jsd'], 'divergence between teacher and student, token by token'),
  beta: share('interpolation of divergence=jsd'),
  loss_temperature: positive('temperature of both distributions in the loss'),
  top_k: whole(0, "keep the teacher's k largest logits in the loss; 0 for the whole vocabulary"),
  tail: flag('with top_k: gather the rest of the mass in one more entry instead of renormalising'),
  clip: atLeastZero('upper limit of the divergence; 0 for none'),
  clip_mode: choice(
    ['entry', 'position', 'mask', 'none'],
    'what the clip acts on: vocabulary entry, position, or dropping the position',
  ),
  sampling: z.object(sampling),
  optimizer,
  reason_first: flag('the teacher writes an analysis of the privileged text and scores behind it'),
  reason_by: choice(['teacher', 'student'], 'who writes that analysis'),
  anti_mention: flag("close the teacher's context with the request not to mention the privileged text"),
  mask_thinking: flag('leave out the loss up to the first </think>'),
  thinking: z.object({
    student: flag("thinking mode of the chat template in the student's view"),
    teacher: flag("thinking mode of the chat template in the teacher's view"),
  }),
  grpo,
  relatives,
});

const rubricSource = z
  .union([
    z.enum([...SHARED_SOURCES, ...LAW_SOURCES]),
    z.custom<`file:${string}`>((value) => typeof value === 'string' && /^file:./.test(value)),
  ])
  .meta(
    about(
      `one of ${SHARED_SOURCES.join(', ')}, file:PATH; for microscience also ${LAW_SOURCES.join(', ')}`,
      "where stage II's rubrics come from",
    ),
  );

const trainSchema = z.strictObject({
  profile: choice(['paper', 'released', 'microscience'], 'table of defaults'),
  algorithm: choice(ALGORITHM_NAMES, 'what to train with'),
  model: text('a model name (see `rcsd models list`), a model folder or a .gguf file'),
  adapter: z.string().min(1).optional().meta(about('a folder', 'PEFT adapter to start from')),
  data: text(
    'a folder with train.jsonl and test.jsonl, a JSONL file, microscience, or microscience:7 for a base of pretrain world=7',
  ),
  name: text('name of the run folder; default: algorithm and model'),
  runs: text('folder that holds the run folders'),
  stages: choice(['both', 'rubric', 'reasoner'], 'rcsd: run both stages, the rubric generator, or the reasoner alone'),
  rubric_source: rubricSource,
  rubric_student_sees_answer: flag('stage I: the student sees the reference answer too'),
  rubric_teacher_sees: choice(['answer', 'rubric', 'answer+rubric'], 'stage I: what the teacher sees'),
  rubric_prompt: choice(
    ['paper', 'released'],
    "wording of the request for a rubric: the paper's or the authors' code's",
  ),
  prompts: z.string().min(1).optional().meta(about('a YAML file', 'prompt templates in place of the built-in ones')),
  rubric_sampling: z.object(sampling),
  rubric_min_valid: share('least share of questions that must keep a valid rubric'),
  stage1: stage,
  stage2: stage,
  lora: z.object({
    rank: whole(0, 'rank of the adapters; 0 trains all weights'),
    alpha: positive('adapters are scaled by alpha / rank'),
    targets: z
      .array(z.enum(LORA_TARGETS))
      .min(1)
      .meta(about(`a comma-separated list out of ${LORA_TARGETS.join(', ')}`, 'projections with an adapter')),
  }),
  evaluation: z.object({
    ...sampling,
    samples: whole(1, 'samples a question'),
    questions: whole(0, 'at most this many questions; 0 for all'),
  }),
  validation: z.object({
    every: whole(0, 'updates between validations of the answering stage, whose best model is kept; 0 for none'),
    questions: whole(1, 'questions for it, taken out of the training ones'),
  }),
  seed: z.object({
    init: seed('seed of the initial adapter weights'),
    data: seed('seed of the order of the questions'),
    sampling: seed('seed of the sampling noise'),
  }),
  checkpoint_every: whole(1, 'updates between checkpoints'),
  keep_checkpoints: whole(1, 'newest checkpoints to keep'),
  collapse_stop: flag('end a run whose divergence or length runs away, with its last good checkpoint'),
  precision: choice(
    ['auto', 'fp32', 'bf16'],
    'number format of the matrix products; auto takes the faster of this machine',
  ),
  rematerialize: flag('compute layers again for the gradient in place of keeping them: less memory, more time'),
});

/** The settings of a training run. */
export const trainSettings = settingsTable<TrainConfig>(trainSchema);
