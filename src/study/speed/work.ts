/**
 * The arithmetic that a stage needs, from the model's shape alone: multiply-adds of its matrix products, 2 FLOPs each.
 * What an implementation computes beyond that (padding, unused logits, prompts read twice) is not counted, so that
 * avoiding it shows as a higher share of the peak. Norms, activations and softmax are left out; they are under 2 % of
 * the whole.
 */
import type { ModelConfig } from '../../engine/model/config';
import { adaptedMatrices, countParameters, loraTargets, parameterShapes } from '../../engine/model/shapes';

/** What a stage processes, and the FLOPs it needs by `formula`. */
export interface Work {
  /** New tokens when sampling, otherwise tokens of the sequences; 0 for stages that do not process tokens. */
  readonly tokens: number;
  readonly flops: number;
  readonly formula: string;
}

/**
 * Tokens read, the number of positions that their queries attend to (own position included, summed), and rows of logits
 * needed.
 */
export interface Reading {
  readonly tokens: number;
  readonly seen: number;
  readonly logits: number;
}

/** Prompts, each followed by `samples` completions; lengths in tokens. */
export interface Completions {
  readonly prompts: number;
  readonly samples: number;
  readonly prompt: number;
  readonly completion: number;
}

/** The meaning of the letters in the formulas. */
export const FORMULA_WORDS = `W entries of all layers' matrices, A of their adapters, V x D the output head, H = heads x head size, L layers, P trained
parameters; T tokens read (a shared prompt once, the last token of a completion never), S positions they see in sum, N rows of logits`;

const triangle = (n: number): number => (n * (n + 1)) / 2;
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * Reads prompts once, and every completion behind its prompt. The last token of a completion need not be read, because
 * its prediction is not used.
 */
export function reading({ prompts, samples, prompt, completion }: Completions): Reading {
  const rows = prompts * samples;
  const behind = completion - 1;
  return {
    tokens: prompts * prompt + rows * behind,
    seen: prompts * triangle(prompt) + rows * (triangle(prompt + behind) - triangle(prompt)),
    logits: rows * completion,
  };
}

/** Tokens of the sequences; shared prompts are counted for every sample. */
export const sequenceTokens = ({ prompts, samples, prompt, completion }: Completions): number =>
  prompts * samples * (prompt + completion);

/** Entries of all layers' matrices, and of adapters of a given rank on all seven projections. */
function layerEntries(config: ModelConfig, rank: number): { matrices: number; adapters: number } {
  const shapes = parameterShapes(config);
  const all = adaptedMatrices(config, loraTargets).map((name) => shapes[`${name}.weight`] ?? []);
  const sum = (entries: (shape: readonly number[]) => number) =>
    all.reduce((total, shape) => total + entries(shape), 0);
  return { matrices: sum(size), adapters: rank * sum(([out = 0, inner = 0]) => out + inner) };
}

/** Parameters of a student: its adapter or, with rank 0, the whole model. */
export const trainedParameters = (config: ModelConfig, rank: number): number =>
  rank > 0 ? layerEntries(config, rank).adapters : countParameters(config);

const attentionEntries = ({ layers, heads, headDim }: ModelConfig): number => layers * heads * headDim;
const headEntries = ({ vocabSize, hiddenSize }: ModelConfig): number => vocabSize * hiddenSize;

export const FORWARD = '2 T (W + A) + 4 L H S + 2 V D N';

/** A forward pass; rank 0 means without an adapter. */
export function forwardFlops(config: ModelConfig, { tokens, seen, logits }: Reading, rank = 0): number {
  const { matrices, adapters } = layerEntries(config, rank);
  return 2 * tokens * (matrices + adapters) + 4 * attentionEntries(config) * seen + 2 * headEntries(config) * logits;
}

const ADAPTER_BACKWARD = '2 T (W + 2 A) + 8 L H S + 2 V D N';
const FULL_BACKWARD = '4 T W + 8 L H S + 4 V D N';

/** Forward and backward pass of a student. */
export const gradientFormula = (rank: number): string => `${FORWARD} + ${rank > 0 ? ADAPTER_BACKWARD : FULL_BACKWARD}`;

/** A backward pass: for the adapter's parameters with frozen matrices or, with rank 0, for all parameters. */
export function backwardFlops(config: ModelConfig, { tokens, seen, logits }: Reading, rank: number): number {
  const { matrices, adapters } = layerEntries(config, rank);
  const attention = 8 * attentionEntries(config) * seen;
  const head = headEntries(config) * logits;
  return rank > 0
    ? 2 * tokens * (matrices + 2 * adapters) + attention + 2 * head
    : 4 * tokens * matrices + attention + 4 * head;
}

/** Elementwise operations of AdamW on one parameter: moments 3 + 4, step 6, norm 2, clip 1. */
const UPDATE_OPERATIONS = 16;
export const UPDATE = `${UPDATE_OPERATIONS} P elementwise`;

/**
 * An AdamW update with a clip of the global norm. It is limited by memory, so its share of the peak is always small.
 */
export const updateFlops = (parameters: number): number => UPDATE_OPERATIONS * parameters;
