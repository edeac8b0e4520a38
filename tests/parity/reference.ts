/** Reading the reference values of tests/fixtures, and the comparisons that the parity tests share. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openSafetensors } from '../../src/engine/files/safetensors';

/** Path inside tests/fixtures. */
export const fixture = (...parts: string[]): string => join(__dirname, '..', 'fixtures', ...parts);

/** A JSON fixture; the caller names its fields. */
export const readReference = <T>(...parts: string[]): T => JSON.parse(readFileSync(fixture(...parts), 'utf8')) as T;

/** All arrays of a safetensors fixture by name. */
export function readArrays(...parts: string[]): Map<string, Float32Array> {
  const file = openSafetensors(fixture(...parts));
  const arrays = new Map(file.names.map((name) => [name, file.read(name)]));
  file.close();
  return arrays;
}

/** Largest absolute value. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] as number));
  return most;
}

/** Largest absolute difference; NaN anywhere, or another length, is Infinity. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < actual.length; i++) {
    const gap = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(gap <= most)) most = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap;
  }
  return most;
}

/** Fails, with the place, where `actual` is further than `tolerance` from `expected`. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { tolerance, where }: { tolerance: number; where: string },
): void {
  expect(difference(actual, expected), where).toBeLessThanOrEqual(tolerance);
}
