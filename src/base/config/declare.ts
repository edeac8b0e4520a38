/**
 * How a setting is declared: once, with its type, default, help, the schema_version since which it exists and the commands that
 * take it. The check of a value, the help, the tables in the docs and the TypeScript types (configs.ts) come from that.
 */
import { z } from 'zod';
import { InputError } from '../records/errors';
import { shownValue } from '../records/printable';
import type { Declaration, Declarations, Group, Setting, SettingsTable } from './setting';

/** Facts of a declaration that most settings do without. */
interface More {
  readonly since?: number;
  readonly before?: unknown;
  readonly renamed?: Setting['renamed'];
  readonly commands?: readonly string[];
}

export const group = (type: string, members: Declarations): Group => ({ type, members });

interface Kind extends Pick<Setting, 'kind' | 'type' | 'allowed'> {
  readonly schema: z.ZodType;
}

const declare = (
  kind: Kind,
  fallback: unknown,
  help: string,
  { since = 1, commands = [], ...more }: More,
): Declaration => ({
  ...kind,
  default: fallback,
  help,
  since,
  commands,
  ...more,
});

const number = (schema: z.ZodType, allowed: string): Kind => ({ kind: 'number', type: 'number', schema, allowed });

/** A whole number of at least `min`. */
export const whole = (fallback: number, help: string, { min = 0, ...more }: More & { readonly min?: number } = {}) =>
  declare(number(z.number().int().min(min), `a whole number, ${min} or more`), fallback, help, more);
export const positive = (fallback: number, help: string, more: More = {}) =>
  declare(number(z.number().positive().finite(), 'a number greater than 0'), fallback, help, more);
export const atLeastZero = (fallback: number, help: string, more: More = {}) =>
  declare(number(z.number().min(0).finite(), 'a number, 0 or more'), fallback, help, more);
export const share = (fallback: number, help: string, more: More = {}) =>
  declare(number(z.number().min(0).max(1), 'a number between 0 and 1'), fallback, help, more);
export const belowOne = (fallback: number, help: string, more: More = {}) =>
  declare(number(z.number().min(0).lt(1), 'a number from 0 up to but not including 1'), fallback, help, more);
export const aboveZero = (fallback: number, help: string, more: More = {}) =>
  declare(number(z.number().gt(0).max(1), 'a number above 0 and at most 1'), fallback, help, more);
/** A seed of 32 bits. */
export const seed = (fallback: number, help: string, more: More = {}) =>
  declare(number(z.number().int().min(0).max(0xffffffff), 'a whole number from 0 to 4294967295'), fallback, help, more);

export const flag = (fallback: boolean, help: string, more: More = {}) =>
  declare({ kind: 'boolean', type: 'boolean', schema: z.boolean(), allowed: 'true or false' }, fallback, help, more);

/** Text that is not empty. */
export const text = (fallback: string, help: string, more: More = {}) =>
  declare(
    { kind: 'text', type: 'string', schema: z.string().min(1), allowed: 'text that is not empty' },
    fallback,
    help,
    more,
  );

/** The same setting, which may be left out. */
export const optional = (declaration: Declaration): Declaration => ({ ...declaration, default: undefined });

/** A path that a run need not have. */
export const optionalPath = (allowed: string, help: string, more: More = {}) =>
  declare({ kind: 'text', type: 'string', schema: z.string().min(1), allowed }, undefined, help, more);

const union = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(' | ');

