import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { type AdapterMatrix, openAdapter, writeAdapter } from '../../src/engine/files/adapter';
import { openCheckpoint, writeCheckpoint } from '../../src/engine/files/huggingface';
import { readJsonFile } from '../../src/engine/files/jsonl';
import { openSafetensors, writeSafetensors } from '../../src/engine/files/safetensors';
import type { WeightSource } from '../../src/engine/files/weights';
import { digests, fixtures, temporaryFolder } from './fixtures';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const llama = join(fixtures, 'models', 'llama-tied');
const adapters = join(fixtures, 'adapters');

/** A copy of a fixture folder, with files replaced (text, or null to remove). */
function variant(source: string, changes: Readonly<Record<string, string | null>>): string {
  const dir = mkdtempSync(join(folder, 'variant-'));
  cpSync(source, dir, { recursive: true });
  for (const [name, content] of Object.entries(changes))
    if (content === null) rmSync(join(dir, name));
    else writeFileSync(join(dir, name), content);
  return dir;
}

function tensorsOf(weights: WeightSource, names: readonly string[] = weights.names) {
  return names.map((name) => ({ name, shape: weights.shape(name), data: () => weights.read(name) }));
}

/** Splits the model into two shards with an index. */
function shard(): string {
  const dir = variant(llama, { 'model.safetensors': null });
  const file = openSafetensors(join(llama, 'model.safetensors'));
  const half = Math.floor(file.names.length / 2);
  const parts = [file.names.slice(0, half), file.names.slice(half)];
  const map: Record<string, string> = {};
  parts.forEach((names, i) => {
    const part = `model-0000${i + 1}-of-00002.safetensors`;
    writeSafetensors(join(dir, part), tensorsOf(file, names));
    for (const name of names) map[name] = part;
  });
  file.close();
  writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: map }));
  return dir;
}

describe('openCheckpoint', () => {
  it('reads shards as it reads one file', async () => {
    const [whole, sharded] = [await openCheckpoint(llama), await openCheckpoint(shard())];
    expect([...sharded.weights.names].sort()).toEqual([...whole.weights.names].sort());
    expect(digests(sharded.weights, whole.weights.names)).toEqual(digests(whole.weights, whole.weights.names));
    expect(sharded.configJson).toEqual(whole.configJson);
    whole.weights.close();
    sharded.weights.close();
  });

  it('brings generation_config.json along, and no tokenizer where there is none', async () => {
    const dir = variant(llama, { 'generation_config.json': '{"eos_token_id":[1,2]}' });
    const { generationJson, tokenizer, directory, weights } = await openCheckpoint(dir);
    expect({ generationJson, tokenizer, directory }).toEqual({
      generationJson: { eos_token_id: [1, 2] },
      tokenizer: undefined,
      directory: dir,
    });
    weights.close();
  });

  const part = 'model-00002-of-00002.safetensors';
  const cases: [string, () => string, RegExp][] = [
    ['a path that is not there', () => join(folder, 'none'), /There is no model at .*none; check the path/],
    [
      'a file that is no model',
      () => join(llama, 'config.json'),
      /config\.json is not a model folder and does not end in \.gguf/,
    ],
    ['a folder without config', () => variant(llama, { 'config.json': null }), /holds no config\.json/],
    ['a broken config', () => variant(llama, { 'config.json': '{' }), /config\.json is not valid JSON/],
    ['a folder without weights', () => variant(llama, { 'model.safetensors': null }), /holds no model\.safetensors/],
    [
      'a missing shard',
      () => variant(shard(), { [part]: null }),
      /index\.json names model-00002-of-00002\.safetensors, which is missing/,
    ],
    ['a damaged shard', () => variant(shard(), { [part]: 'x' }), /model-00002-of-00002\.safetensors is truncated/],
    [
      'an index that places a tensor wrongly',
      () => {
        const dir = shard();
        const map = { 'model.norm.weight': 'model-00001-of-00002.safetensors' };
        return variant(dir, { 'model.safetensors.index.json': JSON.stringify({ weight_map: map }) });
      },
      /index\.json places model\.norm\.weight in model-00001-of-00002\.safetensors/,
    ],
    [
      'an index that names a file longer than any can be',
      () => {
        const map = { 'model.norm.weight': 'é'.repeat(128) };
        return variant(shard(), { 'model.safetensors.index.json': JSON.stringify({ weight_map: map }) });
      },
      /weight_map names "é+.*", which is no file of its folder/,
    ],
    [
      'an index without a map',
      () => variant(shard(), { 'model.safetensors.index.json': '{}' }),
      /lacks the object weight_map/,
    ],
  ];

  it.each(cases)('refuses %s', async (_, make, message) => {
    const opening = openCheckpoint(make());
    await expect(opening).rejects.toThrow(InputError);
    await expect(opening).rejects.toThrow(message);
  });
});

