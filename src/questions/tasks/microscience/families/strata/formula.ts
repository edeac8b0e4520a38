/**
 * Templates whose rules are formulas of three numbers. A rule computes one intermediate result from two of the numbers
 * and joins the third to it; the right rule and the common mistake share the intermediate result and join differently,
 * so that a key step says nothing about the rule. All solutions have the same form: the rule, the step, the result.
 */

import { defineTemplate, type Family, type Law, type Template } from '../problem';

type Operation = '+' | '-' | '*' | '/';

/** How a rule joins the third number to the intermediate result: `before` is `c - x`, `after` is `x - c`. */
interface Join {
  readonly side: 'before' | 'after';
  readonly operation: Operation;
}

/** A rule's joining; `alone` is the mistake of leaving the third number out. */
type Joining = Join | 'alone';

const OPERATIONS: Readonly<Record<Operation, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

/** A formula's shape: the operation of its intermediate result, and how the right and the wrong rule go on from it. */
export interface Shape {
  readonly inner: '*' | '+';
  readonly right: Joining;
  readonly wrong: Joining;
}

/** `y = c + a b`; mistake: c is forgotten. */
export const START_AND_GROWTH: Shape = {
  inner: '*',
  right: { side: 'before', operation: '+' },
  wrong: 'alone',
};
/** `y = c - a b`; mistake: it is added. */
export const START_AND_LOSS: Shape = {
  inner: '*',
  right: { side: 'before', operation: '-' },
  wrong: { side: 'before', operation: '+' },
};
/** `y = a b - c`; mistake: it is added. */
export const PRODUCT_LESS: Shape = {
  inner: '*',
  right: { side: 'after', operation: '-' },
  wrong: { side: 'after', operation: '+' },
};
/** `y = ( a + b ) c`; mistake: all three are added. */
export const SUM_TIMES: Shape = {
  inner: '+',
  right: { side: 'after', operation: '*' },
  wrong: { side: 'after', operation: '+' },
};
/** `y = a b / c`; mistake: c is subtracted. */
export const PRODUCT_SHARED: Shape = {
  inner: '*',
  right: { side: 'after', operation: '/' },
  wrong: { side: 'after', operation: '-' },
};

/** The symbols of a formula: the result, the two numbers of the intermediate result, and the third number. */
export interface Symbols {
  readonly y: string;
  readonly a: string;
  readonly b: string;
  readonly c: string;
}

type Numbers = Readonly<Record<'a' | 'b' | 'c', number>>;

function law({ inner }: Shape, joining: Joining, symbols: Symbols, { a, b, c }: Numbers): Law {
  const product = inner === '*' ? `${symbols.a} ${symbols.b}` : `${symbols.a} + ${symbols.b}`;
  const x = OPERATIONS[inner](a, b);
  const step = `${product} = ${a} ${inner} ${b} = ${x} .`;
  if (joining === 'alone') {
    const sentence = `Use ${symbols.y} = ${product} .`;
    return { sentence, step, solve: () => ({ text: `${sentence} ${step} ${symbols.y} = ${x} .`, answer: x }) };
  }
  const { side, operation } = joining;
  const sign = operation === '*' ? '' : ` ${operation}`;
  const part = inner === '+' && operation === '*' ? `( ${product} )` : product;
  const formula = side === 'before' ? `${symbols.c}${sign} ${part}` : `${part}${sign} ${symbols.c}`;
  const [left, right] = side === 'before' ? [c, x] : [x, c];
  const answer = OPERATIONS[operation](left, right);
  const sentence = `Use ${symbols.y} = ${formula} .`;
  const sum = `${symbols.y} = ${left} ${operation} ${right} = ${answer} .`;
  return { sentence, step, solve: () => ({ text: `${sentence} ${step} ${sum}`, answer }) };
}

const SMALL = [2, 9] as const;
/** Range of an addend. */
const WIDE = [2, 30] as const;
/** Range of factors whose product is divided; few of these products can be. */
const DIVIDED = [2, 12] as const;

/** What a template of this kind says. */
export interface FormulaTemplate {
  readonly id: string;
  readonly family: Family;
  readonly shape: Shape;
  readonly symbols: Symbols;
  readonly unit: string;
  /** `{a}`, `{b}`, `{c}` are the numbers, other names are nouns. */
  readonly phrasings: readonly string[];
  readonly nouns: Readonly<Record<string, readonly string[]>>;
}

/** The numbers of a formula from those that are drawn: where the right rule takes the product away, the rest is drawn. */
function numbersOf(shape: Shape, { a, b, c }: Numbers): Numbers {
  return shape === START_AND_LOSS ? { a, b, c: c + a * b } : { a, b, c };
}

/** Whether both rules give different positive whole numbers. */
function isPlain(shape: Shape, symbols: Symbols, numbers: Numbers): boolean {
  const [right, wrong] = [shape.right, shape.wrong].map(
    (joining) => law(shape, joining, symbols, numbers).solve(false).answer as number,
  ) as [number, number];
  return [right, wrong].every((answer) => Number.isInteger(answer) && answer >= 1) && right !== wrong;
}

/** A template whose mistake is the shape's wrong rule, and which has no computational slip. */
export function formulaTemplate({ shape, symbols, ...template }: FormulaTemplate): Template {
  const factors = shape === PRODUCT_SHARED ? DIVIDED : SMALL;
  const third = shape === START_AND_GROWTH || shape === START_AND_LOSS ? WIDE : SMALL;
  return defineTemplate<'a' | 'b' | 'c'>({
    ...template,
    weight: 0.25,
    ranges: { a: factors, b: factors, c: third },
    valid: (drawn) => isPlain(shape, symbols, numbersOf(shape, drawn)),
    errorRates: { law: 0.5, slip: 0 },
    facts: (drawn) => {
      const numbers = numbersOf(shape, drawn);
      const { a, b, c } = numbers;
      return {
        words: { c: String(c) },
        given: `${symbols.a} = ${a} , ${symbols.b} = ${b} , ${symbols.c} = ${c}`,
        unit: template.unit,
        laws: [law(shape, shape.right, symbols, numbers), law(shape, shape.wrong, symbols, numbers)],
      };
    },
  });
}
