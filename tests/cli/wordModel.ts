/** A small random model that reads and writes a few words: as a judge it says nothing of sense. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture } from '../parity/reference';

const WORDS = ['unknown', 'Yes', 'No', ...'0123456789', '10', 'lead', 'copper', '{', '}'];

/** The tied Llama of the fixtures with words, a chat template and room for long prompts, in a folder that is there. */
export function writeWordModel(folder: string): void {
  copyFileSync(fixture('models', 'llama-tied', 'model.safetensors'), join(folder, 'model.safetensors'));
  const config = JSON.parse(readFileSync(fixture('models', 'llama-tied', 'config.json'), 'utf8'));
  const files = {
    'config.json': { ...config, max_position_embeddings: 4096 },
    'tokenizer.json': {
      version: '1.0',
      added_tokens: [],
      pre_tokenizer: { type: 'WhitespaceSplit' },
      model: {
        type: 'WordLevel',
        vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
        unk_token: 'unknown',
      },
    },
    'tokenizer_config.json': { chat_template: '{% for m in messages %}{{ m.content }} {% endfor %}' },
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
}
