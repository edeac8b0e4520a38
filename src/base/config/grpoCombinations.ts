/** Combinations of GRPO's settings that could not train, or would silently do something else. */
import { existsSync } from 'node:fs';
import type { StageSettings, TrainConfig } from './configs';
import { shapeOf } from './policyGradient';
import { refuse } from './refuse';

/** Throws InputError, with the reason, for a policy gradient that could not train. */
export function checkPolicyGradient({ grpo, loss_aggregation, teacher, snapshot_every }: StageSettings): void {
  const { loss_type, kl_coef } = grpo;
  const shape = shapeOf(grpo);
  refuse(
    loss_aggregation !== shape.aggregation,
    `loss_aggregation=${loss_aggregation} contradicts loss_type=${loss_type}, which is made with ${shape.aggregation}; leave it out, or choose the loss_type that aggregates so.`,
  );
  refuse(
    grpo.delta > 0 && shape.objective !== 'clip',
    `delta=${grpo.delta} caps a clipped ratio, and loss_type=${loss_type} clips none that way; leave it out.`,
  );
  refuse(
    grpo.delta > 0 && grpo.delta <= 1 + grpo.epsilon_high,
    `delta=${grpo.delta} lies within the clip range up to ${1 + grpo.epsilon_high}; set it above, or to 0 for none.`,
  );
  refuse(
    shape.objective === 'clip' && grpo.epsilon >= 1,
    `epsilon=${grpo.epsilon} never clips, for a ratio is never below 0; set it below 1.`,
  );
  refuse(
    grpo.kl_bias_correction && kl_coef === 0,
    'kl_bias_correction=true corrects a KL that kl_coef=0 leaves out; set kl_coef above 0.',
  );
  refuse(
    grpo.kl_bias_correction && shape.ratio !== 'token',
    `kl_bias_correction=true needs the ratio of each token, and loss_type=${loss_type} has one for a whole sequence; set it to false.`,
  );
  refuse(
    shape.objective === 'vespo' && grpo.importance_sampling_level !== 'loss_type',
    `importance_sampling_level=${grpo.importance_sampling_level} is given, and loss_type=vespo has a ratio of its own; leave it out.`,
  );
  refuse(
    shape.objective === 'vespo' && grpo.sampler_correction.startsWith('sequence'),
    `sampler_correction=${grpo.sampler_correction} is given, and loss_type=vespo takes the ratios of tokens into its own; use token_truncate or token_mask.`,
  );
  refuse(
    grpo.sampler_min >= grpo.sampler_max,
    `sampler_min=${grpo.sampler_min} leaves no ratio below sampler_max=${grpo.sampler_max}; make it smaller.`,
  );
  refuse(
    kl_coef > 0 && (teacher === 'live' || (teacher === 'snapshot' && snapshot_every === 1)),
    `kl_coef=${kl_coef} with teacher=${teacher} compares the policy with itself, so the KL is always 0; use teacher=fixed, ema or snapshot.`,
  );
}

function checkJudge({ data, stage2 }: TrainConfig, given: ReadonlySet<string>): void {
  const { rewards, judge_model } = stage2.grpo;
  const asks = rewards.includes('judge');
  refuse(
    asks && judge_model === 'none',
    'rewards=judge needs a model that judges; name it with judge_model=NAME, or judge_model=http://HOST:PORT/v1#NAME.',
  );
  refuse(
    asks && data.startsWith('microscience'),
    'rewards=judge has a model read answers, for which microscience has no words; use rewards=answer or rewards=rubric, which are looked up.',
  );
  const unread = ['judge_model', 'judge_kind', 'judge_server'].find((name) => given.has(`stage2.grpo.${name}`));
  refuse(
    !asks && unread !== undefined,
    `${unread} is given, but rewards=${rewards} asks no judge; add the reward judge.`,
  );
}

function checkRewards({ data, stage2 }: TrainConfig, { given, rubrics }: RewardChecking): void {
  const { rewards, reward_weights: weights, overlong_buffer, multi_objective_aggregation, scale_rewards } = stage2.grpo;
  const { false_positive, false_negative } = stage2.grpo;
  const has = (name: string): boolean => rewards.includes(name);
  refuse(new Set(rewards).size < rewards.length, `rewards=${rewards} names one twice; give it a weight instead.`);
  refuse(
    weights.length > 0 && weights.length !== rewards.length,
    `reward_weights has ${weights.length} numbers for ${rewards.length} rewards; give one for each.`,
  );
  for (const path of rewards.flatMap((name) => (name.startsWith('file:') ? name.slice('file:'.length) : [])))
    refuse(!existsSync(path), `rewards=file:${path}: there is no such file.`);
  refuse(
    (false_positive > 0 || false_negative > 0) && !has('answer'),
    `false_positive=${false_positive} and false_negative=${false_negative} are errors of the reward answer, which rewards=${rewards} lacks; add it or leave them out.`,
  );
  refuse(
    has('rubric_implicit') && data.startsWith('microscience'),
    'rewards=rubric_implicit asks the model for a rating, for which microscience has no words; use rewards=rubric, whose criteria are looked up.',
  );
  refuse(
    overlong_buffer > stage2.sampling.max_tokens,
    `overlong_buffer=${overlong_buffer} is longer than max_tokens=${stage2.sampling.max_tokens}; make it smaller.`,
  );
  refuse(
    given.has('rubric_source') && !rubrics,
    `rubric_source is given, but rewards=${rewards} reads no rubric; add the reward rubric, or judge with a judge_kind that reads one.`,
  );
  refuse(
    multi_objective_aggregation === 'normalize_then_sum' &&
      given.has('stage2.grpo.scale_rewards') &&
      scale_rewards !== 'group',
    `scale_rewards=${scale_rewards} has no meaning with multi_objective_aggregation=normalize_then_sum, which scales by group and batch; leave it out.`,
  );
}

/** Names set by hand, and whether the teacher or a reward reads rubrics. */
interface RewardChecking {
  readonly given: ReadonlySet<string>;
  readonly rubrics: boolean;
}

/** Throws InputError, with the reason, for a run on rewards that could not train. */
export function checkGrpo(config: TrainConfig, checking: RewardChecking): void {
  refuse(
    config.stage2.grpo.num_generations === 1,
    'num_generations=1 compares a completion with nothing, so every advantage is 0; draw 2 or more of each question.',
  );
  checkPolicyGradient(config.stage2);
  checkRewards(config, checking);
  checkJudge(config, checking.given);
}
