/** Where two pieces of plain data differ, in words. */
import { shownValue } from './printable';

/** The first dotted name under which two settings differ, with both values; undefined when they are the same. */
export function difference(a: unknown, b: unknown, name = ''): string | undefined {
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isObject(a) || !isObject(b)) {
    return a === b
      ? undefined
      : `${name || 'settings'} is ${a === undefined ? 'absent' : shownValue(a)} there and ${b === undefined ? 'absent' : shownValue(b)} here`;
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = difference(a[key], b[key], name ? `${name}.${key}` : key);
    if (found !== undefined) return found;
  }
  return undefined;
}
