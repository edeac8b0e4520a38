/** Jinja's filters, as far as chat templates have use for them. Others are refused by name. */
import { getAttribute, getItem } from './access';
import { toJson } from './json';
import { binary } from './operators';
import { capitalize, replaced, splitLines, stringMethods } from './strings';
import { testNamed } from './tests';
import {
  compare,
  equal,
  Float,
  isNumber,
  iterate,
  type Keywords,
  lengthOf,
  lstrip,
  numberOf,
  print,
  rstrip,
  TemplateError,
  type Tuple,
  truth,
  tupleOf,
  typeName,
  type Value,
} from './values';

type Filter = (value: Value, args: readonly Value[], keywords: Keywords) => Value;

/** Gives arguments by place or by name to a function that takes them by place. */
const filter =
  (run: (value: Value, ...args: Value[]) => Value, ...names: string[]): Filter =>
  (value, args, keywords) => {
    const all = [...args];
    for (const [name, given] of keywords) {
      const at = names.indexOf(name);
      if (at < 0) throw new TemplateError(`unexpected argument ${name} of a filter`);
      all[at] = given;
    }
    return run(value, ...all);
  };

/** `a.b.0` of an item, where parts that are whole numbers are places. */
function pathOf(item: Value, path: Value): Value {
  if (typeof path === 'number') return getItem(item, path);
  return String(path)
    .split('.')
    .reduce((value: Value, part) => getItem(value, /^\d+$/.test(part) ? Number(part) : part), item);
}

const folded = (value: Value, caseSensitive: Value): Value =>
  typeof value === 'string' && !truth(caseSensitive) ? value.toLowerCase() : value;

/** Sorted by what `key` gives; equal items keep their order. */
function sorted(items: readonly Value[], key: (item: Value) => Value, reverse: Value): Value[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = truth(reverse) ? -1 : 1;
  return keyed.sort((a, b) => sign * compare(a.key, b.key)).map(({ item }) => item);
}

function sortKey(attribute: Value, caseSensitive: Value): (item: Value) => Value {
  if (attribute == null) return (item) => folded(item, caseSensitive);
  const paths = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const keys = (item: Value): Value[] => paths.map((path) => folded(pathOf(item, path), caseSensitive));
  return (item) => (paths.length === 1 ? keys(item)[0] : tupleOf(...keys(item)));
}

/** `select` and its relatives: items that pass a test, or their attributes. */
const choose =
  (keep: boolean, byAttribute: boolean): Filter =>
  (value, args) => {
    const [attribute, name, ...rest] = byAttribute ? args : [undefined, ...args];
    if (byAttribute && attribute === undefined) throw new TemplateError('a filter needs the name of an attribute');
    const test = name === undefined ? truth : testNamed(String(name));
    return iterate(value).filter((item) => test(byAttribute ? pathOf(item, attribute) : item, ...rest) === keep);
  };

const map: Filter = (value, args, keywords) => {
  const items = iterate(value);
  const [name, ...rest] = args;
  if (name !== undefined) return items.map((item) => filterNamed(String(name))(item, rest, keywords));
  const attribute = keywords.get('attribute');
  if (attribute === undefined) throw new TemplateError('map needs a filter or an attribute');
  return items.map((item) => {
    const found = pathOf(item, attribute);
    return found === undefined && keywords.has('default') ? keywords.get('default') : found;
  });
};

const extreme = (sign: number): Filter =>
  filter(
    (value, caseSensitive, attribute) => {
      const key = sortKey(attribute, caseSensitive);
      const items = iterate(value);
      return items.reduce(
        (best, item) => (best !== undefined && sign * compare(key(item), key(best)) <= 0 ? best : item),
        items[0],
      );
    },
    'case_sensitive',
    'attribute',
  );

function unique(value: Value, caseSensitive: Value, attribute: Value): Value {
  const key = sortKey(attribute, caseSensitive);
  const seen: Value[] = [];
  return iterate(value).filter((item) => {
    const own = key(item);
    const isNew = !seen.some((other) => equal(other, own));
    if (isNew) seen.push(own);
    return isNew;
  });
}

