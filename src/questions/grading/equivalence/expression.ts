/**
 * Computes the value of an expression in LaTeX or plain notation as a function of its letters: numbers, fractions,
 * powers, roots, the usual functions, factorials, number bases, `i` as the imaginary unit, `e` and `\pi`. The text is
 * parsed and never executed; depth and length are bounded.
 */

import type { Complex } from './complex';
import * as C from './complex';

/** Value of an expression for given values of its letters. */
export type Value = (letters: ReadonlyMap<string, Complex>) => Complex;

/** A parsed expression, its letters, and what a comparison has to know about it. */
export interface Expression {
  readonly value: Value;
  readonly letters: ReadonlySet<string>;
  /** Only sums, products, powers, factorials and whole numbers: every digit of the value can be had. */
  readonly exact: boolean;
  /** Has factorials or binomials, which are defined at whole numbers. */
  readonly discrete: boolean;
  /** Has a degree sign outside of functions, or a per cent sign. */
  readonly degrees: boolean;
  readonly percent: boolean;
}

/** Longest text, deepest nesting, and most functions and powers that are parsed. */
const LONGEST = 500;
const DEEPEST = 60;
const MOST_COSTLY = 40;

const inverse = (z: Complex): Complex => C.div(C.real(1), z);
const FUNCTIONS: ReadonlyMap<string, (z: Complex) => Complex> = new Map(
  Object.entries<(z: Complex) => Complex>({
    ...{ sin: C.sin, cos: C.cos, tan: C.tan, arcsin: C.asin, arccos: C.acos, arctan: C.atan },
    ...{ asin: C.asin, acos: C.acos, atan: C.atan, sinh: C.sinh, cosh: C.cosh, tanh: C.tanh },
    ...{ sec: (z) => inverse(C.cos(z)), csc: (z) => inverse(C.sin(z)), cot: (z) => C.div(C.cos(z), C.sin(z)) },
    ...{ cosec: (z) => inverse(C.sin(z)), arcsec: (z) => C.acos(inverse(z)), arccsc: (z) => C.asin(inverse(z)) },
    ...{ arccot: (z) => C.sub(C.div(C.pi(), C.real(2)), C.atan(z)), coth: (z) => inverse(C.tanh(z)) },
    ...{ arcsinh: C.asinh, arccosh: C.acosh, arctanh: C.atanh, sech: (z) => inverse(C.cosh(z)) },
    ...{ arsinh: C.asinh, arcosh: C.acosh, artanh: C.atanh, csch: (z) => inverse(C.sinh(z)) },
    ...{
      exp: C.exp,
      ln: C.log,
      log: (z) => C.div(C.log(z), C.log(C.real(10))),
      lg: (z) => C.div(C.log(z), C.log(C.real(10))),
    },
    ...{ abs: C.abs, sqrt: C.sqrt, cis: (z) => C.exp(C.mul(C.I, z)) },
  }),
);
/** What a function to the power of -1 is: its inverse, not one over its value. */
const INVERSES: ReadonlyMap<string, string> = new Map(
  ['sin', 'cos', 'tan', 'sec', 'csc', 'cot', 'sinh', 'cosh', 'tanh'].map((name) => [name, `arc${name}`]),
);
const CONSTANTS: ReadonlyMap<string, () => Complex> = new Map([
  ['pi', C.pi],
  ['e', C.euler],
  ['i', () => C.I],
]);
const BASE_WORDS = 'two three four five six seven eight nine ten eleven twelve'.split(' ');
const BASES: ReadonlyMap<string, number> = new Map<string, number>([
  ...BASE_WORDS.map((word, i) => [word, i + 2] as const),
  ...Array.from({ length: 35 }, (_, i) => [String(i + 2), i + 2] as const),
  ...([['sixteen', 16]] as const),
]);
/** Commands that are not Greek letters; a text that contains one of them is not parsed. */
const FOREIGN =
  /^(?:sum|int|iint|oint|prod|lim|in|notin|to|mapsto|rightarrow|Rightarrow|cup|cap|setminus|pm|mp|le|ge|ne|equiv|approx|sim|propto|infty|emptyset|mathbb|mathcal|text|mathrm|begin|end|forall|exists|overline|bar|vec|hat|dot|dots|ldots|cdots|langle|rangle|subset|subseteq|nabla|partial|mod|pmod|bmod|det|gcd|lcm|max|min|choose|boxed|wedge|vee|neg|implies|iff|perp|parallel|angle|triangle|underline|overset|underset|stackrel|begingroup|hline|hspace|color|textcolor)$/;
