/**
 * What a run holds in memory at its fullest, part by part, and the batches and the weights' format that fit into a budget. Sizes follow
 * from shapes: what the kernels keep for the gradient, the key-value cache, the adapter's moments. `benchmarks/memory.mjs` compares the
 * plan with measured peaks.
 */
import { totalmem } from 'node:os';
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import type { ModelConfig } from '../../engine/model/config';
import type { LanguageModel } from '../../engine/model/model';
import { trainedParameters } from '../../engine/model/operations';
import { adaptedMatrices, fitsPairs, parameterShapes } from '../../engine/model/shapes';
import { bucketLength, bucketRows } from '../../engine/tensors/buckets';
import { ownKernels, type Precision } from '../../engine/tensors/hardware';

/** Tokens of the longest prompts. */
export interface Lengths {
  readonly student: number;
  readonly teacher: number;
}

type Batches = TrainConfig['batches'];
const KINDS = ['rollouts', 'rubrics', 'evaluation'] as const;

/** What is planned for. */
export interface MemoryRequest {
  readonly stages: readonly StageSettings[];
  readonly lengths: Lengths;
  /** How many of each kind there are to decode; of 0, none is. */
  readonly wanted: Batches;
  /** How many times the tokens of a joint teacher are read; default 1. */
  readonly teachers?: number;
}

/** Bytes of each part in the fullest moment of a run, and what the run does then. */
export interface MemoryPlan {
  readonly moment: string;
  readonly parts: Readonly<Record<string, number>>;
  readonly peak: number;
}

const FLOAT = 4;
/** Node, TensorFlow's libraries and what JavaScript has not yet freed; measured with the embedded model, and 0.1 GB beyond that. */
const PROGRAM = 0.42e9;
/** How many tokens have their logits in memory at once, and how many arrays of them: both sides' logits, probabilities, the gradient. */
const LOGITS = { tokens: 256, arrays: 6, mixedArrays: 9 } as const;
/** Most rows that are decoded at once, as many as fast kernels gain from; rubrics are kept after every batch. */
export const MOST_ROWS = { rollouts: 256, rubrics: 128, evaluation: 256 } as const;
/** Fewer rows than these waste the reading of the weights, so that `weights=auto` rather takes bf16. */
const FEWEST_ROWS = 8;

/** Bytes that a run may use: `memory` GiB, or 80 % of the machine's. */
export function memoryBudget({ memory = 0 }: Partial<Pick<TrainConfig, 'memory'>>): number {
  const limit = process.constrainedMemory?.() ?? 0;
  const machine = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return memory > 0 ? memory * 2 ** 30 : 0.8 * machine;
}