/** One of a few words, or text that `pattern` describes (a TypeScript template type, a regular expression, and words for it). */
export function choice(
  values: readonly string[],
  fallback: string,
  help: string,
  {
    pattern,
    allowed,
    ...more
  }: More & { readonly allowed?: string; readonly pattern?: { readonly type: string; readonly test: RegExp } } = {},
): Declaration {
  const named = z.enum(values);
  const schema = pattern ? z.union([named, z.string().regex(pattern.test)]) : named;
  const said = allowed ?? (values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`);
  const type = pattern ? `${union(values)} | ${pattern.type}` : union(values);
  return declare({ kind: 'text', type, schema, allowed: said }, fallback, help, more);
}

/** A comma-separated list of words that `item` describes. */
export const words = (
  fallback: readonly string[],
  help: string,
  {
    item,
    allowed,
    type = 'string',
    ...more
  }: More & { readonly item: z.ZodType; readonly allowed: string; readonly type?: string },
) => declare({ kind: 'list', type: `readonly ${type}[]`, schema: z.array(item).min(1), allowed }, fallback, help, more);

export const numbers = (fallback: readonly number[], help: string, more: More = {}) =>
  declare(
    {
      kind: 'list',
      type: 'readonly number[]',
      schema: z.array(z.coerce.number().finite()),
      allowed: 'a comma-separated list of numbers',
    },
    fallback,
    help,
    more,
  );

export const isGroup = (entry: Declaration | Group): entry is Group => 'members' in entry;

interface Leaf extends Setting {
  readonly schema: Declaration['schema'];
}

function leavesOf(declarations: Declarations, prefix = ''): Leaf[] {
  return Object.entries(declarations).flatMap(([key, entry]) =>
    isGroup(entry) ? leavesOf(entry.members, `${prefix}${key}.`) : [{ ...entry, name: prefix + key }],
  );
}

function schemaOf(declarations: Declarations): z.ZodType {
  const shape = Object.entries(declarations).map(([key, entry]) => {
    if (isGroup(entry)) return [key, schemaOf(entry.members)];
    const schema = entry.schema as z.ZodType;
    return [key, entry.default === undefined ? schema.optional() : schema];
  });
  return z.strictObject(Object.fromEntries(shape));
}

function defaultsOf(declarations: Declarations): Record<string, unknown> {
  const values = Object.entries(declarations).map(([key, entry]) => [
    key,
    isGroup(entry) ? defaultsOf(entry.members) : entry.default,
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

/** A value of a file of `version` in the words of today. */
const inTodaysWords = ({ renamed }: Declaration, value: unknown, version: number): unknown =>
  renamed && version < renamed.since && typeof value === 'string' ? (renamed.words[value] ?? value) : value;

/** `json` with every setting that came after `version` and is missing in it, as the program of that version behaved. */
function completed(json: unknown, declarations: Declarations, version: number): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  const given = json as Readonly<Record<string, unknown>>;
  const added = Object.entries(declarations).flatMap(([key, entry]): [string, unknown][] => {
    if (isGroup(entry)) {
      const came = leavesOf(entry.members).every(({ since }) => since > version);
      return key in given || came ? [[key, completed(given[key] ?? {}, entry.members, version)]] : [];
    }
    if (key in given) return [[key, inTodaysWords(entry, given[key], version)]];
    const then = entry.before ?? entry.default;
    return entry.since <= version || then === undefined ? [] : [[key, then]];
  });
  return { ...given, ...Object.fromEntries(added) };
}

const membersOf = (declarations: Declarations, name: string): Declarations => {
  const entry = declarations[name];
  if (entry && isGroup(entry)) return entry.members;
  throw new Error(`there is no group of settings ${name}`);
};

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

/** The table of some declarations, whose values make a `Config`. */
export function settingsTable<Config>(declarations: Declarations): SettingsTable<Config> {
  const leaves = new Map(leavesOf(declarations).map((leaf) => [leaf.name, leaf]));
  const schema = schemaOf(declarations);
  return {
    settings: [...leaves.values()],
    defaults: defaultsOf(declarations) as Config,
    check: (name, value, given = name) => {
      const leaf = leaves.get(name);
      if (!leaf) throw new InputError(`There is no setting ${given}.`);
      const result = leaf.schema.safeParse(convert(leaf.kind, value));
      if (!result.success) throw new InputError(`${given} must be ${leaf.allowed}; it is ${shownValue(value)}.`);
      return result.data;
    },
    complete: (json, version, name) =>
      completed(json, name === undefined ? declarations : membersOf(declarations, name), version),
    parse: (json, { where, version }) => {
      const result = schema.safeParse(completed(json, declarations, version));
      if (result.success) return result.data as Config;
      const issue = result.error.issues[0];
      const name = issue?.path.join('.') || 'the configuration';
      const allowed = leaves.get(name)?.allowed;
      throw new InputError(`${where}: ${name} ${allowed ? `must be ${allowed}` : `does not fit (${issue?.message})`}.`);
    },
  };
}
