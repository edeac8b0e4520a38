/** Checked access to the fields of a `config.json`. */

import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';

/** Checked access to the fields of one object; a null field counts as absent. */
export function fieldReader(json: Readonly<Record<string, unknown>>, where: string) {
  const read = <T>(name: string, fallback: T | undefined, valid: (value: unknown) => value is T, needed: string): T => {
    const value = json[name] ?? fallback;
    if (value === undefined) throw new InputError(`${where} lacks the field ${name}; it must be ${needed}.`);
    if (valid(value)) return value;
    throw new InputError(`${where}: ${name} is ${shownValue(value)}; it must be ${needed}.`);
  };
  const isPositive = (value: unknown): value is number => Number.isFinite(value) && (value as number) > 0;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
  const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
  return {
    count: (name: string, fallback?: number) => read(name, fallback, isCount, 'a positive whole number'),
    positive: (name: string, fallback?: number) => read(name, fallback, isPositive, 'a positive number'),
    flag: (name: string, fallback: boolean) => read(name, fallback, isFlag, 'true or false'),
  };
}
