/** The settings of `rcsd pretrain`: defaults, then a file, then `name=value` pairs. */
import { z } from 'zod';
import { InputError } from '../records/errors';
import { resolveFlat } from './flat';
import { type PretrainConfig, pretrainDefaults } from './pretrain';
import { positive, seed, settingsTable, share, text, whole } from './settings';
import type { ConfigSources } from './sources';

/** The settings of a pretraining run. */
export const pretrainSettings = settingsTable<PretrainConfig>(
  z.strictObject({
    steps: whole(1, 'updates'),
    batch_tokens: whole(256, 'padded tokens in one batch'),
    seed: seed('seed of the initial weights and of the corpus'),
    world: seed("0 for the default world, another number for a random one drawn from the suite's prior"),
    muon_learning_rate: positive('peak learning rate of Muon (inner matrices)'),
    adamw_learning_rate: positive('peak learning rate of AdamW (embedding, head, norms)'),
    warmup_steps: whole(0, 'updates over which the learning rates rise'),
    prompt_loss: share("weight of a prompt token's loss against a completion token's"),
    decay_share: share('share of the run over which the learning rates fall to zero'),
    hidden_size: whole(8, 'width of the model'),
    layers: whole(1, 'layers'),
    heads: whole(1, 'attention heads; hidden_size / heads must be even'),
    intermediate_size: whole(8, 'width of the MLP'),
    checkpoint_every: whole(1, 'updates between checkpoints'),
    output: text('folder the model is written to'),
  }),
);

/** The complete configuration of a pretraining run. Throws InputError for unknown names and values that cannot work. */
export function resolvePretrainConfig(sources: ConfigSources): PretrainConfig {
  const settings = { command: 'pretrain', table: pretrainSettings, defaults: pretrainDefaults };
  const config = resolveFlat(settings, sources);
  if (config.hidden_size % (2 * config.heads) !== 0) {
    throw new InputError(
      `hidden_size=${config.hidden_size} does not give ${config.heads} heads an even width; choose a multiple of ${2 * config.heads}.`,
    );
  }
  return config;
}