/** Bytes of the weights in memory. */
export function weightBytes(model: ModelConfig, format: Precision): number {
  return Object.entries(parameterShapes(model)).reduce((sum, [name, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return sum + size * (format === 'bf16' && fitsPairs(name, shape) ? 2 : FLOAT);
  }, 0);
}

/** The stock operations, which a GPU computes with, widen a whole matrix at a time, and keep attention scores; our kernels do neither. */
function widenedBytes(model: ModelConfig, format: Precision): number {
  if (ownKernels() || format === 'fp32') return 0;
  return FLOAT * Math.max(...Object.values(parameterShapes(model)).map((shape) => shape.reduce((a, b) => a * b, 1)));
}

/** Numbers that the gradient of a layer needs for each position: inputs of products with an adapter, of norms, attention and gate. */
const keptNumbers = (model: ModelConfig, rank: number): number =>
  4 * model.hiddenSize +
  3 * model.heads * model.headDim +
  3 * model.kvHeads * model.headDim +
  3 * model.intermediateSize +
  7 * rank;

/** The adapted matrices of the base once more, as decoding merges them; nothing where the weights are in bf16. */
function mergedBytes(config: TrainConfig, model: ModelConfig, format: Precision): number {
  if (config.lora.rank === 0 || format === 'bf16') return 0;
  const shapes = parameterShapes(model);
  const names = adaptedMatrices(model, config.lora.targets);
  return FLOAT * names.reduce((sum, name) => sum + (shapes[`${name}.weight`] ?? []).reduce((a, b) => a * b, 1), 0);
}

/** Bytes of a row while it is decoded: keys and values, twice while they move to a larger cache, and logits. */
const rowBytes = (model: ModelConfig, tokens: number): { readonly cache: number; readonly logits: number } => ({
  cache: 2 * 2 * model.layers * model.kvHeads * model.headDim * bucketLength(tokens) * FLOAT,
  logits: 2 * model.vocabSize * FLOAT,
});

/** How many rows of so many tokens can be decoded at once in `room` bytes: at least one, at most `most`. */
function rowsThatFit(
  model: ModelConfig,
  { most, tokens, room }: { readonly most: number; readonly tokens: number; readonly room: number },
): number {
  const { cache, logits } = rowBytes(model, tokens);
  let rows = most;
  while (rows > 1 && bucketRows(rows) * (cache + logits) > room) rows = Math.floor(rows / 2);
  return rows;
}

/** The longest sequence of each kind of decoding, in tokens. */
function longest(config: TrainConfig, { stages, lengths }: MemoryRequest): Batches {
  const completion = Math.max(1, ...stages.map(({ sampling }) => sampling.max_tokens));
  return {
    // A teacher that reasons first decodes behind its own prompt.
    rollouts: completion + (stages.some(({ reason_first }) => reason_first) ? lengths.teacher : lengths.student),
    rubrics: config.rubric_sampling.max_tokens + lengths.student,
    evaluation: config.evaluation.max_tokens + lengths.student,
  };
}

/** What is there whenever the model computes: the program, the weights, the trained parameters with both moments. */
function standing(config: TrainConfig, model: ModelConfig, format: Precision, stages: readonly StageSettings[]) {
  const trained = FLOAT * trainedParameters(model, config.lora.rank, config.lora.targets);
  const copies = stages.some(({ teacher }) => teacher === 'ema' || teacher === 'snapshot') ? 1 : 0;
  // Without adapters the first values are the model, which the fixed teacher keeps.
  const own = config.lora.rank === 0 && stages.every(({ teacher }) => teacher === 'live') ? 2 : 3;
  return { program: PROGRAM, weights: weightBytes(model, format), 'parameters and moments': (own + copies) * trained };
}

const sum = (parts: Readonly<Record<string, number>>): number => Object.values(parts).reduce((a, b) => a + b, 0);

/**
 * The rows to decode at once: those of the settings, and where these say 0 as many as fit into the budget, at least one and at most
 * `MOST_ROWS`.
 */
export function chooseBatches(
  config: TrainConfig,
  model: ModelConfig,
  request: MemoryRequest & { readonly format: Precision },
): Batches {
  const { format, stages } = request;
  const fixed =
    sum(standing(config, model, format, stages)) + mergedBytes(config, model, format) + widenedBytes(model, format);
  const room = memoryBudget(config) - fixed;
  const tokens = longest(config, request);
  return Object.fromEntries(
    KINDS.map((kind) => {
      if (config.batches[kind] > 0) return [kind, config.batches[kind]];
      return [kind, rowsThatFit(model, { most: MOST_ROWS[kind], tokens: tokens[kind], room })];
    }),
  ) as unknown as Batches;
}

/** The fullest moment of a run whose batches are chosen. */
export function planMemory(
  config: TrainConfig,
  model: ModelConfig,
  request: MemoryRequest & { readonly format: Precision },
): MemoryPlan {
  const { format, stages, lengths, wanted, teachers = 1 } = request;
  const always = standing(config, model, format, stages);
  const trained = FLOAT * trainedParameters(model, config.lora.rank, config.lora.targets);
  const moments: MemoryPlan[] = [];
  const widened = widenedBytes(model, format);
  const moment = (name: string, more: Readonly<Record<string, number>>): void => {
    const parts = { ...always, ...(widened > 0 && { 'widened matrix': widened }), ...more };
    moments.push({ moment: name, parts, peak: sum(parts) });
  };
  const tokens = longest(config, request);
  for (const kind of KINDS) {
    if (wanted[kind] === 0) continue;
    const rows = bucketRows(Math.min(wanted[kind], config.batches[kind]));
    const { cache, logits } = rowBytes(model, tokens[kind]);
    moment(`decoding ${kind}`, {
      'merged weights': mergedBytes(config, model, format),
      'key-value cache': rows * cache,
      logits: rows * logits,
    });
  }
  for (const stage of stages) {
    const { microbatch_size: size, batch_size: batch, sampling } = stage;
    const rows = (prompt: number): number => size * bucketLength(prompt + sampling.max_tokens);
    const [positions, read] = [rows(lengths.student), teachers * rows(lengths.teacher)];
    const kept = keptNumbers(model, config.lora.rank);
    const layers = config.rematerialize
      ? positions * (model.layers * model.hiddenSize + kept)
      : positions * model.layers * kept;
    const stockScores =
      2 * (config.rematerialize ? 1 : model.layers) * model.heads * size * (lengths.student + sampling.max_tokens) ** 2;
    const scores = ownKernels() ? 0 : stockScores;
    const arrays = teachers > 1 ? LOGITS.mixedArrays : LOGITS.arrays;
    moment('learning', {
      gradients: trained * (batch > size ? 2 : 1),
      activations: FLOAT * (layers + scores + 2 * Math.max(positions, read) * kept),
      logits: FLOAT * arrays * Math.min(LOGITS.tokens, size * sampling.max_tokens) * model.vocabSize,
    });
    moment('updating', { gradients: trained, 'updated parameters': trained });
  }
  return moments.reduce((fullest, own) => (own.peak > fullest.peak ? own : fullest));
}

/** The format for `weights=auto`: fp32 where the run fits into the budget and decodes at least a few rows at once. */
export function formatThatFits(config: TrainConfig, model: ModelConfig, request: MemoryRequest): Precision {
  // Without adapters no matrix is frozen.
  if (config.lora.rank === 0) return 'fp32';
  const few = Math.min(...KINDS.map((kind) => config.batches[kind] || FEWEST_ROWS));
  const batches = Object.fromEntries(KINDS.map((kind) => [kind, config.batches[kind] || few])) as unknown as Batches;
  const { peak } = planMemory({ ...config, batches }, model, { ...request, format: 'fp32' });
  return peak <= memoryBudget(config) ? 'fp32' : 'bf16';
}

/** Beside the program and the weights, what drawing some answers and scoring some sequences take. */
const ROOM_TO_READ = 2 * 2 ** 30;

/** The format for `weights=auto` where nothing is trained: fp32 where the weights fit into the budget, with room to compute. */
export const formatToRead = (model: ModelConfig, config: Partial<Pick<TrainConfig, 'memory'>> = {}): Precision =>
  PROGRAM + weightBytes(model, 'fp32') + ROOM_TO_READ <= memoryBudget(config) ? 'fp32' : 'bf16';

/** The answers to decode at once where nothing is trained: those of the settings, or as many as fit beside the open model. @internal */
export function rowsToRead({ config: shape, weights }: LanguageModel, config: TrainConfig, tokens: number): number {
  const format = weights.pairs ? 'bf16' : 'fp32';
  const merged = weights.adapter ? mergedBytes(config, shape, format) : 0;
  const room = memoryBudget(config) - PROGRAM - weightBytes(shape, format) - merged - widenedBytes(shape, format);
  return config.batches.evaluation || rowsThatFit(shape, { most: MOST_ROWS.evaluation, tokens, room });
}
