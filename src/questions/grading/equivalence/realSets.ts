/** Sets of real numbers as unions of intervals: reads intervals, inequalities in one letter, unions and differences, and compares them. */
import type Decimal from 'decimal.js';
import { split, splitAt } from './brackets';
import * as C from './complex';
import { parseExpression } from './expression';
import {
  isLetter,
  isName,
  linearIn,
  type Quadratic,
  quadraticIn,
  type Relation,
  readRelation,
  type Sign,
  turned,
} from './relations';

/** An interval; an end at infinity is open. */
interface Interval {
  readonly low: Decimal;
  readonly high: Decimal;
  readonly closedLow: boolean;
  readonly closedHigh: boolean;
}
/** Intervals in order, none of which touch. */
export type RealSet = readonly Interval[];

const number = (value: Decimal.Value): Decimal => C.real(value).re;
const ALL: RealSet = [
  {
    low: number(Number.NEGATIVE_INFINITY),
    high: number(Number.POSITIVE_INFINITY),
    closedLow: false,
    closedHigh: false,
  },
];
const MOST_PARTS = 20;

/** The set that a text describes; undefined where it describes none, or one with letters in its ends. */
export function readRealSet(text: string): RealSet | undefined {
  const plain = text.trim().replace(/^(?:\p{L}|\\[a-zA-Z]+)\s*\\in(?![a-zA-Z])\s*/u, '');
  const { parts, separators } = splitAt(plain, /\\(?:setminus|cup|cap|lor|land)(?![a-zA-Z])|,/y);
  if (parts.length > MOST_PARTS) return undefined;
  const sets = parts.map((part) => (parts.length === 1 ? simple(part) : readRealSet(part)));
  if (sets.some((set) => set === undefined)) return undefined;
  return separators.reduce<RealSet | undefined>((left, separator, i) => {
    const right = sets[i + 1] as RealSet;
    if (!left) return undefined;
    if (separator.includes('setminus')) return without(left, right);
    if (separator.includes('cup') || separator.includes('lor')) return normal(left.concat(right));
    const both = intersection(left, right);
    // A comma between inequalities that exclude each other can only mean "or".
    return separator === ',' && both.length === 0 ? normal(left.concat(right)) : both;
  }, sets[0]);
}

function simple(text: string): RealSet | undefined {
  if (/^(?:\\mathbb\s*\{?\s*R\s*\}?|\\R|\\Re|\(?all real numbers\)?)$/i.test(text)) return ALL;
  const braced = /^\\\{(.*)\\\}$/s.exec(text)?.[1];
  if (braced !== undefined) return points(braced);
  const bracketed = /^([[(\]])(.*)([)\][])$/s.exec(text);
  if (bracketed) {
    const ends = split(bracketed[2] as string, /,/y);
    if (ends.length === 2)
      return between(ends[0] as string, ends[1] as string, bracketed[1] === '[', bracketed[3] === ']');
    return ends.length === 1 && bracketed[1] === '(' && bracketed[3] === ')'
      ? readSetOfRelation(bracketed[2] as string)
      : undefined;
  }
  return readSetOfRelation(text);
}

function points(list: string): RealSet | undefined {
  const builder = /^\s*\p{L}\s*(?:\\in\s*\\mathbb\s*\{?R\}?)?\s*(?:\||:)(.*)$/su.exec(list);
  if (builder) return readRealSet(builder[1] as string);
  const ends = split(list, /,/y).map(endOf);
  if (ends.some((end) => end === undefined)) return undefined;
  return normal(ends.map((end) => ({ low: end as Decimal, high: end as Decimal, closedLow: true, closedHigh: true })));
}

