/** Python's methods of text. Lengths and places count code points. */
import {
  type Callable,
  isNumber,
  iterate,
  type Keywords,
  LINE_END,
  lstrip,
  numberOf,
  print,
  represent,
  rstrip,
  SPACE_CLASS,
  sliceOf,
  TemplateError,
  Tuple,
  truth,
  tupleOf,
  typeName,
  type Value,
} from './values';

const SPACES = new RegExp(`${SPACE_CLASS}+`, 'g');

function textOf(value: Value, what: string): string {
  if (typeof value === 'string') return value;
  throw new TemplateError(`${what} must be str, not ${typeName(value)}`);
}

function countOf(value: Value, fallback: number): number {
  if (value == null) return fallback;
  if (isNumber(value)) return numberOf(value);
  throw new TemplateError(`a count must be int, not ${typeName(value)}`);
}

/** Wraps a function of text and arguments as a method; `names` are those that may be given by name. */
const method =
  (run: (text: string, ...args: Value[]) => Value, ...names: string[]) =>
  (text: string): Callable =>
  (args, keywords: Keywords) => {
    const all = [...args];
    for (const [name, value] of keywords) {
      const at = names.indexOf(name);
      if (at < 0) throw new TemplateError(`unexpected argument ${name}`);
      all[at] = value;
    }
    return run(text, ...all);
  };

const chars = (value: Value): string | null => (value == null ? null : textOf(value, 'the characters'));

/** Whether there is a character with case, and all of them pass. */
const cased = (text: string, wrong: RegExp, right: RegExp): boolean => !wrong.test(text) && right.test(text);
const every = (pattern: RegExp) => method((text) => text !== '' && pattern.test(text));

export function capitalize(text: string): string {
  const [first = '', ...rest] = [...text];
  return first.toUpperCase() + rest.join('').toLowerCase();
}

/** Upper case behind anything that is no letter with case, lower case elsewhere. */
const titled = (text: string): string =>
  text.replace(/[\p{Lu}\p{Ll}\p{Lt}]+/gu, (word) => {
    const [first = '', ...rest] = [...word];
    return first.toUpperCase() + rest.join('').toLowerCase();
  });

/** Starts or ends with the text, or with one of a tuple. */
function oneOf(value: Value, holds: (part: string) => boolean): boolean {
  return (value instanceof Tuple ? [...value] : [value]).some((part) => holds(textOf(part, 'the part')));
}

/** The part of the text between two places. */
const within = (text: string, start: Value, end: Value): string =>
  start == null && end == null
    ? text
    : sliceOf([...text], [start == null ? null : countOf(start, 0), end == null ? null : countOf(end, 0), 1]).join('');

function find(text: string, part: Value, { last = false, from }: { last?: boolean; from?: Value }): number {
  const start = [...text].slice(0, countOf(from, 0)).join('').length;
  const wanted = textOf(part, 'the part');
  const at = last ? text.lastIndexOf(wanted) : text.indexOf(wanted, start);
  return at < start ? -1 : [...text.slice(0, at)].length;
}

function found(at: number): number {
  if (at < 0) throw new TemplateError('substring not found');
  return at;
}

function split(text: string, separator: Value, max: Value): Value {
  const limit = countOf(max, -1);
  if (separator == null) {
    const words: string[] = [];
    let rest = lstrip(text);
    while (rest !== '') {
      if (limit >= 0 && words.length === limit) return [...words, rest];
      SPACES.lastIndex = 0;
      const space = SPACES.exec(rest);
      words.push(space ? rest.slice(0, space.index) : rest);
      rest = space ? rest.slice(space.index + space[0].length) : '';
    }
    return words;
  }
  const parts = text.split(separatorOf(separator));
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(separator as string)];
}

function splitFromEnd(text: string, separator: Value, max: Value): Value {
  const limit = countOf(max, -1);
  if (separator == null) {
    if (limit < 0) return split(text, null, -1);
    const words: string[] = [];
    let rest = rstrip(text);
    while (rest !== '' && words.length < limit) {
      const at = [...rest.matchAll(SPACES)].at(-1);
      words.unshift(at ? rest.slice(at.index + at[0].length) : rest);
      rest = at ? rest.slice(0, at.index) : '';
    }
    return rest === '' ? words : [rest, ...words];
  }
  const parts = text.split(separatorOf(separator));
  if (limit < 0 || parts.length <= limit + 1) return parts;
  const kept = parts.length - limit;
  return [parts.slice(0, kept).join(separator as string), ...parts.slice(kept)];
}

function separatorOf(value: Value): string {
  const separator = textOf(value, 'the separator');
  if (separator === '') throw new TemplateError('empty separator');
  return separator;
}

const LINES = new RegExp(`([\\s\\S]*?)(${LINE_END}|$)`, 'g');

export function splitLines(text: string, keepEnds: Value = false): string[] {
  const lines = [...text.matchAll(LINES)].filter(([line]) => line !== '');
  return lines.map(([line, content = '']) => (truth(keepEnds) ? line : content));
}

/** Python's `replace`; an empty old text stands between all characters. */
export function replaced(text: string, old: Value, fresh: Value, max?: Value): string {
  const [from, to] = [textOf(old, 'the old text'), textOf(fresh, 'the new text')];
  const limit = countOf(max, -1);
  const parts = from === '' ? ['', ...text, ''] : text.split(from);
  if (limit < 0) return parts.join(to);
  const [changed, rest] = [parts.slice(0, limit + 1), parts.slice(limit + 1)];
  return [changed.join(to), ...rest].join(from);
}

