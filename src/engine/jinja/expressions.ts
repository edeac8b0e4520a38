/** Parses expressions into functions that compute them, with the precedence of Jinja. */
import { callValue, getAttribute, getItem } from './access';
import { filterNamed } from './filters';
import { binary, negative, positive } from './operators';
import type { Expression } from './scope';
import { testNamed } from './tests';
import type { Tokens } from './tokens';
import {
  compare,
  contains,
  dictOf,
  equal,
  Float,
  iterate,
  print,
  sliceOf,
  TemplateError,
  Tuple,
  truth,
  tupleOf,
  typeName,
  type Value,
} from './values';

/** What a parser reads from, and the names that it has met, by which a macro knows of `caller`, `varargs` and `kwargs`. */
export interface Source {
  readonly tokens: Tokens;
  readonly met: Set<string>;
}

export function parseExpression(source: Source): Expression {
  const { tokens } = source;
  const value = parseOr(source);
  if (!tokens.takes('if')) return value;
  const condition = parseOr(source);
  const otherwise = tokens.takes('else') ? parseExpression(source) : () => undefined;
  return (scope) => (truth(condition(scope)) ? value(scope) : otherwise(scope));
}

/** An expression, or several with commas between them as a tuple. */
export function parseTuple(source: Source, stop: () => boolean, read = parseExpression): Expression {
  const { tokens } = source;
  const items = [read(source)];
  if (!tokens.sees(',')) return items[0] as Expression;
  while (tokens.takes(',') && !stop()) items.push(read(source));
  return (scope) => tupleOf(...items.map((item) => item(scope)));
}

/** Without a condition behind it; what loops go over. */
export function parseOr(source: Source): Expression {
  let left = parseAnd(source);
  while (source.tokens.takes('or')) {
    const [first, second] = [left, parseAnd(source)];
    left = (scope) => {
      const value = first(scope);
      return truth(value) ? value : second(scope);
    };
  }
  return left;
}

function parseAnd(source: Source): Expression {
  let left = parseNot(source);
  while (source.tokens.takes('and')) {
    const [first, second] = [left, parseNot(source)];
    left = (scope) => {
      const value = first(scope);
      return truth(value) ? second(scope) : value;
    };
  }
  return left;
}

function parseNot(source: Source): Expression {
  if (!source.tokens.takes('not')) return parseComparison(source);
  const value = parseNot(source);
  return (scope) => !truth(value(scope));
}

const COMPARISONS: Readonly<Record<string, (a: Value, b: Value) => boolean>> = {
  '==': equal,
  '!=': (a, b) => !equal(a, b),
  '<': (a, b) => compare(a, b) < 0,
  '<=': (a, b) => compare(a, b) <= 0,
  '>': (a, b) => compare(a, b) > 0,
  '>=': (a, b) => compare(a, b) >= 0,
  in: contains,
  'not in': (a, b) => !contains(a, b),
};

function comparisonAt({ tokens }: Source): string | undefined {
  if (tokens.takes('not', 'in')) return 'not in';
  const { kind, text } = tokens.current;
  const found = (kind === 'operator' || text === 'in') && kind !== 'string' && Object.hasOwn(COMPARISONS, text);
  return found ? tokens.next().text : undefined;
}

/** Several in a row compare neighbours, as in Python. */
function parseComparison(source: Source): Expression {
  const first = parseSum(source);
  const rest: { readonly holds: (a: Value, b: Value) => boolean; readonly value: Expression }[] = [];
  for (let name = comparisonAt(source); name !== undefined; name = comparisonAt(source))
    rest.push({ holds: COMPARISONS[name] as (a: Value, b: Value) => boolean, value: parseSum(source) });
  if (rest.length === 0) return first;
  return (scope) => {
    let left = first(scope);
    for (const { holds, value } of rest) {
      const right = value(scope);
      if (!holds(left, right)) return false;
      left = right;
    }
    return true;
  };
}

/** Operators of one rank, from left to right. */
function leftToRight(operators: readonly string[], operand: (source: Source) => Expression) {
  return (source: Source): Expression => {
    let left = operand(source);
    for (;;) {
      const operator = operators.find((text) => source.tokens.takes(text));
      if (operator === undefined) return left;
      const [first, second] = [left, operand(source)];
      left = (scope) => binary(operator, first(scope), second(scope));
    }
  };
}

