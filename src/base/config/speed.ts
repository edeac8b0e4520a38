/** The settings of `rcsd benchmark`; the defaults are a step of RCSD of a size that a laptop can take. */
import { z } from 'zod';
import { choice, seed, settingsTable, text, whole, words } from './declare';
import { resolveFlat } from './flat';
import type { SpeedConfig } from './generated/otherConfigs';
import type { Declarations } from './setting';
import type { ConfigSources } from './sources';

/** What is measured unless `stages` says otherwise, in this order. */
export const SPEED_STAGES = [
  'rollout',
  'decode-1',
  'decode-16',
  'teacher',
  'teacher-4',
  'student',
  'update',
  'step',
  'grpo',
  'full',
  'adamw-full',
  'loglikelihood',
] as const;

/** What `stages=growth` stands for: decoding over the batch, and the loss over the vocabulary. */
export const GROWTH_STAGES = [
  ...[1, 2, 4, 8, 16, 32].map((rows) => `decode-${rows}`),
  ...[8, 16, 32, 64, 128].map((thousands) => `vocabulary-${thousands * 1024}`),
] as const;

const STAGE = new RegExp(`^(${SPEED_STAGES.join('|')}|growth|(decode|teacher|vocabulary)-[1-9]\\d{0,6})$`);

/** Lengths are exact, since the measured model never ends a completion by itself. @internal */
export const SPEED: Declarations = {
  model: text('smollm2-135m', 'a model name (see `rcsd models list`), a model folder or a .gguf file'),
  stages: words(SPEED_STAGES, 'what to measure', {
    item: z.string().regex(STAGE),
    allowed: `a comma-separated list out of ${SPEED_STAGES.join(', ')}, growth; decode-N, teacher-N and vocabulary-N take any N`,
  }),
  batch_size: whole(8, 'completions of a step', { min: 1 }),
  microbatch_size: whole(4, 'completions in one forward and backward pass, at most', { min: 1 }),
  prompt_tokens: whole(128, "tokens of the student's prompt", { min: 1 }),
  teacher_tokens: whole(384, "tokens of the teacher's prompt", { min: 1 }),
  completion_tokens: whole(128, 'tokens of a completion', { min: 2 }),
  rank: whole(64, "rank of the student's adapter on all seven projections; 0 trains all weights"),
  questions: whole(16, 'questions of four choices in the stage loglikelihood', { min: 1 }),
  choice_tokens: whole(8, 'tokens of each choice there', { min: 1 }),
  groups: whole(8, 'prompts in the stage grpo, with four completions each', { min: 1 }),
  grpo_tokens: whole(64, 'tokens of each completion there', { min: 2 }),
  precision: choice(['fp32', 'bf16'], 'fp32', 'number format of the matrix products'),
  repeats: whole(3, 'timed calls of a stage, besides the first, which warms up', { min: 1 }),
  seed: seed(1, 'seed of the random token ids and of the sampling'),
  output: text('runs/benchmark.json', 'JSON file to write; with growth a figure is written beside it'),
};

export const speedTable = settingsTable<SpeedConfig>(SPEED);

/** The complete configuration of a benchmark, `growth` spelt out. Throws InputError for unknown names and values out of range. */
export function resolveSpeedConfig(sources: ConfigSources): SpeedConfig {
  const config = resolveFlat({ command: 'benchmark', table: speedTable }, sources);
  const stages = config.stages.flatMap((stage) => (stage === 'growth' ? GROWTH_STAGES : [stage]));
  return { ...config, stages: [...new Set(stages)] };
}
