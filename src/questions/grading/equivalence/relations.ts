/** Compares equations and inequalities by their values, and reads the value that a chain of equations comes to. */
import type Decimal from 'decimal.js';
import { splitAt } from './brackets';
import type { Complex } from './complex';
import * as C from './complex';
import { type Expression, parseExpression } from './expression';
import { pointsOf, valuesAt } from './points';

export type Sign = '=' | '<' | '>' | '≤' | '≥' | '≠' | '≈';
const SIGNS: Readonly<Record<string, Sign>> = { '\\le': '≤', '\\ge': '≥', '\\ne': '≠', '\\approx': '≈', ':=': '=' };
const SIGN = /\\(?:le|ge|ne|approx)(?![a-zA-Z])|:=|[<>=]/y;
const TURNED: Readonly<Record<Sign, Sign>> = {
  ...{ '<': '>', '>': '<', '≤': '≥', '≥': '≤' },
  ...{ '=': '=', '≠': '≠', '≈': '≈' },
};

export const turned = (sign: Sign): Sign => TURNED[sign];

/** The sides of a relation and the signs between them; one side and no sign for any other text. */
export interface Relation {
  readonly sides: readonly string[];
  readonly signs: readonly Sign[];
}

export function readRelation(text: string): Relation {
  const { parts, separators } = splitAt(text, SIGN);
  return { sides: parts, signs: separators.map((sign) => SIGNS[sign] ?? (sign as Sign)) };
}

/** Whether a text is a letter with or without an index. */
export const isLetter = (text: string): boolean =>
  /^(?:\p{L}|\\[a-zA-Z]+)'*(?:_\{?[\w, ]+\}?)?$/u.test(text) && !/^\\(?:infty|emptyset|pi)/.test(text);
const NAMED = [
  // x, f(x), f^{-1}(x), AB
  String.raw`(?!\\pi$)\\?\p{L}+'*(?:_\{?[\w, ]+\}?)?(?:\^\{?-?\d\}?)?(?:\(\s*\p{L}(?:\s*,\s*\p{L})*\s*\))?`,
  // f(2), a_{10}, S_{\triangle ABC}, P(A \cap B)
  String.raw`\p{L}'*(?:\(\s*-?\d+\s*\)|_\{\s*\\?[\w, ]+\})`,
  String.raw`P\s*\([^()=<>]+\)`,
  String.raw`(?:m\s*)?\\(?:angle|triangle|overline|vec|overrightarrow)\s*\{?\s*\p{L}+\s*\}?`,
  String.raw`\|\s*(?:\p{Lu}{2}|\\(?:vec|overrightarrow|overline)\s*\{\s*\p{L}+\s*\})\s*\||\[\p{Lu}{3,6}\]`,
];
const NAME = NAMED.map((pattern) => `(?:${pattern})`).join('|');
const NAME_ALONE = new RegExp(`^(?:${NAME})$`, 'u');
const RATIO = new RegExp(
  `^(?:(?:${NAME})\\s*[:/]\\s*(?:${NAME})|\\\\frac\\s*\\{(?:${NAME})\\}\\s*\\{(?:${NAME})\\})$`,
  'u',
);
const TUPLE = /^\(\s*\p{L}(?:_\{?\d\}?)?(?:\s*,\s*\p{L}(?:_\{?\d\}?)?)+\s*\)$/u;

/**
 * Whether a text is a name that an answer gives a value to: `x`, `f(x)`, `f(2)`, `f^{-1}(x)`, `AB`, `|AB|`, `\angle ABC`, `P(A)`, `(x, y)`, or
 * a ratio of two names.
 */
export const isName = (text: string): boolean =>
  isLetter(text) || NAME_ALONE.test(text) || TUPLE.test(text) || RATIO.test(text);

/** The texts that a chain of equations may stand for as a value, the last side first; the text itself for others. */
export function valuesOf(text: string): readonly string[] {
  const { sides, signs } = readRelation(text);
  if (sides.length === 1 || !signs.every((sign) => sign === '=' || sign === '≈')) return [text];
  const [first = '', last = ''] = [sides[0], sides[sides.length - 1]];
  if (isName(last) && !isName(first)) return [first];
  const before = signs[signs.length - 1] === '≈' ? sides[sides.length - 2] : undefined;
  return before !== undefined && !isName(before) ? [last, before] : [last];
}

