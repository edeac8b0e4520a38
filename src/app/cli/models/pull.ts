/** `rcsd models pull`: downloads a model by its name here or on the hub. */

import { InputError } from '../../../base/records/errors';
import { parseHubName } from '../../../engine/files/hubCache';
import { listModels, pullModel } from '../../../engine/files/models';
import { pullHubModel } from '../../../engine/hub/models';
import type { Command } from '../shared/command';
import { print } from '../shared/print';

export const command: Command = {
  positionals: 'NAME|ORG/NAME[/FILE.gguf][@REVISION]',
  options: [],
  notes: `ORG/NAME is a model or adapter of the Hugging Face hub; of a repository with GGUF files, name one. Only the files that are read are
downloaded, into the cache that programs of the hub share (HF_HUB_CACHE, or hub in HF_HOME). They are checked against the hub's
checksums; a pull that broke off resumes. Set HF_ENDPOINT to use another hub, and HF_TOKEN to your access token for models whose
terms you must accept. Afterwards model=ORG/NAME opens it, without a network.`,
  examples: [
    'rcsd models pull smollm2-135m',
    'rcsd models pull Qwen/Qwen3-0.6B',
    'rcsd models pull Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf',
  ],
  async run({ positionals }, { signal, progress }) {
    const [name, more] = positionals;
    if (name === undefined || more !== undefined) {
      const known = listModels().map((model) => model.name);
      throw new InputError(`rcsd models pull takes ORG/NAME of the hub, or one of these names: ${known.join(', ')}.`);
    }
    const options = { signal, onProgress: progress.onProgress };
    const onHub = parseHubName(name);
    const path = onHub ? await pullHubModel(onHub, options) : await pullModel(name, options);
    progress.finish();
    print(`${name} is in ${path}\n`);
  },
};
