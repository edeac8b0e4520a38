/**
 * Lines up what student and teacher read: the same completion behind prompts of different length. A batch lays
 * sequences out in rows, padded on the right, and lists the positions whose hidden states predict completion tokens;
 * the n-th such position stands for the same token in every view. Where it saves work, rows hold several sequences
 * (pack.ts).
 */

import { InputError } from '../../base/records/errors';
import { bucketLength, bucketRows } from '../../engine/tensors/buckets';
import { int32 } from '../../engine/tensors/raw';
import type { Tensor } from '../../engine/tensors/tensorflow';
import { packRows } from './pack';
import { countTokens, type Sequence, type View } from './sequence';

const lengthOf = ({ promptTokens, completionTokens }: Sequence): number =>
  promptTokens.length + completionTokens.length;

/** A sequence's length, and its prompt as a key: sequences with the same key can share one copy of the prompt. */
export const sizeOf = (sequence: Sequence): { length: number; family: string } => ({
  length: lengthOf(sequence),
  family: sequence.promptTokens.join(),
});

/**
 * Throws InputError when a sequence is longer than `maxPositions`, for nothing is ever cut silently. Returns the
 * longest length.
 */
export function checkFits(sequences: readonly Sequence[], { maxPositions }: { readonly maxPositions: number }): number {
  const longest = Math.max(...sequences.map(lengthOf));
  if (longest <= maxPositions) return longest;
  throw new InputError(
    `A prompt with its completion has ${longest} tokens, the model takes ${maxPositions}: shorten the rubric or max_tokens (nothing is cut silently).`,
  );
}

/** Lays out one view, padded to bucketed sizes. Throws InputError when a sequence is longer than `maxPositions`. */
export function layOut(sequences: readonly Sequence[], limits: { readonly maxPositions: number }): View {
  const longest = checkFits(sequences, limits);
  for (const { promptTokens } of sequences)
    if (promptTokens.length === 0)
      throw new InputError('A prompt is empty: give at least one token before the completion.');
  // What the last token would predict is not used, so the model does not read it.
  const width = Math.min(bucketLength(Math.max(1, longest - 1)), limits.maxPositions);
  const height = bucketRows(sequences.length);
  return packRows(sequences, height * width) ?? oneInARow(sequences, [height, width]);
}

/** An answer behind the prompt of each of its teachers. */
export interface CriterionSequence {
  readonly prompts: readonly (readonly number[])[];
  readonly completionTokens: readonly number[];
}

/** The view of several teachers; `present` as in `Teachers` (losses/teachers.ts), as is the order of `rows`: [K * N]. */
export interface CriteriaView extends View {
  readonly present: Float32Array;
  readonly teachers: number;
}

/** How many first tokens all prompts have in common. */
export function commonPrefix(prompts: readonly (readonly number[])[]): number {
  const [first = [], ...others] = prompts;
  const at = first.findIndex((token, i) => others.some((other) => other[i] !== token));
  return at < 0 ? first.length : at;
}

/** The sequences that the teachers of some answers read: those of one answer share the first tokens of their prompts. */
export const criterionSequences = (answers: readonly CriterionSequence[]): Sequence[] =>
  answers.flatMap(({ prompts, completionTokens }) => {
    const shared = commonPrefix(prompts);
    return prompts.map((promptTokens) => ({ promptTokens, completionTokens, shared }));
  });

/**
 * Lays out each answer behind the prompt of each of its teachers. Where an answer has fewer of them than another, and in the padding, the rows
 * of the missing ones point to place 0. Throws InputError when a sequence is longer than `maxPositions`.
 */
export function layOutCriteria(
  answers: readonly CriterionSequence[],
  limits: { readonly maxPositions: number },
): CriteriaView {
  const view = layOut(criterionSequences(answers), limits);
  const teachers = Math.max(...answers.map(({ prompts }) => prompts.length));
  const width = bucketLength(countTokens(answers));
  const rows = new Int32Array(teachers * width);
  const present = new Float32Array(teachers * width).fill(1, 0, width);
  let from = 0;
  let to = 0;
  for (const { prompts, completionTokens } of answers) {
    const { length } = completionTokens;
    for (const k of prompts.keys()) {
      rows.set(view.rows.subarray(from, from + length), k * width + to);
      present.fill(1, k * width + to, k * width + to + length);
      from += length;
    }
    to += length;
  }
  return { ...view, rows, present, teachers };
}

function oneInARow(sequences: readonly Sequence[], [height, width]: readonly [number, number]): View {
  const ids = new Int32Array(height * width);
  const rows = new Int32Array(bucketLength(countTokens(sequences)));
  let at = 0;
  sequences.forEach(({ promptTokens, completionTokens }, i) => {
    ids.set([...promptTokens, ...completionTokens].slice(0, -1), i * width);
    completionTokens.forEach((_, t) => {
      rows[at++] = i * width + promptTokens.length - 1 + t;
    });
  });
  return { ids, shape: [height, width], rows };
}

/** Splits a batch's per-token numbers into one array for each sequence. */
export function perSequence(
  sequences: readonly Pick<Sequence, 'completionTokens'>[],
  values: ArrayLike<number>,
): number[][] {
  let at = 0;
  return sequences.map(({ completionTokens }) => completionTokens.map(() => values[at++] as number));
}

/** A view on the device. @internal */
export interface DeviceView {
  readonly ids: Tensor;
  readonly rows: Tensor;
  /**
   * For rows that hold several sequences: each place's position within its own sequence (always below `limit`), and
   * which places it attends to.
   */
  readonly packing?: { readonly positions: Tensor; readonly spans: Tensor; readonly limit: number };
}

/** Copies a view to the device; the caller owns it. @internal */
export const toDevice = ({ ids, shape, rows, packing }: View): DeviceView => ({
  ids: int32(ids, [...shape]),
  rows: int32(rows),
  ...(packing && {
    packing: {
      positions: int32(packing.positions, [...shape]),
      spans: int32(packing.spans, [...shape, 3]),
      limit: packing.limit,
    },
  }),
});
