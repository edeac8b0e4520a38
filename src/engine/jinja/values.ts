/**
 * Python's values as chat templates see them. None is null, an undefined name is undefined, lists are arrays, tuples
 * are a subclass, dictionaries are maps, whole numbers are numbers and floats a class of their own, because `1` and
 * `1.0` print differently.
 */

/** A number with a fractional part, even if that is 0. */
export class Float {
  constructor(readonly value: number) {}
}

export class Tuple extends Array<Value> {}

/** What a dictionary's `items()` and its relatives give: to loop over, not to print or to index. */
export class View extends Array<Value> {}

export function viewOf(items: readonly Value[]): View {
  const view = new View();
  for (const item of items) view.push(item);
  return view;
}

export function tupleOf(...items: readonly Value[]): Tuple {
  const tuple = new Tuple();
  for (const item of items) tuple.push(item);
  return tuple;
}

/** What `namespace()` makes: attributes that can be set from inner scopes. */
export class Namespace {
  readonly attributes = new Map<string, Value>();
}

/** Something with attributes that templates can read, such as `loop`. */
export class Attributes {
  constructor(
    readonly name: string,
    readonly get: (attribute: string) => Value,
    readonly call?: Callable,
  ) {}
}

export type Keywords = ReadonlyMap<string, Value>;
export type Callable = (args: readonly Value[], keywords: Keywords) => Value;

export type Value =
  | undefined
  | null
  | boolean
  | number
  | string
  | Float
  | Value[]
  | Map<Value, Value>
  | Namespace
  | Attributes
  | Callable;

/** A mistake of the template, or of the messages for this template. */
export class TemplateError extends Error {}

/** What Python takes for white space; JavaScript's `\s` differs in a few characters. */
export const SPACE_CLASS = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
/** What Python takes for a line end. */
export const LINE_END = '(?:\\r\\n|[\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029])';
const [LEADING, TRAILING] = [new RegExp(`^${SPACE_CLASS}+`), new RegExp(`${SPACE_CLASS}+$`)];

/** Python's `lstrip` and `rstrip`: of white space, or of any of the given characters. */
export function lstrip(text: string, characters?: string | null): string {
  if (characters == null) return text.replace(LEADING, '');
  const [set, points] = [new Set(characters), [...text]];
  const from = points.findIndex((point) => !set.has(point));
  return from < 0 ? '' : points.slice(from).join('');
}
export function rstrip(text: string, characters?: string | null): string {
  if (characters == null) return text.replace(TRAILING, '');
  const [set, points] = [new Set(characters), [...text]];
  return points.slice(0, points.findLastIndex((point) => !set.has(point)) + 1).join('');
}

/** Values from JSON; numbers that are not whole become floats. */
export function fromJson(value: unknown): Value {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value === 'number') return Number.isInteger(value) ? value : new Float(value);
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
  return value as Value;
}

/** Python's name for the type of a value. */
export function typeName(value: Value): string {
  if (value === undefined) return 'Undefined';
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return 'str';
  if (value instanceof Float) return 'float';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof View) return 'dict view';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Map) return 'dict';
  return value instanceof Namespace ? 'Namespace' : value instanceof Attributes ? value.name : 'function';
}

export const isNumber = (value: Value): value is number | boolean | Float =>
  typeof value === 'number' || typeof value === 'boolean' || value instanceof Float;

export const numberOf = (value: number | boolean | Float): number =>
  value instanceof Float ? value.value : Number(value);

export const isCallable = (value: Value): value is Callable | Attributes =>
  typeof value === 'function' || (value instanceof Attributes && value.call !== undefined);

export function truth(value: Value): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (value instanceof Float) return value.value !== 0;
  return Boolean(value);
}

export function equal(a: Value, b: Value): boolean {
  if (isNumber(a) && isNumber(b)) return numberOf(a) === numberOf(b);
  if (Array.isArray(a) && Array.isArray(b))
    return (
      a instanceof Tuple === b instanceof Tuple && a.length === b.length && a.every((item, i) => equal(item, b[i]))
    );
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...a].every(([key, item]) => hasKey(b, key) && equal(item, getKey(b, key)));
  return a === b;
}

