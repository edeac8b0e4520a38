/**
 * Tables of settings: what each is called, takes and means, and the check of a value. The value checks, the commands' help
 * and the suggestions for mistyped names all come from one schema. zod stays inside src/base/config.
 */
import { z } from 'zod';
import { InputError } from '../records/errors';
import type { Setting, SettingsTable } from './setting';

/** What a value may be and what the setting means, attached to a schema. */
export const about = (allowed: string, help: string) => ({ allowed, help });
/** A whole number. */
export const whole = (min: number, help: string) =>
  z
    .number()
    .int()
    .min(min)
    .meta(about(`a whole number, ${min} or more`, help));
/** A number above 0. */
export const positive = (help: string) => z.number().positive().finite().meta(about('a number greater than 0', help));
/** A number, 0 or more. */
export const atLeastZero = (help: string) => z.number().min(0).finite().meta(about('a number, 0 or more', help));
/** A number between 0 and 1. */
export const share = (help: string) => z.number().min(0).max(1).meta(about('a number between 0 and 1', help));
/** A number from 0 up to but not including 1. */
export const belowOne = (help: string) =>
  z.number().min(0).lt(1).meta(about('a number from 0 up to but not including 1', help));
/** A number above 0 and at most 1. */
export const aboveZero = (help: string) => z.number().gt(0).max(1).meta(about('a number above 0 and at most 1', help));
/** True or false. */
export const flag = (help: string) => z.boolean().meta(about('true or false', help));
/** Text that is not empty. */
export const text = (help: string) => z.string().min(1).meta(about('text that is not empty', help));
/** One of a few words. */
export const choice = <const T extends readonly string[]>(values: T, help: string) =>
  z.enum(values).meta(about(values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`, help));
/** A seed of 32 bits. */
export const seed = (help: string) =>
  z.number().int().min(0).max(0xffffffff).meta(about('a whole number from 0 to 4294967295', help));

interface Leaf extends Setting {
  readonly schema: z.ZodType;
}

function kindOf(schema: z.ZodType): Setting['kind'] {
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  return schema instanceof z.ZodArray ? 'list' : 'text';
}

function leavesOf(shape: object, prefix = ''): Leaf[] {
  return Object.entries(shape as Record<string, z.ZodType>).flatMap(([key, schema]) => {
    const name = prefix + key;
    if (schema instanceof z.ZodObject) return leavesOf(schema.shape, `${name}.`);
    const { allowed, help } = schema.meta() as { allowed: string; help: string };
    return [{ name, kind: kindOf(schema), allowed, help, schema }];
  });
}

/** The words of a command line as values of the setting's kind; what does not fit stays text and fails the check. */
function fromText(kind: Setting['kind'], value: string): unknown {
  if (kind === 'number') return value.trim() === '' ? value : Number(value);
  if (kind === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  return kind === 'list' ? value.split(',').map((part) => part.trim()) : value;
}

function convert(kind: Setting['kind'], value: unknown): unknown {
  if (typeof value === 'string') return fromText(kind, value);
  return kind === 'text' && typeof value === 'number' ? String(value) : value;
}

/** The table of a schema whose leaves carry `about`. */
export function settingsTable<Config>(schema: z.ZodType<Config> & { readonly shape: object }): SettingsTable<Config> {
  const leaves = new Map(leavesOf(schema.shape).map((leaf) => [leaf.name, leaf]));
  return {
    settings: [...leaves.values()],
    check: (name, value, given = name) => {
      const leaf = leaves.get(name);
      if (!leaf) throw new InputError(`There is no setting ${given}.`);
      const result = leaf.schema.safeParse(convert(leaf.kind, value));
      if (!result.success) throw new InputError(`${given} must be ${leaf.allowed}; it is ${JSON.stringify(value)}.`);
      return result.data;
    },
    parse: (json, where) => {
      const result = schema.safeParse(json);
      if (result.success) return result.data;
      const issue = result.error.issues[0];
      const name = issue?.path.join('.') || 'the configuration';
      const allowed = leaves.get(name)?.allowed;
      throw new InputError(`${where}: ${name} ${allowed ? `must be ${allowed}` : `does not fit (${issue?.message})`}.`);
    },
  };
}
