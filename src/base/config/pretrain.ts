/** The settings of `rcsd pretrain`, the recipe behind the embedded base model; the defaults made data/microscience. */
import { InputError } from '../records/errors';
import { positive, seed, settingsTable, share, text, whole } from './declare';
import { resolveFlat } from './flat';
import type { PretrainConfig } from './generated/otherConfigs';
import type { Declarations } from './setting';
import type { ConfigSources } from './sources';

/** @internal */
export const PRETRAIN: Declarations = {
  steps: whole(12000, 'updates', { min: 1 }),
  batch_tokens: whole(4096, 'padded tokens in one batch', { min: 256 }),
  seed: seed(0, 'seed of the initial weights and of the corpus'),
  world: text(
    'strata',
    "strata, one of its rotations strata-1 to strata-3, or strata-unhelped; reach or reach-1 to reach-7; 0 for the suite's first world; another number for a random one drawn from the prior",
  ),
  muon_learning_rate: positive(0.02, 'peak learning rate of Muon (inner matrices)'),
  adamw_learning_rate: positive(3e-3, 'peak learning rate of AdamW (embedding, head, norms)'),
  warmup_steps: whole(100, 'updates over which the learning rates rise'),
  prompt_loss: share(0.3, "weight of a prompt token's loss against a completion token's"),
  decay_share: share(0.65, 'share of the run over which the learning rates fall to zero'),
  hidden_size: whole(128, 'width of the model', { min: 8 }),
  layers: whole(4, 'layers', { min: 1 }),
  heads: whole(4, 'attention heads; hidden_size / heads must be even', { min: 1 }),
  intermediate_size: whole(256, 'width of the MLP', { min: 8 }),
  checkpoint_every: whole(250, 'updates between checkpoints', { min: 1 }),
  output: text('runs/pretrain', 'folder the model is written to'),
};

export const pretrainTable = settingsTable<PretrainConfig>(PRETRAIN);

/** The complete configuration of a pretraining run. Throws InputError for unknown names and values that cannot work. */
export function resolvePretrainConfig(sources: ConfigSources): PretrainConfig {
  const config = resolveFlat({ command: 'pretrain', table: pretrainTable }, sources);
  if (config.hidden_size % (2 * config.heads) !== 0) {
    throw new InputError(
      `hidden_size=${config.hidden_size} does not give ${config.heads} heads an even width; choose a multiple of ${2 * config.heads}.`,
    );
  }
  return config;
}
