/**
 * Decides whether two answers to a mathematical question are the same: numbers, expressions, equations, inequalities,
 * intervals, sets, tuples, matrices, words. Expressions are compared by their values at fixed points, not by algebra:
 * what agrees there to 1e-6 counts as equal. Units do not matter, and 50 % equals both 50 and 0.5. The text is never
 * executed; its length and the time are bounded.
 */
import type Complex from 'complex.js';
import { type Expression, parseExpression } from './equivalenceExpression';
import { normalizeWords, withoutStop } from './extraction';

/** Longer answers are only compared as text. */
const LONGEST = 1000;
/** Most items of a list, and most levels of nested lists, that are compared. */
const MOST_ITEMS = 50;
const DEEPEST = 8;
const TOLERANCE = 1e-6;
/** Values that take the place of letters: of both signs, and with no simple relation between them. */
const POINTS: readonly number[] = [0.7312, 1.9137, 2.6181, 0.3119, -0.8467, -1.7321, 1.2207, -2.3719, 0.5479, 1.4453];
const ROUNDS = 8;

/** Whether a given answer is equivalent to the reference. */
export function equivalent(given: string, reference: string): boolean {
  if (given.trim() === reference.trim()) return true;
  if (Math.max(given.length, reference.length) > LONGEST) return false;
  const [a, b] = [plainAnswer(given), plainAnswer(reference)];
  if (a === b && a !== '') return true;
  const [left, right] = [wordsOf(a), wordsOf(b)];
  if (left !== undefined && left === right) return true;
  return same(a, b);
}

/** Removes from LaTeX what does not change the value: sizes, dollars, blanks, units, thousands separators. */
function plainAnswer(text: string): string {
  const plain = text
    .replace(/\\\$|\$|\\(?:left|right|displaystyle|limits)(?![a-z])|(?<!\\)\\[!,]/g, '')
    .replace(/(?<!\\)\\[;: ]|~/g, ' ')
    .replace(/\{,\}/g, ',')
    .replace(/\\(?:text|mathrm)\s*\{\s*(?:and|or)\s*\}/g, ',')
    .replace(/\^\s*\{?\s*\\circ\s*\}?|°/g, '')
    .replace(
      /\\(?:text|mathrm|mathbf|textbf|mbox|operatorname)\s*\{([^{}]*)\}(\^\{?\d\}?)?/g,
      (...[, inner, , at, whole]) => (/[\d}]\s*$/.test(whole.slice(0, at)) ? '' : inner),
    )
    .replace(
      /(\d+\.)(\d*)\\overline\s*\{(\d+)\}/g,
      (_, whole: string, fixed: string, repeated: string) =>
        `(${whole}${fixed}0+${repeated}/${10 ** fixed.length * (10 ** repeated.length - 1)})`,
    )
    .replace(/(?<![\d.])\d{1,3}(?:,\d{3})+(?![\d,])/g, (number) => number.replaceAll(',', ''))
    .replace(/\\[dtc]frac/g, '\\frac')
    .replace(/\\%/g, '%');
  return withoutStop(plain).trim();
}

/** The words of an answer that consists only of words (of two letters or more) or of one letter. */
function wordsOf(text: string): string | undefined {
  return /^[\p{L}\s()'’.-]+$/u.test(text) && /\p{L}/u.test(text) ? normalizeWords(text) : undefined;
}

/** Applies the rules one after the other. A rule returns undefined where it does not apply. */
function same(a: string, b: string, depth = 0): boolean {
  if (depth > DEEPEST) return false;
  const rules = [sameUnion, sameRelation, sameMatrix, sameSet, sameTuple, sameExpression];
  for (const rule of rules) {
    const verdict = rule(a, b, depth + 1);
    if (verdict !== undefined) return verdict;
  }
  return false;
}

/** Splits a text at separators outside of brackets. */
function split(text: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
    if (depth !== 0) continue;
    separator.lastIndex = i;
    const match = separator.exec(text);
    if (!match) continue;
    parts.push(text.slice(start, i).trim());
    start = i + match[0].length;
    i = start - 1;
  }
  return [...parts, text.slice(start).trim()];
}

