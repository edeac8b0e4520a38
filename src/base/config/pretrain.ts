/** Settings of `rcsd pretrain`, the recipe behind the embedded base model. */

/** One pretraining run; the defaults made data/microscience. */
export interface PretrainConfig {
  readonly steps: number;
  /** Padded tokens in one batch. */
  readonly batch_tokens: number;
  readonly seed: number;
  /** 0 for the default world; any other number draws a random one from the stated prior. */
  readonly world: number;
  /** Learning rate of Muon (inner matrices) and of AdamW (embedding, head, norms). */
  readonly muon_learning_rate: number;
  readonly adamw_learning_rate: number;
  readonly warmup_steps: number;
  /** Weight of a prompt token's loss against a completion token's. */
  readonly prompt_loss: number;
  /** Share of the run over which the learning rate falls to zero. */
  readonly decay_share: number;
  readonly hidden_size: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate_size: number;
  readonly checkpoint_every: number;
  /** Folder the model is written to. */
  readonly output: string;
}

/** The defaults. */
export const pretrainDefaults: PretrainConfig = {
  steps: 7000,
  batch_tokens: 4096,
  seed: 0,
  world: 0,
  muon_learning_rate: 0.02,
  adamw_learning_rate: 3e-3,
  warmup_steps: 100,
  prompt_loss: 0.3,
  decay_share: 0.65,
  hidden_size: 128,
  layers: 4,
  heads: 4,
  intermediate_size: 256,
  checkpoint_every: 250,
  output: 'runs/pretrain',
};
