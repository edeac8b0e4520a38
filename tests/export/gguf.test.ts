import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ggufPieces, plainMetadata } from '../../src/engine/export/ggufFile';
import { ggufModel, ggufTensors } from '../../src/engine/export/ggufModel';
import { vocabularyMetadata } from '../../src/engine/export/ggufVocabulary';
import { type ExportType, NUMBER_TYPES, rounded } from '../../src/engine/export/numberTypes';
import { openGguf } from '../../src/engine/files/gguf';
import { openCheckpoint } from '../../src/engine/files/huggingface';
import { readJsonFile, writeFileAtomic } from '../../src/engine/files/jsonl';
import { tokenizerFromJson } from '../../src/engine/files/tokenizer';
import { parseModelConfig } from '../../src/engine/model/config';
import { parameterShapes } from '../../src/engine/model/shapes';
import { fixture, fixtures, temporaryFolder } from '../files/fixtures';
import { FAMILIES } from '../model/tiny';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

describe('number formats, against gguf-py', () => {
  interface Case {
    readonly name: string;
    readonly values: number[];
    readonly q8_0: string;
    readonly bf16: string;
  }
  const { cases } = fixture<{ cases: Case[] }>('export.json');

  test.each(cases)('$name', ({ values, q8_0, bf16 }) => {
    const encoded = (type: ExportType) => Buffer.from(NUMBER_TYPES[type].encode(Float32Array.from(values)));
    expect(encoded('q8_0').toString('base64')).toBe(q8_0);
    expect(encoded('bf16').toString('base64')).toBe(bf16);
  });
});

describe.each(FAMILIES)('%s', (family) => {
  test.each(['fp32', 'bf16', 'q8_0'] as const)('in %s holds the model', async (type) => {
    const { configJson, weights } = await openCheckpoint(join(fixtures, 'models', family));
    const config = parseModelConfig(configJson, family);
    const tensors = ggufTensors(config, weights, type);
    const { metadata, notes } = ggufModel(config, { name: family, type });
    const path = join(folder, `${family}-${type}.gguf`);
    writeFileAtomic(path, Buffer.concat([...ggufPieces(metadata, tensors)]));
    const read = await openGguf(path);
    for (const [name, shape] of Object.entries(parameterShapes(config))) {
      expect(read.weights.shape(name)).toEqual(shape);
      // No row of these models fills a block of Q8_0 but those of 32 numbers.
      const stored = shape.length < 2 || (type === 'q8_0' && shape[1] !== 32) ? 'fp32' : type;
      expect(read.weights.read(name)).toEqual(rounded(weights.read(name), stored));
    }
    const again = parseModelConfig(read.configJson, path);
    const { source: _, architecture, slidingWindows, maxPositions, eosTokenIds: __, ...same } = config;
    expect(again).toMatchObject(same);
    expect(again.architecture).toBe(architecture === 'mistral' ? 'llama' : architecture);
    // The window of the mistral fixture, which GGUF has no place for.
    const windowed = slidingWindows.some((window) => window !== null);
    expect([again.maxPositions, notes.length]).toEqual(windowed ? [5, 1] : [maxPositions, 0]);
    for (const source of [read.weights, weights]) source.close();
  });
});

test('what llama.cpp would compute in another way is refused', () => {
  const configJson = readJsonFile(join(fixtures, 'models', 'qwen3', 'config.json'));
  const refused = (changes: object) => () =>
    ggufModel(parseModelConfig({ ...configJson, ...changes }, 'x'), { name: 'x', type: 'fp32' });
  expect(refused({})).not.toThrow();
  expect(refused({ attention_bias: true })).toThrow(/no biases in the attention of qwen3/);
  const scaling = { rope_type: 'llama3', rope_theta: 1e4, factor: 8, low_freq_factor: 2, high_freq_factor: 5 };
  expect(refused({ rope_parameters: scaling })).toThrow(/scaling llama3 has settings of its own/);
  const yarn = { rope_type: 'yarn', rope_theta: 1e4, factor: 4, original_max_position_embeddings: 32 };
  expect(refused({ rope_parameters: yarn })).not.toThrow();
  for (const own of [{ beta_fast: 16 }, { truncate: false }, { attention_factor: 1 }])
    expect(refused({ rope_parameters: { ...yarn, ...own } })).toThrow(/scaling yarn has settings of its own/);
});

describe('tokenizers', () => {
  test.each([
    ['llama.gguf', 'llama-bpe'],
    ['qwen2.gguf', 'qwen2'],
    ['qwen3.gguf', undefined],
  ])('of %s are written as they were read', async (file, pre) => {
    const { tokenizer, weights, configJson } = await openGguf(join(fixtures, 'files', file));
    weights.close();
    if (!tokenizer) throw new Error(`${file} has no tokenizer`);
    const rows = configJson.vocab_size as number;
    const metadata = plainMetadata(vocabularyMetadata(tokenizer, { rows, ends: [2], where: file }));
    if (pre !== undefined) expect(metadata['tokenizer.ggml.pre']).toBe(pre);
    expect((metadata['tokenizer.ggml.tokens'] as string[]).length).toBe(rows);
    expect(metadata['tokenizer.chat_template']).toBe(tokenizer.chatTemplate);
  });

  const chat = join(fixtures, 'models', 'chat');
  const json = () => JSON.parse(readFileSync(join(chat, 'tokenizer.json'), 'utf8'));
  const place = { rows: 386, ends: [2], where: 'chat' };

  test('have padding where the embedding is longer, control tokens, and the end of the turn first', () => {
    const tokenizer = tokenizerFromJson(json(), { eos_token: '<|im_end|>' });
    const metadata = plainMetadata(vocabularyMetadata(tokenizer, { ...place, rows: 400, ends: [5, 2] }));
    const kinds = metadata['tokenizer.ggml.token_type'] as number[];
    expect(kinds.slice(-3)).toEqual([5, 5, 5]);
    const end = tokenizer.tokenId('<|im_end|>');
    expect(metadata['tokenizer.ggml.eos_token_id']).toBe(end ?? 5);
  });

  test('that GGUF cannot hold are refused', () => {
    const refused = (changes: object) => () => vocabularyMetadata(tokenizerFromJson({ ...json(), ...changes }), place);
    const split = { type: 'Split', pattern: { Regex: '[aeiou]' }, behavior: 'Isolated', invert: false };
    const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
    expect(refused({ pre_tokenizer: { type: 'Sequence', pretokenizers: [split, bytes] } })).toThrow(
      /splits text in a way that none of GGUF's names stands for/,
    );
    expect(refused({ normalizer: { type: 'Lowercase' } })).toThrow(/splits text in a way/);
    const words = { type: 'WordLevel', vocab: { a: 0, b: 1 }, unk_token: 'a' };
    expect(refused({ model: words, added_tokens: [] })).toThrow(/not byte-level BPE/);
    const short = () => vocabularyMetadata(tokenizerFromJson(json()), { ...place, rows: 100 });
    expect(short).toThrow(/the embedding has only 100 rows/);
  });
});
