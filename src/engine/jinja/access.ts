/** Attributes, items and calls, as Jinja's sandbox allows them: nothing that would change a value. */
import { stringMethods } from './strings';
import {
  Attributes,
  type Callable,
  equal,
  Float,
  getKey,
  hasKey,
  type Keywords,
  Namespace,
  sliceOf,
  TemplateError,
  Tuple,
  tupleOf,
  typeName,
  type Value,
  View,
  viewOf,
} from './values';

const DICT_METHODS: Readonly<{ [name: string]: (dict: Map<Value, Value>) => Callable }> = {
  get:
    (dict) =>
    ([key, fallback], keywords) =>
      hasKey(dict, key) ? getKey(dict, key) : (fallback ?? keywords.get('default') ?? null),
  keys: (dict) => () => viewOf([...dict.keys()]),
  values: (dict) => () => viewOf([...dict.values()]),
  items: (dict) => () => viewOf([...dict].map((entry) => tupleOf(...entry))),
  copy: (dict) => () => new Map(dict),
};

const LIST_METHODS: Readonly<{ [name: string]: (list: Value[]) => Callable }> = {
  index:
    (list) =>
    ([item, from = 0]) => {
      const at = list.findIndex((own, i) => i >= Number(from) && equal(own, item));
      if (at < 0) throw new TemplateError('list.index(x): x not in list');
      return at;
    },
  count:
    (list) =>
    ([item]) =>
      list.filter((own) => equal(own, item)).length,
  copy: (list) => () => [...list],
};

const MUTATORS = {
  dict: ['clear', 'pop', 'popitem', 'setdefault', 'update'],
  list: ['append', 'clear', 'extend', 'insert', 'pop', 'remove', 'reverse', 'sort'],
} as const;

/** A method of the value, bound to it; undefined where it has none of the name. */
function method(value: Value, name: string): Value {
  const bound = (methods: Readonly<{ [name: string]: (value: never) => Callable }>): Callable | undefined =>
    Object.hasOwn(methods, name) ? methods[name]?.(value as never) : undefined;
  const refuse = (names: readonly string[]): Callable | undefined =>
    names.includes(name)
      ? () => {
          throw new TemplateError(`the sandbox does not allow ${typeName(value)}.${name}`);
        }
      : undefined;
  if (typeof value === 'string') return bound(stringMethods);
  if (value instanceof Map) return bound(DICT_METHODS) ?? refuse(MUTATORS.dict);
  if (value instanceof View) return undefined;
  if (value instanceof Tuple) return name === 'copy' ? undefined : bound(LIST_METHODS);
  if (Array.isArray(value)) return bound(LIST_METHODS) ?? refuse(MUTATORS.list);
  if (value instanceof Float && name === 'is_integer') return () => Number.isInteger(value.value);
  return undefined;
}

function requireDefined(value: Value, name: string): void {
  if (value === undefined) throw new TemplateError(`something undefined has no attribute ${JSON.stringify(name)}`);
}

/** `value.name`: an attribute or method first, then an item. */
export function getAttribute(value: Value, name: string): Value {
  requireDefined(value, name);
  if (value instanceof Attributes) return value.get(name);
  if (value instanceof Namespace) return value.attributes.get(name);
  const found = method(value, name);
  if (found !== undefined) return found;
  return value instanceof Map ? getKey(value, name) : undefined;
}

/** `value[key]`: an item first, then an attribute or method. */
export function getItem(value: Value, key: Value): Value {
  requireDefined(value, String(key));
  if (value instanceof Map && hasKey(value, key)) return getKey(value, key);
  if (typeof key === 'string') return value instanceof Map ? method(value, key) : getAttribute(value, key);
  if (typeof key !== 'number' && typeof key !== 'boolean') return undefined;
  const items = typeof value === 'string' ? [...value] : Array.isArray(value) && !(value instanceof View) ? value : [];
  return sliceOf(items, [Number(key), Number(key) === -1 ? null : Number(key) + 1, 1])[0];
}

export function callValue(value: Value, args: readonly Value[], keywords: Keywords): Value {
  if (typeof value === 'function') return value(args, keywords);
  if (value instanceof Attributes && value.call) return value.call(args, keywords);
  throw new TemplateError(
    value === undefined ? 'something undefined is called' : `'${typeName(value)}' object is not callable`,
  );
}
