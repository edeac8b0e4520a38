/** Reads what the transformer needs from a Hugging Face `config.json`. */

import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import { fieldReader } from './fields';
import { parseRope, type RopeConfig, ropeFields } from './ropeConfig';

/** Shape of a decoder-only model of the Llama, Qwen2, Qwen3 or Mistral family. */
export interface ModelConfig {
  readonly architecture: 'llama' | 'qwen2' | 'qwen3' | 'mistral';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly rmsNormEps: number;
  readonly rope: RopeConfig;
  readonly maxPositions: number;
  /** Whether the output head uses the embedding matrix. */
  readonly tiedEmbeddings: boolean;
  /** Biases on the q, k and v projections (Qwen2), and on the output projection (Llama's `attention_bias`). */
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  /** Biases on the three MLP projections (Llama's `mlp_bias`). */
  readonly mlpBias: boolean;
  /** RMS norms on the queries and keys of each head (Qwen3). */
  readonly qkNorm: boolean;
  /** For each layer, how many of the latest positions a query sees; null for all. */
  readonly slidingWindows: readonly (number | null)[];
  /** Token ids that end a completion; those of generation_config.json come first. */
  readonly eosTokenIds: readonly number[];
  /** The JSON from the file, unchanged; it is written back on saving. */
  readonly source: Readonly<Record<string, unknown>>;
}

const ARCHITECTURES = ['llama', 'qwen2', 'qwen3', 'mistral'] as const;
type Architecture = (typeof ARCHITECTURES)[number];

/**
 * Reads the content of a Hugging Face `config.json`; `where` names the file in messages. `generation` is the content of
 * `generation_config.json`, whose end tokens are added. Throws InputError for what this transformer cannot compute.
 */
export function parseModelConfig(
  json: Readonly<Record<string, unknown>>,
  where: string,
  generation: Readonly<Record<string, unknown>> = {},
): ModelConfig {
  const fields = fieldReader(json, where);
  const architecture = parseArchitecture(json, where);
  refuseUnsupported(json, where);
  const heads = fields.count('num_attention_heads');
  const kvHeads = fields.count('num_key_value_heads', heads);
  if (heads % kvHeads !== 0)
    throw new InputError(
      `${where}: num_attention_heads (${heads}) is not a multiple of num_key_value_heads (${kvHeads}).`,
    );
  const hiddenSize = fields.count('hidden_size');
  const vocabSize = fields.count('vocab_size');
  const attentionBias = fields.flag('attention_bias', false);
  return {
    architecture,
    vocabSize,
    hiddenSize,
    intermediateSize: fields.count('intermediate_size'),
    layers: parseLayers(json, where),
    heads,
    kvHeads,
    headDim: parseHeadDim(json, where, { architecture, hiddenSize, heads }),
    rmsNormEps: fields.positive('rms_norm_eps', 1e-6),
    rope: parseRope(json, where),
    maxPositions: fields.count('max_position_embeddings'),
    tiedEmbeddings: fields.flag('tie_word_embeddings', false),
    qkvBias: architecture === 'qwen2' || (architecture !== 'mistral' && attentionBias),
    outputBias: (architecture === 'llama' || architecture === 'qwen3') && attentionBias,
    mlpBias: architecture === 'llama' && fields.flag('mlp_bias', false),
    qkNorm: architecture === 'qwen3',
    slidingWindows: parseSlidingWindows(json, where, architecture),
    eosTokenIds: parseEosTokens([generation.eos_token_id, json.eos_token_id], vocabSize, where),
    source: json,
  };
}

function parseArchitecture(json: Readonly<Record<string, unknown>>, where: string): Architecture {
  const classes = Array.isArray(json.architectures) ? (json.architectures as unknown[]) : [];
  const fromClass = typeof classes[0] === 'string' ? classes[0].replace(/ForCausalLM$/, '').toLowerCase() : undefined;
  const name = json.model_type ?? fromClass;
  const known = ARCHITECTURES.find((architecture) => architecture === name);
  if (known) return known;
  const list = ARCHITECTURES.join(', ');
  if (name === undefined) throw new InputError(`${where} lacks the field model_type; it must be one of ${list}.`);
  throw new InputError(`${where}: the architecture ${shownValue(name)} is not supported; supported are ${list}.`);
}

