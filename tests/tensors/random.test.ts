import { describe, expect, it } from 'vitest';
import { bucketLength, bucketRows } from '../../src/engine/tensors/buckets';
import { createRandom, hashString, hashWords, uniformAt } from '../../src/engine/tensors/random';

/** Chi-square of counts against equal shares. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

const histogram = (values: readonly number[], bins: number): number[] => {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.floor(value * bins)] = (counts[Math.floor(value * bins)] ?? 0) + 1;
  return counts;
};

/** The 99.9 % point for 15 degrees of freedom. */
const LIMIT_15 = 37.7;

describe('createRandom', () => {
  it('gives the same numbers for the same seed, others for another, and goes on from a saved state', () => {
    const random = createRandom(7);
    const first = Array.from({ length: 5 }, random.next);
    const state = random.state();
    const draw = (from: typeof random) => [
      from.next(),
      from.int(1, 6),
      from.normal(),
      from.shuffle([1, 2, 3, 4]),
      from.next(),
    ];
    const rest = draw(random);
    expect(draw(createRandom(state))).toEqual(rest);
    expect(draw(createRandom(JSON.parse(JSON.stringify(state)) as number[]))).toEqual(rest);
    expect(Array.from({ length: 5 }, createRandom(7).next)).toEqual(first);
    expect(Array.from({ length: 5 }, createRandom(8).next)).not.toEqual(first);
  });

  it('draws uniform numbers, every integer of a closed range, and normal ones', () => {
    const random = createRandom(3);
    expect(chiSquare(histogram(Array.from({ length: 8000 }, random.next), 16))).toBeLessThan(LIMIT_15);
    const dice = Array.from({ length: 6000 }, () => random.int(-2, 3));
    expect([Math.min(...dice), Math.max(...dice)]).toEqual([-2, 3]);
    expect(chiSquare([-2, -1, 0, 1, 2, 3].map((face) => dice.filter((die) => die === face).length))).toBeLessThan(20.5);
    const normals = Array.from({ length: 10_000 }, random.normal);
    const mean = normals.reduce((a, b) => a + b, 0) / normals.length;
    const variance = normals.reduce((a, b) => a + (b - mean) ** 2, 0) / normals.length;
    expect(Math.abs(mean)).toBeLessThan(0.04);
    expect(Math.abs(variance - 1)).toBeLessThan(0.06);
  });

  it('shuffles a copy, every order about equally often, and refuses to pick from nothing', () => {
    const random = createRandom(5);
    const items = [1, 2, 3];
    const orders = Array.from({ length: 1200 }, () => random.shuffle(items).join(''));
    expect(items).toEqual([1, 2, 3]);
    const counts = ['123', '132', '213', '231', '312', '321'].map((order) => orders.filter((o) => o === order).length);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(1200);
    expect(chiSquare(counts)).toBeLessThan(20.5);
    expect(() => random.pick([])).toThrow(RangeError);
  });
});

describe('uniformAt', () => {
  it('is a function of its keys alone, whatever was asked before', () => {
    const keys = Array.from({ length: 50 }, (_, i) => [42, hashString('question'), i % 5, i] as const);
    const forward = keys.map((key) => uniformAt(...key));
    const backward = [...keys].reverse().map((key) => uniformAt(...key));
    expect(backward.reverse()).toEqual(forward);
    expect(new Set(forward).size).toBe(50);
  });

  it('is uniform in [0, 1) along every key, and neighbours do not go together', () => {
    const along = (key: (i: number) => number[]) => Array.from({ length: 8000 }, (_, i) => uniformAt(...key(i)));
    const streams = [
      along((i) => [i, 1, 0, 0]),
      along((i) => [42, hashString(`question ${i}`), 0, 0]),
      along((i) => [42, 7, i, 0]),
      along((i) => [42, 7, 0, i]),
    ];
    for (const values of streams) {
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...values)).toBeLessThan(1);
      expect(chiSquare(histogram(values, 16))).toBeLessThan(LIMIT_15);
      const products = values.slice(1).map((value, i) => (value - 0.5) * ((values[i] as number) - 0.5));
      const correlation = (12 * products.reduce((a, b) => a + b, 0)) / products.length;
      expect(Math.abs(correlation)).toBeLessThan(0.04);
    }
  });

  it('mixes the number of keys and their order', () => {
    expect(hashWords(1, 2)).not.toBe(hashWords(2, 1));
    expect(hashWords(1)).not.toBe(hashWords(1, 0));
    expect(hashString('ab')).not.toBe(hashString('ba'));
  });
});

describe('buckets', () => {
  it('are no smaller than what they hold, grow slowly and are few', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17].map(bucketRows)).toEqual([1, 2, 3, 4, 6, 6, 8, 8, 12, 16, 24]);
    const sizes = Array.from({ length: 2000 }, (_, i) => i + 1);
    for (const bucket of [bucketRows, bucketLength]) {
      for (const size of sizes) {
        expect(bucket(size)).toBeGreaterThanOrEqual(size);
        expect(bucket(bucket(size))).toBe(bucket(size));
      }
    }
    expect(sizes.slice(256).every((size) => bucketLength(size) <= size * 1.25)).toBe(true);
    expect(new Set(sizes.map(bucketLength)).size).toBeLessThanOrEqual(8 + 3 * 4);
  });
});
