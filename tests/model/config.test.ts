import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { readJsonFile } from '../../src/engine/files/jsonl';
import { type ModelConfig, parseModelConfig } from '../../src/engine/model/config';

const LLAMA = {
  model_type: 'llama',
  vocab_size: 100,
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 4,
  num_attention_heads: 8,
  max_position_embeddings: 256,
};
const LLAMA3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

/** The config of the small Llama with fields changed; undefined removes one. */
function parse(
  changes: Readonly<Record<string, unknown>>,
  generation?: Readonly<Record<string, unknown>>,
): ModelConfig {
  return parseModelConfig({ ...LLAMA, ...changes }, 'config.json', generation);
}

describe('parseModelConfig', () => {
  it('fills in what a config may leave out', () => {
    const { source, ...config } = parse({});
    expect(source).toEqual(LLAMA);
    expect(config).toEqual({
      architecture: 'llama',
      vocabSize: 100,
      hiddenSize: 64,
      intermediateSize: 128,
      layers: 4,
      heads: 8,
      kvHeads: 8,
      headDim: 8,
      rmsNormEps: 1e-6,
      rope: { theta: 10000 },
      maxPositions: 256,
      tiedEmbeddings: false,
      qkvBias: false,
      outputBias: false,
      mlpBias: false,
      qkNorm: false,
      slidingWindows: [null, null, null, null],
      eosTokenIds: [],
    });
  });

  it('reads every reference model that transformers saved', () => {
    const models = join(__dirname, '..', 'fixtures', 'models');
    const known = readdirSync(models).map((name) => {
      const { architecture, qkvBias, outputBias, mlpBias, qkNorm } = parseModelConfig(
        readJsonFile(join(models, name, 'config.json')),
        name,
      );
      return [name, { architecture, qkvBias, outputBias, mlpBias, qkNorm }];
    });
    const plain = { qkvBias: false, outputBias: false, mlpBias: false, qkNorm: false };
    expect(Object.fromEntries(known)).toMatchObject({
      'llama-bias': { architecture: 'llama', qkvBias: true, outputBias: true, mlpBias: true, qkNorm: false },
      'llama-tied': { architecture: 'llama', ...plain },
      mistral: { architecture: 'mistral', ...plain },
      qwen2: { architecture: 'qwen2', ...plain, qkvBias: true },
      qwen3: { architecture: 'qwen3', ...plain, qkNorm: true },
    });
  });

  it('finds the architecture by its class when the type is missing', () => {
    expect(parse({ model_type: undefined, architectures: ['Qwen3ForCausalLM'] }).architecture).toBe('qwen3');
  });

  it.each([
    ['rope_theta alone', { rope_theta: 5e5 }, { theta: 5e5 }],
    ['rope_parameters, default', { rope_parameters: { rope_theta: 1e5, rope_type: 'default' } }, { theta: 1e5 }],
    ['an explicit null', { rope_theta: 1e5, rope_scaling: null, rope_parameters: null }, { theta: 1e5 }],
    ['theta in rope_parameters over rope_theta', { rope_theta: 1, rope_parameters: { rope_theta: 2 } }, { theta: 2 }],
    ['llama3 in rope_scaling', { rope_theta: 5e5, rope_scaling: { rope_type: 'llama3', ...LLAMA3 } }, true],
    ['llama3 in rope_scaling, older spelling', { rope_theta: 5e5, rope_scaling: { type: 'llama3', ...LLAMA3 } }, true],
    [
      'llama3 whose original length is beside it',
      {
        rope_theta: 5e5,
        original_max_position_embeddings: 8192,
        rope_scaling: { rope_type: 'llama3', ...LLAMA3, original_max_position_embeddings: 1 },
      },
      true,
    ],
    [
      'llama3 without an original length',
      {
        max_position_embeddings: 8192,
        rope_theta: 5e5,
        rope_scaling: { rope_type: 'llama3', ...LLAMA3, original_max_position_embeddings: undefined },
      },
      true,
    ],
    [
      'rope_scaling over rope_parameters',
      { rope_theta: 5e5, rope_parameters: { rope_theta: 1 }, rope_scaling: { rope_type: 'llama3', ...LLAMA3 } },
      true,
    ],
    ['llama3 in rope_parameters', { rope_parameters: { rope_theta: 5e5, rope_type: 'llama3', ...LLAMA3 } }, true],
  ])('reads rotary settings: %s', (_, fields, expected) => {
    const scaling = { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 8192 };
    expect(parse(fields).rope).toEqual(expected === true ? { theta: 5e5, scaling } : expected);
  });

  it.each([
    ['mistral without the field', { model_type: 'mistral' }, 4096],
    ['mistral with null', { model_type: 'mistral', sliding_window: null }, null],
    ['mistral with a window', { model_type: 'mistral', sliding_window: 32 }, 32],
    ['llama never', { sliding_window: 32 }, null],
    ['qwen2 switched off', { model_type: 'qwen2', sliding_window: 32, use_sliding_window: false }, null],
    [
      'qwen2 from no layer on',
      { model_type: 'qwen2', sliding_window: 32, use_sliding_window: true, max_window_layers: 4 },
      null,
    ],
    [
      'qwen3 from the first layer on',
      { model_type: 'qwen3', sliding_window: 32, use_sliding_window: true, max_window_layers: 0 },
      32,
    ],
    [
      'qwen2 from the third layer on',
      { model_type: 'qwen2', sliding_window: 8, use_sliding_window: true, max_window_layers: 2 },
      [null, null, 8, 8],
    ],
    [
      'qwen3 by layer_types, whatever max_window_layers says',
      {
        model_type: 'qwen3',
        sliding_window: 8,
        use_sliding_window: true,
        max_window_layers: 4,
        layer_types: ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention'],
      },
      [8, null, 8, null],
    ],
    [
      'mistral by layer_types',
      {
        model_type: 'mistral',
        layer_types: ['full_attention', 'sliding_attention', 'full_attention', 'full_attention'],
      },
      [null, 4096, null, null],
    ],
  ])('reads the sliding window: %s', (_, fields, expected) => {
    expect(parse(fields).slidingWindows).toEqual(
      typeof expected === 'object' && expected ? expected : Array(4).fill(expected),
    );
  });

  it('knows the head size of each family', () => {
    expect(parse({ head_dim: 32 }).headDim).toBe(32);
    expect(parse({ head_dim: null }).headDim).toBe(8);
    expect(parse({ model_type: 'qwen3' }).headDim).toBe(128);
  });

  it('collects end tokens from both files', () => {
    expect(parse({ eos_token_id: 2 }).eosTokenIds).toEqual([2]);
    expect(parse({ eos_token_id: [2, 3] }, { eos_token_id: 4 }).eosTokenIds).toEqual([4, 2, 3]);
    expect(parse({ eos_token_id: null }, { eos_token_id: [5, 5] }).eosTokenIds).toEqual([5]);
  });
});

