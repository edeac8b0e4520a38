import { describe, expect, it } from 'vitest';
import type { Question } from '../../src/base/records/question';
import { lastBoxed } from '../../src/questions/grading/boxes';
import { choiceLetter } from '../../src/questions/grading/choices';
import { readQuantity, readUnit, sameDimensions, type Unit } from '../../src/questions/grading/equivalence/units';
import { normalizeWords } from '../../src/questions/grading/equivalence/words';
import { finalAnswers } from '../../src/questions/grading/extraction';
import { gradeResponse, kindOf } from '../../src/questions/tasks/grading';

const base = { id: 'q', task: 'science', split: 'test', question: '?' };

describe('lastBoxed', () => {
  it.each([
    ['\\boxed{A}', 'A'],
    ['\\boxed{1} then \\boxed{2}', '2'],
    ['\\boxed{\\frac{1}{2}} \\text{m}', '\\frac{1}{2}'],
    ['\\boxed{\\{1, 2\\}}', '\\{1, 2\\}'],
    ['stray } and { \\boxed{5} }', '5'],
    ['\\boxed{\\boxed{7}}', '\\boxed{7}'],
    ['\\boxed{5} and \\boxed{6', '5'],
    ['\\boxed{open \\boxed{8}', '8'],
    ['\\boxed {5}', '5'],
    ['\\fbox{5} \\framebox{6}', '6'],
    ['none', undefined],
  ])('of %j is %j', (text, content) => expect(lastBoxed(text)).toBe(content));

  it('reads a million braces', () => {
    expect(lastBoxed('\\boxed{'.repeat(200_000))).toBeUndefined();
    expect(lastBoxed(`${'{'.repeat(500_000)}\\boxed{1}`)).toBe('1');
  });
});

describe('finalAnswers', () => {
  it('prefers the box to the sentence and drops the thinking', () => {
    expect(finalAnswers('The answer is 3. \\boxed{$\\text{4 m}$}')).toEqual(['\\text{4 m}', '3']);
    expect(finalAnswers('<think>\\boxed{1}</think> Answer: 2')).toEqual(['2']);
    expect(finalAnswers('\\boxed{1}</think>done')).toEqual([]);
    expect(finalAnswers('<think>\\boxed{1}')).toEqual([]);
    expect(finalAnswers('**Answer:** B.\nAnswer: C\n')).toEqual(['C']);
    expect(finalAnswers('I do not know. \\boxed{}')).toEqual([]);
  });
});

describe('choiceLetter', () => {
  const choices = ['metal rod', 'copper wire', 'A gas', 'ice'];
  it.each([
    ['B', 'B'],
    ['(C)', 'C'],
    ['b)', 'B'],
    ['d', 'D'],
    ['B) copper wire', 'B'],
    ['B, since it conducts', 'B'],
    ['B because it conducts', 'B'],
    ['Option D', 'D'],
    ['choice (B).', 'B'],
    ['C copper wire', undefined],
    ['B copper wire', 'B'],
    ['copper wire', 'B'],
    ['Copper Wire!', 'B'],
    ['A metal', undefined],
    ['A metal rod', 'A'],
    ['a gas', 'C'],
    ['C = 5', undefined],
    ["B'", undefined],
    ['E', undefined],
    ['B2', undefined],
    ['', undefined],
  ])('of %j is %j', (answer, letter) => expect(choiceLetter(answer, choices)).toBe(letter));
});

describe('readQuantity', () => {
  it.each([
    ['9.8', 9.8, ''],
    ['v = 5.0 m/s', 5, 'm/s'],
    ['-3', -3, ''],
    ['− 3 °C', -3, '\\degree C'],
    ['25^\\circ C', 25, '\\degree C'],
    ['2\\pi', 2 * Math.PI, ''],
    ['$10^{-3}\\ \\mathrm{mol}$', 1e-3, '\\mathrm{mol}'],
    ['3.0 \\times 10^{8} m/s', 3e8, 'm/s'],
    ['3 × 10⁸', 3e8, ''],
    ['6.02e23', 6.02e23, ''],
    ['1.5x10^-3 mol', 1.5e-3, 'mol'],
    ['10^5 Pa', 1e5, 'Pa'],
    ['2.4 \\cdot 10^{-19} J', 2.4e-19, 'J'],
    ['1,200 J', 1200, 'J'],
    ['12 000', 12000, ''],
    ['\\frac{1}{4}', 0.25, ''],
    ['3/4', 0.75, ''],
    ['.5', 0.5, ''],
    ['F = m a = 12 N', 12, 'N'],
    ['12 N = F', 12, 'N'],
    ['about 40 %', 40, '%'],
    ['x ≈ 7', 7, ''],
    ['5 eV', 5, 'eV'],
  ])('reads %j', (text, value, unit) => {
    const quantity = readQuantity(text);
    expect((quantity?.value ?? 0) / value).toBeCloseTo(1, 10);
    expect(quantity?.unit).toBe(unit);
  });

  it.each(['H2O', 'none', '', 'v2.x'])('finds no number in %j', (text) => expect(readQuantity(text)).toBeUndefined());
});

