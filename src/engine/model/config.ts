/** Reads what the transformer needs from a Hugging Face `config.json`. */

import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import { isObject } from '../files/jsonl';

/** Rotary embedding: base and, for Llama 3, the scaling of the frequencies. */
export interface RopeConfig {
  readonly theta: number;
  readonly scaling?: {
    readonly factor: number;
    readonly lowFreqFactor: number;
    readonly highFreqFactor: number;
    readonly originalMaxPositions: number;
  };
}

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
  /** How many of the latest positions a query sees (Mistral); null for all. */
  readonly slidingWindow: number | null;
  /** Token ids that end a completion. */
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
    slidingWindow: parseSlidingWindow(json, where, architecture),
    eosTokenIds: parseEosTokens([json.eos_token_id, generation.eos_token_id], vocabSize, where),
    source: json,
  };
}

/** Checked access to the fields of one object; a null field counts as absent. */
function fieldReader(json: Readonly<Record<string, unknown>>, where: string) {
  const read = <T>(name: string, fallback: T | undefined, valid: (value: unknown) => value is T, needed: string): T => {
    const value = json[name] ?? fallback;
    if (value === undefined) throw new InputError(`${where} lacks the field ${name}; it must be ${needed}.`);
    if (valid(value)) return value;
    throw new InputError(`${where}: ${name} is ${shownValue(value)}; it must be ${needed}.`);
  };
  const isPositive = (value: unknown): value is number => Number.isFinite(value) && (value as number) > 0;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
  const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
  return {
    count: (name: string, fallback?: number) => read(name, fallback, isCount, 'a positive whole number'),
    positive: (name: string, fallback?: number) => read(name, fallback, isPositive, 'a positive number'),
    flag: (name: string, fallback: boolean) => read(name, fallback, isFlag, 'true or false'),
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

/** Refuses settings that would silently change the numbers if they were ignored. */
function refuseUnsupported(json: Readonly<Record<string, unknown>>, where: string): void {
  const activation = json.hidden_act ?? 'silu';
  if (activation !== 'silu' && activation !== 'swish')
    throw new InputError(`${where}: hidden_act ${shownValue(activation)} is not supported; only silu is.`);
  const partial = json.partial_rotary_factor ?? ropeFields(json).partial_rotary_factor ?? 1;
  if (partial !== 1)
    throw new InputError(`${where}: partial_rotary_factor ${shownValue(partial)} is not supported; only 1 is.`);
  if (json.quantization_config != null)
    throw new InputError(
      `${where}: quantization_config is not supported; use the unquantised or the GGUF files of the model.`,
    );
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

/** Newer files have all fields in `rope_parameters`, older ones have `rope_theta` beside `rope_scaling`. */
function ropeFields(json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const fields = json.rope_parameters ?? json.rope_scaling;
  const theta = json.rope_theta == null ? {} : { rope_theta: json.rope_theta };
  return isObject(fields) ? { ...theta, ...fields } : theta;
}

function parseRope(json: Readonly<Record<string, unknown>>, where: string): RopeConfig {
  const place = `${where}, ${json.rope_parameters == null ? 'rope_scaling' : 'rope_parameters'}`;
  const given = ropeFields(json);
  const fields = fieldReader(given, place);
  const theta = fieldReader(given, where).positive('rope_theta', 10000);
  const type = given.rope_type ?? given.type ?? 'default';
  if (type === 'default') return { theta };
  if (type !== 'llama3')
    throw new InputError(`${place}: the type ${shownValue(type)} is not supported; supported are default and llama3.`);
  const scaling = {
    factor: fields.positive('factor'),
    lowFreqFactor: fields.positive('low_freq_factor'),
    highFreqFactor: fields.positive('high_freq_factor'),
    originalMaxPositions: fields.count('original_max_position_embeddings'),
  };
  if (scaling.highFreqFactor <= scaling.lowFreqFactor)
    throw new InputError(`${place}: high_freq_factor must be greater than low_freq_factor.`);
  return { theta, scaling };
}

/** Mistral's window applies to all layers. The Qwen models can switch it on, and then from `max_window_layers` on. */
function parseSlidingWindow(
  json: Readonly<Record<string, unknown>>,
  where: string,
  architecture: Architecture,
): number | null {
  const fields = fieldReader(json, where);
  if (architecture === 'llama') return null;
  if (architecture === 'mistral') return json.sliding_window === null ? null : fields.count('sliding_window', 4096);
  if (!fields.flag('use_sliding_window', false) || json.sliding_window == null) return null;
  const layers = fields.count('num_hidden_layers');
  const fullLayers = json.max_window_layers === 0 ? 0 : fields.count('max_window_layers', 28);
  if (fullLayers >= layers) return null;
  if (fullLayers === 0) return fields.count('sliding_window');
  throw new InputError(
    `${where}: a sliding window for some layers only (max_window_layers ${fullLayers}) is not supported.`,
  );
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
