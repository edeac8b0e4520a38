/**
 * The numbers of one training step, gathered for each token and averaged over the tokens in the loss. Names follow
 * TRL's slash names.
 */

import type { CompletionRow, MetricsRow, TokenDetails } from '../../base/records/rows';
import { type Tokenizer, textPieces } from '../../engine/files/tokenizer';
import { meanOf } from '../algorithms/advantages';
import type { TrainingRollout } from '../algorithms/algorithm';
import { mentionsPrivileged } from '../prompts/leakage';
import type { Rollout } from '../rollout/rollout';
import type { UpdateRecord } from './updates';

/** Numbers per token of one completion, by the loss's metric names. */
export type TokenNumbers = Readonly<Record<string, readonly number[]>>;

const metricNames: Readonly<Record<string, string>> = {
  true: 'divergence/true',
  clipped: 'divergence/clipped',
  clip: 'clip/fraction',
  retained_mass: 'teacher/retained_mass',
  agreement: 'teacher/agreement',
  teacher_entropy: 'teacher/entropy',
  entropy: 'entropy',
  kl: 'kl',
  clip_low: 'clip_ratio/low_mean',
  clip_high: 'clip_ratio/high_mean',
  clip_region: 'clip_ratio/region_mean',
  clip_cispo: 'cispo_clip_ratio',
  sampler_gap: 'sampling/sampling_logp_difference/mean',
  sampler_ratio: 'sampling/importance_sampling_ratio/mean',
};

/** The row of a step, averaged over its updates (null for none); `more` is added unchanged. */
export function stepRow(
  step: number,
  updates: readonly UpdateRecord[],
  more: Readonly<Record<string, number | null>>,
): MetricsRow {
  const completions = updates.flatMap(({ scored }) => scored);
  const counted = (name: string): number[][] =>
    completions.map(({ tokens, mask }) => (tokens[name] ?? []).filter((_, t) => mask?.[t] !== false));
  const pooled = (name: string): number[] => counted(name).flat();
  const means = (name: string): number[] => counted(name).flatMap((own) => meanOf(own) ?? []);
  const averages = Object.entries(metricNames).flatMap(([name, shown]) => {
    const numbers = pooled(name);
    return numbers.length > 0 ? [[shown, meanOf(numbers)] as const] : [];
  });
  const first = completions.flatMap(({ tokens }) => tokens.true?.slice(0, 1) ?? []);
  return {
    step,
    ...Object.fromEntries(averages),
    ...(first.length > 0 && { 'divergence/first_token': meanOf(first) }),
    ...(means('clip_low').length > 0 && {
      'clip_ratio/low_min': Math.min(...means('clip_low')),
      'clip_ratio/high_max': Math.max(...means('clip_high')),
    }),
    ...(means('vespo_phi').length > 0 && { 'vespo/phi_seq_mean': meanOf(means('vespo_phi')) }),
    ...(pooled('sampler_ratio').length > 0 && {
      'sampling/sampling_logp_difference/max': Math.max(...pooled('sampler_gap')),
      'sampling/importance_sampling_ratio/min': Math.min(...pooled('sampler_ratio')),
      'sampling/importance_sampling_ratio/max': Math.max(...pooled('sampler_ratio')),
    }),
    loss: meanOf(updates.map(({ loss }) => loss)),
    grad_norm: meanOf(updates.map(({ gradNorm }) => gradNorm)),
    ...more,
  };
}

/** Lengths of a batch's rollouts, and how many of them mention what only the teacher sees. */
export function completionNumbers(rollouts: readonly Rollout[]): Record<string, number | null> {
  return {
    'completions/mean_length': meanOf(rollouts.map((rollout) => rollout.completionTokens.length)),
    'completions/clipped_ratio': meanOf(rollouts.map((rollout) => (rollout.finishReason === 'length' ? 1 : 0))),
    'completions/leakage': meanOf(rollouts.map((rollout) => (mentionsPrivileged(rollout.text) ? 1 : 0))),
  };
}

const round = (x: number): number => Number(x.toPrecision(5));
const rounded = (numbers: readonly number[] | undefined): number[] | undefined => numbers?.map(round);

/** Details with rounded numbers. */
const roundedDetails = ({ entropy, teacher_entropy, clipped, next }: TokenDetails): TokenDetails => ({
  entropy: entropy.map(round),
  teacher_entropy: teacher_entropy.map(round),
  ...(clipped && { clipped: clipped.map(round) }),
  next: next.map((own) => own.map(([id, text, ...numbers]) => [id, text, ...numbers.map(round)] as never)),
});

/** What multiplies each token's part of the loss, where that is not the same for all. */
function weightOf({ completionTokens, mask, importance, signals }: TrainingRollout): number[] | undefined {
  if (!mask && !importance && !signals?.advantage) return undefined;
  return completionTokens.map((_, t) =>
    mask?.[t] === false ? 0 : (signals?.advantage?.[t] ?? 1) * (importance?.[t] ?? 1),
  );
}

/** The row of completions.jsonl for a rollout: both prompts and its scores; `details` where they are kept. */
export function completionRow(
  step: number,
  rollout: TrainingRollout & { readonly tokens: TokenNumbers },
  { tokenizer, details }: { readonly tokenizer?: Tokenizer; readonly details?: TokenDetails },
): CompletionRow {
  const { tokens, assessment, criteria } = rollout;
  const weight = weightOf(rollout);
  return {
    step,
    question_id: rollout.questionId,
    sample: rollout.sample,
    seed: rollout.seed,
    prompt: rollout.studentText,
    ...(rollout.teacherText !== undefined && { teacher_prompt: rollout.teacherText }),
    ...(criteria && { teacher_prompts: criteria.map(({ teacherText }) => teacherText) }),
    text: rollout.text,
    finish_reason: rollout.finishReason,
    completion_ids: rollout.completionTokens,
    ...(tokenizer && { tokens: textPieces(tokenizer, rollout.completionTokens) }),
    ...(tokens.true && {
      logprobs: rounded(tokens.student_logprob),
      teacher_logprobs: rounded(tokens.teacher_logprob),
      divergence: rounded(tokens.true),
    }),
    ...(criteria && tokens.criterion && { criterion: tokens.criterion.map((k) => criteria[k]?.id ?? '') }),
    ...(weight && { weight: weight.map(round) }),
    ...(details && { details: roundedDetails(details) }),
    ...(assessment.reward !== undefined && { reward: assessment.reward }),
    ...(assessment.advantage !== undefined && { advantage: assessment.advantage }),
  };
}
