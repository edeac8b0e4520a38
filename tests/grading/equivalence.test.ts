import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { equivalent, sameValue } from '../../src/questions/grading/equivalence/equivalence';
import { parseExpression } from '../../src/questions/grading/equivalence/expression';

interface Pair {
  readonly reference: string;
  readonly given: string;
  readonly reader: boolean;
  readonly math_verify: boolean;
}
const { pairs } = JSON.parse(readFileSync(join(__dirname, '../fixtures/equivalence.json'), 'utf8')) as {
  pairs: Pair[];
};
const show = (pair: Pair): string => `${pair.reference} ; ${pair.given}`;

describe('equivalence', () => {
  it('agrees with Math-Verify but where Math-Verify differs from a careful reader', () => {
    expect(pairs.length).toBeGreaterThanOrEqual(150);
    const differ = pairs.filter((pair) => equivalent(pair.given, pair.reference) !== pair.math_verify);
    expect(differ.filter((pair) => pair.reader === pair.math_verify).map(show)).toEqual([]);
    expect(differ.length).toBe(8);
  });

  it('agrees with a careful reader, whichever of the two comes first', () => {
    expect(pairs.filter(({ given, reference, reader }) => equivalent(given, reference) !== reader).map(show)).toEqual(
      [],
    );
    // A decimal reference counts as its rounding, so here the order does matter.
    expect(pairs.filter(({ given, reference, reader }) => equivalent(reference, given) !== reader).map(show)).toEqual([
      '\\sqrt{2} ; 1.41',
      '2\\pi ; 6.28',
    ]);
    expect(pairs.filter(({ given, reference, reader }) => sameValue(reference, given) !== reader).map(show)).toEqual(
      [],
    );
  });

  it.each([
    ['x+1', 'x+1.00000001', false],
    ['\\frac{1}{3}', '0.3333333', true],
    ['x^2', 'x^2 + 0 \\cdot y', true],
    ['a+b=c', '2a+2b=2c', true],
    ['a+b=c', 'a+b=2c', false],
    ['\\sqrt[3]{-8}', '-2', true],
    ['-2^2', '-4', true],
    ['2^{3^2}', '512', true],
    ['\\sin 2x', '2\\sin x \\cos x', true],
    ['\\frac{1}{0}', '\\infty', false],
    ['0/0', '0/0 + 1', false],
    ['{', '}', false],
    ['', '0', false],
    ['()', '(,)', false],
    ['x=', '=x', false],
  ])('of %j and %j is %j', (a, b, verdict) => expect(equivalent(a, b)).toBe(verdict));

  it('ends soon whatever the text', () => {
    for (const part of [
      '(',
      '{',
      '\\frac',
      '9^',
      '9!',
      '\\sqrt{',
      '1,',
      '\\cup',
      '(1,',
      '\\{',
      '=',
      '|',
      '-',
      '\\pm 1,',
      '\\text{',
      '<x<',
    ])
      for (const length of [400, 990, 1_000_000]) {
        const text = part.repeat(Math.ceil(length / part.length)).slice(0, length);
        expect(equivalent(text, '1')).toBe(equivalent('1', text));
        equivalent(`${text}1`, `${text}2`);
      }
  });

  it('does not take a text for code', () => {
    expect(parseExpression('process.exit(1)')?.letters.has('p')).not.toBe(true);
    expect(equivalent('constructor', 'toString')).toBe(false);
    expect(parseExpression('\\constructor')?.letters).toEqual(new Set(['constructor']));
  });
});