const WORDS = [...FUNCTIONS.keys()].sort((a, b) => b.length - a.length).join('|');
const TOKEN = new RegExp(
  `\\s*(?:(\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+(?![\\w.]))?|\\.\\d+)|\\\\([a-zA-Z]+)|(${WORDS}|pi)(?![a-z])|(.))`,
  'suy',
);

interface Token {
  readonly kind: 'number' | 'name' | 'letter' | 'sign';
  readonly text: string;
}

/** Parses an expression; undefined for a text that is not an expression of this kind. */
export function parseExpression(text: string): Expression | undefined {
  if (text.length > LONGEST) return undefined;
  const tokens = tokenize(text.trim());
  if (!tokens || tokens.length === 0) return undefined;
  const parser = new Parser(tokens);
  try {
    const value = parser.sum();
    const { letters, exact, discrete, degrees, percent } = parser;
    return parser.finished ? { value, letters, exact, discrete, degrees, percent } : undefined;
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const [, digits, command, word, sign] = TOKEN.exec(text) ?? [];
    const name = command ?? word;
    if (digits !== undefined) tokens.push({ kind: 'number', text: digits });
    else if (name !== undefined) {
      if (FOREIGN.test(name)) return undefined;
      tokens.push({ kind: 'name', text: name });
    } else if (sign === undefined) return undefined;
    else tokens.push({ kind: /\p{L}/u.test(sign) ? 'letter' : 'sign', text: sign });
  }
  return tokens;
}

class NotUnderstood extends Error {}

/** A recursive-descent parser. It is a class because all its rules share the position in the tokens. */
class Parser {
  readonly letters = new Set<string>();
  exact = true;
  discrete = false;
  degrees = false;
  percent = false;
  private at = 0;
  private depth = 0;
  private costs = 0;
  private inFunction = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  get finished(): boolean {
    return this.at === this.tokens.length;
  }

  /** Terms joined by plus and minus. */
  sum(): Value {
    if (++this.depth > DEEPEST) throw new NotUnderstood();
    let value = this.product();
    for (let sign = this.take('+', '-'); sign; sign = this.take('+', '-')) {
      const [left, right] = [value, this.product()];
      value = sign === '+' ? (x) => C.add(left(x), right(x)) : (x) => C.sub(left(x), right(x));
    }
    this.depth--;
    return value;
  }

  private product(): Value {
    if (this.take('-')) {
      const negated = this.product();
      return (x) => C.neg(negated(x));
    }
    this.take('+');
    let value = this.factor();
    for (;;) {
      const sign = this.take('*', '/', ':', 'cdot', 'times', 'div');
      if (!sign && !this.startsFactor()) return value;
      const left = value;
      // A whole number followed by a fraction of numbers is a mixed number; other numbers side by side are no product.
      const mixed = !sign && this.isMixed();
      const apart = !sign && this.tokens[this.at]?.kind === 'number' && this.tokens[this.at - 1]?.kind === 'number';
      if (apart && !mixed) throw new NotUnderstood();
      const right = mixed ? this.fraction() : sign && this.take('-') ? negate(this.factor()) : this.factor();
      if (mixed) value = (x) => C.add(left(x), right(x));
      else if (sign && '/:div'.includes(sign)) value = (x) => C.div(left(x), right(x));
      else value = (x) => C.mul(left(x), right(x));
    }
  }

  /** Whether a whole number stands before `\frac{1}{2}` or `1/2`. */
  private isMixed(): boolean {
    const [number, next, ...rest] = this.tokens.slice(this.at - 1, this.at + 8);
    if (number?.kind !== 'number' || !/^\d+$/.test(number.text) || this.tokens[this.at - 2]?.text === '^') return false;
    const whole = (token: Token | undefined): boolean => token?.kind === 'number' && /^\d+$/.test(token.text);
    if (whole(next)) return rest[0]?.text === '/' && whole(rest[1]);
    const digits = rest.filter(({ text }) => text !== '{' && text !== '}');
    return next?.text === 'frac' && whole(digits[0]) && (whole(digits[1]) || /^\d\d$/.test(digits[0]?.text ?? ''));
  }

  private fraction(): Value {
    if (this.tokens[this.at]?.kind !== 'number') return this.factor();
    const over = this.factor();
    this.take('/');
    const under = this.factor();
    return (x) => C.div(over(x), under(x));
  }

