/** The complete settings of pretraining and of a measurement of speed. Written by `DOCS=write npx vitest run tests/docs/settings.test.ts` out of the declarations in pretrain.ts and speed.ts. */

export interface PretrainConfig {
  /** updates: a whole number, 1 or more. */
  readonly steps: number;
  /** padded tokens in one batch: a whole number, 256 or more. */
  readonly batch_tokens: number;
  /** seed of the initial weights and of the corpus: a whole number from 0 to 4294967295. */
  readonly seed: number;
  /** strata, one of its rotations strata-1 to strata-3, or strata-unhelped; reach or reach-1 to reach-7; 0 for the suite's first world; another number for a random one drawn from the prior. */
  readonly world: string;
  /** peak learning rate of Muon (inner matrices): a number greater than 0. */
  readonly muon_learning_rate: number;
  /** peak learning rate of AdamW (embedding, head, norms): a number greater than 0. */
  readonly adamw_learning_rate: number;
  /** updates over which the learning rates rise: a whole number, 0 or more. */
  readonly warmup_steps: number;
  /** weight of a prompt token's loss against a completion token's: a number between 0 and 1. */
  readonly prompt_loss: number;
  /** share of the run over which the learning rates fall to zero: a number between 0 and 1. */
  readonly decay_share: number;
  /** width of the model: a whole number, 8 or more. */
  readonly hidden_size: number;
  /** layers: a whole number, 1 or more. */
  readonly layers: number;
  /** attention heads; hidden_size / heads must be even: a whole number, 1 or more. */
  readonly heads: number;
  /** width of the MLP: a whole number, 8 or more. */
  readonly intermediate_size: number;
  /** updates between checkpoints: a whole number, 1 or more. */
  readonly checkpoint_every: number;
  /** folder the model is written to. */
  readonly output: string;
}

export interface SpeedConfig {
  /** a model name (see `rcsd models list`), a model folder or a .gguf file. */
  readonly model: string;
  /** what to measure: a comma-separated list out of rollout, decode-1, decode-16, teacher, teacher-4, student, update, step, grpo, full, adamw-full, loglikelihood, growth; decode-N, teacher-N and vocabulary-N take any N. */
  readonly stages: readonly string[];
  /** completions of a step: a whole number, 1 or more. */
  readonly batch_size: number;
  /** completions in one forward and backward pass, at most: a whole number, 1 or more. */
  readonly microbatch_size: number;
  /** tokens of the student's prompt: a whole number, 1 or more. */
  readonly prompt_tokens: number;
  /** tokens of the teacher's prompt: a whole number, 1 or more. */
  readonly teacher_tokens: number;
  /** tokens of a completion: a whole number, 2 or more. */
  readonly completion_tokens: number;
  /** rank of the student's adapter on all seven projections; 0 trains all weights: a whole number, 0 or more. */
  readonly rank: number;
  /** questions of four choices in the stage loglikelihood: a whole number, 1 or more. */
  readonly questions: number;
  /** tokens of each choice there: a whole number, 1 or more. */
  readonly choice_tokens: number;
  /** prompts in the stage grpo, with four completions each: a whole number, 1 or more. */
  readonly groups: number;
  /** tokens of each completion there: a whole number, 2 or more. */
  readonly grpo_tokens: number;
  /** number format of the matrix products: one of fp32, bf16. */
  readonly precision: 'fp32' | 'bf16';
  /** timed calls of a stage, besides the first, which warms up: a whole number, 1 or more. */
  readonly repeats: number;
  /** seed of the random token ids and of the sampling: a whole number from 0 to 4294967295. */
  readonly seed: number;
  /** JSON file to write; with growth a figure is written beside it. */
  readonly output: string;
}
