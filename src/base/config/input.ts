/** Settings as one writes them: those that differ from the profile, under their own or their short names. Written by `DOCS=write npx vitest run tests/docs/settings.test.ts` like configs.ts; the defaults are those of profile paper (stage I | stage II). */
import type {
  BatchSettings,
  EvaluationSettings,
  GrpoSettings,
  LoraSettings,
  OptimizerSettings,
  ReasonSamplingSettings,
  SamplingSettings,
  SeedSettings,
  ThinkingSettings,
  ValidationSettings,
} from './configs';
import type { RelativeSettings } from './generated/relativeConfigs';

/** Settings of one stage. */
export interface StageInput {
  /** updates: a whole number, 1 or more. Default: 1000 | 100. */
  readonly steps?: number;
  /** questions that this stage learns from, written as data; those of data unless given. */
  readonly data?: string;
  /** weights of the data sets in data of this stage: a comma-separated list of numbers. */
  readonly data_weights?: readonly number[];
  /** learn only from questions whose prompt has at most this many tokens; no such limit unless given: a whole number, 1 or more. */
  readonly max_prompt_tokens?: number;
  /** learn only from questions whose metadata.stratum is one of these, separated by commas; all for all. Default: all. */
  readonly strata?: string;
  /** learn from no question whose metadata has one of these values, such as template=MOVE-speed or phrasing=3, separated by commas; none for no such limit. Default: none. */
  readonly leave_out?: string;
  /** completions in one update: a whole number, 1 or more. Default: 32. */
  readonly batch_size?: number;
  /** completions in one forward and backward pass; divides batch_size: a whole number, 1 or more. Default: 4. */
  readonly microbatch_size?: number;
  /** mean over the tokens of the batch, over sequences, over the tokens of each microbatch (as released); sum; sum over the number of sequences, or over that times max_tokens: one of batch-token, sequence, microbatch-token, sum, sequence-sum, longest-token. Default: batch-token. */
  readonly loss_aggregation?:
    | 'batch-token'
    | 'sequence'
    | 'microbatch-token'
    | 'sum'
    | 'sequence-sum'
    | 'longest-token';
  /** whose weights the teacher has: the initial ones, the student's, an average, a copy: one of fixed, live, ema, snapshot. Default: fixed. */
  readonly teacher?: 'fixed' | 'live' | 'ema' | 'snapshot';
  /** decay of the averaged teacher (teacher=ema): a number from 0 up to but not including 1. Default: 0.999. */
  readonly ema_decay?: number;
  /** updates between copies of the student's weights (teacher=snapshot): a whole number, 1 or more. Default: 10. */
  readonly snapshot_every?: number;
  /** what the teacher sees beside the question: one of none, answer, rubric, answer+rubric. Default: answer | rubric. */
  readonly teacher_context?: 'none' | 'answer' | 'rubric' | 'answer+rubric';
  /** one teacher with the whole rubric, or one for each criterion, mixed at each token: the mean of their distributions, their product (geometric mean), the student's times each one's ratio to it, or the one that moves the student most: one of joint, mean, product, ratio, strongest. Default: joint. */
  readonly teacher_mixture?: 'joint' | 'mean' | 'product' | 'ratio' | 'strongest';
  /** grpo, majority, rcsd, ssd, sft_source=filtered: what is seen beside the question while completions are drawn; they are learned behind the question alone: one of none, answer, rubric, answer+rubric. Default: none. */
  readonly rollout_context?: 'none' | 'answer' | 'rubric' | 'answer+rubric';
  /** divergence between teacher and student, token by token: one of forward_kl, reverse_kl, jsd. Default: forward_kl. */
  readonly divergence?: 'forward_kl' | 'reverse_kl' | 'jsd';
  /** interpolation of divergence=jsd: a number between 0 and 1. Default: 0.5. */
  readonly beta?: number;
  /** temperature of both distributions in the loss: a number greater than 0. Default: 1.2. */
  readonly loss_temperature?: number;
  /** keep k largest logits in the loss; 0 for the whole vocabulary: a whole number, 0 or more. Default: 0. */
  readonly top_k?: number;
  /** with top_k: whose largest logits are kept; union keeps the teacher's k and the student's k: one of teacher, student, union. Default: teacher. */
  readonly support?: 'teacher' | 'student' | 'union';
  /** with top_k: gather the rest of the mass in one more entry instead of renormalising. Default: false. */
  readonly tail?: boolean;
  /** upper limit of the divergence; 0 for none: a number, 0 or more. Default: 0. */
  readonly clip?: number;
  /** what the clip acts on: vocabulary entry, position, or dropping the position: one of entry, position, mask, none. Default: none. */
  readonly clip_mode?: 'entry' | 'position' | 'mask' | 'none';
  readonly sampling?: Partial<SamplingSettings>;
  /** sampling temperature; 0 takes the most likely token: a number, 0 or more. Default: 1.2. */
  readonly temperature?: number;
  /** sample from the smallest set of tokens with this much probability: a number above 0 and at most 1. Default: 1. */
  readonly top_p?: number;
  /** longest completion in tokens: a whole number, 1 or more. Default: 2048 | 4096. */
  readonly max_tokens?: number;
  readonly optimizer?: Partial<OptimizerSettings>;
  /** peak learning rate of AdamW: a number greater than 0. Default: 0.000005. */
  readonly learning_rate?: number;
  /** updates over which the learning rate rises: a whole number, 0 or more. Default: 0. */
  readonly warmup_steps?: number;
  /** how the learning rate goes on after the warm-up: one of linear, cosine, constant. Default: linear. */
  readonly schedule?: 'linear' | 'cosine' | 'constant';
  /** decoupled weight decay: a number, 0 or more. Default: 0. */
  readonly weight_decay?: number;
  /** decay of the mean gradient: a number from 0 up to but not including 1. Default: 0.9. */
  readonly adam_beta1?: number;
  /** decay of the mean squared gradient: a number from 0 up to but not including 1. Default: 0.999. */
  readonly adam_beta2?: number;
  /** AdamW's epsilon: a number greater than 0. Default: 1e-8. */
  readonly adam_epsilon?: number;
  /** clip of the global gradient norm; 0 for none: a number, 0 or more. Default: 1. */
  readonly max_grad_norm?: number;
  /** the teacher writes an analysis of the privileged text and scores behind it. Default: false. */
  readonly reason_first?: boolean;
  /** who writes that analysis: one of teacher, student. Default: teacher. */
  readonly reason_by?: 'teacher' | 'student';
  readonly reason_sampling?: Partial<ReasonSamplingSettings>;
  /** close the teacher's context with the request not to mention the privileged text. Default: false. */
  readonly anti_mention?: boolean;
  /** leave out the loss up to the first </think>. Default: false. */
  readonly mask_thinking?: boolean;
  readonly grpo?: Partial<GrpoSettings>;
  /** completions of one question, which are compared; divides batch_size: a whole number, 1 or more. Default: 4. */
  readonly num_generations?: number;
  /** updates made with one batch of completions: a whole number, 1 or more. Default: 1. */
  readonly num_iterations?: number;
  /** what a completion is rewarded for: a comma-separated list out of answer, format, length, rubric, rubric_implicit, judge, file:PATH. Default: answer. */
  readonly rewards?: readonly string[];
  /** weight of each reward; empty for 1 each: a comma-separated list of numbers. Default: none. */
  readonly reward_weights?: readonly number[];
  /** reward judge: name, folder or .gguf file of the model that scores completions, or http://HOST:PORT/v1#NAME; none for none. Default: none. */
  readonly judge_model?: string;
  /** reward judge: how it judges; grpo beside the reference answer, the others by the rubric: one of paper, grpo, rar-implicit, rar-explicit, criteria, healthbench, researchqa. Default: grpo. */
  readonly judge_kind?: 'paper' | 'grpo' | 'rar-implicit' | 'rar-explicit' | 'criteria' | 'healthbench' | 'researchqa';
  /** reward judge behind a server: how it is asked, as a JSON object of the settings that `rcsd evaluate` has for servers, such as {"timeout":60,"fields":"response_format:none"}. Default: {}. */
  readonly judge_server?: string;
  /** with several rewards: add them up and compare the sums, or compare each reward by itself and add up (GDPO): one of sum_then_normalize, normalize_then_sum. Default: sum_then_normalize. */
  readonly multi_objective_aggregation?: 'sum_then_normalize' | 'normalize_then_sum';
  /** reward rubric: share of the absolute weights; of the weights of the categories; of the positive points, with points off for faults: one of absolute, rar, healthbench. Default: absolute. */
  readonly rubric_formula?: 'absolute' | 'rar' | 'healthbench';
  /** reward answer: chance that a wrong completion is taken for right, to imitate a judge that errs: a number between 0 and 1. Default: 0. */
  readonly false_positive?: number;
  /** reward answer: chance that a right completion is taken for wrong: a number between 0 and 1. Default: 0. */
  readonly false_negative?: number;
  /** reward length: tokens before max_tokens over which it falls to -1; 0 for a fifth of max_tokens: a whole number, 0 or more. Default: 0. */
  readonly overlong_buffer?: number;
  /** advantages are divided by the group's standard deviation, by the batch's, or not: one of group, batch, none. Default: group. */
  readonly scale_rewards?: 'group' | 'batch' | 'none';
  /** the loss; it brings its own loss_aggregation, epsilon and epsilon_high: one of grpo, bnpo, dr_grpo, dapo, cispo, gspo, sapo, luspo, vespo. Default: dapo. */
  readonly loss_type?: 'grpo' | 'bnpo' | 'dr_grpo' | 'dapo' | 'cispo' | 'gspo' | 'sapo' | 'luspo' | 'vespo';
  /** the ratio is clipped below 1 - epsilon: a number, 0 or more. Default: 0.2. */
  readonly epsilon?: number;
  /** the ratio is clipped above 1 + epsilon_high; loss_type=cispo: above epsilon_high: a number, 0 or more. Default: 0.28. */
  readonly epsilon_high?: number;
  /** upper limit of the ratio where the advantage is negative (INTELLECT-2); 0 for none: a number, 0 or more. Default: 0. */
  readonly delta?: number;
  /** weight of the KL to the teacher's weights in the student's view; 0 for none: a number, 0 or more. Default: 0. */
  readonly kl_coef?: number;
  /** multiply the KL by the ratio. Default: false. */
  readonly kl_bias_correction?: boolean;
  /** loss_type=sapo: steepness for advantages above 0: a number greater than 0. Default: 1. */
  readonly sapo_temperature_pos?: number;
  /** loss_type=sapo: steepness for the others: a number greater than 0. Default: 1.05. */
  readonly sapo_temperature_neg?: number;
  /** loss_type=vespo: power of the sequence's ratio for advantages of 0 and above: a number, 0 or more. Default: 2. */
  readonly vespo_k_pos?: number;
  /** loss_type=vespo: decay with the ratio for advantages of 0 and above: a number greater than 0. Default: 3. */
  readonly vespo_lambda_pos?: number;
  /** loss_type=vespo: power of the sequence's ratio for the others: a number, 0 or more. Default: 3. */
  readonly vespo_k_neg?: number;
  /** loss_type=vespo: decay with the ratio for the others: a number greater than 0. Default: 2. */
  readonly vespo_lambda_neg?: number;
  /** share of the batch's tokens, those of highest entropy, that are learned from: a number above 0 and at most 1. Default: 1. */
  readonly top_entropy_quantile?: number;
  /** whose ratio: the one that loss_type is made with, each token's, or the mean logarithm over the sequence: one of loss_type, token, sequence. Default: loss_type. */
  readonly importance_sampling_level?: 'loss_type' | 'token' | 'sequence';
  /** leave out completions with a negative advantage whose log-probability fell by more than this a token since they were drawn; 0 for none: a number, 0 or more. Default: 0. */
  readonly off_policy_mask_threshold?: number;
  /** weight of the mean entropy, which is raised: a number, 0 or more. Default: 0. */
  readonly entropy_coef?: number;
  /** multiply the loss by the ratio of the policy to the sampler that drew the tokens, of each token or of the sequence, within sampler_min and sampler_max or 0 outside: one of none, token_truncate, token_mask, sequence_truncate, sequence_mask. Default: none. */
  readonly sampler_correction?: 'none' | 'token_truncate' | 'token_mask' | 'sequence_truncate' | 'sequence_mask';
  /** sampler_correction: largest ratio: a number greater than 0. Default: 3. */
  readonly sampler_max?: number;
  /** sampler_correction: smallest ratio; 0 for none: a number, 0 or more. Default: 0. */
  readonly sampler_min?: number;
  /** leave completions that were cut off out of the loss. Default: false. */
  readonly mask_truncated_completions?: boolean;
  /** leave out questions whose completions all have the same reward. Default: false. */
  readonly dynamic_sampling?: boolean;
  readonly relatives?: Partial<RelativeSettings>;
  /** sft: learn from the questions' solutions, from their answers alone, or from sampled completions whose answer is right: one of reference, answer, filtered. Default: reference. */
  readonly sft_source?: 'reference' | 'answer' | 'filtered';
  /** sft_source=filtered, majority: whose weights draw the completions: one of student, teacher. Default: student. */
  readonly sampler?: 'student' | 'teacher';
  /** gkd: chance that a completion is the student's own and not the question's solution: a number between 0 and 1. Default: 0.5. */
  readonly gkd_lambda?: number;
  /** cripo, grpo_opsd: weight of the distillation beside the policy gradient: a number, 0 or more. Default: 0.05. */
  readonly distill_coef?: number;
  /** cripo, grpo_opsd: updates over which that weight rises: a whole number, 0 or more. Default: 50. */
  readonly distill_warmup_steps?: number;
  /** cripo: the teacher sees the completion that it is to revise. Default: true. */
  readonly cripo_shows_response?: boolean;
  /** penalty: how bad an unlikely token is: a number greater than 0. Default: 1. */
  readonly penalty?: number;
  /** penalty: probability below which a token is unlikely: a number above 0 and at most 1. Default: 0.5. */
  readonly penalty_below?: number;
  /** rlcsd: largest shift of a token's advantage by the contrast of hints: a number, 0 or more. Default: 0.5. */
  readonly contrast_coef?: number;
  /** rcsd_sft: chance that a completion is the question's solution: a number above 0 and at most 1. Default: 0.25. */
  readonly sft_share?: number;
  /** rcsd_sft: weight of the cross-entropy on solutions: a number greater than 0. Default: 0.1. */
  readonly sft_weight?: number;
  /** iw_opd: how much more the first token weighs than the last: a number, 0 or more. Default: 0.5. */
  readonly iw_gamma?: number;
  /** iw_opd: gaps to the teacher are summed up to the last token (the paper's) or with it (TRL's): one of prefix, completion. Default: prefix. */
  readonly iw_total?: 'prefix' | 'completion';
  /** op2sd: every question gets the solution of one of its own, or all get the same: one of each, one. Default: each. */
  readonly op2sd_donor?: 'each' | 'one';
  /** rlsd: share of an advantage's size that the teacher decides at first: a number between 0 and 1. Default: 0.5. */
  readonly rlsd_lambda?: number;
  /** rlsd: updates over which that share falls to 0; 0 for never: a whole number, 0 or more. Default: 50. */
  readonly rlsd_decay_steps?: number;
  /** rlsd: how far the teacher changes the size: a number from 0 up to but not including 1. Default: 0.2. */
  readonly rlsd_clip?: number;
  /** opsa: share of the batch's tokens, the least likely, that are pushed down: a number above 0 and at most 1. Default: 0.2. */
  readonly opsa_share?: number;
  /** opsa: advantages from -0.5 to -1 by entropy, or -0.5 for all (the paper's control): one of entropy, fixed. Default: entropy. */
  readonly opsa_advantage?: 'entropy' | 'fixed';
  /** cort: the policy samples and learns with the rubric in its prompt, or without it, so that the rubric weighs tokens only: one of told, untold. Default: told. */
  readonly cort_criteria?: 'told' | 'untold';
  /** cort: a, how sharply tokens that the rubric made likelier are told from others: a number greater than 0. Default: 1. */
  readonly cort_slope?: number;
  /** cort: b, the gap in nats from which a token weighs more: a number, 0 or more. Default: 0. */
  readonly cort_offset?: number;
  /** cort: how much weights differ; below 2: a number, 0 or more. Default: 1. */
  readonly cort_eta?: number;
  /** cort: updates before tokens begin to weigh differently: a whole number, 0 or more. Default: 10. */
  readonly cort_warmup_steps?: number;
  /** cort: updates over which they come to do so in full: a whole number, 0 or more. Default: 10. */
  readonly cort_ramp_steps?: number;
  /** thinking mode of the chat template in both views, or in the student's and the teacher's. */
  readonly thinking?: boolean | Partial<ThinkingSettings>;
}

