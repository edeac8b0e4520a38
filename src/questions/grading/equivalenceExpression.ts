/**
 * Computes the value of an expression in LaTeX or plain notation as a function of its letters: numbers, fractions,
 * powers, roots, the usual functions, `i` as the imaginary unit, `e` and `\pi`. The text is parsed and never executed;
 * depth and length are bounded.
 */
import Complex from 'complex.js';

/** Value of an expression for given values of its letters. */
export type Value = (letters: ReadonlyMap<string, number>) => Complex;

/** A parsed expression and its letters. */
export interface Expression {
  readonly value: Value;
  readonly letters: ReadonlySet<string>;
}

type Operation = (...values: Complex[]) => Complex;

/** Longest text and deepest nesting that are parsed. */
const LONGEST = 500;
const DEEPEST = 60;

const FUNCTIONS = new Map<string, Operation>(
  Object.entries<Operation>({
    ...{ sin: (x) => x.sin(), cos: (x) => x.cos(), tan: (x) => x.tan(), cot: (x) => x.cot(), sec: (x) => x.sec() },
    ...{ csc: (x) => x.csc(), arcsin: (x) => x.asin(), arccos: (x) => x.acos(), arctan: (x) => x.atan() },
    ...{ sinh: (x) => x.sinh(), cosh: (x) => x.cosh(), tanh: (x) => x.tanh(), exp: (x) => x.exp(), ln: (x) => x.log() },
    ...{ log: (x) => x.log().div(Math.LN10), sqrt: (x) => x.sqrt(), abs: (x) => new Complex(x.abs()) },
  }),
);
const CONSTANTS = new Map(
  Object.entries({
    ...{
      pi: Complex.PI,
      π: Complex.PI,
      infty: new Complex(Number.POSITIVE_INFINITY),
      '∞': new Complex(Number.POSITIVE_INFINITY),
    },
    ...{ e: Complex.E, i: Complex.I },
  }),
);
/** Commands that are not Greek letters; a text that contains one of them is not parsed. */
const FOREIGN =
  /^(?:sum|int|prod|lim|in|to|cup|cap|pm|mp|le|ge|leq|geq|neq|text|mathrm|begin|end|quad|forall|exists|overline|approx)$/;
const TOKEN =
  /\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|\\([a-zA-Z]+)|(sqrt|sin|cos|tan|ln|log|exp|pi)(?![a-z])|(.))/suy;

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
    return parser.finished ? { value, letters: parser.letters } : undefined;
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
    else tokens.push({ kind: /\p{L}|∞/u.test(sign) ? 'letter' : 'sign', text: sign });
  }
  return tokens;
}

class NotUnderstood extends Error {}

/** A recursive-descent parser. It is a class because all its rules share the position in the tokens. */
class Parser {
  readonly letters = new Set<string>();
  private at = 0;
  private depth = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  get finished(): boolean {
    return this.at === this.tokens.length;
  }

  /** Terms joined by plus and minus. */
  sum(): Value {
    if (++this.depth > DEEPEST) throw new NotUnderstood();
    let value = this.product();
    for (let sign = this.take('+', '-', '−'); sign; sign = this.take('+', '-', '−')) {
      const [left, right] = [value, this.product()];
      value = sign === '+' ? (x) => left(x).add(right(x)) : (x) => left(x).sub(right(x));
    }
    this.depth--;
    return value;
  }

  private product(): Value {
    if (this.take('-', '−')) {
      const negated = this.product();
      return (x) => negated(x).neg();
    }
    this.take('+');
    let value = this.factor();
    for (;;) {
      const sign = this.take('*', '·', '×', '/', ':', '÷', 'cdot', 'times', 'div');
      if (!sign && !this.startsFactor()) return value;
      const left = value;
      // A whole number followed by a fraction of numbers is a mixed number.
      const mixed = !sign && this.isMixed();
      const right = sign && this.take('-', '−') ? negate(this.factor()) : this.factor();
      if (mixed) value = (x) => left(x).add(right(x));
      else value = sign && '/:÷div'.includes(sign) ? (x) => left(x).div(right(x)) : (x) => left(x).mul(right(x));
    }
  }

  private isMixed(): boolean {
    const [number, frac, ...rest] = this.tokens.slice(this.at - 1, this.at + 8);
    const digits = rest.filter(({ text }) => text !== '{' && text !== '}').slice(0, 2);
    return (
      number?.kind === 'number' &&
      frac?.text === 'frac' &&
      digits.length === 2 &&
      digits.every(({ kind }) => kind === 'number')
    );
  }

  private startsFactor(): boolean {
    const token = this.tokens[this.at];
    return token !== undefined && (token.kind !== 'sign' || '({['.includes(token.text));
  }

