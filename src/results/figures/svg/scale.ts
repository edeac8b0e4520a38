/** Scales from data to pixels, and round tick values. */

import { compactNumber } from '../text';

/** A linear map from data to pixels. */
export interface Scale {
  readonly domain: readonly [number, number];
  (value: number): number;
}

/** Maps `domain` onto `range`. A domain of no width is widened, so that a constant lies in the middle. */
export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [low, high] = domain[0] === domain[1] ? [domain[0] - 0.5, domain[1] + 0.5] : domain;
  const map = (value: number) => range[0] + ((value - low) / (high - low)) * (range[1] - range[0]);
  return Object.assign(map, { domain: [low, high] as const });
}

/** Round values (1, 2 or 5 times a power of ten apart) inside the domain, about `count` of them. */
export function niceTicks(domain: readonly [number, number], count = 5): number[] {
  const [low, high] = domain;
  const rough = (high - low) / Math.max(1, count);
  if (!Number.isFinite(rough) || rough <= 0) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  const step = power * (factor < 1.5 ? 1 : factor < 3.2 ? 2 : factor < 7 ? 5 : 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
    // Rounded, because 3 * 0.1 is 0.30000000000000004 in floating point.
    return Number(((first + index) * step).toPrecision(12));
  });
}

/** A tick's text: `.0%` shows shares as percentages. */
export function tickText(value: number, format: string | undefined): string {
  return format === '.0%' ? `${Math.round(100 * value)} %` : compactNumber(value);
}

/** The smallest and the largest of the numbers, widened by `padding` times their distance; [0, 1] if there are none. */
export function extent(values: Iterable<number>, padding = 0): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const room = padding * (high - low);
  return [low - room, high + room];
}
