import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Question } from '../../../src/base/records/question';
import { MODES, modeNamed } from '../../../src/questions/grading/modes';
import { MODE_NAMES } from '../../../src/questions/grading/modes/mode';
import { isClose, pythonFloat, pythonPattern, strip } from '../../../src/questions/grading/modes/python';

const fixture = JSON.parse(readFileSync(join(__dirname, '../../fixtures/extraction.json'), 'utf8'));
const base = { id: 'q', split: 'test', question: '?' };
const choice: Question = {
  ...base,
  task: 'multiple-choice',
  answer: 'B',
  choices: ['iron', 'copper', 'glass', 'wood'],
};
const numeric: Question = { ...base, task: 'scibench', answer: '2.5', metadata: { unit: '$10^{3}$ m' } };

describe('corrected', () => {
  it.each([
    ['J/mol', 'in J/mol within'],
    [' $\\mathrm{~kJ} \\mathrm{~mol}^{-1}$', 'in $\\mathrm{~kJ} \\mathrm{~mol}^{-1}$ within'],
    ['$10^6 \\mathrm{m} / \\mathrm{s}$', 'in $\\mathrm{m} / \\mathrm{s}$ within'],
    [' ', 'put your final answer within'],
  ])('asks for the unit %j', (unit, asked) =>
    expect(modeNamed('corrected').prompt({ ...numeric, metadata: { unit } })).toContain(asked),
  );

  const grade = (row: { set: string; answer: string; response: string }) =>
    modeNamed('corrected').grade({ ...choice, choices: fixture.sets[row.set], answer: row.answer }, row.response);
  const rows: { id: string; set: string; answer: string; reads: string | null; response: string }[] = fixture.choices;

  it('agrees with a careful reader on 9 of 10 responses, and hardly ever finds what is not there', () => {
    const graded = rows.map((row) => ({ ...row, extracted: grade(row).extracted }));
    const differ = graded.filter(({ reads, extracted }) => reads !== extracted);
    expect(differ.length).toBeLessThanOrEqual(0.1 * rows.length);
    // The one is "... Answer:\n D z\nAnswer: E", where the last answer is E.
    expect(differ.filter(({ extracted }) => extracted !== null).map(({ id }) => id)).toEqual(['c247']);
  });

  it('agrees on numbers with their units and powers of ten', () => {
    const differ = fixture.numbers.filter(
      (row: { answer: string; unit: string; right: boolean; response: string }) =>
        modeNamed('corrected').grade({ ...numeric, answer: row.answer, metadata: { unit: row.unit } }, row.response)
          .correct !== row.right,
    );
    expect(differ.length).toBeLessThanOrEqual(7);
  });

  it('shows the choices of a question in an order of its own where they would give the answer away', () => {
    const letters = Array.from({ length: 60 }, (_, i) => {
      const shown = modeNamed('corrected').arrange(
        { ...choice, id: `q${i}`, answer: 'A', metadata: { correct_first: true } },
        i,
      );
      expect(shown.choices?.['ABCD'.indexOf(shown.answer)]).toBe('iron');
      return shown.answer;
    });
    expect([...new Set(letters)].sort()).toEqual(['A', 'B', 'C', 'D']);
  });
});

describe('a question that a mode does not know', () => {
  it.each([
    ['simple-evals', { ...numeric }, /simple-evals .*numeric .*"q" \(task scibench\); use open-science, corrected/],
    ['mmlu-pro', { ...base, task: 'math-500', answer: '2' }, 'use corrected, lm-eval-strict.'],
    [
      'open-science',
      { ...base, task: 'other', answer: 'a word' },
      'does not know open questions such as "q" (task other); use corrected.',
    ],
    ['simple-evals', { ...choice, choices: ['x', 'y'] }, 'four choices, but "q" has 2'],
    ['lm-eval-flexible', { ...base, task: 'piqa', answer: 'A' }, 'has no choices; add the field "choices".'],
  ])('%s', (name, question, sentence) => {
    expect(() => modeNamed(name).grade(question, 'Answer: B')).toThrow(sentence);
    expect(() => modeNamed(name).prompt(question)).toThrow(sentence);
  });
  it('or a mode that there is not', () =>
    expect(() => modeNamed('best')).toThrow('use one of open-science, corrected'));
  it('names are those of the modes', () => expect(MODES.map(({ name }) => name)).toEqual([...MODE_NAMES]));
});