function integer(value: Value, fallback: Value = 0, base: Value = 10): Value {
  if (isNumber(value)) {
    const whole = Math.trunc(numberOf(value));
    return Number.isFinite(whole) ? whole : fallback;
  }
  if (typeof value !== 'string') return fallback;
  if (base !== 10) throw new TemplateError('the filter int has base 10 only');
  const text = lstrip(rstrip(value)).replace(/(?<=\d)_(?=\d)/g, '');
  if (/^[-+]?\d+$/.test(text)) return Number(text);
  const float = decimal(text);
  return float === undefined || !Number.isFinite(float) ? fallback : Math.trunc(float);
}

function decimal(text: string): number | undefined {
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text);
  const special = /^([-+]?)(inf(?:inity)?|nan)$/i.exec(text);
  if (!special) return undefined;
  return /nan/i.test(special[2] as string) ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
}

function float(value: Value, fallback: Value = new Float(0)): Value {
  if (isNumber(value)) return new Float(numberOf(value));
  const found = typeof value === 'string' ? decimal(lstrip(rstrip(value)).replace(/(?<=\d)_(?=\d)/g, '')) : undefined;
  return found === undefined ? fallback : new Float(found);
}

function indent(value: Value, width: Value = 4, first: Value = false, blank: Value = false): Value {
  const by = typeof width === 'string' ? width : ' '.repeat(Number(width));
  // A line end at the end of the text has an empty line behind it here.
  const lines = splitLines(`${print(value)}\n`);
  const [head = '', ...rest] = lines;
  const body = rest.map((line) => (line === '' && !truth(blank) ? line : by + line));
  return [truth(first) ? by + head : head, ...body].join('\n');
}

