/** Settings of the policy-gradient family: groups, rewards and their judge, and the shape of the loss. */
import { z } from 'zod';
import { aboveZero, atLeastZero, choice, flag, group, numbers, positive, share, text, whole, words } from './declare';
import { ANSWER_JUDGES, LOSS_SHAPES, LOSS_TYPES } from './policyGradient';

const REWARD = /^(answer|format|length|rubric|rubric_implicit|judge|file:.+)$/;

/** @internal */
export const grpo = group('GrpoSettings', {
  num_generations: whole(4, 'completions of one question, which are compared; divides batch_size', { min: 1 }), // paper, appendix A
  num_iterations: whole(1, 'updates made with one batch of completions', { min: 1 }), // TRL
  // ours: the paper's judge is a model of 14B; rewards=judge with judge_model is that
  rewards: words(['answer'], 'what a completion is rewarded for', {
    item: z.string().regex(REWARD),
    allowed: 'a comma-separated list out of answer, format, length, rubric, rubric_implicit, judge, file:PATH',
  }),
  reward_weights: numbers([], 'weight of each reward; empty for 1 each'),
  judge_model: text(
    'none', // paper: Qwen3-14B
    'reward judge: name, folder or .gguf file of the model that scores completions, or http://HOST:PORT/v1#NAME; none for none',
  ),
  judge_kind: choice(
    ANSWER_JUDGES,
    'grpo', // paper, appendix A
    'reward judge: how it judges; grpo beside the reference answer, the others by the rubric',
  ),
  judge_server: text(
    '{}', // ours
    'reward judge behind a server: how it is asked, as a JSON object of the settings that `rcsd evaluate` has for servers, such as {"timeout":60,"fields":"response_format:none"}',
    { since: 4 },
  ),
  multi_objective_aggregation: choice(
    ['sum_then_normalize', 'normalize_then_sum'],
    'sum_then_normalize', // TRL
    'with several rewards: add them up and compare the sums, or compare each reward by itself and add up (GDPO)',
  ),
  rubric_formula: choice(
    ['absolute', 'rar', 'healthbench'],
    'absolute', // ours: published rubrics give pitfalls negative weights of either polarity
    'reward rubric: share of the absolute weights; of the weights of the categories; of the positive points, with points off for faults',
  ),
  // ours, and the one below: a rule makes no mistakes
  false_positive: share(
    0,
    'reward answer: chance that a wrong completion is taken for right, to imitate a judge that errs',
  ),
  false_negative: share(0, 'reward answer: chance that a right completion is taken for wrong'),
  overlong_buffer: whole(
    0,
    'reward length: tokens before max_tokens over which it falls to -1; 0 for a fifth of max_tokens',
  ),
  scale_rewards: choice(
    ['group', 'batch', 'none'],
    'group', // TRL
    "advantages are divided by the group's standard deviation, by the batch's, or not",
  ),
  loss_type: choice(
    LOSS_TYPES,
    'dapo', // TRL; unstated in the paper
    'the loss; it brings its own loss_aggregation, epsilon and epsilon_high',
  ),
  epsilon: atLeastZero(LOSS_SHAPES.dapo.epsilon, 'the ratio is clipped below 1 - epsilon'),
  epsilon_high: atLeastZero(
    LOSS_SHAPES.dapo.epsilon_high,
    'the ratio is clipped above 1 + epsilon_high; loss_type=cispo: above epsilon_high',
  ),
  delta: atLeastZero(0, 'upper limit of the ratio where the advantage is negative (INTELLECT-2); 0 for none'), // TRL
  kl_coef: atLeastZero(0, "weight of the KL to the teacher's weights in the student's view; 0 for none"), // TRL; unstated in the paper
  kl_bias_correction: flag(false, 'multiply the KL by the ratio'), // TRL
  sapo_temperature_pos: positive(1, 'loss_type=sapo: steepness for advantages above 0'), // TRL, and the five below
  sapo_temperature_neg: positive(1.05, 'loss_type=sapo: steepness for the others'),
  vespo_k_pos: atLeastZero(2, "loss_type=vespo: power of the sequence's ratio for advantages of 0 and above"),
  vespo_lambda_pos: positive(3, 'loss_type=vespo: decay with the ratio for advantages of 0 and above'),
  vespo_k_neg: atLeastZero(3, "loss_type=vespo: power of the sequence's ratio for the others"),
  vespo_lambda_neg: positive(2, 'loss_type=vespo: decay with the ratio for the others'),
  top_entropy_quantile: aboveZero(1, "share of the batch's tokens, those of highest entropy, that are learned from"), // TRL
  importance_sampling_level: choice(
    ['loss_type', 'token', 'sequence'],
    'loss_type', // TRL: token, which its loss types are made with except gspo and luspo
    "whose ratio: the one that loss_type is made with, each token's, or the mean logarithm over the sequence",
    { since: 4 },
  ),
  // TRL, and the four below
  off_policy_mask_threshold: atLeastZero(
    0,
    'leave out completions with a negative advantage whose log-probability fell by more than this a token since they were drawn; 0 for none',
    { since: 4 },
  ),
  entropy_coef: atLeastZero(0, 'weight of the mean entropy, which is raised', { since: 4 }),
  sampler_correction: choice(
    ['none', 'token_truncate', 'token_mask', 'sequence_truncate', 'sequence_mask'],
    'none', // TRL: sequence_mask, where another engine samples
    'multiply the loss by the ratio of the policy to the sampler that drew the tokens, of each token or of the sequence, within sampler_min and sampler_max or 0 outside',
    { since: 4 },
  ),
  sampler_max: positive(3, 'sampler_correction: largest ratio', { since: 4 }),
  sampler_min: atLeastZero(0, 'sampler_correction: smallest ratio; 0 for none', { since: 4 }),
  mask_truncated_completions: flag(false, 'leave completions that were cut off out of the loss'), // TRL
  dynamic_sampling: flag(false, 'leave out questions whose completions all have the same reward'), // ours
});
