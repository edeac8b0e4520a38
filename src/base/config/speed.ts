/** Settings of `rcsd benchmark`. */

/** What is measured unless `stages` says otherwise, in this order. */
export const BENCHMARK_STAGES = [
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

/** One benchmark; lengths are exact, since the measured model never ends a completion by itself. */
export interface BenchmarkConfig {
  readonly model: string;
  /** Names of stages; `decode-N`, `teacher-N` and `vocabulary-N` take any N, `growth` stands for GROWTH_STAGES. */
  readonly stages: readonly string[];
  readonly batch_size: number;
  readonly microbatch_size: number;
  readonly prompt_tokens: number;
  readonly teacher_tokens: number;
  readonly completion_tokens: number;
  /** Rank of the student's adapter; 0 trains all weights. */
  readonly rank: number;
  /** Questions of four choices in the log-likelihood stage, and tokens of a choice. */
  readonly questions: number;
  readonly choice_tokens: number;
  /** Prompts of the stage grpo, and tokens of each of a prompt's completions. */
  readonly groups: number;
  readonly grpo_tokens: number;
  readonly precision: 'fp32' | 'bf16';
  /** Timed calls of a stage, besides the first, which warms up. */
  readonly repeats: number;
  readonly seed: number;
  /** The JSON file; a growth figure is written beside it. */
  readonly output: string;
}

/** The defaults: an RCSD step of a size that a laptop can take. */
export const benchmarkDefaults: BenchmarkConfig = {
  model: 'smollm2-135m',
  stages: BENCHMARK_STAGES,
  batch_size: 8,
  microbatch_size: 4,
  prompt_tokens: 128,
  teacher_tokens: 384,
  completion_tokens: 128,
  rank: 64,
  questions: 16,
  choice_tokens: 8,
  groups: 8,
  grpo_tokens: 64,
  precision: 'fp32',
  repeats: 3,
  seed: 1,
  output: 'runs/benchmark.json',
};