function round(value: Value, digits: Value = 0, way: Value = 'common'): Value {
  if (!isNumber(value)) throw new TemplateError(`a ${typeName(value)} cannot be rounded`);
  const number = numberOf(value);
  const factor = 10 ** Number(digits);
  if (way === 'ceil') return new Float(Math.ceil(number * factor) / factor);
  if (way === 'floor') return new Float(Math.floor(number * factor) / factor);
  // Half goes to the even neighbour, as in Python.
  const scaled = number * factor;
  const near = Math.round(scaled);
  const even = Math.abs(scaled % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
  return value instanceof Float || way !== 'common' ? new Float(even / factor) : even / factor;
}

function truncate(
  value: Value,
  length: Value = 255,
  kill: Value = false,
  end: Value = '...',
  leeway: Value = 5,
): Value {
  const points = [...print(value)];
  const [most, tail] = [Number(length), print(end)];
  if (points.length <= most + Number(leeway)) return points.join('');
  const cut = points.slice(0, most - [...tail].length).join('');
  if (truth(kill)) return cut + tail;
  const space = cut.lastIndexOf(' ');
  return (space < 0 ? cut : cut.slice(0, space)) + tail;
}

function dictsort(value: Value, caseSensitive: Value, by: Value = 'key', reverse: Value = false): Value {
  if (!(value instanceof Map)) throw new TemplateError(`dictsort needs a dict, not ${typeName(value)}`);
  const pairs = [...value].map((entry) => tupleOf(...entry));
  return sorted(pairs, (pair) => folded((pair as Tuple)[by === 'value' ? 1 : 0], caseSensitive), reverse);
}

function batch(value: Value, size: Value, fill?: Value): Value {
  const items = iterate(value);
  const width = Number(size);
  const rows = Array.from({ length: Math.ceil(items.length / width) }, (_, i) =>
    items.slice(i * width, (i + 1) * width),
  );
  const last = rows.at(-1);
  while (fill != null && last && last.length < width) last.push(fill);
  return rows;
}

function sum(value: Value, attribute: Value, start: Value = 0): Value {
  const items = attribute == null ? iterate(value) : iterate(value).map((item) => pathOf(item, attribute));
  return items.reduce((total, item) => binary('+', total, item), start);
}

function joined(value: Value, separator: Value = '', attribute?: Value): Value {
  const items = iterate(value);
  return items.map((item) => print(attribute == null ? item : pathOf(item, attribute))).join(print(separator));
}

/** Words begin behind white space and some marks. */
const title = (value: Value): Value =>
  print(value).replace(/[^-\s({[<]+/g, (word) => {
    const [first = '', ...rest] = [...word];
    return first.toUpperCase() + rest.join('').toLowerCase();
  });

const length = filter((value) => lengthOf(value));
const fallback = filter(
  (value, other = '', boolean = false) => (value === undefined || (truth(boolean) && !truth(value)) ? other : value),
  'default_value',
  'boolean',
);

const FILTERS: Readonly<{ [name: string]: Filter | undefined }> = {
  abs: filter((value) => {
    if (!isNumber(value)) throw new TemplateError(`bad operand type for abs(): '${typeName(value)}'`);
    const size = Math.abs(numberOf(value));
    return value instanceof Float ? new Float(size) : size;
  }),
  attr: filter((value, name) => (value instanceof Map ? undefined : getAttribute(value, String(name)))),
  batch: filter(batch, 'linecount', 'fill_with'),
  capitalize: filter((value) => capitalize(print(value))),
  count: length,
  d: fallback,
  default: fallback,
  dictsort: filter(dictsort, 'case_sensitive', 'by', 'reverse'),
  first: filter((value) => iterate(value)[0]),
  float: filter(float, 'default'),
  indent: filter(indent, 'width', 'first', 'blank'),
  int: filter(integer, 'default', 'base'),
  items: filter((value) => {
    if (value === undefined) return [];
    if (value instanceof Map) return [...value].map((entry) => tupleOf(...entry));
    throw new TemplateError('Can only get item pairs from a mapping.');
  }),
  join: filter(joined, 'd', 'attribute'),
  last: filter((value) => iterate(value).at(-1)),
  length,
  list: filter((value) => iterate(value)),
  lower: filter((value) => print(value).toLowerCase()),
  map,
  max: extreme(1),
  min: extreme(-1),
  reject: choose(false, false),
  rejectattr: choose(false, true),
  replace: filter(
    (value, old, fresh, count) => replaced(print(value), print(old), print(fresh), count ?? undefined),
    'old',
    'new',
    'count',
  ),
  reverse: filter((value) => {
    const items = iterate(value).reverse();
    return typeof value === 'string' ? items.join('') : items;
  }),
  round: filter(round, 'precision', 'method'),
  safe: filter((value) => print(value)),
  select: choose(true, false),
  selectattr: choose(true, true),
  sort: filter(
    (value, reverse, caseSensitive, attribute) => sorted(iterate(value), sortKey(attribute, caseSensitive), reverse),
    'reverse',
    'case_sensitive',
    'attribute',
  ),
  string: filter((value) => print(value)),
  sum: filter(sum, 'attribute', 'start'),
  title: filter(title),
  tojson: filter(toJson, 'ensure_ascii', 'indent', 'separators', 'sort_keys'),
  trim: filter((value, set) => stringMethods.strip?.(print(value))(set == null ? [] : [set], new Map()), 'chars'),
  truncate: filter(truncate, 'length', 'killwords', 'end', 'leeway'),
  unique: filter(unique, 'case_sensitive', 'attribute'),
  upper: filter((value) => print(value).toUpperCase()),
  wordcount: filter((value) => (print(value).match(/[\p{L}\p{N}_]+/gu) ?? []).length),
};

/** The filter of a name. Throws TemplateError where there is none. */
export function filterNamed(name: string): Filter {
  const found = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
  if (found) return found;
  throw new TemplateError(`the filter ${JSON.stringify(name)} is not supported`);
}