  private startsFactor(): boolean {
    const token = this.tokens[this.at];
    if (token === undefined || this.closesBars(token)) return false;
    return token.kind === 'sign' ? '({[|'.includes(token.text) : !CLOSING.has(token.text);
  }

  private bars = 0;
  private closesBars = (token: Token): boolean => token.text === '|' && this.bars > 0;

  /** A base with its powers, factorials, degree and per cent signs. */
  private factor(): Value {
    return this.raised(this.base());
  }

  private raised(start: Value): Value {
    let value = start;
    for (;;) {
      const base = value;
      if (this.take('^')) {
        if (!/^\d{1,3}$/.test(this.tokens[this.at]?.text ?? '')) this.cost();
        const power = this.argument();
        value = (x) => C.pow(base(x), power(x));
      } else if (this.take('!')) {
        this.cost();
        this.discrete = true;
        const step = this.take('!') ? 2 : 1;
        value = (x) => C.factorial(base(x), step);
      } else if (this.take('degree')) {
        this.exact = false;
        if (this.inFunction === 0) this.degrees = true;
        value = (x) => C.div(C.mul(base(x), C.pi()), C.real(180));
      } else if (this.take('%')) {
        this.percent = true;
        value = (x) => C.div(base(x), C.real(100));
      } else return value;
    }
  }

  private base(): Value {
    const token = this.next();
    if (token.kind === 'number') return this.number(token.text);
    if (token.kind === 'name') return this.named(token.text);
    if (token.kind === 'letter') return this.letter(token.text);
    const close = { '(': ')', '{': '}', '[': ']', '|': '|' }[token.text];
    if (close === undefined) throw new NotUnderstood();
    const bars = this.bars;
    this.bars = close === '|' ? bars + 1 : 0;
    const inner = this.sum();
    this.bars = bars;
    if (!this.take(close)) throw new NotUnderstood();
    return token.text === '|' ? (x) => C.abs(inner(x)) : inner;
  }

  /** A number, in the base of its index if it has one. */
  private number(text: string): Value {
    if (!this.take('_')) return () => C.real(text);
    const base = BASES.get(this.index());
    const value = base && inBase(text, base);
    if (value === undefined) throw new NotUnderstood();
    return () => C.real(value.toString());
  }

  /** A letter, a constant, or a letter with an index. */
  private letter(name: string): Value {
    let full = name;
    if (this.take('_')) full += `_${this.index()}`;
    while (this.take("'")) full += "'";
    const constant = CONSTANTS.get(full);
    if (constant) {
      this.exact = false;
      return constant;
    }
    this.letters.add(full);
    return (x) => x.get(full) ?? C.NAN;
  }

  private index(): string {
    if (!this.take('{')) return this.next().text;
    let text = '';
    while (!this.take('}')) text += this.next().text;
    return text;
  }

  private named(name: string): Value {
    if (name === 'frac') return combine(C.div, this.argument(), this.argument());
    if (name === 'binom') {
      this.cost();
      this.discrete = true;
      return combine(C.binomial, this.argument(), this.argument());
    }
    if (name === 'lfloor' || name === 'lceil') {
      const inner = this.sum();
      if (!this.take(name === 'lfloor' ? 'rfloor' : 'rceil')) throw new NotUnderstood();
      return (x) => C.rounded(inner(x), name === 'lfloor' ? 'floor' : 'ceil');
    }
    if (CLOSING.has(name)) throw new NotUnderstood();
    if (name === 'sqrt') {
      this.cost();
      this.exact = false;
    }
    if (name === 'sqrt' && this.take('[')) {
      const degree = this.sum();
      if (!this.take(']')) throw new NotUnderstood();
      return combine((n, z) => C.root(z, n), degree, this.argument());
    }
    if (name === 'sqrt') return combine(C.sqrt, this.argument());
    return FUNCTIONS.has(name) ? this.applied(name) : this.letter(name);
  }

