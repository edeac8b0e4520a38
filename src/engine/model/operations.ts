/**
 * The arithmetic that a model needs, from its shape alone: multiply-adds of its matrix products, 2 operations each. What an
 * implementation computes beyond that (padding, logits nobody reads, prompts read twice) does not count. Activations and softmax
 * are left out, and norms and biases unless they are asked for: under 2 % of the whole.
 */
import type { ModelConfig } from './config';
import { adaptedMatrices, countParameters, loraTargets, parameterShapes } from './shapes';

/** Tokens read, positions that their queries see in sum (their own included), and rows of logits wanted. */
export interface Reading {
  readonly tokens: number;
  readonly seen: number;
  readonly logits: number;
}

/** Prompts, each with `samples` completions behind it; lengths in tokens. */
export interface Completions {
  readonly prompts: number;
  readonly samples: number;
  readonly prompt: number;
  readonly completion: number;
}

/** What is counted beside the matrices of the layers and the output head. */
export interface Counting {
  /** Rank of adapters on all seven projections; 0, the default, is without. */
  readonly rank?: number;
  /** Count the entries of norms and biases as well, so that every weight counts once a token. */
  readonly vectors?: boolean;
}

const triangle = (n: number): number => (n * (n + 1)) / 2;
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * Reading prompts once and every completion behind its prompt, as sampling with a cache and scoring do; a completion's last token
 * predicts nothing, so it is not read.
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

/** Reading one sequence with logits at every token; what a query sees of it is rounded to half the length. */
export const wholeSequence = (tokens: number): Reading => ({ tokens, seen: tokens ** 2 / 2, logits: tokens });

/** Reading tokens of sequences so short that what attention sees is nothing beside the weights. */
export const tokensAlone = (tokens: number): Reading => ({ tokens, seen: 0, logits: tokens });

/** Entries that a token is multiplied with: of the layers' matrices, of adapters on them, of norms and biases, of the output head. */
function entriesOf(config: ModelConfig, rank: number) {
  const shapes = parameterShapes(config);
  const all = adaptedMatrices(config, loraTargets).map((name) => shapes[`${name}.weight`] ?? []);
  const sum = (entries: (shape: readonly number[]) => number) =>
    all.reduce((total, shape) => total + entries(shape), 0);
  const matrices = sum(size);
  const head = config.vocabSize * config.hiddenSize;
  return {
    matrices,
    adapters: rank * sum(([out = 0, inner = 0]) => out + inner),
    // The embedding is looked up; a model whose head is the embedding holds it once.
    vectors: countParameters(config) - matrices - head * (config.tiedEmbeddings ? 1 : 2),
    head,
    attention: config.layers * config.heads * config.headDim,
  };
}

/** Twice `entries` for each token and `head` for each row of logits; what goes through both is multiplied once, so that equal sums round alike. */
function throughWeights({ tokens, logits }: Reading, entries: number, head: number): number {
  const both = Math.min(tokens, logits);
  return 2 * (entries + head) * both + 2 * entries * (tokens - both) + 2 * head * (logits - both);
}

/** Operations of a forward pass. */
export function forwardOperations(config: ModelConfig, read: Reading, counting: Counting = {}): number {
  const { rank = 0, vectors: counted = false } = counting;
  const { matrices, adapters, vectors, head, attention } = entriesOf(config, rank);
  const entries = matrices + adapters + (counted ? vectors : 0);
  return throughWeights(read, entries, head) + 4 * attention * read.seen;
}

/** Operations of a backward pass: of the adapters' parameters behind frozen matrices, or with rank 0 of all parameters. */
export function backwardOperations(config: ModelConfig, read: Reading, counting: Counting = {}): number {
  const { rank = 0, vectors: counted = false } = counting;
  if (rank === 0) return 2 * forwardOperations(config, read, counting);
  const { matrices, adapters, vectors, head, attention } = entriesOf(config, rank);
  const entries = matrices + 2 * adapters + (counted ? vectors : 0);
  return throughWeights(read, entries, head) + 8 * attention * read.seen;
}

/** Parameters that training changes: adapters of a rank on the targets, or with rank 0 the whole model. */
export function trainedParameters(config: ModelConfig, rank: number, targets: readonly string[] = loraTargets): number {
  if (rank === 0) return countParameters(config);
  const shapes = parameterShapes(config);
  const matrices = adaptedMatrices(config, targets).map((name) => shapes[`${name}.weight`] ?? []);
  return matrices.reduce((sum, shape) => sum + rank * shape.reduce((a, b) => a + b, 0), 0);
}
