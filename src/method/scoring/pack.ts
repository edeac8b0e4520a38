/**
 * Puts several sequences into one row. Completions of one prompt follow a single copy of it, and each attends to the
 * prompt and to itself only; where prompts share their first tokens only, the rest of each stands before its completion; such families and single sequences then fill up rows. Every position attends to exactly
 * what it would in a row of its own.
 */

import { bucketLength, bucketRows } from '../../engine/tensors/buckets';
import { countTokens, type Sequence, type View } from './sequence';

/** Sequences that share a prompt or the first tokens of one, by their index in the batch. */
interface Family {
  readonly prefix: readonly number[];
  readonly members: number[];
  length: number;
}

/** A family with the place where it starts. */
interface Placed {
  readonly family: Family;
  readonly row: number;
  readonly column: number;
}

/**
 * Indices of items sorted by length, the shortest first. Items of one family stay together, at the place of their
 * longest member.
 */
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

/**
 * A family stops growing at this many tokens (a single longer sequence is still allowed), because the cost of attention
 * grows with the row's length.
 */
const LONGEST_FAMILY = 1024;

const prefixOf = ({ promptTokens, shared }: Sequence): readonly number[] => promptTokens.slice(0, shared);

/**
 * What a member has after the tokens it shares. Its last token needs no place: what that token would predict is not used.
 */
const ownTokens = ({ promptTokens, completionTokens, shared = promptTokens.length }: Sequence): number[] => [
  ...promptTokens.slice(shared),
  ...completionTokens.slice(0, -1),
];

function familiesOf(sequences: readonly Sequence[]): Family[] {
  const open = new Map<string, Family>();
  const families: Family[] = [];
  sequences.forEach((sequence, index) => {
    const prefix = prefixOf(sequence);
    const key = prefix.join();
    const family = open.get(key);
    const places = ownTokens(sequence).length;
    if (family && family.length + places <= LONGEST_FAMILY) {
      family.members.push(index);
      family.length += places;
    } else {
      const fresh = { prefix, members: [index], length: prefix.length + places };
      open.set(key, fresh);
      families.push(fresh);
    }
  });
  return families;
}

/** Assigns families to rows: the longest first, each to the first row with room for it. */
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

/** The sequences in shared rows; undefined when that would take `limit` places or more. */
export function packRows(sequences: readonly Sequence[], limit: number): View | undefined {
  const families = familiesOf(sequences);
  const width = bucketLength(Math.max(...families.map(({ length }) => length)));
  const { placed, height } = place(families, width);
  if (height * width >= limit) return undefined;
  const ids = new Int32Array(height * width);
  const positions = new Int32Array(height * width);
  // A padding place attends to itself only.
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
    const { length } = family.prefix;
    write(family.prefix, column, 0, column);
    const end = column + length;
    let at = end;
    for (const index of family.members) {
      const sequence = sequences[index] as Sequence;
      const own = ownTokens(sequence);
      write(own, at, length, end);
      // The last place of the prompt predicts the first token; a prompt that is all shared ends before the member.
      const last = sequence.promptTokens.length - length + at - 1;
      predictors[index] = sequence.completionTokens.map((_, t) => row * width + (last + t < at ? end - 1 : last + t));
      at += own.length;
    }
  }
  const rows = new Int32Array(bucketLength(countTokens(sequences)));
  rows.set(predictors.flat());
  const furthest = sequences.reduce(
    (most, sequence) => Math.max(most, prefixOf(sequence).length + ownTokens(sequence).length),
    1,
  );
  return { ids, shape: [height, width], rows, packing: { positions, spans, limit: bucketLength(furthest) } };
}
