/** What docs/models.md says can be opened is what the readers say themselves. */
import { test } from 'vitest';
import { ggufConfig } from '../../src/engine/files/ggufConfig';
import { ggufTokenizer } from '../../src/engine/files/ggufTokenizer';
import { listModels } from '../../src/engine/files/models';
import { parseModelConfig } from '../../src/engine/model/config';
import { numberFormats } from '../../src/engine/quants/formats';
import { expectBlock, table } from './blocks';

const FILE = 'models.md';

test('models known by name', () => {
  const rows = listModels().map(({ name, description }) => [`\`${name}\``, description.replace(/, from .*/, '')]);
  expectBlock(FILE, 'names', table(['name', 'model'], rows));
});

/** What a reader names as supported when it is given something else. */
function supported(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    const names = /supported are (.*?)\.$/.exec((error as Error).message)?.[1];
    if (names !== undefined) return names;
  }
  throw new Error('the reader did not say what it supports');
}

test('what can be read', () => {
  const facts = { vocabSize: 1, has: () => false };
  const rows = [
    ['`model_type` in config.json', supported(() => parseModelConfig({ model_type: 'other' }, 'x'))],
    ['architecture in GGUF', supported(() => ggufConfig({ 'general.architecture': 'other' }, facts, 'x'))],
    ['number formats in safetensors', 'F32, F16, BF16'],
    ['number formats in GGUF', Object.keys(numberFormats).join(', ')],
    [
      'pre-tokenizers in GGUF',
      supported(() => ggufTokenizer({ 'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': 'other' }, 'x')),
    ],
  ];
  expectBlock(FILE, 'read', table(['what', 'supported'], rows));
});
