import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { type GgufFile, openGguf } from '../../src/engine/files/gguf';
import { pullModel } from '../../src/engine/files/models';
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
      withType(qwen2, 'blk.0.ffn_gate.weight', 6),
      /tensor blk\.0\.ffn_gate\.weight has the type Q5_0; only F32, F16, BF16, Q8_0, Q4_0, Q4_1/,
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