/** Whether two lists have the same items in any order; repeated items count once. */
function sameItems(a: readonly string[], b: readonly string[], depth: number): boolean {
  if (a.length > MOST_ITEMS || b.length > MOST_ITEMS) return false;
  const covers = (left: readonly string[], right: readonly string[]): boolean =>
    left.every((item) => right.some((other) => item === other || same(item, other, depth)));
  return covers(a, b) && covers(b, a);
}

function sameUnion(a: string, b: string, depth: number): boolean | undefined {
  const [left, right] = [split(a, /\\cup|∪/y), split(b, /\\cup|∪/y)];
  return left.length > 1 || right.length > 1 ? sameItems(left, right, depth) : undefined;
}

const RELATION = /\\(?:leq?|geq?|lt|gt)(?![a-z])|[<>≤≥]/y;
const SIGNS: Readonly<Record<string, string>> = {
  '\\le': '≤',
  '\\leq': '≤',
  '\\ge': '≥',
  '\\geq': '≥',
  '\\lt': '<',
  '\\gt': '>',
};

/** Turns an inequality in one letter into an interval; leaves other texts. */
function asInterval(text: string): string {
  const sides = split(text, RELATION);
  const signs = [...text.matchAll(new RegExp(RELATION, 'g'))].map(([sign]) => SIGNS[sign] ?? sign);
  if (sides.length === 2) {
    const [x, value] = sides as [string, string];
    const [sign = ''] = signs;
    if (isLetter(value))
      return isLetter(x) ? text : asInterval(`${value}${{ '<': '>', '>': '<', '≤': '≥', '≥': '≤' }[sign]}${x}`);
    if (!isLetter(x)) return text;
    if (sign === '>' || sign === '≥') return `${sign === '>' ? '(' : '['}${value},\\infty)`;
    return `(-\\infty,${value}${sign === '<' ? ')' : ']'}`;
  }
  const [low, x, high] = sides;
  if (sides.length !== 3 || !isLetter(x as string) || !signs.every((sign) => sign === '<' || sign === '≤')) return text;
  return `${signs[0] === '<' ? '(' : '['}${low},${high}${signs[1] === '<' ? ')' : ']'}`;
}

const isLetter = (text: string): boolean => /^(?:\p{L}|\\[a-z]+)$/u.test(text);

/** Compares relations: inequalities as intervals, equations by the ratio of their sides' differences, `x = 5` as 5. */
function sameRelation(a: string, b: string, depth: number): boolean | undefined {
  const [x, y] = [asInterval(a), asInterval(b)];
  if (x !== a || y !== b) return same(x, y, depth);
  const [left, right] = [split(a, /(?<![<>!\\])=/y), split(b, /(?<![<>!\\])=/y)];
  if (left.length === 1 && right.length === 1) return undefined;
  if (split(a, /,/y).length > 1 || split(b, /,/y).length > 1) return undefined;
  if (left.length === 2 && right.length === 2) {
    const [p, q] = [left, right].map(([l, r]) => parseExpression(`(${l})-(${r})`));
    return (p && q && proportional(p, q)) || same(named(left), named(right), depth);
  }
  return same(named(left), named(right), depth);
}

/** What follows `x =` or `f(x) =`. Equations of another form are left as they are. */
function named(sides: readonly string[]): string {
  const [name, value] = sides;
  if (sides.length === 1) return name as string;
  return sides.length === 2 && /^\\?\p{L}+(?:_\{?\w+\}?)?(?:\(\p{L}\))?$/u.test(name as string)
    ? (value as string)
    : sides.join('=');
}

function sameMatrix(a: string, b: string, depth: number): boolean | undefined {
  const [left, right] = [a, b].map((text) => {
    const body = /^\\begin\{([pbvBV]?matrix)\}(.*)\\end\{\1\}$/s.exec(text)?.[2];
    return body
      ?.split('\\\\')
      .filter((row) => row.trim() !== '')
      .map((row) => row.split('&').map((cell) => cell.trim()));
  });
  if (!left || !right) return left || right ? false : undefined;
  return left.length === right.length && left.every((row, i) => inOrder(row, right[i] as string[], depth));
}