describe('a million characters made to mislead', () => {
  const long = (part: string): string => part.repeat(Math.ceil(1_000_000 / part.length));
  const attacks = {
    brackets: `the answer is ${long('(')}`,
    'closing brackets': `the answer is A${long('}')}x`,
    'a bracket before': `${long('[(')}B`,
    commands: `Answer: ${long('\\boxed{')}`,
    'open box': long('\\boxed{\\text{'),
    blanks: `the answer ${long(' ')}x`,
    'blanks behind a letter': `A${long(' ')}x`,
    'blanks behind a word': `answers${long(' ')}x`,
    'blanks with a command': `\\text${long(' \n')}{B}`,
    nouns: long('answer'),
    'nouns and blanks': long('answer  '),
    'the word the': long('the '),
    colons: long('answer: '),
    'colons alone': long(':'),
    'is the': long('A  the  '),
    letters: long('B '),
    stars: long('**'),
    'stated on one line': long('The answer is '),
    'stated on many': long('The answer is \n'),
    thinking: long('<think>a</think'),
    'one word': long('answerword'),
    'nested text': `\\boxed{${long('\\text{')}B${'}'.repeat(170_000)}}`,
    fractions: long('\\frac'),
    dollars: long('$ '),
    emoji: long('\u{1f449}'),
  };
  const questions = [
    choice,
    { ...choice, choices: ['$x$', '(a b)', '\\text{B}', ' '] },
    numeric,
    { ...base, task: 'math', answer: '1/2' },
  ];
  it.each(Object.entries(attacks))('%s', (_, response) => {
    for (const mode of MODES)
      for (const question of questions) {
        let grade: unknown;
        try {
          grade = mode.grade(question, response);
        } catch (error) {
          expect(String(error)).toContain('does not know');
          continue;
        }
        expect(grade).toHaveProperty('correct');
      }
  });
});

describe('what Python means', () => {
  it('by a number', () => {
    expect(['1_000.5', ' ١٢ ', '1e5', '.5', '5.', '+7', '-inf', '\u00a02\u2003'].map(pythonFloat)).toEqual([
      1000.5,
      12,
      1e5,
      0.5,
      5,
      7,
      -Infinity,
      2,
    ]);
    expect(pythonFloat('nan')).toBeNaN();
    expect(['1__0', '_1', '0x10', '1 2', '', 'e5', '1,0', '²'].map(pythonFloat)).toEqual(Array(8).fill(undefined));
  });
  it('by closeness, which is symmetric and never between infinities', () => {
    expect([isClose(100, 95, 0.05), isClose(95, 100, 0.05), isClose(100, 94.9, 0.05)]).toEqual([true, true, false]);
    expect([isClose(Infinity, Infinity, 0.05), isClose(Infinity, 1, 0.05), isClose(Number.NaN, 1, 0.05)]).toEqual([
      true,
      false,
      false,
    ]);
  });
  it('by blanks, words and letters of no case', () => {
    expect(strip('\x1c\x85 a b \u2028')).toBe('a b');
    expect(strip('\ufeffa')).toBe('\ufeffa');
    expect(pythonPattern('\\bA\\b').test('éA')).toBe(false);
    expect(pythonPattern('.').test('\u2028')).toBe(true);
    expect(pythonPattern('is', 'i').test('ıſ')).toBe(true);
  });
  it('by choices that hold a hyphen, a brace or a bracket', () => {
    const question: Question = {
      id: 'q',
      task: 'gpqa-diamond',
      split: 'test',
      question: '?',
      choices: ['about -1; to the anode', 'f(x) = {x-2}', 'washing-up [liquid]', 'none'],
      answer: 'C',
    };
    const grades = MODES.map((mode) => mode.grade(question, 'The answer is washing-up [liquid].'));
    expect(grades[0]).toEqual({ extracted: 'C', correct: true });
    expect(grades).toHaveLength(6);
  });
});
