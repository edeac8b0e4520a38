/** A model as GGUF has it for llama.cpp: the architecture's metadata, and the tensors under GGUF's names and in its order of rows. */
import { InputError } from '../../base/records/errors';
import { reorderRotary, rotatedHeads } from '../files/gguf';
import { ggufName } from '../files/ggufConfig';
import type { WeightSource } from '../files/weights';
import type { ModelConfig } from '../model/config';
import { inverseFrequencies } from '../model/rope';
import { isPlainYarn } from '../model/ropeConfig';
import { parameterShapes } from '../model/shapes';
import { type NumberFormat, numberFormats } from '../quants/formats';
import type { GgufMetadata, GgufTensor } from './ggufFile';
import { type ExportType, NUMBER_TYPES, Q8_BLOCK } from './numberTypes';

/** llama.cpp opens Mistral as a Llama, which it is but for its window. */
const ARCHITECTURES = { llama: 'llama', mistral: 'llama', qwen2: 'qwen2', qwen3: 'qwen3' } as const;
const FILE_TYPES: Readonly<Record<ExportType, number>> = { fp32: 0, bf16: 32, q8_0: 7 };

/** Metadata of the model, and what a reader should know of it. */
export interface GgufModel {
  readonly metadata: GgufMetadata;
  readonly notes: readonly string[];
}

/** The positions up to which GGUF holds the model: it has no place for the sliding windows of these families. */
export const ggufPositions = ({ maxPositions, slidingWindows }: ModelConfig): number =>
  Math.min(maxPositions, ...slidingWindows.map((window) => window ?? maxPositions));

/** Metadata that describe the architecture. Throws InputError for what llama.cpp would compute in another way. */
export function ggufModel(config: ModelConfig, { name, type }: { name: string; type: ExportType }): GgufModel {
  refuseOtherNumbers(config);
  const architecture = ARCHITECTURES[config.architecture];
  const positions = ggufPositions(config);
  const count = (key: string, value: number) => [`${architecture}.${key}`, { type: 'uint32', value }] as const;
  const real = (key: string, value: number) => [`${architecture}.${key}`, { type: 'float32', value }] as const;
  return {
    metadata: {
      'general.architecture': { type: 'string', value: architecture },
      'general.type': { type: 'string', value: 'model' },
      'general.name': { type: 'string', value: name },
      'general.file_type': { type: 'uint32', value: FILE_TYPES[type] },
      'general.quantization_version': { type: 'uint32', value: 2 },
      ...Object.fromEntries([
        count('vocab_size', config.vocabSize),
        count('block_count', config.layers),
        count('context_length', positions),
        count('embedding_length', config.hiddenSize),
        count('feed_forward_length', config.intermediateSize),
        count('attention.head_count', config.heads),
        count('attention.head_count_kv', config.kvHeads),
        count('attention.key_length', config.headDim),
        count('attention.value_length', config.headDim),
        count('rope.dimension_count', config.headDim),
        real('rope.freq_base', config.rope.theta),
        real('attention.layer_norm_rms_epsilon', config.rmsNormEps),
      ]),
      ...scalingMetadata(config, architecture),
    },
    notes:
      positions < config.maxPositions
        ? [
            `The context is cut to ${positions} of ${config.maxPositions} tokens: beyond it the model has a sliding window, for which GGUF has no place.`,
          ]
        : [],
  };
}

function refuseOtherNumbers({ architecture, qkvBias, outputBias, rope }: ModelConfig): void {
  if (architecture === 'qwen3' && (qkvBias || outputBias))
    throw new InputError('llama.cpp knows no biases in the attention of qwen3; export it with --format merged.');
  const { scaling } = rope;
  const standard =
    scaling === undefined ||
    scaling.type === 'linear' ||
    (scaling.type === 'yarn' ? isPlainYarn(scaling) : scaling.lowFreqFactor === 1 && scaling.highFreqFactor === 4);
  if (!standard)
    throw new InputError(
      `The rotary scaling ${scaling.type} has settings of its own, for which GGUF has no place; export it with --format merged.`,
    );
}

/** A scaling by its name; Llama 3's is a tensor of divisors instead. */
function scalingMetadata({ rope: { scaling } }: ModelConfig, architecture: string): GgufMetadata {
  if (!scaling || scaling.type === 'llama3') return {};
  const of = (key: string) => `${architecture}.rope.scaling.${key}`;
  return {
    [of('type')]: { type: 'string', value: scaling.type },
    [of('factor')]: { type: 'float32', value: scaling.factor },
    ...(scaling.type === 'yarn' && {
      [of('original_context_length')]: { type: 'uint32', value: scaling.originalMaxPositions },
    }),
  };
}

/** The format in which a tensor is written: vectors stay fp32, and so do rows that do not fill Q8_0's blocks. */
export function ggufTypeOf(shape: readonly number[], type: ExportType): ExportType {
  if (shape.length < 2) return 'fp32';
  return type === 'q8_0' && (shape.at(-1) as number) % Q8_BLOCK !== 0 ? 'fp32' : type;
}

/** The tensors to write; values are read from `source` (Hugging Face's names) one tensor at a time. */
export function ggufTensors(config: ModelConfig, source: WeightSource, type: ExportType): GgufTensor[] {
  const isLlama = ARCHITECTURES[config.architecture] === 'llama';
  const tensors = Object.entries(parameterShapes(config)).map(([name, shape]) => {
    const heads = isLlama ? rotatedHeads(name, config) : undefined;
    const values = (): Float32Array => {
      const own = source.read(name);
      return heads === undefined ? own : reorderRotary(own, { rows: shape[0] as number, heads, to: 'pairs' });
    };
    return ggufTensor(ggufName(name) as string, shape, { type: ggufTypeOf(shape, type), values });
  });
  if (config.rope.scaling?.type !== 'llama3') return tensors;
  const plain = inverseFrequencies({ theta: config.rope.theta }, config.headDim);
  const scaled = inverseFrequencies(config.rope, config.headDim);
  const divisors = Float32Array.from(plain, (frequency, i) => frequency / (scaled[i] as number));
  return [...tensors, ggufTensor('rope_freqs.weight', [divisors.length], { type: 'fp32', values: () => divisors })];
}

function ggufTensor(
  name: string,
  shape: readonly number[],
  { type, values }: { readonly type: ExportType; readonly values: () => Float32Array },
): GgufTensor {
  const { ggufNumber, gguf, encode } = NUMBER_TYPES[type];
  const { blockValues, blockBytes } = numberFormats[gguf] as NumberFormat;
  const size = shape.reduce((product, side) => product * side, 1);
  return {
    name,
    shape,
    type: ggufNumber,
    bytes: (size / blockValues) * blockBytes,
    data: () => encode(values()),
  };
}