describe('writeCheckpoint', () => {
  it('writes a GGUF model as a folder with the same weights, config and tokenizer', async () => {
    const gguf = join(fixtures, 'files', 'qwen2.gguf');
    const source = await openCheckpoint(gguf);
    const dir = join(folder, 'from-gguf');
    await writeCheckpoint(dir, {
      configJson: source.configJson,
      tensors: tensorsOf(source.weights),
      tokenizerFrom: gguf,
    });
    const written = await openCheckpoint(dir);
    expect(written.configJson).toEqual({ ...source.configJson, dtype: 'float32', torch_dtype: 'float32' });
    expect(digests(written.weights, source.weights.names)).toEqual(digests(source.weights, source.weights.names));
    const text = 'naïve  2024<|im_end|>\n';
    expect(written.tokenizer?.encode(text)).toEqual(source.tokenizer?.encode(text));
    expect(written.tokenizer?.eosToken).toBe('<|im_end|>');
    source.weights.close();
    written.weights.close();
  });

  it('copies the tokenizer files of a folder as they stand', async () => {
    const template = '{{ messages }}';
    const source = variant(llama, { 'tokenizer.json': '{"model": 1}', 'chat_template.jinja': template });
    const dir = join(folder, 'copied');
    await writeCheckpoint(dir, { configJson: {}, tensors: [], tokenizerFrom: source });
    expect(readFileSync(join(dir, 'chat_template.jinja'), 'utf8')).toBe(template);
    expect(readFileSync(join(dir, 'tokenizer.json'), 'utf8')).toBe('{"model": 1}');
    expect(existsSync(join(dir, 'tokenizer_config.json'))).toBe(false);
  });
});

