/** Responses whose truth is known: the half of the truth set that may be read, and cases that graders got wrong. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modeNamed } from '../../src/questions/grading/modes';
import { gradeResponse, sameAnswer } from '../../src/questions/tasks/grading';

interface Row {
  readonly id: string;
  readonly task: string;
  readonly response: string;
  readonly answer: string;
  readonly choices?: readonly string[];
  readonly unit?: string;
  readonly want: boolean;
}
const rowsOf = (file: string): Row[] =>
  readFileSync(join(__dirname, '../..', file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

const verdict = ({ id, task, response, answer, choices, unit = '' }: Row): boolean => {
  const question = { id, task, split: 'test', question: '?', answer, ...(choices && { choices }), metadata: { unit } };
  return modeNamed('corrected').grade(question, response).correct;
};

describe('corrected', () => {
  it.each([
    'data/grading-truth/choosing.jsonl',
    'tests/fixtures/grading/cases.jsonl',
    'tests/fixtures/grading/relatives.jsonl',
  ])('grades %s as wanted', (file) => {
    const rows = rowsOf(file);
    expect(rows.filter((row) => verdict(row) !== row.want).map(({ id }) => id)).toEqual([]);
    expect(rows.length).toBeGreaterThan(40);
  });
});

const own = (answer: string, metadata: Record<string, string | number> = {}) => ({
  ...{ id: 'q', task: 'mine', split: 'test', question: '?', answer },
  metadata,
});

describe("one's own questions", () => {
  // Kind of the answer, the answer, what is right, what is wrong.
  it.each([
    ['integer', '72', ['72', '72.0', '\\frac{144}{2}', '72 \\text{ apples}'], ['70', '72.4', '7.2', '-72']],
    ['integer', '1867', ['1867', '1,867'], ['1900', '1866', '1867.5']],
    [
      'integer',
      '9007199254740993',
      ['9{,}007{,}199{,}254{,}740{,}993'],
      ['9007199254740992', '9.007199254740993 \\times 10^{14}'],
    ],
    ['decimal', '7.40', ['7.4', '7.40', '7.401'], ['7.1', '7.41', '7', '-7.4']],
    ['decimal', '3.14', ['3.14159', '\\pi'], ['3.1', '3.15', '3']],
    [
      'quantity',
      '9.81 m/s^2',
      ['9.81', '981\\ \\mathrm{cm/s^2}', '9.812 \\text{ m s}^{-2}'],
      ['9.8', '9.81\\ \\text{m/s}', '9.81 \\text{ km/s}^2'],
    ],
    ['expression', 'x^2', ['x \\cdot x', 'x²'], ['-x^2', '2x', 'x^2+1']],
    ['expression', '2\\pi', ['\\pi+\\pi'], ['2', '6']],
    ['set', '\\{1, 2\\}', ['\\{2,1\\}', '1 \\text{ and } 2'], ['1', '\\{1,2,3\\}', '(1,2)']],
    ['interval', '[0, 1)', ['0 \\le x < 1'], ['[0,1]', '(0,1)']],
    ['equation', 'y = 2x + 1', ['2x - y + 1 = 0'], ['y = 2x - 1', '2']],
    ['text', 'copper wire', ['Copper  wire.', '\\text{copper wire}'], ['copper', 'no copper wire', 'wire, copper']],
  ] as const)('of the kind %s: %s', (kind, answer, right, wrong) => {
    for (const metadata of [{}, { kind }] as Record<string, string>[]) {
      for (const text of right)
        expect([text, gradeResponse(own(answer, metadata), `\\boxed{${text}}`).correct]).toEqual([text, true]);
      for (const text of wrong)
        expect([text, gradeResponse(own(answer, metadata), `\\boxed{${text}}`).correct]).toEqual([text, false]);
    }
  });

  it('have a tolerance where they state one', () => {
    const right = (answer: string, tolerance: string | number, text: string) =>
      gradeResponse(own(answer, { tolerance }), `\\boxed{${text}}`).correct;
    expect([right('72', '5 %', '70'), right('72', '1 %', '70')]).toEqual([true, false]);
    expect([right('7.40', 0.05, '7.44'), right('7.40', '0.05', '7.46')]).toEqual([true, false]);
    expect(() => right('7.40', 'some', '7.4')).toThrow('The tolerance "some" of the question "q"');
    for (const wrong of [{ toString: 1 }, [0.1], ['5 %']])
      expect(() => right('7.40', wrong as unknown as string, '7.4')).toThrow(/^The tolerance .* of the question "q"/);
  });

  it('are the same for votes by value, and only then', () => {
    const same = (answer: string, a: string, b: string) => sameAnswer(own(answer), a, b);
    expect([same('0.5', '0.5', '\\frac12'), same('0.5', '0.5', '0.51')]).toEqual([true, false]);
    expect([same('x^2', 'x^2', 'x*x'), same('x^2', 'x^2', '-x^2')]).toEqual([true, false]);
    expect([same('3.14', '3.14', '3.14159'), same('3.14', '3.14159', '3.14')]).toEqual([false, false]);
    expect([same('2 km', '2 km', '2000 m'), same('2 km', '2 km', '2 s')]).toEqual([true, false]);
    expect([same('yes', 'Yes.', 'yes'), same('yes', 'yes', 'no')]).toEqual([true, false]);
  });
});