/** Less than 0, 0 or more than 0. Throws TemplateError for values that have no order. */
export function compare(a: Value, b: Value): number {
  if (isNumber(a) && isNumber(b)) return numberOf(a) - numberOf(b);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (Array.isArray(a) && Array.isArray(b) && typeName(a) === typeName(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (!equal(a[i], b[i])) return compare(a[i], b[i]);
    return a.length - b.length;
  }
  throw new TemplateError(`'<' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
}

/** By code points, which UTF-16 does not sort by. */
function compareText(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++)
    if (left[i] !== right[i])
      return ((left[i] as string).codePointAt(0) as number) - ((right[i] as string).codePointAt(0) as number);
  return left.length - right.length;
}

/** The key under which a dictionary keeps a value: equal numbers are one key. */
export function keyOf(value: Value): Value {
  if (isNumber(value)) return numberOf(value);
  if (value instanceof Map || (Array.isArray(value) && !(value instanceof Tuple)))
    throw new TemplateError(`unhashable type: '${typeName(value)}'`);
  return value;
}

/** Maps compare by identity, so tuples and booleans are looked for. */
function storedKey(map: ReadonlyMap<Value, Value>, key: Value): Value {
  const plain = keyOf(key);
  if (map.has(plain)) return plain;
  if (typeof plain === 'string') return plain;
  return [...map.keys()].find((own) => equal(own, plain)) ?? plain;
}

export const hasKey = (map: ReadonlyMap<Value, Value>, key: Value): boolean => map.has(storedKey(map, key));
export const getKey = (map: ReadonlyMap<Value, Value>, key: Value): Value => map.get(storedKey(map, key));

/** A dictionary of these entries; later ones win. */
export function dictOf(entries: Iterable<readonly [Value, Value]>): Map<Value, Value> {
  const map = new Map<Value, Value>();
  for (const [key, value] of entries) map.set(hasKey(map, key) ? storedKey(map, key) : hashable(key), value);
  return map;
}

function hashable(key: Value): Value {
  keyOf(key);
  return key;
}

/** What a loop over the value visits. Throws TemplateError for what cannot be looped over. */
export function iterate(value: Value): Value[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return [...value];
  if (Array.isArray(value)) return [...value];
  if (value instanceof Map) return [...value.keys()];
  throw new TemplateError(`'${typeName(value)}' object is not iterable`);
}

/** Python's `in`. */
export function contains(item: Value, container: Value): boolean {
  if (typeof container === 'string') {
    if (typeof item === 'string') return container.includes(item);
    throw new TemplateError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  return container instanceof Map ? hasKey(container, item) : iterate(container).some((own) => equal(own, item));
}

/** Length in characters, items or keys; characters are code points. */
export function lengthOf(value: Value): number {
  if (value === undefined) return 0;
  if (typeof value === 'string') return [...value].length;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  throw new TemplateError(`object of type '${typeName(value)}' has no len()`);
}

/** What `{{ value }}` prints. */
export function print(value: Value): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : represent(value);
}

/** Python's `repr`. */
export function represent(value: Value): string {
  if (value === undefined) return 'Undefined';
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return quote(value);
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Tuple) return `(${value.map(represent).join(', ')}${value.length === 1 ? ',' : ''})`;
  if (Array.isArray(value) && !(value instanceof View)) return `[${value.map(represent).join(', ')}]`;
  if (value instanceof Map)
    return `{${[...value].map(([key, item]) => `${represent(key)}: ${represent(item)}`).join(', ')}}`;
  throw new TemplateError(`a ${typeName(value)} cannot be printed`);
}

export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent] = value.toExponential().split('e') as [string, string];
    return `${digits}e${exponent.startsWith('-') ? '-' : '+'}${exponent.slice(1).padStart(2, '0')}`;
  }
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const ESCAPES: Readonly<{ [character: string]: string }> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = [...text].map((character) => {
    if (character === mark) return `\\${mark}`;
    if (ESCAPES[character]) return ESCAPES[character];
    return /[\p{C}\p{Z}]/u.test(character) && character !== ' ' ? hexEscape(character) : character;
  });
  return `${mark}${inside.join('')}${mark}`;
}

function hexEscape(character: string): string {
  const code = character.codePointAt(0) as number;
  const hex = (width: number): string => code.toString(16).padStart(width, '0');
  return code < 0x100 ? `\\x${hex(2)}` : code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}

/** Python's slice of a sequence. */
export function sliceOf<T>(items: readonly T[], [start, stop, step]: readonly (number | null)[]): T[] {
  const by = step ?? 1;
  if (by === 0) throw new TemplateError('slice step cannot be zero');
  const length = items.length;
  const clamp = (index: number): number => {
    const from = index < 0 ? index + length : index;
    return by > 0 ? Math.min(Math.max(from, 0), length) : Math.min(Math.max(from, -1), length - 1);
  };
  const [first, last] = [
    start == null ? (by > 0 ? 0 : length - 1) : clamp(start),
    stop == null ? (by > 0 ? length : -1) : clamp(stop),
  ];
  const out: T[] = [];
  for (let i = first; by > 0 ? i < last : i > last; i += by) out.push(items[i] as T);
  return out;
}