describe('adapters', () => {
  it.each([{ toString: 1 }, null, 1, ['q_proj']])('refuses the target %j', (target) => {
    const dir = mkdtempSync(join(folder, 'target-'));
    cpSync(join(adapters, 'rslora'), dir, { recursive: true });
    const config = readJsonFile(join(dir, 'adapter_config.json'));
    writeFileSync(join(dir, 'adapter_config.json'), JSON.stringify({ ...config, target_modules: ['q_proj', target] }));
    expect(() => openAdapter(dir)).toThrow(/holds no matrices for .*which adapter_config\.json adapts/);
  });

  const matricesOf = ({ weights }: { weights: WeightSource }): AdapterMatrix[] =>
    weights.names
      .filter((name) => name.endsWith('.lora_A.weight'))
      .map((name) => {
        const other = name.replace('lora_A', 'lora_B');
        const matrix = (key: string) => ({ shape: weights.shape(key) as [number, number], data: weights.read(key) });
        return { name: name.replace('.lora_A.weight', ''), a: matrix(name), b: matrix(other) };
      });

  it('reads what PEFT saved, rank-stabilised scale included', () => {
    for (const [name, rslora] of [
      ['all-projections', false],
      ['rslora', true],
    ] as const) {
      const config = readJsonFile(join(adapters, name, 'adapter_config.json'));
      const adapter = openAdapter(join(adapters, name));
      const [rank, alpha] = [config.r as number, config.lora_alpha as number];
      expect(adapter).toMatchObject({ rank, alpha, scale: alpha / (rslora ? Math.sqrt(rank) : rank) });
      expect([...adapter.targets].sort()).toEqual([...(config.target_modules as string[])].sort());
      expect(adapter.weights.shape('model.layers.0.self_attn.q_proj.lora_A.weight')[0]).toBe(rank);
      adapter.weights.close();
    }
  });

  it('writes the tensors and settings that PEFT writes', () => {
    const dir = join(folder, 'adapter');
    const original = openAdapter(join(adapters, 'attention-only'));
    const { rank, alpha, targets } = original;
    writeAdapter(dir, { tensors: matricesOf(original), rank, alpha, targets, baseModel: 'some/model' });
    original.weights.close();
    const ours = openSafetensors(join(dir, 'adapter_model.safetensors'));
    const theirs = openSafetensors(join(adapters, 'attention-only', 'adapter_model.safetensors'));
    expect([...ours.names].sort()).toEqual([...theirs.names].sort());
    expect(digests(ours, theirs.names)).toEqual(digests(theirs, theirs.names));
    const reopened = openAdapter(dir);
    expect(reopened).toMatchObject({ rank, alpha, scale: alpha / rank, targets, baseModel: 'some/model' });
    for (const file of [ours, theirs, reopened.weights]) file.close();
  });

  const config = readJsonFile(join(adapters, 'attention-only', 'adapter_config.json'));
  it('names a model of the hub as PEFT does, its revision apart', () => {
    const named = (baseModel: string) => {
      const dir = join(folder, `named-${baseModel.replace(/\W/g, '-')}`);
      writeAdapter(dir, { tensors: [], rank: 1, alpha: 1, targets: [], baseModel });
      const { base_model_name_or_path: path, revision } = readJsonFile(join(dir, 'adapter_config.json'));
      return [path, revision];
    };
    expect(named('some/model')).toEqual(['some/model', null]);
    expect(named('some/model@v2')).toEqual(['some/model', 'v2']);
    expect(named(folder)).toEqual([folder, null]);
    const revised = { ...config, base_model_name_or_path: 'some/model', revision: 'v2' };
    const dir = variant(join(adapters, 'attention-only'), { 'adapter_config.json': JSON.stringify(revised) });
    const { baseModel, weights } = openAdapter(dir);
    weights.close();
    expect(baseModel).toBe('some/model@v2');
  });

  const withConfig = (changes: object) => () =>
    variant(join(adapters, 'attention-only'), { 'adapter_config.json': JSON.stringify({ ...config, ...changes }) });
  const withTensors = (names: readonly string[], shape: readonly number[]) => () => {
    const dir = variant(join(adapters, 'attention-only'), {});
    const size = shape.reduce((a, b) => a * b, 1);
    const tensors = names.map((name) => ({ name, shape, data: new Float32Array(size) }));
    writeSafetensors(join(dir, 'adapter_model.safetensors'), tensors);
    return dir;
  };
  const q = 'base_model.model.model.layers.0.self_attn.q_proj';
  const cases: [string, () => string, RegExp][] = [
    ['a folder without config', () => folder, /holds no adapter_config\.json/],
    ['another PEFT type', withConfig({ peft_type: 'IA3' }), /the PEFT type "IA3" is not supported; only LORA is/],
    [
      'DoRA without magnitudes',
      withConfig({ use_dora: true }),
      /has no lora_magnitude_vector, which use_dora asks for/,
    ],
    ['a DoRA that is no flag', withConfig({ use_dora: 'yes' }), /use_dora is "yes"; it must be true or false/],
    [
      'magnitudes without DoRA',
      () => {
        const dora = readJsonFile(join(adapters, 'dora', 'adapter_config.json'));
        return variant(join(adapters, 'dora'), { 'adapter_config.json': JSON.stringify({ ...dora, use_dora: false }) });
      },
      /lora_magnitude_vector is neither part of a LoRA adapter nor of modules_to_save/,
    ],
    [
      'saved modules that are missing',
      withConfig({ modules_to_save: ['lm_head'] }),
      /lacks "lm_head", which modules_to_save/,
    ],
    [
      'saved modules that are no list',
      withConfig({ modules_to_save: 'lm_head' }),
      /modules_to_save is "lm_head"; it must be a list/,
    ],
    ['ranks by module', withConfig({ rank_pattern: { q_proj: 2 } }), /rank_pattern is set/],
    [
      'aLoRA',
      withConfig({ alora_invocation_tokens: [7, 9] }),
      /alora_invocation_tokens is set, which is not supported/,
    ],
    [
      'PiSSA',
      withConfig({ init_lora_weights: 'pissa_niter_4' }),
      /"pissa_niter_4", which changes the base weights too/,
    ],
    ['OLoRA', withConfig({ init_lora_weights: 'olora' }), /init_lora_weights is "olora"/],
    ['LoftQ', withConfig({ init_lora_weights: 'loftq', loftq_config: {} }), /init_lora_weights is "loftq"/],
    ['repeated layers', withConfig({ layer_replication: [[0, 2]] }), /layer_replication is set/],
    ['trained embeddings', withConfig({ trainable_token_indices: [3] }), /trainable_token_indices is set/],
    ['a kind of tomorrow', withConfig({ use_newlora: true }), /use_newlora is set, which is not supported/],
    [
      'a target without matrices',
      withConfig({ target_modules: ['q_proj', 'up_proj'] }),
      /holds no matrices for "up_proj"/,
    ],
    ['no matrices at all', withTensors([], []), /adapter_model\.safetensors holds no LoRA matrices/],
    ['trained biases', withConfig({ bias: 'all' }), /bias "all" is not supported/],
    ['a rank that is none', withConfig({ r: 0 }), /adapter_config\.json: r is 0; it must be a positive number/],
    ['another rank', withConfig({ r: 5 }), /do not have the rank 5 of adapter_config\.json/],
    [
      'missing tensors',
      () => variant(join(adapters, 'attention-only'), { 'adapter_model.safetensors': null }),
      /holds no adapter_model\.safetensors/,
    ],
    [
      'half a pair',
      withTensors([`${q}.lora_A.weight`], [4, 4]),
      /self_attn\.q_proj has only one of its two LoRA matrices/,
    ],
    [
      'other tensors',
      withTensors(['base_model.model.lm_head.weight'], [2]),
      /lm_head\.weight is neither part of a LoRA adapter nor of modules_to_save/,
    ],
  ];

  it.each(cases)('refuses %s', (_, make, message) => {
    const dir = make();
    expect(() => openAdapter(dir)).toThrow(InputError);
    expect(() => openAdapter(dir)).toThrow(message);
  });
});