  /** A base with its powers and factorials. */
  private factor(): Value {
    let value = this.base();
    for (;;) {
      if (this.take('^')) {
        const [base, power] = [value, this.argument()];
        value = (x) => base(x).pow(power(x));
      } else if (this.take('!')) {
        const base = value;
        value = (x) => factorial(base(x));
      } else return value;
    }
  }

  private base(): Value {
    const token = this.next();
    if (token.kind === 'number') {
      const number = new Complex(Number(token.text));
      return () => number;
    }
    if (token.kind === 'name') return this.named(token.text);
    if (token.kind === 'letter') return this.letter(token.text);
    const close = { '(': ')', '{': '}', '[': ']', '|': '|' }[token.text];
    if (close === undefined) throw new NotUnderstood();
    const inner = this.sum();
    if (!this.take(close)) throw new NotUnderstood();
    return token.text === '|' ? (x) => new Complex(inner(x).abs()) : inner;
  }

  /** A letter, a constant, or a letter with an index. */
  private letter(name: string): Value {
    let full = name;
    if (this.take('_')) full += `_${this.index()}`;
    const constant = CONSTANTS.get(full);
    if (constant) return () => constant;
    this.letters.add(full);
    return (x) => new Complex(x.get(full) ?? 0);
  }

  private index(): string {
    if (!this.take('{')) return this.next().text;
    let text = '';
    while (!this.take('}')) text += this.next().text;
    return text;
  }

  private named(name: string): Value {
    if (/^[dtc]?frac$/.test(name)) return combine((a, b) => a.div(b), this.argument(), this.argument());
    if (/^[dt]?binom$/.test(name))
      return combine(
        (n, k) => factorial(n).div(factorial(k).mul(factorial(n.sub(k)))),
        this.argument(),
        this.argument(),
      );
    if (name === 'sqrt' && this.take('[')) {
      const degree = this.sum();
      if (!this.take(']')) throw new NotUnderstood();
      return combine((n, x) => rootOf(x, n), degree, this.argument());
    }
    if (name === 'sqrt') return combine((x) => x.sqrt(), this.argument());
    const operation = FUNCTIONS.get(name);
    return operation ? this.applied(name, operation) : this.letter(name);
  }

  /**
   * A function with its base or power, and its argument: in brackets, or the factors up to the next function or sign.
   */
  private applied(name: string, operation: Operation): Value {
    const base = name === 'log' && this.take('_') ? this.argument() : undefined;
    const power = this.take('^') ? this.argument() : undefined;
    let inner = this.factor();
    const bracketed = this.tokens[this.at - 1]?.text === ')';
    while (!bracketed && this.startsFactor() && !FUNCTIONS.has(this.tokens[this.at]?.text as string)) {
      const [left, right] = [inner, this.factor()];
      inner = (x) => left(x).mul(right(x));
    }
    const applied: Value = base ? (x) => inner(x).log().div(base(x).log()) : (x) => operation(inner(x));
    return power ? (x) => applied(x).pow(power(x)) : applied;
  }

  /** The argument of `^`, `\frac` or `\sqrt`: a group, or a single digit, letter or command. */
  private argument(): Value {
    if (this.take('-', '−')) return negate(this.argument());
    const token = this.tokens[this.at];
    if (token?.kind !== 'number' || token.text.length === 1) return this.base();
    // \frac12 is one half.
    const [digit, rest] = [token.text[0] as string, token.text.slice(1)];
    if (!/^\d+$/.test(token.text) || this.tokens[this.at - 1]?.text === '^') return this.base();
    (this.tokens as Token[])[this.at] = { kind: 'number', text: rest };
    return () => new Complex(Number(digit));
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

const negate =
  (value: Value): Value =>
  (x) =>
    value(x).neg();

const combine =
  (operation: Operation, ...values: Value[]): Value =>
  (x) =>
    operation(...values.map((value) => value(x)));

/** The real root of a negative number for an odd degree, otherwise the principal root. */
function rootOf(x: Complex, degree: Complex): Complex {
  const odd = degree.im === 0 && degree.re % 2 === 1 && x.im === 0 && x.re < 0;
  return odd ? x.neg().pow(degree.inverse()).neg() : x.pow(degree.inverse());
}

/** Defined for whole numbers from 0 to 170, above which it overflows; NaN for others. */
function factorial({ re, im }: Complex): Complex {
  if (im !== 0 || !Number.isInteger(re) || re < 0 || re > 170) return Complex.NAN;
  let product = 1;
  for (let k = 2; k <= re; k++) product *= k;
  return new Complex(product);
}
