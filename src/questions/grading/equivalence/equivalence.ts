/**
 * Decides whether two answers to a mathematical question are the same: numbers, expressions, equations, inequalities,
 * intervals, sets, tuples, matrices, words. Expressions are compared by their values at fixed points to 18 digits, whole numbers in every digit;
 * 50 % equals both 50 and 0.5, 60° both 60 and π/3, and a unit that the reference leaves out does no harm. The text is never executed; its
 * length and the time are bounded.
 */
import { split } from './brackets';
import type { Complex } from './complex';
import * as C from './complex';
import { basedNumber, type Expression, inBase, parseExpression } from './expression';
import { unwrapped } from './notation';
import { ENVIRONMENT, plainAnswer, rowsOf } from './plainAnswer';
import { valuesAt } from './points';
import { readRealSet, sameRealSet } from './realSets';
import { isLetter, isName, readRelation, sameEquation, sameInequality, valuesOf } from './relations';
import { agreesInDigits } from './rounding';
import { sameUnits, splitUnit } from './units';
import { normalizeWords } from './words';

/** Longer answers are only compared as text. */
const LONGEST = 1000;
/** Most items of a list, and most levels of nested lists, that are compared. */
const MOST_ITEMS = 50;
const DEEPEST = 8;
/** Digits to which expressions are computed, and the most to which whole numbers are. */
const DIGITS = 32;
const MOST_DIGITS = 3000;

/** How answers are compared. */
interface Comparison {
  /** Whether a given number may be the rounded reference, or the reference the rounded number. */
  readonly rounding: boolean;
  readonly depth: number;
}

/** Whether a given answer says the same as the reference; a decimal reference counts as its rounding. */
export const equivalent = (given: string, reference: string): boolean => compare(given, reference, true);

/** Whether two answers have the same value, whichever is the reference: an equivalence relation, for counting votes. */
export const sameValue = (a: string, b: string): boolean => compare(a, b, false) || compare(b, a, false);

function compare(given: string, reference: string, rounding: boolean): boolean {
  if (given.trim() === reference.trim()) return given.trim() !== '';
  if (Math.max(given.length, reference.length) > LONGEST) return false;
  const [a, b] = [plainAnswer(given), plainAnswer(reference)];
  if (a === '' || b === '') return false;
  if (withoutBlanks(a) === withoutBlanks(b)) return true;
  return same(a, b, { rounding, depth: 0 });
}

/** Without blanks, but for those that keep two numbers apart. */
const withoutBlanks = (text: string): string => text.replace(/\s+(?!\d)|(?<!\d)\s+/g, '');

type Rule = (a: string, b: string, how: Comparison) => boolean | undefined;

/** Applies the rules one after the other. A rule returns undefined where it does not apply. */
function same(a: string, b: string, how: Comparison): boolean {
  if (how.depth > DEEPEST) return false;
  const below = { ...how, depth: how.depth + 1 };
  for (const rule of RULES) {
    const verdict = rule(a, b, below);
    if (verdict !== undefined) return verdict;
  }
  return false;
}

/** A text without anything around it: brackets of a whole answer, and the command that makes words. */
function bare(text: string): string {
  const inner = /^\\(?:text|mathrm|mathbf|textbf|textit|mbox|textrm|mathit|rm|bf)\s*\{([^{}]*)\}$/.exec(text)?.[1];
  return inner === undefined ? text : inner.trim();
}

const sameBare: Rule = (a, b, how) => {
  const [x, y] = [bare(a), bare(b)];
  return x === a && y === b ? undefined : same(x, y, how);
};

/** Words are compared as words, never as products of letters. */
const sameWords: Rule = (a, b) => {
  const [left, right] = [a, b].map((text) => (itemsOf(text)?.length === 0 ? undefined : wordsOf(text)));
  if (left === undefined && right === undefined) return undefined;
  if (left !== undefined && right !== undefined) return left === right;
  const [words, other] = left === undefined ? [right, a] : [left, b];
  return normalizeWords(unwrapped(other)) === words && !/[\d=<>^_\\]/.test(unwrapped(other)) ? true : undefined;
};