function pad(text: string, width: Value, { fill = ' ', left, right }: { fill?: Value; left: number; right: number }) {
  const room = Math.max(0, countOf(width, 0) - [...text].length);
  const before = right === 0 ? room : left === 0 ? 0 : Math.floor(room / 2) + (room & countOf(width, 0) & 1);
  const filler = textOf(fill, 'the fill character');
  return filler.repeat(before) + text + filler.repeat(room - before);
}

function partition(text: string, separator: Value, last: boolean): Value {
  const mark = separatorOf(separator);
  const at = last ? text.lastIndexOf(mark) : text.indexOf(mark);
  if (at < 0) return last ? tupleOf('', '', text) : tupleOf(text, '', '');
  return tupleOf(text.slice(0, at), mark, text.slice(at + mark.length));
}

/** `'{} {name}'.format(...)` with plain fields. */
const format = (text: string): Callable => {
  return (args, keywords) => {
    let next = 0;
    return text.replace(/\{\{|\}\}|\{(\w*)(![rs])?\}|[{}]/g, (whole, field?: string, conversion?: string) => {
      if (whole === '{{' || whole === '}}') return whole.slice(1);
      if (field === undefined) throw new TemplateError(`the format ${JSON.stringify(text)} is not supported`);
      const place = field === '' ? next++ : Number(field);
      const present = Number.isNaN(place) ? keywords.has(field) : place < args.length;
      if (!present) throw new TemplateError(`the format has no value for ${whole}`);
      const value = Number.isNaN(place) ? keywords.get(field) : args[place];
      return conversion === '!r' ? represent(value) : print(value);
    });
  };
};

export const stringMethods: Readonly<{ [name: string]: (text: string) => Callable }> = {
  capitalize: method(capitalize),
  center: method((text, width, fill) => pad(text, width, { fill, left: 1, right: 1 })),
  count: method((text, part) => {
    const wanted = textOf(part, 'the part');
    return wanted === '' ? [...text].length + 1 : text.split(wanted).length - 1;
  }),
  endswith: method((text, part, start, end) => oneOf(part, (own) => within(text, start, end).endsWith(own))),
  find: method((text, part, from) => find(text, part, { from })),
  format,
  index: method((text, part, from) => found(find(text, part, { from }))),
  isalnum: every(/^[\p{L}\p{N}]+$/u),
  isalpha: every(/^\p{L}+$/u),
  isascii: method((text) => [...text].every((own) => own <= '\x7f')),
  isdecimal: every(/^\p{Nd}+$/u),
  isdigit: every(/^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u),
  islower: method((text) => cased(text, /[\p{Lu}\p{Lt}]/u, /\p{Lowercase}/u)),
  isnumeric: every(/^\p{N}+$/u),
  isspace: every(new RegExp(`^${SPACE_CLASS}+$`)),
  istitle: method((text) => /[\p{Lu}\p{Lt}]/u.test(text) && titled(text) === text),
  isupper: method((text) => cased(text, /[\p{Ll}\p{Lt}]/u, /\p{Uppercase}/u)),
  join: method((text, items) =>
    iterate(items)
      .map((item) => textOf(item, 'an item to join'))
      .join(text),
  ),
  ljust: method((text, width, fill) => pad(text, width, { fill, left: 0, right: 1 })),
  lower: method((text) => text.toLowerCase()),
  lstrip: method((text, set) => lstrip(text, chars(set))),
  partition: method((text, separator) => partition(text, separator, false)),
  removeprefix: method((text, part) => {
    const prefix = textOf(part, 'the prefix');
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
  }),
  removesuffix: method((text, part) => {
    const suffix = textOf(part, 'the suffix');
    return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
  }),
  replace: method((text, old, fresh, max) => replaced(text, old, fresh, max), 'old', 'new', 'count'),
  rfind: method((text, part) => find(text, part, { last: true })),
  rindex: method((text, part) => found(find(text, part, { last: true }))),
  rjust: method((text, width, fill) => pad(text, width, { fill, left: 1, right: 0 })),
  rpartition: method((text, separator) => partition(text, separator, true)),
  rsplit: method(splitFromEnd, 'sep', 'maxsplit'),
  rstrip: method((text, set) => rstrip(text, chars(set))),
  split: method(split, 'sep', 'maxsplit'),
  splitlines: method(splitLines, 'keepends'),
  startswith: method((text, part, start, end) => oneOf(part, (own) => within(text, start, end).startsWith(own))),
  strip: method((text, set) => lstrip(rstrip(text, chars(set)), chars(set))),
  swapcase: method((text) =>
    [...text].map((own) => (own === own.toUpperCase() ? own.toLowerCase() : own.toUpperCase())).join(''),
  ),
  title: method(titled),
  upper: method((text) => text.toUpperCase()),
  zfill: method((text, width) => {
    const sign = /^[-+]/.exec(text)?.[0] ?? '';
    return sign + pad(text.slice(sign.length), countOf(width, 0) - sign.length, { fill: '0', left: 1, right: 0 });
  }),
};