/**
 * Settings of sibling families that scale, cut or skip something, with the values under which they do nothing. Models
 * of the four families here do not have them; a folder that sets one was made for another program.
 */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  partial_rotary_factor: [1],
  embedding_multiplier: [1],
  attention_multiplier: [],
  residual_multiplier: [1],
  logits_scaling: [1],
  logit_scale: [1],
  query_pre_attn_scalar: [],
  attn_logit_softcapping: [],
  final_logit_softcapping: [],
  attention_chunk_size: [],
  no_rope_layers: [],
  num_local_experts: [0, 1],
  num_experts: [0, 1],
  use_qk_norm: [false],
  quantization_config: [],
};

/** Refuses settings that would silently change the numbers if they were ignored. */
function refuseUnsupported(json: Readonly<Record<string, unknown>>, where: string): void {
  const activation = json.hidden_act ?? 'silu';
  if (activation !== 'silu' && activation !== 'swish')
    throw new InputError(`${where}: hidden_act ${shownValue(activation)} is not supported; only silu is.`);
  const settings = { ...json, partial_rotary_factor: ropeFields(json).partial_rotary_factor };
  for (const [name, neutral] of Object.entries(NEUTRAL)) {
    const value = settings[name as keyof typeof settings] as unknown;
    if (value == null || neutral.includes(value)) continue;
    throw new InputError(
      name === 'quantization_config'
        ? `${where}: quantization_config is not supported; use the unquantised or the GGUF files of the model.`
        : `${where}: ${name} ${JSON.stringify(value)} is not supported; it would change the model's numbers.`,
    );
  }
}

/** No model comes near; each layer is counted and named before its weights are looked for. */
const MOST_LAYERS = 10_000;

function parseLayers(json: Readonly<Record<string, unknown>>, where: string): number {
  const layers = fieldReader(json, where).count('num_hidden_layers');
  if (layers <= MOST_LAYERS) return layers;
  throw new InputError(`${where}: num_hidden_layers is ${layers}; at most ${MOST_LAYERS} can be read.`);
}

function parseHeadDim(
  json: Readonly<Record<string, unknown>>,
  where: string,
  shape: { architecture: Architecture; hiddenSize: number; heads: number },
): number {
  // Qwen3 has a default of its own; the other families divide the hidden size.
  const fallback = shape.architecture === 'qwen3' ? 128 : shape.hiddenSize / shape.heads;
  if (json.head_dim == null && !Number.isInteger(fallback))
    throw new InputError(
      `${where}: hidden_size (${shape.hiddenSize}) is not a multiple of num_attention_heads (${shape.heads}), and head_dim is missing.`,
    );
  const headDim = fieldReader(json, where).count('head_dim', fallback);
  if (headDim % 2 === 0) return headDim;
  throw new InputError(`${where}: head_dim is ${headDim}; rotary embeddings need an even number.`);
}

/**
 * The window of each layer. `layer_types` says which layers have it; otherwise all have it (Mistral), those from
 * `max_window_layers` on (the Qwen models, where it is switched on), or none.
 */
function parseSlidingWindows(
  json: Readonly<Record<string, unknown>>,
  where: string,
  architecture: Architecture,
): (number | null)[] {
  const fields = fieldReader(json, where);
  const layers = fields.count('num_hidden_layers');
  const window = windowOf(json, where, architecture);
  const types = json.layer_types;
  if (types == null) {
    const full = architecture === 'mistral' || json.max_window_layers === 0 ? 0 : fields.count('max_window_layers', 28);
    return Array.from({ length: layers }, (_, layer) => (layer < full ? null : window));
  }
  if (!Array.isArray(types) || types.length !== layers)
    throw new InputError(`${where}: layer_types must be a list with one type for each of the ${layers} layers.`);
  return types.map((type: unknown) => {
    if (type === 'full_attention') return null;
    if (type !== 'sliding_attention')
      throw new InputError(
        `${where}: layer_types has ${JSON.stringify(type)}; supported are full_attention and sliding_attention.`,
      );
    if (window !== null) return window;
    throw new InputError(`${where}: layer_types has sliding_attention, but no sliding window is set for this model.`);
  });
}

function windowOf(json: Readonly<Record<string, unknown>>, where: string, architecture: Architecture): number | null {
  const fields = fieldReader(json, where);
  const off = architecture === 'llama' || (architecture !== 'mistral' && !fields.flag('use_sliding_window', false));
  return off || json.sliding_window === null ? null : fields.count('sliding_window', 4096);
}

function parseEosTokens(values: readonly unknown[], vocabSize: number, where: string): number[] {
  const ids = values.flatMap((value) => value ?? []) as unknown[];
  for (const id of ids)
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= vocabSize)
      throw new InputError(
        `${where}: eos_token_id ${shownValue(id)} is not a token id below vocab_size (${vocabSize}).`,
      );
  return [...new Set(ids as number[])];
}
