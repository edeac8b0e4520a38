/** `rcsd pretrain`: pretrains the embedded base model from scratch. */

import { pretrainTable, resolvePretrainConfig } from '../../base/config/pretrain';
import { InterruptedError } from '../../base/records/errors';
import { runPretraining } from '../../run/experiments/pretrain';
import { textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { flatSettings } from './shared/flatSettings';
import { print } from './shared/print';

export const command: Command = {
  options: [{ name: 'config', value: 'FILE', help: 'YAML or JSON file with settings; name=value overrides them' }],
  settings: flatSettings(pretrainTable),
  notes:
    'The model is written to OUTPUT/model in the Hugging Face layout. Running the command again resumes from the last checkpoint.',
  examples: ['rcsd pretrain', 'rcsd pretrain world=7 output=runs/world-7', 'rcsd pretrain steps=200 output=runs/short'],
  async run(args, { signal, progress }) {
    const file = textOption(args, 'config', undefined);
    const config = resolvePretrainConfig({ overrides: args.overrides, ...(file !== undefined && { file }) });
    try {
      const { model, parameters, loss } = await runPretraining(config, { signal, onProgress: progress.onProgress });
      progress.finish();
      print(`${parameters} parameters, loss ${loss.toFixed(4)} nats a token; model in ${model}\n`);
      if (config.world !== 'strata') print(`questions of its world: data=microscience:${config.world}\n`);
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      throw new InterruptedError('Stopped on request; run the same command again to resume from the last checkpoint.');
    }
  },
};
