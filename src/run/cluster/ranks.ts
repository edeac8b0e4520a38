/**
 * What ranks do together over their connections. Every rank is connected to every other. Numbers are added up in two rounds: each
 * rank adds up one part of them, as the others send it, and then gives everyone that part. So a rank sends and receives about
 * twice the numbers, however many ranks there are.
 */
import type { Ranks } from '../../engine/model/ranks';
import { type Channel, packed, unpacked } from './channel';

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Numbers out of a frame. Throws where there are more or fewer than `length`. */
function numbersOf(payload: Buffer, length: number): Float32Array {
  if (payload.byteLength !== 4 * length)
    throw new Error(`the workers have come apart: ${payload.byteLength / 4} numbers came in place of ${length}`);
  // A frame may begin anywhere in memory, and numbers only at every fourth byte.
  const values = new Float32Array(length);
  bytesOf(values).set(payload);
  return values;
}

/** The ranks behind `peers`, which has a channel for every rank but this one. */
export function connectedRanks(rank: number, peers: ReadonlyMap<number, Channel>): Ranks {
  const count = peers.size + 1;
  let calls = 0;
  const others = [...peers.keys()].sort((a, b) => a - b);
  const peer = (other: number): Channel => peers.get(other) as Channel;
  const numbersFrom = async (other: number, call: number, length: number): Promise<Float32Array> =>
    numbersOf(await peer(other).receive('numbers', call), length);
  /** The part of `values` that a rank adds up. */
  const partOf = (values: Float32Array, owner: number): Float32Array =>
    values.subarray(Math.floor((values.length * owner) / count), Math.floor((values.length * (owner + 1)) / count));
  return {
    rank,
    count,
    gather: async <T>(own: T) => {
      const call = calls++;
      const bytes = packed(own);
      for (const other of others) peer(other).send('value', call, bytes);
      const values: T[] = [];
      values[rank] = own;
      await Promise.all(
        others.map(async (other) => {
          values[other] = unpacked(await peer(other).receive('value', call)) as T;
        }),
      );
      return values;
    },
    sum: async (own) => {
      const [first, second] = [calls++, calls++];
      for (const other of others) peer(other).send('numbers', first, bytesOf(partOf(own, other)));
      const mine = partOf(own, rank);
      const parts = await Promise.all(others.map((other) => numbersFrom(other, first, mine.length)));
      const inOrder = [...parts];
      inOrder.splice(rank, 0, mine);
      const total = Float32Array.from(inOrder[0] as Float32Array);
      for (const part of inOrder.slice(1))
        for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (part[i] as number);
      for (const other of others) peer(other).send('numbers', second, bytesOf(total));
      mine.set(total);
      await Promise.all(
        others.map(async (other) => {
          const theirs = partOf(own, other);
          theirs.set(await numbersFrom(other, second, theirs.length));
        }),
      );
    },
    copy: async (own) => {
      const call = calls++;
      if (rank === 0) for (const other of others) peer(other).send('numbers', call, bytesOf(own));
      else own.set(await numbersFrom(0, call, own.length));
    },
  };
}