const difference = ({ sides: [left, right] }: Relation): Expression | undefined =>
  parseExpression(`(${left})-(${right})`);

/** Whether two equations of two sides have the same solutions; undefined where one cannot be read. */
export function sameEquation(a: Relation, b: Relation): boolean | undefined {
  const [p, q] = [difference(a), difference(b)];
  if (!p || !q) return undefined;
  if (p.letters.size === 0 || q.letters.size === 0) return undefined;
  return ratioOf(p, q) !== undefined || (solves(p, q) && solves(q, p));
}

/** Whether two inequalities of two sides are one times a positive number the other; undefined where one cannot be read. */
export function sameInequality(a: Relation, b: Relation): boolean | undefined {
  const [p, q] = [difference(a), difference(b)];
  const [x, y] = [a.signs[0] as Sign, b.signs[0] as Sign];
  if (!p || !q || (p.letters.size === 0 && q.letters.size === 0)) return undefined;
  const ratio = ratioOf(p, q);
  if (!ratio || !C.isNearlyReal(ratio)) return false;
  return x === (ratio.re.isPositive() ? y : turned(y));
}

/** The number that one expression is times the other; undefined where there is none. */
function ratioOf(a: Expression, b: Expression): Complex | undefined {
  let first: Complex | undefined;
  let places = 0;
  for (const [x, y] of valuesAt(a, b)) {
    if (C.agree(x, C.real(0)) && C.agree(y, C.real(0))) continue;
    const ratio = C.div(x, y);
    if (!C.isFiniteNumber(ratio) || C.agree(ratio, C.real(0)) || (first && !C.agree(first, ratio))) return undefined;
    first = ratio;
    places++;
  }
  return places > 1 ? first : undefined;
}

/** Whether the solutions of `a` for every letter in which it is linear also solve `b`; false where there is no such letter. */
function solves(a: Expression, b: Expression): boolean {
  const letters = new Set([...a.letters, ...b.letters]);
  let tried = 0;
  for (const letter of a.letters) {
    for (const at of pointsOf(letters, false).slice(0, 4)) {
      const linear = linearIn(a, letter, at);
      if (!linear) break;
      const solution = C.div(C.neg(linear.rest), linear.slope);
      const value = b.value(new Map(at).set(letter, solution));
      if (!C.isFiniteNumber(value)) continue;
      if (!isZero(value)) return false;
      tried++;
    }
  }
  return tried > 1;
}

const isZero = (z: Complex): boolean => C.abs(z).re.lt('1e-16');

/** The expression at a point as slope times a letter plus a rest; undefined where it is not linear in that letter. */
export function linearIn(
  { value }: Expression,
  letter: string,
  at: ReadonlyMap<string, Complex> = new Map(),
): { readonly slope: Complex; readonly rest: Complex } | undefined {
  const f = (x: number): Complex => value(new Map(at).set(letter, C.real(x)));
  const rest = f(0);
  const slope = C.sub(f(1), rest);
  const straight = [-3.7, 2.3].every((x) => {
    const [found, expected] = [f(x), C.add(rest, C.mul(slope, C.real(x)))];
    return C.agree(found, expected) || (C.isFiniteNumber(found) && isZero(C.sub(found, expected)));
  });
  return straight && C.isFiniteNumber(slope) && !isZero(slope) ? { slope, rest } : undefined;
}

/** The real coefficients of a x² + b x + c. */
export interface Quadratic {
  readonly a: Decimal;
  readonly b: Decimal;
  readonly c: Decimal;
}

/** The expression, whose only letter is given, as a quadratic polynomial of it; undefined where it is none. */
export function quadraticIn({ value }: Expression, letter: string): Quadratic | undefined {
  const f = (x: number): Complex => value(new Map([[letter, C.real(x)]]));
  const [at, up, down] = [f(0), f(1), f(-1)];
  if (![at, up, down].every((z) => C.isFiniteNumber(z) && C.isNearlyReal(z))) return undefined;
  const [c, b] = [at.re, up.re.sub(down.re).div(2)];
  const a = up.re.add(down.re).div(2).sub(c);
  const fits = [-3.7, 2.3, 11.9].every((x) => C.agree(f(x), C.real(a.mul(x).add(b).mul(x).add(c))));
  return fits && !isZero(C.real(a)) ? { a, b, c } : undefined;
}
