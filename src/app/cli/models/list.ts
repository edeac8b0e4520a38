/** `rcsd models list`: lists the models that can be given by name. */
import { cachedModels } from '../../../engine/files/hubCache';
import { listModels } from '../../../engine/files/models';
import type { Command } from '../shared/command';
import { print } from '../shared/print';

export const command: Command = {
  options: [],
  notes: `Lists the models of this program, and those that the hub's cache holds (rcsd models pull ORG/NAME). Other models are given by path: a
Hugging Face folder or a .gguf file.`,
  examples: ['rcsd models list'],
  async run() {
    for (const { name, description, path, present } of listModels()) {
      const state = present
        ? path
        : name === 'microscience'
          ? 'missing'
          : `not here yet; run: rcsd models pull ${name}`;
      print(`${name.padEnd(14)} ${description}\n${' '.repeat(15)}${state}\n`);
    }
    for (const { id, path } of cachedModels()) print(`${id}\n${' '.repeat(15)}${path}\n`);
  },
};
