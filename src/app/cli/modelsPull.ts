/** `rcsd models pull`: downloads a named model. */

import { InputError } from '../../base/records/errors';
import { listModels, pullModel } from '../../engine/files/models';
import type { Command } from './shared/command';
import { print } from './shared/print';

export const command: Command = {
  positionals: 'NAME',
  options: [],
  examples: ['rcsd models pull smollm2-135m'],
  async run({ positionals }, { signal, progress }) {
    const [name, more] = positionals;
    if (name === undefined || more !== undefined) {
      const known = listModels().map((model) => model.name);
      throw new InputError(`rcsd models pull takes one of these names: ${known.join(', ')}.`);
    }
    const path = await pullModel(name, { signal, onProgress: progress.onProgress });
    progress.finish();
    print(`${name} is in ${path}\n`);
  },
};