/** Settings of a run; those of a stage hold for both stages unless they stand in `stage1` or `stage2`. */
export interface TrainInput extends StageInput {
  /** table of defaults: one of paper, released, microscience. Default: paper. */
  readonly profile?: 'paper' | 'released' | 'microscience';
  /** what to train with: one of rcsd, opsd, sft, grpo, opd, sdpo, gkd, cripo, grpo_opsd, penalty, sdft, ssd, rlcsd, majority, rcsd_sft, iw_opd, op2sd, rlsd, opsa, cort. Default: rcsd. */
  readonly algorithm?:
    | 'rcsd'
    | 'opsd'
    | 'sft'
    | 'grpo'
    | 'opd'
    | 'sdpo'
    | 'gkd'
    | 'cripo'
    | 'grpo_opsd'
    | 'penalty'
    | 'sdft'
    | 'ssd'
    | 'rlcsd'
    | 'majority'
    | 'rcsd_sft'
    | 'iw_opd'
    | 'op2sd'
    | 'rlsd'
    | 'opsa'
    | 'cort';
  /** a model name (see `rcsd models list`), a model folder or a .gguf file. Default: smollm2-135m. */
  readonly model?: string;
  /** PEFT adapter to start from: a folder. */
  readonly adapter?: string;
  /** the day that a chat template takes for today, YYYY-MM-DD: a day written YYYY-MM-DD. Default: 2024-07-26. */
  readonly date?: '2024-07-26' | string;
  /** a folder with train.jsonl and test.jsonl, a JSONL file, a registered name, several of them separated by commas, microscience, or microscience:7 for a base of pretrain world=7. Default: data/science-sample. */
  readonly data?: string;
  /** share of the questions drawn from each of several data sets; unless given, every question counts the same: a comma-separated list of numbers. */
  readonly data_weights?: readonly number[];
  /** name of the run folder; default: algorithm and model. Default: run. */
  readonly name?: string;
  /** folder that holds the run folders. Default: runs. */
  readonly runs?: string;
  /** rcsd: run both stages, the rubric generator, or the reasoner alone: one of both, rubric, reasoner. Default: both. */
  readonly stages?: 'both' | 'rubric' | 'reasoner';
  /** where stage II's rubrics come from: one of generated, reference, generic, random, noisy, reduced, placebo, file:PATH; for microscience also wrong, one-wrong, full, law-only, step-only, same-family, all-laws, silent-laws, filler, coded, coded-placebo, split, half, permuted, dose:SHARE. Default: generated. */
  readonly rubric_source?:
    | 'generated'
    | 'reference'
    | 'generic'
    | 'random'
    | 'noisy'
    | 'reduced'
    | 'placebo'
    | 'wrong'
    | 'one-wrong'
    | 'full'
    | 'law-only'
    | 'step-only'
    | 'same-family'
    | 'all-laws'
    | 'silent-laws'
    | 'filler'
    | 'coded'
    | 'coded-placebo'
    | 'split'
    | 'half'
    | 'permuted'
    | `file:${string}`
    | `dose:${number}`;
  /** stage I: the student sees the reference answer too. Default: false. */
  readonly rubric_student_sees_answer?: boolean;
  /** stage I: what the teacher sees: one of answer, rubric, answer+rubric. Default: answer. */
  readonly rubric_teacher_sees?: 'answer' | 'rubric' | 'answer+rubric';
  /** wording of the request for a rubric: the paper's or the authors' code's: one of paper, released. Default: paper. */
  readonly rubric_prompt?: 'paper' | 'released';
  /** prompt templates in place of the built-in ones: a YAML file. */
  readonly prompts?: string;
  readonly rubric_sampling?: Partial<SamplingSettings>;
  /** least share of questions that must keep a valid rubric: a number between 0 and 1. Default: 0.5. */
  readonly rubric_min_valid?: number;
  readonly lora?: Partial<LoraSettings>;
  readonly evaluation?: Partial<EvaluationSettings>;
  readonly validation?: Partial<ValidationSettings>;
  /** updates of the answering stage between measurements of the probability of the right rule, by teacher forcing; 0 for none; microscience only: a whole number, 0 or more. Default: 0. */
  readonly trace_every?: number;
  /** held-out questions for it: a whole number, 1 or more. Default: 48. */
  readonly trace_questions?: number;
  /** updates between checkpoints: a whole number, 1 or more. Default: 10. */
  readonly checkpoint_every?: number;
  /** newest checkpoints to keep: a whole number, 1 or more. Default: 2. */
  readonly keep_checkpoints?: number;
  /** completions of each step of which completions.jsonl keeps both sides' likeliest next tokens; needs a teacher: a whole number, 0 or more. Default: 4. */
  readonly keep_token_details?: number;
  /** end a run whose divergence or length runs away, with its last good checkpoint. Default: true. */
  readonly collapse_stop?: boolean;
  /** who draws the completions to learn from: here, this process; http://HOST:PORT, a vLLM server that loads each step's adapter. Default: here. */
  readonly rollouts?: string;
  /** rollouts=URL: the server's name of the base model; the only one that it serves unless given. */
  readonly rollout_model?: string;
  /** rollouts=URL: where adapters are written for the server, which must see them under the same path; in the run folder unless given: a folder. */
  readonly rollout_adapters?: string;
  /** rollouts=URL: largest mean distance of the server's log-probabilities from those computed here, in nats a token; a run beyond it is refused, or stopped: a number greater than 0. Default: 0.2. */
  readonly rollout_limit?: number;
  /** rollouts=URL: completions that the server is asked for at once: a whole number, 1 or more. Default: 32. */
  readonly rollout_concurrency?: number;
  /** rollouts=URL: seconds to wait for a completion: a whole number, 1 or more. Default: 600. */
  readonly rollout_timeout?: number;
  /** rollouts=here: number format in which completions are drawn: that of the run, or bf16, and their log-probabilities are then computed again in that of the run: one of same, bf16. Default: same. */
  readonly rollout_precision?: 'same' | 'bf16';
  /** completions of a server or in bf16: largest weight of a token, which is the policy's probability of it over the sampler's; 0 for no weights: a number, 0 or more. Default: 2. */
  readonly importance_cap?: number;
  /** number format of the matrix products; auto takes the faster of this machine: one of auto, fp32, bf16. Default: auto. */
  readonly precision?: 'auto' | 'fp32' | 'bf16';
  /** number format in which frozen matrices are kept; auto takes fp32 where a run fits into memory, or where the file is not in bf16: one of auto, fp32, bf16. Default: auto. */
  readonly weights?: 'auto' | 'fp32' | 'bf16';
  /** memory that the plan of a run may use, in GiB; 0 for 80 % of the machine's: a number, 0 or more. Default: 0. */
  readonly memory?: number;
  readonly batches?: Partial<BatchSettings>;
  /** processes that share the work: a number of them on this machine, or their addresses HOST:PORT,HOST:PORT. Default: 1. */
  readonly workers?: string;
  /** with addresses in workers: which of them this process is, from 0: a whole number, 0 or more. Default: 0. */
  readonly worker?: number;
  /** seconds to wait for the other workers: a whole number, 1 or more. Default: 300. */
  readonly worker_timeout?: number;
  /** let workers listen at public addresses, though they encrypt nothing. Default: false. */
  readonly insecure?: boolean;
  /** compute layers again for the gradient in place of keeping them: less memory, more time. Default: false. */
  readonly rematerialize?: boolean;
  /** one seed for everything, or one each for init, data and sampling. Default: 42. */
  readonly seed?: number | Partial<SeedSettings>;
  /** rank of the adapters; 0 trains all weights: a whole number, 0 or more. Default: 64. */
  readonly rank?: number;
  /** adapters are scaled by alpha / rank: a number greater than 0. Default: 128. */
  readonly alpha?: number;
  /** the stage that learns to write rubrics. */
  readonly stage1?: StageInput;
  /** the stage that learns to answer. */
  readonly stage2?: StageInput;
}