describe('what is refused', () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [
      { model_type: 'gemma2' },
      /the architecture "gemma2" is not supported; supported are llama, qwen2, qwen3, mistral/,
    ],
    [{ model_type: undefined, architectures: ['GPT2LMHeadModel'] }, /"gpt2lmheadmodel" is not supported/],
    [{ model_type: undefined }, /lacks the field model_type; it must be one of llama/],
    [{ hidden_size: undefined }, /lacks the field hidden_size; it must be a positive whole number/],
    [{ hidden_size: '64' }, /hidden_size is "64"; it must be a positive whole number/],
    [{ num_hidden_layers: 0 }, /num_hidden_layers is 0; it must be a positive whole number/],
    [{ vocab_size: 1.5 }, /vocab_size is 1\.5; it must be a positive whole number/],
    [{ num_key_value_heads: 3 }, /num_attention_heads \(8\) is not a multiple of num_key_value_heads \(3\)/],
    [{ hidden_size: 60 }, /hidden_size \(60\) is not a multiple of num_attention_heads \(8\), and head_dim is missing/],
    [{ head_dim: 7 }, /head_dim is 7; rotary embeddings need an even number/],
    [{ rms_norm_eps: -1 }, /rms_norm_eps is -1; it must be a positive number/],
    [{ tie_word_embeddings: 'yes' }, /tie_word_embeddings is "yes"; it must be true or false/],
    [{ hidden_act: 'gelu' }, /hidden_act "gelu" is not supported; only silu is/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor 0\.5 is not supported/],
    [{ quantization_config: { quant_method: 'gptq' } }, /quantization_config is not supported/],
    [
      { rope_scaling: { rope_type: 'longrope', factor: 4 } },
      /rope_scaling: the type "longrope" is not supported; supported are default, linear, dynamic, llama3 and yarn/,
    ],
    [{ rope_parameters: { rope_type: 'linear' } }, /rope_parameters lacks the field factor/],
    [{ rope_parameters: { rope_type: 'yarn', factor: 4, truncate: 1 } }, /rope_parameters: truncate is 1/],
    [{ rope_parameters: { rope_type: 'yarn', factor: -4 } }, /rope_parameters: factor is -4/],
    [{ rope_scaling: { type: 'llama3', ...LLAMA3, factor: undefined } }, /rope_scaling lacks the field factor/],
    [
      { rope_scaling: { type: 'llama3', ...LLAMA3, high_freq_factor: 1 } },
      /high_freq_factor must be greater than low_freq_factor/,
    ],
    [{ rope_theta: 0 }, /rope_theta is 0; it must be a positive number/],
    [{ layer_types: ['full_attention'] }, /layer_types must be a list with one type for each of the 4 layers/],
    [
      { model_type: 'qwen3', layer_types: Array(4).fill('chunked_attention') },
      /layer_types has "chunked_attention"; supported are full_attention and sliding_attention/,
    ],
    [
      { model_type: 'qwen2', layer_types: Array(4).fill('sliding_attention') },
      /layer_types has sliding_attention, but no sliding window is set for this model/,
    ],
    [{ layer_types: Array(4).fill('sliding_attention') }, /no sliding window is set for this model/],
    [{ rope_parameters: { partial_rotary_factor: 0.5 } }, /partial_rotary_factor 0\.5 is not supported/],
    [
      { rope_parameters: { full_attention: { rope_theta: 1e6, rope_type: 'default' } } },
      /rotary settings of their own for full_attention are not supported/,
    ],
    [{ logits_scaling: 8 }, /logits_scaling 8 is not supported; it would change the model's numbers/],
    [{ final_logit_softcapping: 30 }, /final_logit_softcapping 30 is not supported/],
    [{ eos_token_id: 100 }, /eos_token_id 100 is not a token id below vocab_size \(100\)/],
    [{ eos_token_id: ['</s>'] }, /eos_token_id "<\/s>" is not a token id/],
  ];

  it.each(cases)('%j', (changes, message) => {
    expect(() => parse(changes)).toThrow(InputError);
    expect(() => parse(changes)).toThrow(message);
    expect(() => parse(changes)).toThrow(/^config\.json/);
  });
});
