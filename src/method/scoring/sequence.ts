/** A prompt with its completion, and the arrays that hold a batch of them. */

export interface Sequence {
  readonly promptTokens: readonly number[];
  /** How many of the prompt's first tokens other sequences may share; default: all. */
  readonly shared?: number;
  readonly completionTokens: readonly number[];
}

/** A completion behind the prompt of each side. */
export interface TwoSidedSequence {
  readonly completionTokens: readonly number[];
  readonly studentPrompt: readonly number[];
  /** Absent for losses without a teacher. */
  readonly teacherPrompt?: readonly number[];
}

/** A completion as the loss takes it: `mask` is false for tokens that do not count, `signals` are numbers for each token by name. */
export interface TrainingSequence extends TwoSidedSequence {
  readonly mask?: readonly boolean[];
  /** What each token's part of the loss is multiplied by, where its policy did not draw it. */
  readonly importance?: readonly number[];
  /** In place of `teacherPrompt`, the prompts of the teachers that see one criterion each. */
  readonly criterionPrompts?: readonly (readonly number[])[];
  readonly signals?: Readonly<Record<string, readonly number[]>>;
}

/**
 * For rows of several sequences, places [B, T]: each place's position in its own sequence, and spans [B, T, 3]: start
 * and end of the prompt that the place attends to, and the start of its own completion.
 */
export interface Packing {
  readonly positions: Int32Array;
  readonly spans: Int32Array;
  /** All positions are below this. */
  readonly limit: number;
}

/**
 * One view of a batch in host memory: ids [B, T] and, for N completion tokens, the indices into [B * T] of the places
 * that predict them.
 */
export interface View {
  readonly ids: Int32Array;
  readonly shape: readonly [number, number];
  readonly rows: Int32Array;
  readonly packing?: Packing;
}

/** Completion tokens of all sequences in order, padded with zeros to `length`. */
export function targetsOf(sequences: readonly Sequence[], length: number): Int32Array {
  const targets = new Int32Array(length);
  let at = 0;
  for (const { completionTokens } of sequences) for (const token of completionTokens) targets[at++] = token;
  return targets;
}

export const countTokens = (sequences: readonly Pick<Sequence, 'completionTokens'>[]): number =>
  sequences.reduce((sum, { completionTokens }) => sum + completionTokens.length, 0);
