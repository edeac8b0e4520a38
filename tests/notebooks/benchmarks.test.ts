import { describe, expect, test } from 'vitest';
import {
  differenceRows,
  disagreementRows,
  failureRows,
  lengthRows,
  modeRows,
  powerSentence,
  subjectRows,
  worstRows,
} from '../../src/app/notebook/analysis';
import { openBenchmark } from '../../src/app/notebook/benchmarks';
import { wordShare } from '../../src/app/notebook/criteria';
import { letterRows, placeRows, rightFirst } from '../../src/app/notebook/letters';
import { numericError, numericErrorRows, toleranceSeries, valueRatio } from '../../src/app/notebook/numericErrors';
import type { Question } from '../../src/base/records/question';
import { modeNamed } from '../../src/questions/grading/modes';
import { agreementConfidence, choiceProbabilities, reliability } from '../../src/results/evaluation/calibration';
import { type GradedResponse, type QuestionResult, summarize } from '../../src/results/evaluation/evaluate';
import { reliabilityFigure } from '../../src/results/figures/reliability';
import { figureToSvg } from '../../src/results/figures/svg/render';
import type { MethodEvaluation } from '../../src/run/experiments/comparison';

const choice = (id: string, answer: string, topic = 'physics'): Question => ({
  id,
  task: 'science-sample',
  split: 'test',
  question: `Which one, ${id}?`,
  choices: ['red', 'green', 'blue', 'grey'],
  answer,
  metadata: { topic },
});

const mode = modeNamed('corrected');

/** A method that gives these texts to these questions; an unfinished one was cut off. */
function methodOf(method: string, answers: readonly (readonly [Question, readonly string[]])[]): MethodEvaluation {
  const results = answers.map(([question, texts]): QuestionResult => {
    const responses = texts.map((text): GradedResponse => {
      return { ...mode.grade(question, text), text, tokens: text.length, truncated: text.endsWith('...') };
    });
    return { question, responses };
  });
  const decoding = { temperature: 0.7, top_p: 0.95, samples: answers[0]?.[1].length ?? 1 };
  return { method, evaluation: { summary: summarize(results, decoding), results } };
}

const [one, two, three] = [choice('one', 'A'), choice('two', 'B', 'biology'), choice('three', 'C', 'biology')];
const base = methodOf('base', [
  [one, ['\\boxed{A}', '\\boxed{B}']],
  [two, ['\\boxed{D}', '\\boxed{D}']],
  [three, ['I wonder...', '']],
]);
const after = methodOf('SFT', [
  [one, ['\\boxed{A}', '\\boxed{A}']],
  [two, ['\\boxed{B}', '\\boxed{D}']],
  [three, ['<script>alert(1)</script> \\boxed{A}', 'No idea.']],
]);

describe('calibration', () => {
  test('bins hold their share of the answers, and the error is their distance by size', () => {
    const sure = [0.9, 0.9, 0.9, 0.9].map((confidence, i) => ({ confidence, correct: Number(i < 2) }));
    const { bins, error, brier, n } = reliability([
      ...sure,
      { confidence: 1, correct: 1 },
      { confidence: 0.1, correct: 0 },
    ]);
    expect(n).toBe(6);
    expect(bins.map((bin) => bin.n)).toEqual([1, 5]);
    expect(bins[1]?.confidence).toBeCloseTo(0.92, 9);
    expect(bins[1]?.accuracy.value).toBeCloseTo(0.6, 9);
    expect(error).toBeCloseTo((0.1 + 5 * 0.32) / 6, 9);
    expect(brier).toBeCloseTo((2 * 0.01 + 2 * 0.81 + 0 + 0.01) / 6, 9);
  });

  test('agreement counts samples without an answer against it', () => {
    const vote = (extracted: string | null) => ({ extracted, correct: extracted === 'A' });
    expect(agreementConfidence(['A', 'A', 'B', null].map(vote))).toEqual({ confidence: 0.5, correct: 1 });
    expect(agreementConfidence([null, null].map(vote))).toEqual({ confidence: 0, correct: 0 });
  });

  test('log-likelihoods far below what a number can hold still make probabilities', () => {
    const [a = 0, b = 0] = choiceProbabilities([-2000, -2000 - Math.log(3)]);
    expect(a).toBeCloseTo(0.75, 9);
    expect(b).toBeCloseTo(0.25, 9);
  });

  test('the figure has a line a case and the diagonal', () => {
    const figure = reliabilityFigure(
      [{ name: 'base', bins: reliability([{ confidence: 0.5, correct: 1 }]).bins }],
      'Sure?',
    );
    expect(figure.data.map(({ name }) => name)).toEqual(['base', 'confidence = accuracy']);
    expect(figureToSvg(figure)).toMatch(/^<svg /);
  });
});