describe('readUnit', () => {
  it.each([
    ['km', 'm', 1000],
    ['kJ', 'kg m^2/s^2', 1000],
    ['m/s^2', 'm s⁻²', 1],
    ['m/s/s', 'meters per second squared', 1],
    ['kilometers per hour', 'm/s', 1 / 3.6],
    ['g/cm^3', 'kg/m^3', 1000],
    ['mol/L', 'M', 1],
    ['mM', 'mol/m^3', 1],
    ['kWh', 'J', 3.6e6],
    ['J/(kg K)', 'J kg^-1 K^-1', 1],
    ['mL', 'cm^3', 1],
    ['\\mu m', 'µm', 1],
    ['degrees Celsius', '°C', 1],
    ['Ω', 'V/A', 1],
    ['ohms', 'kΩ', 1e-3],
    ['1/s', 'Hz', 1],
    ['Myr', 'years', 1e6],
    ['hPa', 'millibar', 1],
    ['N of force', 'N', 1],
  ])('knows that %s is as %s, times %d', (a, b, ratio) => {
    const [left, right] = [readUnit(a) as Unit, readUnit(b) as Unit];
    expect(sameDimensions(left, right)).toBe(true);
    expect(left.factor / right.factor / ratio).toBeCloseTo(1, 6);
  });

  it.each([
    ['J', 'N'],
    ['m', 'm^2'],
    ['m/s', 'm s'],
  ])('keeps %s and %s apart', (a, b) => expect(sameDimensions(readUnit(a) as Unit, readUnit(b) as Unit)).toBe(false));

  it.each(['', 'offspring', 'constructor', 'of m', '?'])('does not know %j', (text) =>
    expect(readUnit(text)).toBeUndefined(),
  );
});

describe('gradeResponse', () => {
  const choice: Question = { ...base, choices: ['iron', 'copper', 'glass', 'wood'], answer: 'B' };
  const numeric: Question = { ...base, answer: '2.5', metadata: { kind: 'numeric', unit: 'kJ' } };
  const open: Question = {
    ...base,
    answer: 'natural selection',
    metadata: { kind: 'open', accept: ['survival of the fittest', 5] },
  };

  it.each([
    [choice, '\\boxed{B}', 'B', true],
    [choice, 'So \\boxed{\\text{(B) copper}}.', 'B', true],
    [choice, 'The answer is A. No: \\boxed{C}', 'C', false],
    [choice, '\\boxed{42}, so the answer is B', 'B', true],
    [choice, 'Copper conducts.', null, false],
    [choice, '<think>\\boxed{B}', null, false],
    [choice, '', null, false],
    [numeric, '\\boxed{2.5}', '2.5', true],
    [numeric, '\\boxed{2.5 kJ}', '2.5 kJ', true],
    [numeric, '\\boxed{2500\\ \\text{J}}', '2500\\ \\text{J}', true],
    [numeric, '\\boxed{2.5 J}', '2.5 J', false],
    [numeric, '\\boxed{2.5 N}', '2.5 N', false],
    [numeric, '\\boxed{2.6}', '2.6', false],
    [numeric, '\\boxed{2.5, 3}', '2.5, 3', false],
    [numeric, '\\boxed{2.7}', '2.7', false],
    [numeric, '\\boxed{-2.5}', '-2.5', false],
    [numeric, '\\boxed{2.5 zorks}', '2.5 zorks', true],
    [numeric, 'Answer: 2.5 kJ', '2.5 kJ', true],
    [numeric, '\\boxed{energy}', null, false],
    [numeric, 'It is 2.5 kJ.', null, false],
    [open, '\\boxed{Natural Selection}', 'Natural Selection', true],
    [open, 'The answer is the survival of the fittest!', 'the survival of the fittest', true],
    [open, '\\boxed{not natural selection}', 'not natural selection', false],
    [open, '\\boxed{natural selections}', 'natural selections', false],
    [open, '\\boxed{selection}', 'selection', false],
    [open, 'Natural selection.', 'Natural selection.', true],
    [open, 'I do not know.', null, false],
  ] as const)('%#: %o answered %j', (question, response, extracted, correct) =>
    expect(gradeResponse(question, response)).toEqual({ extracted, correct }),
  );

  it('takes a stated tolerance of the larger number, and zero only for zero', () => {
    const grade = (answer: string, given: string): boolean =>
      gradeResponse({ ...base, answer, metadata: { kind: 'numeric', tolerance: '5 %' } }, `\\boxed{${given}}`).correct;
    expect(grade('100', '95')).toBe(true);
    expect(grade('100', '94.9')).toBe(false);
    expect(grade('100', '105.2')).toBe(true);
    expect(grade('100', '105.3')).toBe(false);
    expect(grade('0', '0.0')).toBe(true);
    expect(grade('0', '0.001')).toBe(false);
    expect(grade('25', '25 %')).toBe(true);
  });

  it('tells the kind by choices, metadata, then the answer', () => {
    expect(kindOf(choice)).toBe('multiple-choice');
    expect(kindOf(open)).toBe('open');
    expect(kindOf({ ...base, answer: '-5 m' })).toBe('numeric');
    expect(kindOf({ ...base, answer: 'five' })).toBe('open');
    expect(kindOf({ ...base, answer: '5 alive', metadata: { kind: 'open' } })).toBe('open');
  });
});

describe('normalizeWords', () => {
  it('drops accents, case and punctuation', () => {
    expect(normalizeWords('  Le Châtelier’s  principle! (CO₂)')).toBe('le chatelier s principle co2');
  });
});