const inOrder = (a: readonly string[], b: readonly string[], depth: number): boolean =>
  a.length === b.length && a.length <= MOST_ITEMS && a.every((item, i) => same(item, b[i] as string, depth));

/** The items of a set or of a list without brackets, with both values of a `\pm`; undefined for anything else. */
function itemsOf(text: string): string[] | undefined {
  if (/^\\(?:emptyset|varnothing)$|^∅$/.test(text)) return [];
  const inner = /^\\\{(.*)\\\}$/s.exec(text)?.[1];
  const list = split(inner ?? text, /,/y).filter((item) => item !== '');
  const signed = list.flatMap((item) =>
    /\\pm|±/.test(item)
      ? [item.replace(/\\pm|±/, '+'), item.replace(/\\pm|±/, '-')].map((one) => one.replace(/^(.*=)?\s*\+/, '$1'))
      : [item],
  );
  return inner !== undefined || signed.length > 1 ? signed.map((item) => item.trim()) : undefined;
}

function sameSet(a: string, b: string, depth: number): boolean | undefined {
  const [left, right] = [itemsOf(a), itemsOf(b)];
  return left && right ? sameItems(left, right, depth) : left || right ? false : undefined;
}

/** Compares bracketed lists, including intervals; the kind of brackets counts. */
function sameTuple(a: string, b: string, depth: number): boolean | undefined {
  const [left, right] = [a, b].map((text) => {
    const match = /^([([])(.*)([)\]])$/s.exec(text);
    const items = match ? split(match[2] as string, /,/y) : [];
    return match && items.length > 1 ? { brackets: `${match[1]}${match[3]}`, items } : undefined;
  });
  if (!left || !right) return left || right ? false : undefined;
  return left.brackets === right.brackets && inOrder(left.items, right.items, depth);
}

function sameExpression(a: string, b: string): boolean {
  const [p, q] = [a, b].map((text) => /^([+-]?)\s*(?:\\infty|∞)$/.exec(text));
  if (p || q) return p?.[1]?.replace('+', '') === q?.[1]?.replace('+', '');
  const [left, right] = [a, b].map((text) => ({
    percent: text.endsWith('%'),
    read: parseExpression(text.replace(/%$/, '')),
  }));
  if (!left?.read || !right?.read) return false;
  const scales = [1, ...(left.percent ? [0.01] : []), ...(right.percent ? [100] : [])];
  return scales.some((scale) => equalValues(left.read as Expression, right.read as Expression, scale));
}

/** Both values at each of the points; undefined where one of them is not a number. */
function valuesAt(a: Expression, b: Expression): [Complex, Complex][] {
  const letters = [...new Set([...a.letters, ...b.letters])].sort();
  const rounds = letters.length === 0 ? 1 : ROUNDS;
  return Array.from({ length: rounds }, (_, round) => {
    const at = new Map(
      letters.map((letter, i) => [letter, (POINTS[(round + i * 3) % POINTS.length] as number) + 0.01 * i * round]),
    );
    return [a.value(at), b.value(at)] as [Complex, Complex];
  }).filter((pair) => !pair.some((value) => value.isNaN()));
}

function equalValues(a: Expression, b: Expression, scale: number): boolean {
  const values = valuesAt(a, b);
  return values.length > 0 && values.every(([x, y]) => close(x.mul(scale), y));
}

/** Whether one expression is the other times a number other than zero. */
function proportional(a: Expression, b: Expression): boolean {
  const ratios = valuesAt(a, b)
    .filter(([x, y]) => x.abs() > TOLERANCE || y.abs() > TOLERANCE)
    .map(([x, y]) => x.div(y));
  const [first] = ratios;
  return (
    first !== undefined &&
    first.abs() > 0 &&
    first.isFinite() &&
    ratios.length > 1 &&
    ratios.every((ratio) => close(ratio, first))
  );
}

function close(a: Complex, b: Complex): boolean {
  if (a.isInfinite() || b.isInfinite()) return a.re === b.re;
  return a.sub(b).abs() <= TOLERANCE * Math.max(a.abs(), b.abs());
}
