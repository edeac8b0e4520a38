/**
 * Rows of several sequences. Completions of one prompt stand behind a single copy of it, each seeing the prompt and itself; such
 * families, and single sequences, then fill rows up. A position sees exactly what it would see in a row of its own.
 */

import { bucketLength, bucketRows } from '../../engine/tensors/buckets';
import { countTokens, type Sequence, type View } from './sequence';

/** Completions behind one prompt, by their index in the batch. */
interface Family {
  readonly promptTokens: readonly number[];
  readonly members: number[];
  length: number;
}

/** Where a family starts. */
interface Placed {
  readonly family: Family;
  readonly row: number;
  readonly column: number;
}

/** Indices of items by length, the shortest first, those of one family side by side, where the longest of them would stand. */
export function byFamily(items: readonly { readonly family: string; readonly length: number }[]): number[] {
  const longest = new Map<string, number>();
  for (const { family, length } of items) longest.set(family, Math.max(length, longest.get(family) ?? 0));
  const first = new Map<string, number>();
  items.forEach(({ family }, i) => {
    if (!first.has(family)) first.set(family, i);
  });
  const keys = items.map(({ family, length }, i) => [longest.get(family), first.get(family), length, i] as number[]);
  return keys
    .sort((a, b) => a.reduce((order, value, k) => order || value - (b[k] as number), 0))
    .map((key) => key[3] as number);
}

/** Families grow no longer than this, or than their longest member: attention's work grows with the row. */
const LONGEST_FAMILY = 1024;

/** Places that a member takes behind its prompt: its last token predicts nothing that is wanted. */
const places = (sequence: Sequence | undefined): number => Math.max(0, (sequence?.completionTokens.length ?? 0) - 1);

function familiesOf(sequences: readonly Sequence[]): Family[] {
  const open = new Map<string, Family>();
  const families: Family[] = [];
  sequences.forEach((sequence, index) => {
    const { promptTokens } = sequence;
    const key = promptTokens.join();
    const family = open.get(key);
    if (family && family.length + places(sequence) <= LONGEST_FAMILY) {
      family.members.push(index);
      family.length += places(sequence);
    } else {
      const fresh = { promptTokens, members: [index], length: promptTokens.length + places(sequence) };
      open.set(key, fresh);
      families.push(fresh);
    }
  });
  return families;
}

/** First-fit, the longest first. */
function place(families: readonly Family[], width: number): { placed: Placed[]; height: number } {
  const filled: number[] = [];
  const placed = [...families]
    .sort((a, b) => b.length - a.length)
    .map((family) => {
      const fitting = filled.findIndex((used) => used + family.length <= width);
      const row = fitting < 0 ? filled.push(0) - 1 : fitting;
      const column = filled[row] as number;
      filled[row] = column + family.length;
      return { family, row, column };
    });
  return { placed, height: bucketRows(filled.length) };
}

/** The sequences in shared rows, or undefined when that takes no fewer than `places` places. */
export function packRows(sequences: readonly Sequence[], limit: number): View | undefined {
  const families = familiesOf(sequences);
  const width = bucketLength(Math.max(...families.map(({ length }) => length)));
  const { placed, height } = place(families, width);
  if (height * width >= limit) return undefined;
  const ids = new Int32Array(height * width);
  const positions = new Int32Array(height * width);
  // Padding sees itself alone.
  const spans = Int32Array.from({ length: height * width * 3 }, (_, i) => Math.floor(i / 3) % width);
  const predictors: number[][] = [];
  for (const { family, row, column } of placed) {
    const write = (tokens: readonly number[], at: number, position: number, prefixEnd: number): void => {
      tokens.forEach((token, i) => {
        const place = row * width + at + i;
        ids[place] = token;
        positions[place] = position + i;
        spans.set([column, prefixEnd, at], place * 3);
      });
    };
    const length = family.promptTokens.length;
    write(family.promptTokens, column, 0, column);
    let at = column + length;
    for (const index of family.members) {
      const { completionTokens } = sequences[index] as Sequence;
      write(completionTokens.slice(0, -1), at, length, column + length);
      const start = at;
      predictors[index] = completionTokens.map((_, t) => row * width + (t === 0 ? column + length - 1 : start + t - 1));
      at += places(sequences[index]);
    }
  }
  const rows = new Int32Array(bucketLength(countTokens(sequences)));
  rows.set(predictors.flat());
  const furthest = sequences.reduce(
    (most, { promptTokens }, i) => Math.max(most, promptTokens.length + places(sequences[i])),
    1,
  );
  return { ids, shape: [height, width], rows, packing: { positions, spans, limit: bucketLength(furthest) } };
}