describe('analysis', () => {
  test('subjects are the coarsest field that divides the questions', () => {
    const rows = subjectRows([base, after]);
    expect(rows.map(({ subject, questions }) => [subject, questions])).toEqual([
      ['biology', 2],
      ['physics', 1],
    ]);
    expect(rows[1]?.['SFT (T=0.7, top_p 0.95, 2 samples)']).toMatch(/^100\.0 %/);
  });

  test('differences are paired by question and count who is better', () => {
    const [row] = differenceRows([base, after]);
    expect(row).toMatchObject({
      'against base (T=0.7, top_p 0.95, 2 samples)': 'SFT (T=0.7, top_p 0.95, 2 samples)',
      ...{ questions: 3, better: 2, worse: 0 },
    });
    expect(row?.['difference in points']).toMatch(/^33\.3 \[/);
    expect(powerSentence([base])).toMatch(/^3 questions x 2 samples cannot see 1 point/);
  });

  test('lost answers are told apart by why', () => {
    expect(failureRows([base, after])).toEqual([
      {
        method: 'base',
        answers: 6,
        'answer found': 4,
        'cut off before it': 1,
        empty: 1,
        'ended without one': 0,
        'cut off in all': 1,
      },
      {
        method: 'SFT',
        answers: 6,
        'answer found': 5,
        'cut off before it': 0,
        empty: 0,
        'ended without one': 1,
        'cut off in all': 0,
      },
    ]);
  });

  test('modes read the same answers differently', () => {
    const rows = modeRows([after]);
    const found = Object.fromEntries(rows.map((row) => [row.mode, row['nothing found']]));
    expect(found.corrected).toBe(1);
    expect(found['simple-evals']).toBe(6);
    const two = methodOf('base', [[{ ...one, choices: ['red', 'green'] }, ['\\boxed{A}']]]);
    expect(modeRows([two]).map((row) => row.mode)).not.toContain('simple-evals');
  });

  test('letters: right ones, given ones, and where a mode shows the right choice', () => {
    expect(letterRows([base]).map((row) => [row.letter, row.right, row['base answers']])).toEqual([
      ['A', '33.3 %', '16.7 %'],
      ['B', '33.3 %', '16.7 %'],
      ['C', '33.3 %', '0.0 %'],
      ['D', '0.0 %', '33.3 %'],
    ]);
    const published = rightFirst([one, two]);
    expect(published.map(({ choices, answer }) => [choices?.[0], answer])).toEqual([
      ['red', 'A'],
      ['green', 'A'],
    ]);
    expect(placeRows(published).find((row) => row.mode === 'open-science')).toEqual({
      mode: 'open-science',
      A: '0.0 %',
      B: '0.0 %',
      C: '0.0 %',
      D: '100.0 %',
    });
  });

  test('thirds by length hold every answer once', () => {
    const rows = lengthRows([base]);
    expect(rows.map(({ answers }) => answers)).toEqual([2, 2, 2]);
  });

  test('disagreements and worst cases come largest and surest first', () => {
    expect(disagreementRows([base, after]).map(({ reference }) => reference)).toEqual(['A', 'B']);
    const worst = worstRows(base);
    expect(worst[0]).toMatchObject({ reference: 'B', found: 'D | D' });
    expect(worst.map(({ reference }) => reference)).toEqual(['B', 'C', 'A']);
  });
});

describe('numeric errors', () => {
  const question: Question = {
    id: 'n',
    task: 'scibench',
    split: 'test',
    question: '?',
    answer: '2.5',
    metadata: { kind: 'numeric', unit: 'kJ' },
  };
  const kind = (text: string) => numericError(question, mode.grade(question, `\\boxed{${text}}`));

  test.each([
    ['2.5 kJ', 'right'],
    ['2500 J', 'right'],
    ['2.5 s', 'right number, other unit'],
    ['-2.5 kJ', 'wrong sign'],
    ['2500', 'off by a power of ten'],
    ['4 kJ', 'within a factor of 2'],
    ['9 kJ', 'within a factor of 10'],
    ['70 kJ', 'farther off'],
    ['0', 'farther off'],
    ['no number', 'no number found'],
  ])('%s is %s', (text, expected) => {
    expect(kind(text)).toBe(expected);
  });

  test('ratios are taken in the unit that is asked for, and the tolerance widens what counts', () => {
    expect(valueRatio(question, '2000 J')).toBeCloseTo(0.8, 9);
    const method = methodOf('base', [[question, ['\\boxed{2.5}', '\\boxed{2.1}', 'nothing']]]);
    const [series] = toleranceSeries([method]);
    expect(series?.y.map((share) => Math.round(3 * share))).toEqual([1, 1, 1, 1, 2, 2, 2]);
    expect(numericErrorRows([method]).reduce((sum, { base: count }) => sum + Number(count), 0)).toBe(3);
  });
});

test('a criterion is met by words as far as its longer words stand in the answer', () => {
  const criterion = { description: 'Essential Criteria: Names inertia as the property.' };
  expect(wordShare(criterion, 'It is a property called inertia.')).toBeCloseTo(2 / 3, 9);
  expect(wordShare(criterion, '')).toBe(0);
});

test('without a registered set a benchmark opens on the shipped sample and says so', async () => {
  const sizes = { evaluations: '', model: 'smollm2-135m', questions: 5, samples: 1, max_tokens: 8 };
  const { said, questions, methods, registered } = await openBenchmark(
    { names: ['no-such-set'], sample: ({ metadata }) => metadata?.shape === 'gpqa' },
    sizes,
  );
  expect(registered).toBe(false);
  expect(said).toContain('no-such-set');
  expect(questions).toHaveLength(5);
  expect(methods[0]?.method).toBe('base');
  expect(methods.every(({ evaluation }) => evaluation.results.every(({ responses }) => responses.length > 0))).toBe(
    true,
  );
});