const parsePower = leftToRight(['**'], (source) => parseUnary(source, true));
const parseProduct = leftToRight(['*', '//', '/', '%'], parsePower);
const parseSum = leftToRight(['+', '-'], parseJoin);

function parseJoin(source: Source): Expression {
  const parts = [parseProduct(source)];
  while (source.tokens.takes('~')) parts.push(parseProduct(source));
  return parts.length === 1 ? (parts[0] as Expression) : (scope) => parts.map((part) => print(part(scope))).join('');
}

function parseUnary(source: Source, withFilters: boolean): Expression {
  const sign = source.tokens.takes('-') ? negative : source.tokens.takes('+') ? positive : undefined;
  let value: Expression;
  if (sign) {
    const inner = parseUnary(source, false);
    value = (scope) => sign(inner(scope));
  } else value = parsePrimary(source);
  value = parsePostfix(source, value);
  return withFilters ? parseFilters(source, value) : value;
}

const CONSTANTS: Readonly<Record<string, Value>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

function parsePrimary(source: Source): Expression {
  const { tokens } = source;
  const { kind, text } = tokens.current;
  if (kind === 'name') {
    tokens.next();
    if (Object.hasOwn(CONSTANTS, text)) return () => CONSTANTS[text];
    source.met.add(text);
    return (scope) => scope.get(text);
  }
  if (kind === 'string') {
    let whole = '';
    while (tokens.current.kind === 'string') whole += tokens.next().text;
    return () => whole;
  }
  if (kind === 'integer' || kind === 'float') {
    tokens.next();
    const value = kind === 'integer' ? Number(text) : new Float(Number(text));
    return () => value;
  }
  if (tokens.takes('(')) return parseParentheses(source);
  if (tokens.takes('[')) {
    const items = parseItems(source, ']');
    return (scope) => items.map((item) => item(scope));
  }
  if (tokens.takes('{')) return parseDict(source);
  return tokens.fail('expected an expression');
}

function parseParentheses(source: Source): Expression {
  const { tokens } = source;
  if (tokens.takes(')')) return () => new Tuple();
  const value = parseTuple(source, () => tokens.sees(')'));
  tokens.expect(')');
  return value;
}

function parseItems(source: Source, end: string): Expression[] {
  const items: Expression[] = [];
  while (!source.tokens.takes(end)) {
    if (items.length > 0) source.tokens.expect(',');
    if (source.tokens.takes(end)) break;
    items.push(parseExpression(source));
  }
  return items;
}

function parseDict(source: Source): Expression {
  const { tokens } = source;
  const entries: [Expression, Expression][] = [];
  while (!tokens.takes('}')) {
    if (entries.length > 0) tokens.expect(',');
    if (tokens.takes('}')) break;
    const key = parseExpression(source);
    tokens.expect(':');
    entries.push([key, parseExpression(source)]);
  }
  return (scope) => dictOf(entries.map(([key, value]) => [key(scope), value(scope)]));
}

function parsePostfix(source: Source, start: Expression): Expression {
  const { tokens } = source;
  let value = start;
  for (;;) {
    const object = value;
    if (tokens.takes('.')) {
      const { kind, text } = tokens.next();
      if (kind === 'name') value = (scope) => getAttribute(object(scope), text);
      else if (kind === 'integer') value = (scope) => getItem(object(scope), Number(text));
      else tokens.fail('expected a name behind the dot');
    } else if (tokens.takes('[')) {
      const item = parseSubscript(source);
      value = (scope) => item(object(scope), scope);
    } else if (tokens.sees('(')) {
      const args = parseArguments(source);
      value = (scope) => callValue(object(scope), ...args(scope));
    } else return value;
  }
}

type Subscript = (object: Value, scope: Parameters<Expression>[0]) => Value;