/** A finite real number, or an infinity. */
function endOf(text: string): Decimal | undefined {
  const infinite = /^([+-]?)\s*\\infty$/.exec(text.trim());
  if (infinite) return number(infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
  const read = parseExpression(text);
  const value = read?.letters.size === 0 ? read.value(new Map()) : undefined;
  return value && C.isFiniteNumber(value) && C.isNearlyReal(value) ? value.re : undefined;
}

function between(low: string, high: string, closedLow: boolean, closedHigh: boolean): RealSet | undefined {
  const [left, right] = [endOf(low), endOf(high)];
  if (!left || !right || left.gt(right) || (left.eq(right) && !(closedLow && closedHigh))) return undefined;
  return [
    { low: left, high: right, closedLow: closedLow && left.isFinite(), closedHigh: closedHigh && right.isFinite() },
  ];
}

/** The solutions of an inequality in one letter, or in one name such as `f(x)`. */
function readSetOfRelation(text: string): RealSet | undefined {
  const { sides: written, signs } = readRelation(text);
  const sides = written.map((side) => (isName(side) && !side.includes('^') ? 'x' : side));
  if (sides.length === 3) return chain({ sides, signs });
  const [sign] = signs;
  if (sides.length !== 2 || !sign || sign === '=' || sign === '≈') return undefined;
  return solved(sides[0] as string, sign, sides[1] as string);
}

/** The solutions of `left sign right`, which is linear or quadratic in its only letter, or has one absolute value against a number. */
const solved = (left: string, sign: Sign, right: string): RealSet | undefined =>
  absolute(left, sign, right) ?? absolute(right, turned(sign), left) ?? half(left, sign, right);

function chain({ sides, signs }: Relation): RealSet | undefined {
  const [low, middle, high] = sides as [string, string, string];
  const [first, second] = signs as [Sign, Sign];
  if (![first, second].every((sign) => '<≤'.includes(sign)) && ![first, second].every((sign) => '>≥'.includes(sign)))
    return undefined;
  const [a, b] = [solved(low, first, middle), solved(middle, second, high)];
  return a && b && intersection(a, b);
}

function absolute(text: string, sign: Sign, bound: string): RealSet | undefined {
  const inner = /^\|([^|]+)\|$/.exec(text)?.[1];
  if (inner === undefined || endOf(bound) === undefined) return undefined;
  const [upper, lower] = [half(inner, sign, bound), half(inner, turned(sign), `-(${bound})`)];
  if (!upper || !lower) return undefined;
  return '<≤'.includes(sign) || sign === '≠' ? intersection(upper, lower) : normal([...upper, ...lower]);
}

/** The solutions of `left sign right`, linear or quadratic in its only letter. */
function half(left: string, sign: Sign, right: string): RealSet | undefined {
  const infinite = [left, right].find((side) => /\\infty/.test(side));
  if (infinite !== undefined) return isLetter(left === infinite ? right : left) ? ALL : undefined;
  const read = parseExpression(`(${left})-(${right})`);
  const [letter, more] = [...(read?.letters ?? [])];
  if (!read || letter === undefined || more !== undefined) return undefined;
  const linear = linearIn(read, letter);
  if (!linear) return ofQuadratic(quadraticIn(read, letter), sign);
  const at = C.div(C.neg(linear.rest), linear.slope);
  if (!C.isNearlyReal(at) || !C.isNearlyReal(linear.slope)) return undefined;
  if (sign === '≠') return without(ALL, [{ low: at.re, high: at.re, closedLow: true, closedHigh: true }]);
  const way = linear.slope.re.isPositive() ? sign : turned(sign);
  const closed = way === '≤' || way === '≥';
  const [all] = ALL as [Interval];
  return '<≤'.includes(way)
    ? [{ ...all, high: at.re, closedHigh: closed }]
    : [{ ...all, low: at.re, closedLow: closed }];
}

/** Where `a (x - first)(x - second) sign 0`, for the roots in order; everywhere or nowhere where there are none. */
function ofQuadratic(quadratic: Quadratic | undefined, sign: Sign): RealSet | undefined {
  if (!quadratic) return undefined;
  const { a, b, c } = quadratic;
  const discriminant = b.mul(b).sub(a.mul(c).mul(4));
  const roots = discriminant.lt(0)
    ? []
    : [-1, 1].map((way) => discriminant.sqrt().mul(way).mul(a.s).sub(b).div(a.mul(2)));
  const at = roots.map((root) => ({ low: root, high: root, closedLow: true, closedHigh: true }));
  if (sign === '≠') return without(ALL, normal(at));
  const [first, second] = roots;
  const strict = sign === '<' || sign === '>';
  const inside = '<≤'.includes(sign) === a.isPositive();
  const closed: RealSet = first && second ? [{ low: first, high: second, closedLow: true, closedHigh: true }] : [];
  const open = without(closed, normal(at));
  return inside ? (strict ? open : closed) : without(ALL, strict ? closed : open);
}

const sameEnd = (a: Decimal, b: Decimal): boolean => a.eq(b) || C.agree(C.real(a), C.real(b));

function intersection(a: RealSet, b: RealSet): RealSet {
  return normal(
    a.flatMap((x) =>
      b.flatMap((y) => {
        const [low, high] = [x.low.gt(y.low) ? x : y, x.high.lt(y.high) ? x : y];
        const closedLow = sameEnd(x.low, y.low) ? x.closedLow && y.closedLow : low.closedLow;
        const closedHigh = sameEnd(x.high, y.high) ? x.closedHigh && y.closedHigh : high.closedHigh;
        const one = sameEnd(low.low, high.high);
        if (one ? !(closedLow && closedHigh) : low.low.gt(high.high)) return [];
        return [{ low: low.low, high: high.high, closedLow, closedHigh }];
      }),
    ),
  );
}

const without = (a: RealSet, b: RealSet): RealSet => b.reduce((rest, hole) => intersection(rest, outside(hole)), a);

function outside({ low, high, closedLow, closedHigh }: Interval): RealSet {
  const [all] = ALL as [Interval];
  return [
    ...(low.isFinite() ? [{ ...all, high: low, closedHigh: !closedLow }] : []),
    ...(high.isFinite() ? [{ ...all, low: high, closedLow: !closedHigh }] : []),
  ];
}

/** Sorts intervals and joins those that touch. */
function normal(intervals: readonly Interval[]): RealSet {
  const sorted = [...intervals].sort((a, b) => a.low.cmp(b.low) || Number(b.closedLow) - Number(a.closedLow));
  const joined: Interval[] = [];
  for (const next of sorted) {
    const last = joined[joined.length - 1];
    const touches =
      last && (next.low.lt(last.high) || (sameEnd(next.low, last.high) && (next.closedLow || last.closedHigh)));
    if (!last || !touches) joined.push(next);
    else {
      const [high, closedHigh] = sameEnd(last.high, next.high)
        ? [last.high, last.closedHigh || next.closedHigh]
        : last.high.gt(next.high)
          ? [last.high, last.closedHigh]
          : [next.high, next.closedHigh];
      joined[joined.length - 1] = { ...last, high, closedHigh };
    }
  }
  return joined;
}

export const sameRealSet = (a: RealSet, b: RealSet): boolean =>
  a.length === b.length &&
  a.every((x, i) => {
    const y = b[i] as Interval;
    const ends = sameEnd(x.low, y.low) && sameEnd(x.high, y.high);
    return ends && x.closedLow === y.closedLow && x.closedHigh === y.closedHigh;
  });