/** The words of an answer that has nothing else, and one of at least three letters. */
function wordsOf(text: string): string | undefined {
  const plain = unwrapped(text);
  const found =
    /^[\p{L}\s()'’.,-]+$/u.test(plain) && /\p{L}{3}/u.test(plain) && !/^(?:sin|cos|tan|log|exp)/.test(plain);
  return found && !/[a-z]-[a-z](?![a-z])/i.test(plain) ? normalizeWords(plain) : undefined;
}

/** Times of day: not a division. */
const sameTime: Rule = (a, b) => {
  const [left, right] = [a, b].map((text) =>
    /^0?(\d{1,2}):(\d\d)\s*(?:\\text\s*\{)?\s*([ap])?\.?m?\.?\s*\}?$/i.exec(text),
  );
  if (!left || !right) return undefined;
  return (
    left[1] === right[1] &&
    left[2] === right[2] &&
    (left[3] ?? right[3])?.toLowerCase() === (right[3] ?? left[3])?.toLowerCase()
  );
};

const sameSubset: Rule = (a, b) => {
  const [left, right] = [readRealSet(a), readRealSet(b)];
  return left && right ? sameRealSet(left, right) : undefined;
};

const IN = /^(?:\p{L}|\([\p{L}, ]+\)|\\[a-zA-Z]+)(?:_\{?\w+\}?)?\s*\\in(?![a-zA-Z])\s*/u;
const sameMember: Rule = (a, b, how) => {
  const [x, y] = [a.replace(IN, ''), b.replace(IN, '')];
  return x === a && y === b ? undefined : same(x, y, how);
};

/** Equations by their solutions, inequalities by their sides, and an equation as the value that it comes to. */
const sameRelation: Rule = (a, b, how) => {
  const [left, right] = [readRelation(a), readRelation(b)];
  if (left.sides.length === 1 && right.sides.length === 1) return undefined;
  if (isList(a) || isList(b)) return undefined;
  const [p, q] = [left.signs[0], right.signs[0]];
  if (left.sides.length === 2 && right.sides.length === 2) {
    if ((p === '=' || p === '≈') !== (q === '=' || q === '≈')) return false;
    if (p !== '=' && p !== '≈') return sameInequality(left, right) ?? withoutBlanks(a) === withoutBlanks(b);
    if (sameEquation(left, right)) return true;
    const [x, y] = [left.sides[0] as string, right.sides[0] as string];
    if (!isName(x) || !isName(y)) return chains(a, b, how);
    // In a list, every name has a value of its own.
    if (how.depth > 1 && x !== y) return false;
    return same(left.sides[1] as string, right.sides[1] as string, how);
  }
  return chains(a, b, how);
};

/** Compares what the chains come to. A reference that is an equation between expressions is no value. */
function chains(a: string, b: string, how: Comparison): boolean {
  const [given, wanted] = [valuesOf(a), valuesOf(b)];
  const { sides: of, signs } = readRelation(b);
  if (of.length === 2 && signs[0] === '=' && ![of[0], of[1]].some((side) => isName(side as string))) return false;
  if (given[0] === a && wanted[0] === b) return false;
  return given.some((x) => wanted.some((y) => same(x, y, how)));
}

const sameMatrix: Rule = (a, b, how) => {
  const [left, right] = [readMatrix(a), readMatrix(b)];
  if (!left && !right) return undefined;
  if (!left || !right || left.length !== right.length) return false;
  return left.every((row, i) => inOrder(row, right[i] as string[], how));
};

/** The cells of a matrix, with its factor multiplied in, behind `A =` or alone. */
function readMatrix(text: string): string[][] | undefined {
  const match = ENVIRONMENT.exec(text);
  if (!match) return undefined;
  const before = text
    .slice(0, match.index)
    .replace(/(?:\(|\[|\\lbrack)\s*$/, '')
    .replace(/^.*=/s, '')
    .trim();
  const behind = text
    .slice(match.index + match[0].length)
    .replace(/^\s*[)\]]/, '')
    .trim();
  if (behind !== '') return undefined;
  const factor = before === '-' ? '-1' : before.replace(/\\(?:cdot|times)\s*$|\*$/, '').trim();
  return rowsOf(match[2] as string).map((row) => (factor === '' ? row : row.map((cell) => `(${factor})(${cell})`)));
}

const inOrder = (a: readonly string[], b: readonly string[], how: Comparison): boolean =>
  a.length === b.length && a.length <= MOST_ITEMS && a.every((item, i) => same(item, b[i] as string, how));

const ITEM = /,|;|\\(?:land|lor)(?![a-z])/y;
const isList = (text: string): boolean => split(text, ITEM).length > 1;

/** The items of a set or of a list without brackets, with both values of a `\pm`; undefined for anything else. */
function itemsOf(text: string): string[] | undefined {
  const plain = text.replace(/^\p{L}\s*=\s*(?=\\\{)/u, '');
  if (
    /^\\emptyset$|^\\\{\s*\\\}$|^(?:the )?(?:empty set|none|no (?:real |such )?solutions?)$/i.test(
      unwrapped(plain).trim(),
    )
  )
    return [];
  const inner = (/^\\\{(.*)\\\}$/s.exec(plain) ?? /^\{([^{}]*,[^{}]*)\}$/s.exec(plain))?.[1];
  const list = split(inner ?? plain, ITEM).filter((item) => item !== '');
  const signed = namedOnce(list).flatMap((item) =>
    /\\pm(?![a-z])/.test(item)
      ? [
          ['+', '-'],
          ['-', '+'],
        ].map(([pm = '', mp = '']) =>
          item
            .replace(/\\pm\s*/g, pm)
            .replace(/\\mp\s*/g, mp)
            .replace(/^(.*=)?\s*\+/, '$1'),
        )
      : [item],
  );
  return inner !== undefined || signed.length > 1 ? signed.map((item) => item.trim()) : undefined;
}

/** `x = 2, 3` is `x = 2, x = 3`, and where all items name the same letter, none needs to. */
function namedOnce(items: readonly string[]): readonly string[] {
  const names = items.map((item) => {
    const { sides: of, signs } = readRelation(item);
    return of.length === 2 && signs[0] === '=' && isName(of[0] as string) ? of[0] : undefined;
  });
  const [first] = names;
  const one = first !== undefined && names.every((name) => name === first || name === undefined);
  return one ? items.map((item) => readRelation(item).sides.at(-1) as string) : items;
}

/**
 * `x = 1, y = 2` as the tuple of the values by the names in alphabetical order, and several of them between semicolons as a list of tuples;
 * undefined for what does not name each value.
 */
function assigned(text: string): string | undefined {
  const tuples = split(text, /;|\\lor(?![a-z])/y).map((group) => {
    const pairs = split(group, ITEM).map((item) => readRelation(item));
    const named = pairs.every(
      ({ sides, signs }) => sides.length === 2 && signs[0] === '=' && isLetter(sides[0] as string),
    );
    const values = new Map(pairs.map(({ sides: [name = '', value = ''] }) => [name, value]));
    if (!named || values.size < 2 || values.size < pairs.length) return undefined;
    return `(${[...values.keys()]
      .sort()
      .map((name) => values.get(name))
      .join(',')})`;
  });
  return tuples.includes(undefined) ? undefined : tuples.join(', ');
}

const sameSet: Rule = (a, b, how) => {
  const [x, y] = [assigned(a), assigned(b)];
  if (x !== undefined && /^\(/.test(b)) return same(x, b, how);
  if (y !== undefined && /^\(/.test(a)) return same(a, y, how);
  const [left, right] = [itemsOf(a), itemsOf(b)];
  // The same value twice, as in "1/2 or 0.5".
  if (left && !right && left.length === 2 && /\\lor/.test(a)) return left.every((item) => same(item, b, how));
  if (!left || !right) return left || right ? false : undefined;
  if (left.length > MOST_ITEMS || right.length > MOST_ITEMS) return false;
  const meets = (x: string, y: string): boolean => x === y || same(x, y, how);
  return left.every((x) => right.some((y) => meets(x, y))) && right.every((y) => left.some((x) => meets(x, y)));
};

/** Compares bracketed lists, including intervals; the kind of brackets counts. */
const sameTuple: Rule = (a, b, how) => {
  const [left, right] = [a, b].map((text) => {
    const match = /^([([])(.*)([)\]])$/s.exec(text);
    const items = match ? split(match[2] as string, /,|;/y) : [];
    const brackets = `${match?.[1]}${match?.[3]}`;
    return match && items.length > 1 ? { brackets, items } : undefined;
  });
  if (!left || !right) return left || right ? false : undefined;
  return left.brackets === right.brackets && inOrder(left.items, right.items, how);
};

const sameInfinity: Rule = (a, b) => {
  const [p, q] = [a, b].map((text) => /^([+-]?)\s*\\infty$/.exec(text));
  return p || q ? p?.[1]?.replace('+', '') === q?.[1]?.replace('+', '') && Boolean(p && q) : undefined;
};

/** Numbers in a base: digits without a base are read in the reference's. */
const sameBased: Rule = (a, b) => {
  const wanted = basedNumber(unwrapped(b));
  if (!wanted) return undefined;
  const given = basedNumber(unwrapped(a)) ?? {
    digits: unwrapped(a).replace(/\s/g, '').toUpperCase(),
    base: wanted.base,
  };
  if (!/^[0-9A-Z]+$/.test(given.digits)) return undefined;
  const value = inBase(given.digits, given.base);
  return value !== undefined && value === inBase(wanted.digits, wanted.base);
};

const sameExpression: Rule = (a, b, { rounding }) => {
  if (sameNumber(a, b, rounding)) return true;
  const [given, wanted] = [splitUnit(a), splitUnit(b)];
  if (!given && !wanted) return false;
  if (given && wanted) {
    const ratio = sameUnits(given.unit, wanted.unit);
    if (ratio === undefined) return false;
    return ratio === 1 ? sameNumber(given.body, wanted.body, rounding) : convertsTo(given.body, ratio, wanted.body);
  }
  return sameNumber(given?.body ?? a, wanted?.body ?? b, rounding);
};

/** Whether a number is another one in another unit; factors between units have some ten digits. */
function convertsTo(given: string, ratio: number, wanted: string): boolean {
  const [x, y] = [given, wanted].map((text) => parseExpression(text)?.value(new Map()).re.toNumber() ?? Number.NaN);
  return Math.abs((x as number) * ratio - (y as number)) <= 1e-9 * Math.abs(y as number);
}

function sameNumber(a: string, b: string, rounding: boolean): boolean {
  const based = basedNumber(unwrapped(a));
  const [left, right] = [parseExpression(based ? String(inBase(based.digits, based.base)) : a), parseExpression(b)];
  if (!left || !right) return false;
  return C.withDigits(DIGITS, () => {
    if (left.letters.size + right.letters.size > 0) return equalAtPoints(left, right);
    const [x, y] = [left.value(new Map()), right.value(new Map())];
    if (!C.isFiniteNumber(x) || !C.isFiniteNumber(y)) return false;
    const [given, wanted] = [scalesOf(left).map((p) => C.mul(x, p)), scalesOf(right).map((q) => C.mul(y, q))];
    // The last scale is the one that is written.
    const [value, reference] = [given.at(-1), wanted.at(-1)] as [Complex, Complex];
    if (given.some((p) => wanted.some((q) => C.agree(p, q))))
      return !(left.exact && right.exact) || equalInFull(left, right, reference);
    return rounding && agreesInDigits({ text: a, value }, { text: b, value: reference });
  });
}

/** What a value may be multiplied with: a per cent or degree sign may be meant or not. */
const scalesOf = ({ percent, degrees }: Expression): Complex[] => [
  C.real(1),
  ...(percent ? [C.real(100)] : []),
  ...(degrees ? [C.div(C.real(180), C.pi())] : []),
];

/** Whether two numbers that agree so far do so to the last digit before the point. */
function equalInFull(a: Expression, b: Expression, { re }: Complex): boolean {
  if (re.e < DIGITS - C.GUARD || a.percent !== b.percent) return true;
  return C.withDigits(Math.min(re.e + C.GUARD + 5, MOST_DIGITS), () => C.agree(a.value(new Map()), b.value(new Map())));
}

/** Where both are real at two points at least, these decide: `\ln x^2` is `2\ln x` where both are defined. */
function equalAtPoints(a: Expression, b: Expression): boolean {
  let reals = 0;
  const others: boolean[] = [];
  for (const [x, y] of valuesAt(a, b)) {
    if (!C.isNearlyReal(x) || !C.isNearlyReal(y)) others.push(C.agree(x, y));
    else if (C.agree(x, y)) reals++;
    else return false;
  }
  return reals > 1 || (others.length > 0 && others.every(Boolean));
}

const RULES: readonly Rule[] = [
  ...[sameBare, sameWords, sameTime, sameSubset, sameMember, sameMatrix, sameRelation, sameSet, sameTuple],
  ...[sameInfinity, sameBased, sameExpression],
];
