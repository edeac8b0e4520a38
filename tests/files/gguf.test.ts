import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { modelContents } from '../../src/engine/files/contents';
import { type GgufFile, openGguf } from '../../src/engine/files/gguf';
import { ggufTokenizer, PRE_TOKENIZERS } from '../../src/engine/files/ggufTokenizer';
import { pullModel } from '../../src/engine/files/models';
import type { Tokenizer } from '../../src/engine/files/tokenizer';
import { parseModelConfig } from '../../src/engine/model/config';
import { digests, fixture, fixtures, type TextCase, temporaryFolder } from './fixtures';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const tiny = fixture<{ files: { file: string; texts: TextCase[]; sha256: Record<string, string> }[] }>('gguf.json');

describe.each(tiny.files)('$file, against transformers', ({ file, texts, sha256 }) => {
  let opened: GgufFile;
  beforeAll(async () => {
    opened = await openGguf(join(fixtures, 'files', file));
  });
  afterAll(() => opened.weights.close());

  it('holds the same values under the same names, in every number format', () => {
    expect([...opened.weights.names].sort()).toEqual(Object.keys(sha256).sort());
    expect(digests(opened.weights, Object.keys(sha256))).toEqual(sha256);
  });

  it.each(texts)('encodes and decodes $text', ({ text, ids, decoded }) => {
    expect(opened.tokenizer?.encode(text)).toEqual(ids);
    expect(opened.tokenizer?.decode(ids)).toBe(decoded);
  });
});

describe('the config made from metadata', () => {
  const read = async (file: string) => {
    const { configJson, weights } = await openGguf(join(fixtures, 'files', file));
    weights.close();
    const { source: _, ...config } = parseModelConfig(configJson, file);
    return config;
  };

  it('knows llama with scaled rotary frequencies and a head of its own', async () => {
    expect(await read('llama.gguf')).toEqual({
      architecture: 'llama',
      vocabSize: 352,
      hiddenSize: 32,
      intermediateSize: 64,
      layers: 1,
      heads: 4,
      kvHeads: 2,
      headDim: 8,
      rmsNormEps: 1e-6,
      rope: {
        theta: 500000,
        scaling: { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 8192 },
      },
      maxPositions: 256,
      tiedEmbeddings: false,
      qkvBias: false,
      outputBias: false,
      mlpBias: false,
      qkNorm: false,
      slidingWindows: [null],
      eosTokenIds: [2, 0],
    });
  });

  it('knows the biases of qwen2 and the norms and head size of qwen3', async () => {
    expect(await read('qwen2.gguf')).toMatchObject({
      architecture: 'qwen2',
      qkvBias: true,
      outputBias: false,
      headDim: 8,
    });
    expect(await read('qwen3.gguf')).toMatchObject({
      architecture: 'qwen3',
      qkNorm: true,
      headDim: 16,
      tiedEmbeddings: true,
    });
  });
});

describe('pre-tokenizers by their names, against llama.cpp', () => {
  interface Names {
    readonly texts: readonly string[];
    readonly names: readonly { readonly name: string; readonly ids: readonly (readonly number[])[] }[];
  }
  const { texts, names } = fixture<Names>('pretokenizers.json');
  let source: Tokenizer['source'];
  beforeAll(async () => {
    const { tokenizer, weights } = await openGguf(join(fixtures, 'files', 'llama.gguf'));
    weights.close();
    source = (tokenizer as Tokenizer).source;
  });

  it.each(names)('$name', ({ name, ids }) => {
    const { vocab, merges } = source.tokenizerJson.model as {
      vocab: Record<string, number>;
      merges: [string, string][];
    };
    const tokens = Object.entries(vocab).sort(([, a], [, b]) => a - b);
    const metadata = {
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': name,
      'tokenizer.ggml.tokens': tokens.map(([token]) => token),
      'tokenizer.ggml.merges': merges.map((pair) => pair.join(' ')),
    };
    const tokenizer = ggufTokenizer(metadata, name) as Tokenizer;
    expect(texts.map((text) => tokenizer.encode(text))).toEqual(ids);
  });

  it('are all compared', () => {
    expect(names.map(({ name }) => name)).toEqual(PRE_TOKENIZERS);
  });
});

