/** What a model folder holds is used as transformers uses it, or refused by name. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { readJsonFile, readJsonl, writeFileAtomic } from '../../src/engine/files/jsonl';
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../../src/engine/files/safetensors';
import { openModel } from '../../src/engine/model/load';
import { scoreCompletions } from '../../src/method/scoring/logprobs';

const fixtures = join(__dirname, '..', 'fixtures');
const cases = join(fixtures, 'cases');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'load-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Expected {
  readonly logprobs: readonly (readonly number[])[];
}

/** The largest distance from the log-probabilities that transformers gave for the rows beside it. */
async function distance(model: string, expected: string): Promise<number> {
  const rows = readJsonl(join(expected, '..', 'rows.jsonl'), (row) => row as Record<string, number[]>);
  const opened = await openModel(model);
  const sequences = rows.map((row) => ({
    promptTokens: row.prompt_ids as number[],
    completionTokens: row.completion_ids as number[],
  }));
  const scores = await scoreCompletions(opened, sequences);
  opened.dispose();
  const { logprobs } = readJsonFile(expected) as unknown as Expected;
  return Math.max(
    ...logprobs.flatMap((row, i) => row.map((value, t) => Math.abs(value - (scores[i]?.logprobs[t] as number)))),
  );
}

/** A copy of a fixture model with other fields in its config, and with tensors added, replaced or (by null) removed. */
function variant(
  name: string,
  { config = {}, tensors = {} }: { config?: object; tensors?: Record<string, Omit<TensorToWrite, 'name'> | null> },
): string {
  const dir = mkdtempSync(join(folder, 'model-'));
  const from = join(fixtures, 'models', name);
  cpSync(from, dir, { recursive: true });
  writeFileAtomic(join(dir, 'config.json'), JSON.stringify({ ...readJsonFile(join(from, 'config.json')), ...config }));
  const file = openSafetensors(join(from, 'model.safetensors'));
  const kept = file.names.filter((tensor) => !(tensor in tensors));
  const given = Object.entries(tensors).flatMap(([tensor, value]) => (value ? [{ name: tensor, ...value }] : []));
  writeSafetensors(join(dir, 'model.safetensors'), [
    ...kept.map((tensor) => ({ name: tensor, shape: file.shape(tensor), data: file.read(tensor) })),
    ...given,
  ]);
  file.close();
  return dir;
}

const ones = (...shape: number[]): Omit<TensorToWrite, 'name'> => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1),
});

describe('a model folder', () => {
  it('keeps the head that is stored beside tied embeddings', async () => {
    expect(await distance(join(cases, 'own-head', 'model'), join(cases, 'own-head', 'expected.json'))).toBeLessThan(
      1e-4,
    );
  });

  it('stays tied where the stored head is the embedding', async () => {
    const from = openSafetensors(join(fixtures, 'models', 'llama-tied', 'model.safetensors'));
    const embedding = 'model.embed_tokens.weight';
    const head = { shape: from.shape(embedding), data: from.read(embedding) };
    from.close();
    const model = await openModel(variant('llama-tied', { tensors: { 'lm_head.weight': head } }));
    expect(model.config.tiedEmbeddings).toBe(true);
    expect(model.weights.params['lm_head.weight']).toBeUndefined();
    model.dispose();
  });

  it.each(['qwen2_mixed', 'qwen3_mixed'])(
    'slides the window in the layers that layer_types names: %s',
    async (name) => {
      const place = join(cases, 'layer-types');
      expect(await distance(join(place, name), join(place, `expected-${name}.json`))).toBeLessThan(1e-4);
    },
  );

  const layer = 'model.layers.0';
  it.each([
    ['a layer more', { 'model.layers.2.input_layernorm.weight': ones(32) }, 'model.layers.2.input_layernorm.weight'],
    ['norms of queries', { [`${layer}.self_attn.q_norm.weight`]: ones(8) }, `${layer}.self_attn.q_norm.weight`],
    ['a bias', { [`${layer}.self_attn.o_proj.bias`]: ones(32) }, `${layer}.self_attn.o_proj.bias`],
    ['a head for classes', { 'score.weight': ones(2, 32), 'x.weight': ones(1) }, 'score.weight and 1 more'],
  ])('is refused with %s that config.json knows nothing of', async (_, tensors, named) => {
    const opening = openModel(variant('llama-tied', { tensors }));
    await expect(opening).rejects.toThrow(InputError);
    await expect(opening).rejects.toThrow(`the weights contain ${named}, which config.json leaves no place for`);
  });

  it('is refused with fewer layers in config.json than in the weights', async () => {
    await expect(openModel(variant('llama-tied', { config: { num_hidden_layers: 1 } }))).rejects.toThrow(
      'model.layers.1.',
    );
  });

  it('opens with buffers that follow from the config, and with flags and counters', async () => {
    const dir = variant('llama-tied', { tensors: { [`${layer}.self_attn.rotary_emb.inv_freq`]: ones(4) } });
    const file = readFileSync(join(dir, 'model.safetensors'));
    const length = Number(file.readBigUInt64LE());
    const header = JSON.parse(file.subarray(8, 8 + length).toString()) as Record<string, { data_offsets: number[] }>;
    const end = file.length - 8 - length;
    const more = {
      mask: { dtype: 'BOOL', shape: [2], data_offsets: [end, end + 2] },
      position_ids: { dtype: 'I64', shape: [1], data_offsets: [end + 2, end + 10] },
    };
    const json = Buffer.from(JSON.stringify({ ...header, ...more }));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(json.length));
    const values = file.subarray(8 + length);
    writeFileAtomic(join(dir, 'model.safetensors'), Buffer.concat([size, json, values, Buffer.alloc(10)]));
    (await openModel(dir)).dispose();
  });
});

describe('an adapter', () => {
  const own = readJsonFile(join(fixtures, 'adapters', 'attention-only', 'adapter_config.json'));
  const adapterOn = (module: string, [out, inner]: readonly [number, number]): string => {
    const dir = mkdtempSync(join(folder, 'adapter-'));
    mkdirSync(dir, { recursive: true });
    const name = `base_model.model.${module}`;
    const rank = own.r as number;
    const config = { ...own, target_modules: [module.split('.').at(-1)] };
    writeFileAtomic(join(dir, 'adapter_config.json'), JSON.stringify(config));
    writeSafetensors(join(dir, 'adapter_model.safetensors'), [
      { name: `${name}.lora_A.weight`, ...ones(rank, inner) },
      { name: `${name}.lora_B.weight`, ...ones(out, rank) },
    ]);
    return dir;
  };
  it.each([
    [
      'of another width',
      'model.layers.0.self_attn.q_proj',
      [32, 48],
      /lora_A\.weight has shape \[\d,48\], but this model/,
    ],
    ['for layers that are not there', 'model.layers.7.self_attn.q_proj', [32, 32], /q_proj, which this model does not/],
    ['on the head', 'lm_head', [97, 32], /lm_head, which is not supported; only q_proj, /],
    ['on the embedding', 'model.embed_tokens', [97, 32], /model\.embed_tokens, which is not supported; only q_proj, /],
  ] as const)('%s is refused', async (_, module, shape, message) => {
    const opening = openModel(join(fixtures, 'models', 'llama-tied'), { adapter: adapterOn(module, shape) });
    await expect(opening).rejects.toThrow(InputError);
    await expect(opening).rejects.toThrow(message);
  });
});
