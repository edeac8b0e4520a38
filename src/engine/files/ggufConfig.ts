/** Translates a GGUF file's metadata and tensor names into Hugging Face's terms. */
import { InputError } from '../../base/records/errors';
import type { Json } from './tokenizerJson';

/** From GGUF's name of an architecture to Hugging Face's class. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  llama: 'LlamaForCausalLM',
  mistral: 'MistralForCausalLM',
  qwen2: 'Qwen2ForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
};

const MODULES: Readonly<Record<string, string>> = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
  attn_norm: 'input_layernorm',
  ffn_norm: 'post_attention_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

/**
 * Hugging Face's name of a tensor (`blk.0.attn_q.weight` -> `model.layers.0.self_attn.q_proj.weight`); undefined if
 * unknown.
 */
export function huggingFaceName(name: string): string | undefined {
  const match = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name);
  const [, layer, module, kind] = match ?? [];
  if (module === undefined || !Object.hasOwn(MODULES, module)) return undefined;
  return `${layer === undefined ? '' : `model.layers.${layer}.`}${MODULES[module]}.${kind}`;
}

const GGUF_MODULES = new Map(Object.entries(MODULES).map(([gguf, huggingFace]) => [huggingFace, gguf]));

/** GGUF's name of a tensor (`model.layers.0.self_attn.q_proj.weight` -> `blk.0.attn_q.weight`); undefined if unknown. */
export function ggufName(name: string): string | undefined {
  const [, layer, module, kind] = /^(?:model\.layers\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(name) ?? [];
  const own = GGUF_MODULES.get(module ?? '');
  return own && `${layer === undefined ? '' : `blk.${layer}.`}${own}.${kind}`;
}

/** Facts from the tensor table that the config depends on. */
export interface TensorFacts {
  readonly vocabSize: number;
  readonly has: (huggingFaceName: string) => boolean;
  /** Values of `rope_freqs.weight`, which divide Llama 3's rotary frequencies, if the file has them. */
  readonly ropeDivisors?: Float32Array;
}

/**
 * A config object as in Hugging Face's `config.json`. Throws InputError for missing metadata and for unknown
 * architectures, which it names.
 */
export function ggufConfig(metadata: Json, facts: TensorFacts, where: string): Record<string, unknown> {
  const architecture = String(metadata['general.architecture']);
  const className = Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
  if (className === undefined)
    throw new InputError(
      `${where}: the architecture ${architecture} is not supported; supported are ${Object.keys(ARCHITECTURES).join(', ')}.`,
    );
  const get = (key: string): unknown => metadata[`${architecture}.${key}`];
  const count = (key: string): number => {
    const value = get(key);
    if (typeof value === 'number') return value;
    throw new InputError(`${where}: the metadata ${architecture}.${key} is missing or not a number.`);
  };
  if (((get('expert_count') as number | undefined) ?? 0) > 0)
    throw new InputError(`${where} is a mixture of experts, which is not supported.`);
  const heads = count('attention.head_count');
  const hiddenSize = count('embedding_length');
  const theta = get('rope.freq_base') === undefined ? 10000 : shortest(count('rope.freq_base'));
  const headDim = (get('attention.key_length') ?? get('rope.dimension_count') ?? hiddenSize / heads) as number;
  return {
    architectures: [className],
    model_type: architecture,
    vocab_size: facts.vocabSize,
    hidden_size: hiddenSize,
    intermediate_size: count('feed_forward_length'),
    num_hidden_layers: count('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: get('attention.head_count_kv') ?? heads,
    head_dim: headDim,
    hidden_act: 'silu',
    rms_norm_eps: shortest(count('attention.layer_norm_rms_epsilon')),
    max_position_embeddings: count('context_length'),
    rope_theta: theta,
    rope_scaling: ropeScaling(get, facts.ropeDivisors, { theta, headDim, where }),
    tie_word_embeddings: !facts.has('lm_head.weight'),
    attention_bias: facts.has('model.layers.0.self_attn.o_proj.bias'),
    mlp_bias: facts.has('model.layers.0.mlp.up_proj.bias'),
    sliding_window: get('attention.sliding_window') ?? null,
    bos_token_id: metadata['tokenizer.ggml.bos_token_id'] ?? null,
    eos_token_id: endTokens(metadata),
  };
}

/** The end-of-text token and, where a chat model has one, the end-of-turn token. */
function endTokens(metadata: Json): number | number[] | null {
  const ids = ['eos', 'eot'].map((name) => metadata[`tokenizer.ggml.${name}_token_id`]);
  const distinct = [...new Set(ids.filter((id): id is number => typeof id === 'number'))];
  return distinct.length > 1 ? distinct : (distinct[0] ?? null);
}

/** The shortest decimal number with the same fp32 value, e.g. 0.00001 for 0.000009999999747378752. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === Math.fround(value)) return rounded;
  }
  return value;
}

/**
 * GGUF stores Llama 3's frequency scaling as a tensor of divisors. These follow from two constants, one factor (the
 * largest divisor) and the original length; other divisors are refused. Scalings with a name are passed on to the code
 * that reads the config.
 */
function ropeScaling(
  get: (key: string) => unknown,
  divisors: Float32Array | undefined,
  context: { theta: number; headDim: number; where: string },
): Record<string, unknown> | null {
  const type = get('rope.scaling.type');
  if (typeof type === 'string' && type !== 'none') {
    const original = get('rope.scaling.original_context_length');
    return {
      rope_type: type,
      factor: get('rope.scaling.factor'),
      ...(original !== undefined && { original_max_position_embeddings: original }),
    };
  }
  if (divisors === undefined) return null;
  const wavelength = (i: number): number => 2 * Math.PI * context.theta ** ((2 * i) / context.headDim);
  const factor = divisors.reduce((largest, value) => Math.max(largest, value), 1);
  const blended = divisors.findIndex((value) => value > 1 && value < factor);
  const inferred = blended < 0 ? 8192 : turnsOf(divisors[blended] as number, factor) * wavelength(blended);
  const positions = LENGTH_STEP * Math.round(inferred / LENGTH_STEP);
  const matches = divisors.every(
    (value, i) => Math.abs(value / llama3Divisor(positions / wavelength(i), factor) - 1) < 1e-3,
  );
  if (!matches || Math.abs(positions - inferred) > 1e-5 * inferred)
    throw new InputError(
      `${context.where}: the divisors in rope_freqs.weight are not those of Llama 3, which alone are supported.`,
    );
  return { rope_type: 'llama3', factor, ...LLAMA3, original_max_position_embeddings: positions };
}

/** The lengths that models are trained with are multiples of it; a divisor that means another one is no divisor of Llama 3's. */
const LENGTH_STEP = 16;
const LLAMA3 = { low_freq_factor: 1, high_freq_factor: 4 } as const;

/** The divisor of a frequency that turns so often within the original length. */
function llama3Divisor(turns: number, factor: number): number {
  const { low_freq_factor: low, high_freq_factor: high } = LLAMA3;
  if (turns > high) return 1;
  if (turns < low) return factor;
  const smooth = (turns - low) / (high - low);
  return 1 / ((1 - smooth) / factor + smooth);
}

/** Its inverse, for divisors between 1 and the factor. */
function turnsOf(divisor: number, factor: number): number {
  const { low_freq_factor: low, high_freq_factor: high } = LLAMA3;
  return low + ((1 / divisor - 1 / factor) / (1 - 1 / factor)) * (high - low);
}