describe('a model in several parts', () => {
  const parts = ['1', '2', '3'].map((part) => `llama-0000${part}-of-00003.gguf`);
  const [first = '', second = '', third = ''] = parts;
  const at = (name: string): string => join(fixtures, 'files', 'split', name);
  const copied = (...names: readonly string[]): string => {
    const place = mkdtempSync(join(folder, 'split-'));
    for (const name of names) copyFileSync(at(name), join(place, name));
    return place;
  };

  it('is opened by the first, with the values, the config and the tokenizer of the whole', async () => {
    const whole = await openGguf(join(fixtures, 'files', 'llama.gguf'));
    const split = await openGguf(at(first));
    const names = [...whole.weights.names].sort();
    expect([...split.weights.names].sort()).toEqual(names);
    expect(digests(split.weights, names)).toEqual(digests(whole.weights, names));
    expect(split.configJson).toEqual(whole.configJson);
    expect(split.tokenizer?.encode('Hello, world!')).toEqual(whole.tokenizer?.encode('Hello, world!'));
    for (const { weights } of [whole, split]) weights.close();
  });

  it('is known by the contents of all parts', async () => {
    const place = copied(...parts);
    const before = await modelContents(join(place, first));
    writeFileSync(join(place, third), patch(readFileSync(at(third)), 'GGUF', 'GGUX'));
    expect(await modelContents(join(place, first))).not.toEqual(before);
  });

  it.each([
    [
      'a part that is not the first',
      second,
      parts,
      /llama-00002-of-00003\.gguf is part 2 of 3 of a split model; give .*llama-00001-of-00003\.gguf/,
    ],
    [
      'a part that is missing',
      first,
      [first, third],
      /is one of 3 parts, and .*llama-00002-of-00003\.gguf is missing; add it/,
    ],
  ])('is refused for %s', async (_, name, present, message) => {
    const place = copied(...present);
    await expect(openGguf(join(place, name))).rejects.toThrow(message);
  });

  it('is refused under other names, and where a part is another one', async () => {
    const place = copied(...parts);
    copyFileSync(at(first), join(place, 'model.gguf'));
    await expect(openGguf(join(place, 'model.gguf'))).rejects.toThrow(
      /first of 3 parts of a model, but its name does not end in -00001-of-00003\.gguf/,
    );
    copyFileSync(at(third), join(place, second));
    await expect(openGguf(join(place, first))).rejects.toThrow(/llama-00002-of-00003\.gguf is not part 2 of the model/);
  });
});

describe('SmolLM2', () => {
  it('has the values that transformers reads, query and key rows in order', async () => {
    const { sha256 } = fixture<{ sha256: Record<string, string> }>('smollm2.json');
    const { weights } = await openGguf(await pullModel('smollm2-135m'));
    expect(weights.names).toHaveLength(272);
    expect(digests(weights, Object.keys(sha256))).toEqual(sha256);
    weights.close();
  });
});

describe('files that cannot be read', () => {
  const qwen2 = readFileSync(join(fixtures, 'files', 'qwen2.gguf'));
  const llama = readFileSync(join(fixtures, 'files', 'llama.gguf'));
  const cases: [string, Uint8Array, RegExp][] = [
    ['another magic', patch(qwen2, 'GGUF', 'GGML'), /is not a GGUF file: it starts with "GGML"/],
    ['an empty file', new Uint8Array(0), /is truncated; copy or download it again/],
    ['another version', patch(qwen2, 'GGUF\x03', 'GGUF\x09'), /is damaged or truncated: .*unsupported version "9"/],
    ['an end within the metadata', qwen2.subarray(0, 3000), /is (damaged or )?truncated/],
    [
      'an end within the values',
      qwen2.subarray(0, qwen2.length - 1000),
      /is truncated: tensor blk\.0\.\w+\.\w+ ends at byte \d+/,
    ],
    [
      'an unknown architecture',
      patch(
        qwen2,
        'general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0qwen2',
        'general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0gemma',
      ),
      /the architecture gemma is not supported; supported are llama, mistral, qwen2, qwen3/,
    ],
    [
      'missing metadata',
      patch(qwen2, 'qwen2.block_count', 'qwen2.block_cnt__'),
      /the metadata qwen2\.block_count is missing/,
    ],
    [
      'an unknown pre-tokenizer',
      patch(llama, 'llama-bpe', 'llama-bpx'),
      /the pre-tokenizer llama-bpx is not supported; supported are gpt-2, smollm/,
    ],
    ['a SentencePiece vocabulary', patch(llama, 'gpt2', 'bert'), /the tokenizer model bert is not supported in GGUF/],
    [
      'an unknown tensor',
      patch(qwen2, 'blk.0.ffn_gate.weight', 'blk.0.ffn_gate.w__ght'),
      /the tensor blk\.0\.ffn_gate\.w__ght /,
    ],
    [
      'a type that cannot be read',
      withType(qwen2, 'blk.0.ffn_gate.weight', 16),
      /tensor blk\.0\.ffn_gate\.weight has the type IQ2_XXS; only F32, F16, BF16, Q8_0, Q4_0, Q4_1/,
    ],
    ['a type that does not exist', withType(qwen2, 'blk.0.ffn_gate.weight', 77), /has the type number 77; only/],
    ['other rotary divisors', otherDivisors(llama), /the divisors in rope_freqs\.weight/],
    ['no embedding', patch(qwen2, 'token_embd.weight', 'blk.7.ffn_up.bias'), /has no tensor token_embd\.weight/],
  ];

  it.each(cases)('%s is refused', async (_, bytes, message) => {
    const path = join(folder, 'bad.gguf');
    writeFileSync(path, bytes);
    const opening = openGguf(path);
    await expect(opening).rejects.toThrow(InputError);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toThrow(/bad\.gguf/);
  });
});

/** A copy with one place overwritten by text of the same length. */
function patch(bytes: Buffer, from: string, to: string): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf(from, 0, 'latin1');
  if (at < 0 || from.length !== to.length) throw new Error(`cannot patch ${from}`);
  copy.write(to, at, 'latin1');
  return copy;
}

/** A copy in which a matrix's type number differs: behind its name stand the number of sides (4 bytes) and two sides (8 each). */
function withType(bytes: Buffer, tensor: string, type: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(type, copy.indexOf(tensor) + tensor.length + 4 + 16);
  return copy;
}

/** A copy in which the third of the four divisors (1, 1, 2.69, 8) differs. */
function otherDivisors(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeFloatLE(3.5, copy.indexOf(Buffer.from(Float32Array.of(1, 1).buffer)) + 8);
  return copy;
}
