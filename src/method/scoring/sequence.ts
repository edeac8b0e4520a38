/** A completion behind its prompt, and the arrays that a batch of them is laid out in. */

/** A completion behind a prompt. */
export interface Sequence {
  readonly promptTokens: readonly number[];
  readonly completionTokens: readonly number[];
}

/** Of places [B, T]: their position within their sequence, and [B, T, 3] from, to of the prompt they see and the start of their own. */
export interface Packing {
  readonly positions: Int32Array;
  readonly spans: Int32Array;
  /** Positions are below it. */
  readonly limit: number;
}

/** One view of a batch on the host: ids [B, T] and for N completion tokens the rows of [B * T] that predict them. */
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

/** Number of completion tokens. */
export const countTokens = (sequences: readonly Sequence[]): number =>
  sequences.reduce((sum, { completionTokens }) => sum + completionTokens.length, 0);
