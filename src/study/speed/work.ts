/** What the stages of the benchmark work through, and the formulas of the arithmetic that they need (engine/model/operations.ts). */
import type { Completions } from '../../engine/model/operations';

/** What a stage processes, and the FLOPs it needs by `formula`. */
export interface Work {
  /** New tokens when sampling, otherwise tokens of the sequences; 0 for stages that do not process tokens. */
  readonly tokens: number;
  readonly flops: number;
  readonly formula: string;
}

/** What the letters of the formulas mean. */
export const FORMULA_WORDS = `W entries of all layers' matrices, A of their adapters, V x D the output head, H = heads x head size, L layers, P trained
parameters; T tokens read (a shared prompt once, the last token of a completion never), S positions they see in sum, N rows of logits`;

/** Tokens of the sequences, shared prompts counted for every sample. */
export const sequenceTokens = ({ prompts, samples, prompt, completion }: Completions): number =>
  prompts * samples * (prompt + completion);

export const FORWARD = '2 T (W + A) + 4 L H S + 2 V D N';

const ADAPTER_BACKWARD = '2 T (W + 2 A) + 8 L H S + 2 V D N';
const FULL_BACKWARD = '4 T W + 8 L H S + 4 V D N';

/** Forward and backward pass of a student. */
export const gradientFormula = (rank: number): string => `${FORWARD} + ${rank > 0 ? ADAPTER_BACKWARD : FULL_BACKWARD}`;

/** Elementwise operations of AdamW on one parameter: moments 3 + 4, step 6, norm 2, clip 1. */
const UPDATE_OPERATIONS = 16;
export const UPDATE = `${UPDATE_OPERATIONS} P elementwise`;

/**
 * An AdamW update with a clip of the global norm. It is limited by memory, so its share of the peak is always small.
 */
export const updateFlops = (parameters: number): number => UPDATE_OPERATIONS * parameters;