function parseSubscript(source: Source): Subscript {
  const { tokens } = source;
  const bound = (): Expression | null => (tokens.sees(':') || tokens.sees(']') ? null : parseExpression(source));
  const first = bound();
  if (!tokens.takes(':')) {
    if (first === null) return tokens.fail('expected an index');
    tokens.expect(']');
    return (object, scope) => getItem(object, first(scope));
  }
  const bounds = [first, bound(), tokens.takes(':') ? bound() : null];
  tokens.expect(']');
  return (object, scope) => {
    const places = bounds.map((each) => each?.(scope) ?? null).map((place) => (place === null ? null : whole(place)));
    if (typeof object === 'string') return sliceOf([...object], places).join('');
    if (object instanceof Tuple) return tupleOf(...sliceOf(object, places));
    if (Array.isArray(object)) return sliceOf(object, places);
    if (object === undefined) throw new TemplateError('a slice is taken of something undefined');
    // Jinja asks the object for the slice as a key and, where it has none, gives undefined.
    return undefined;
  };
}

function whole(value: Value): number {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  throw new TemplateError('slice indices must be integers or None');
}

type Arguments = (scope: Parameters<Expression>[0]) => [Value[], Map<string, Value>];

/** The arguments of a call, with their parentheses. */
export function parseArguments(source: Source): Arguments {
  const { tokens } = source;
  const positional: { readonly value: Expression; readonly spread: boolean }[] = [];
  const named: { readonly name?: string; readonly value: Expression }[] = [];
  tokens.expect('(');
  for (let first = true; !tokens.takes(')'); first = false) {
    if (!first) tokens.expect(',');
    if (tokens.takes(')')) break;
    if (tokens.takes('**')) named.push({ value: parseExpression(source) });
    else if (tokens.takes('*')) positional.push({ value: parseExpression(source), spread: true });
    else {
      const name = tokens.current.kind === 'name' ? tokens.current.text : undefined;
      if (name !== undefined && tokens.takes(name, '=')) named.push({ name, value: parseExpression(source) });
      else if (named.length > 0) tokens.fail('expected a named argument');
      else positional.push({ value: parseExpression(source), spread: false });
    }
  }
  return (scope) => {
    const args = positional.flatMap(({ value, spread }) => (spread ? iterate(value(scope)) : [value(scope)]));
    const keywords = new Map<string, Value>();
    for (const { name, value } of named) {
      const given = value(scope);
      if (name !== undefined) keywords.set(name, given);
      else if (given instanceof Map) for (const [key, item] of given) keywords.set(String(key), item);
      else throw new TemplateError(`argument after ** must be a mapping, not ${typeName(given)}`);
    }
    return [args, keywords];
  };
}

const noArguments: Arguments = () => [[], new Map()];

function parseFilters(source: Source, start: Expression): Expression {
  const { tokens } = source;
  let value = start;
  for (;;) {
    const operand = value;
    if (tokens.takes('|')) {
      const { apply } = parseFilter(source);
      value = (scope) => apply(operand(scope), scope);
    } else if (tokens.takes('is')) value = parseTest(source, operand);
    else if (tokens.sees('(')) {
      const args = parseArguments(source);
      value = (scope) => callValue(operand(scope), ...args(scope));
    } else return value;
  }
}

/** A filter with its arguments, behind the bar. */
export function parseFilter(source: Source): {
  readonly apply: (value: Value, scope: Parameters<Expression>[0]) => Value;
} {
  const name = dotted(source);
  const args = source.tokens.sees('(') ? parseArguments(source) : noArguments;
  return { apply: (value, scope) => filterNamed(name)(value, ...args(scope)) };
}

function dotted({ tokens }: Source): string {
  let name = tokens.name();
  while (tokens.takes('.')) name += `.${tokens.name()}`;
  return name;
}

function parseTest(source: Source, operand: Expression): Expression {
  const { tokens } = source;
  const negated = tokens.takes('not');
  const name = dotted(source);
  let args = noArguments;
  const { kind, text } = tokens.current;
  if (tokens.sees('(')) args = parseArguments(source);
  else if (
    ['string', 'integer', 'float'].includes(kind) ||
    (kind === 'operator' && (text === '[' || text === '{')) ||
    (kind === 'name' && !['else', 'or', 'and', 'is'].includes(text))
  ) {
    const argument = parsePostfix(source, parsePrimary(source));
    args = (scope) => [[argument(scope)], new Map()];
  }
  return (scope) => testNamed(name)(operand(scope), ...args(scope)[0]) !== negated;
}
