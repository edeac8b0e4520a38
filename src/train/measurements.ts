/** Numbers of one training step under TRL's slash names, gathered per token and averaged over the loss's tokens. */
import { type Tokenizer, textPieces } from '../files/tokenizer';
import { mentionsPrivileged } from '../prompts/leakage';
import type { CompletionRow, MetricsRow } from '../records/rows';
import type { Rollout } from '../rollout/rollout';
import type { CollectedRollout } from './rollouts';

/** Per-token numbers of one completion by the loss's metric names. */
export type TokenNumbers = Readonly<Record<string, readonly number[]>>;

const metricNames: Readonly<Record<string, string>> = {
  true: 'divergence/true',
  clip: 'clip/fraction',
  retained_mass: 'teacher/retained_mass',
  agreement: 'teacher/agreement',
  teacher_entropy: 'teacher/entropy',
  entropy: 'entropy',
};

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, x) => sum + x, 0) / Math.max(1, numbers.length);

/** The step's row; `seconds` and `more` are added as they are. */
export function stepRow(
  step: number,
  completions: readonly { readonly tokens: TokenNumbers; readonly mask?: readonly boolean[] }[],
  more: Readonly<Record<string, number>>,
): MetricsRow {
  const pooled = (name: string): number[] =>
    completions.flatMap(({ tokens, mask }) => (tokens[name] ?? []).filter((_, t) => mask?.[t] !== false));
  const averages = Object.entries(metricNames).flatMap(([name, shown]) => {
    const numbers = pooled(name);
    return numbers.length > 0 ? [[shown, mean(numbers)] as const] : [];
  });
  const first = completions.flatMap(({ tokens }) => tokens.true?.slice(0, 1) ?? []);
  return {
    step,
    ...Object.fromEntries(averages),
    ...(first.length > 0 && { 'divergence/first_token': mean(first) }),
    ...more,
  };
}

/** Lengths of a batch's rollouts, and how many of them speak of what only the teacher sees. */
export function completionNumbers(rollouts: readonly Rollout[]): Record<string, number> {
  return {
    'completions/mean_length': mean(rollouts.map((rollout) => rollout.completionTokens.length)),
    'completions/clipped_ratio': mean(rollouts.map((rollout) => (rollout.finishReason === 'length' ? 1 : 0))),
    'completions/leakage': mean(rollouts.map((rollout) => (mentionsPrivileged(rollout.text) ? 1 : 0))),
  };
}

const rounded = (numbers: readonly number[] | undefined): number[] | undefined =>
  numbers?.map((x) => Number(x.toPrecision(5)));

/** A rollout with both views and its scores, as completions.jsonl holds it. */
export function completionRow(
  step: number,
  rollout: CollectedRollout & { readonly tokens: TokenNumbers },
  tokenizer: Tokenizer | undefined,
): CompletionRow {
  const { tokens } = rollout;
  return {
    step,
    question_id: rollout.questionId,
    sample: rollout.sample,
    seed: rollout.seed,
    prompt: rollout.studentText,
    ...(rollout.teacherText !== undefined && { teacher_prompt: rollout.teacherText }),
    text: rollout.text,
    finish_reason: rollout.finishReason,
    completion_ids: rollout.completionTokens,
    ...(tokenizer && { tokens: textPieces(tokenizer, rollout.completionTokens) }),
    ...(tokens.true && {
      logprobs: rounded(tokens.student_logprob),
      teacher_logprobs: rounded(tokens.teacher_logprob),
      divergence: rounded(tokens.true),
    }),
  };
}