  /**
   * A function with its base or power, and its argument: in brackets, or the factors up to the next function or sign.
   */
  private applied(name: string): Value {
    this.cost();
    this.exact = false;
    const base = name === 'log' && this.take('_') ? this.argument() : undefined;
    const turned = this.takesInverse() ? INVERSES.get(name) : undefined;
    const power = !turned && this.take('^') ? this.argument() : undefined;
    this.inFunction++;
    const bracketed = this.tokens[this.at]?.text === '(';
    // The power of sin(x)^2 is that of the sine.
    let inner = bracketed ? this.base() : this.factor();
    while (!bracketed && this.startsFactor() && !FUNCTIONS.has(this.tokens[this.at]?.text as string)) {
      const [left, right] = [inner, this.factor()];
      inner = (x) => C.mul(left(x), right(x));
    }
    this.inFunction--;
    const operation = FUNCTIONS.get(turned ?? name) as (z: Complex) => Complex;
    const applied: Value = base ? (x) => C.div(C.log(inner(x)), C.log(base(x))) : (x) => operation(inner(x));
    const raised: Value = power ? (x) => C.pow(applied(x), power(x)) : applied;
    return bracketed ? this.raised(raised) : raised;
  }

  /** Reads a power of -1 behind a function's name. */
  private takesInverse(): boolean {
    const [caret, ...rest] = this.tokens.slice(this.at, this.at + 5).map(({ text }) => text);
    const length = rest.slice(0, 2).join('') === '-1' ? 3 : rest.join('') === '{-1}' ? 5 : 0;
    if (caret !== '^' || length === 0) return false;
    this.at += length;
    return true;
  }

  /** The argument of `^`, `\frac` or `\sqrt`: a group, or a single digit, letter or command. */
  private argument(): Value {
    if (this.take('-')) return negate(this.argument());
    const token = this.tokens[this.at];
    if (token?.kind !== 'number' || token.text.length === 1) return this.base();
    // \frac12 is one half.
    const [digit, rest] = [token.text[0] as string, token.text.slice(1)];
    if (!/^\d+$/.test(token.text) || this.tokens[this.at - 1]?.text === '^') return this.base();
    (this.tokens as Token[])[this.at] = { kind: 'number', text: rest };
    return () => C.real(digit);
  }

  /** Counts what takes long to compute. */
  private cost(): void {
    if (++this.costs > MOST_COSTLY) throw new NotUnderstood();
  }

  /** Reads one token. Every loop of the parser reads one in each round, so none goes on behind the last. */
  private next(): Token {
    const token = this.tokens[this.at];
    if (!token) throw new NotUnderstood();
    this.at++;
    return token;
  }

  private take(...texts: string[]): string | undefined {
    const text = this.tokens[this.at]?.text;
    if (text === undefined || !texts.includes(text)) return undefined;
    this.at++;
    return text;
  }
}

/** Commands that close a bracket. */
const CLOSING: ReadonlySet<string> = new Set(['rfloor', 'rceil']);

const negate =
  (value: Value): Value =>
  (x) =>
    C.neg(value(x));

const combine =
  (operation: (...values: Complex[]) => Complex, ...values: Value[]): Value =>
  (x) =>
    operation(...values.map((value) => value(x)));

/** The whole number that digits (0 to 9, then A to Z) stand for in a base from 2 to 36; undefined where one is too large. */
export function inBase(digits: string, base: number): bigint | undefined {
  let value = 0n;
  for (const c of digits) {
    const digit = Number.parseInt(c, 36);
    if (!(digit < base)) return undefined;
    value = value * BigInt(base) + BigInt(digit);
  }
  return value;
}

const BASED =
  /^[{(]?(?:\\(?:text|mathrm)\{)?([0-9A-Za-z]+)\}?[})]?(?:_\{?\(?|\(|\\text\{\()(?:\\(?:text|mathrm)\{)?(?:base)?([0-9]+|[a-z]+)\}*\)?\}*$/;
const PREFIXED = /^0([bxo])([0-9A-Fa-f]+)$/;
const PREFIXES: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16 };

/** A whole answer that is a number with its base, such as `2F_{16}`, `204 (base 5)` or `0x2F`. */
export function basedNumber(text: string): { readonly digits: string; readonly base: number } | undefined {
  const plain = text.replace(/\s/g, '');
  const [, prefix, code = ''] = PREFIXED.exec(plain) ?? [];
  const [, written = '', index = ''] = BASED.exec(plain) ?? [];
  const [digits, base] = prefix === undefined ? [written, BASES.get(index)] : [code, PREFIXES[prefix]];
  // A letter alone with an index is a variable.
  const number = /\d/.test(digits) || (digits.length > 1 && /^(?:[A-F]+|[a-f]+)$/.test(digits));
  return base !== undefined && number && inBase(digits, base) !== undefined
    ? { digits: digits.toUpperCase().replace(/^0+(?=.)/, ''), base }
    : undefined;
}
