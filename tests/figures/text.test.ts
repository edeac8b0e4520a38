import { expect, test } from 'vitest';
import { percentInterval } from '../../src/results/figures/text';

test('an estimate has its interval, and a dash where there is none', () => {
  expect(percentInterval({ value: 0.471, low: 0.45, high: 0.492 })).toBe('47.1 % [45.0, 49.2]');
  expect(percentInterval({ value: 1, low: Number.NaN, high: Number.NaN })).toBe('100.0 % (n = 1)');
  expect(percentInterval(undefined)).toBe('–');
});
