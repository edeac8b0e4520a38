/** Statistics against scipy and statsmodels (tests/fixtures/make_statistics.py), to 1e-9. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { betaQuantile, normalQuantile, studentQuantile } from '../../src/results/evaluation/distributions';
import { exactInterval, wilson } from '../../src/results/evaluation/intervals';
import { mixedSummary } from '../../src/results/evaluation/mixed';
import { benjaminiHochberg, holm } from '../../src/results/evaluation/multiplicity';
import { nullTable } from '../../src/results/evaluation/nullTable';
import { mcnemar, pairedBootstrap, permutationTest } from '../../src/results/evaluation/paired';
import { detectableDifference, differenceError, type PowerDesign, powerOf } from '../../src/results/evaluation/power';
import { clusteredMean, pairedDifference, passAtK } from '../../src/results/evaluation/statistics';

interface Reference {
  readonly quantiles: Record<'normal' | 'student' | 'beta', number[][]>;
  readonly proportions: { successes: number; n: number; level: number; wilson: number[]; exact: number[] }[];
  readonly clustered: { scores: number[][]; value: number; standard_error: number };
  readonly paired: { a: number[]; b: number[]; value: number; standard_error: number; permutation_p: number }[];
  readonly bootstrap: { a: number[]; b: number[]; low: number; high: number; standard_error: number };
  readonly mcnemar: { only_a: number; only_b: number; exact: number; mid_p: number }[];
  readonly multiplicity: { p: number[]; holm: number[]; fdr_bh: number[] };
  readonly crossed: {
    scores: number[][][];
    value: number;
    standard_error: number;
    low: number;
    high: number;
    components: Record<string, number>;
  }[];
  readonly power: { ratio: number; alpha: number; power: number }[];
  readonly detectable: { ratio: number; alpha: number; power: number }[];
  readonly null_deviations: {
    questions: number;
    samples: number;
    mean: number;
    judged: boolean;
    question_share: number;
    run_share: number;
    deviation: number;
  }[];
  readonly pass_at_k: [n: number, c: number, k: number, value: number][];
}

const reference: Reference = JSON.parse(
  readFileSync(join(__dirname, '..', 'fixtures', 'statistics.json'), 'utf8'),
) as Reference;

/** Equal to 1e-9, relative above 1. */
function expectClose(ours: readonly number[], theirs: readonly number[]): void {
  expect(ours.length).toBe(theirs.length);
  ours.forEach((value, i) => {
    const other = theirs[i] as number;
    expect(Math.abs(value - other), `${value} against ${other}`).toBeLessThan(1e-9 * Math.max(1, Math.abs(other)));
  });
}

const DESIGN: PowerDesign = { questions: 198, samples: 4, between: 0.14, within: 0.09, paired: true, correlation: 0.9 };

describe('against scipy and statsmodels', () => {
  test('quantiles', () => {
    const { normal, student, beta } = reference.quantiles;
    type Row = [number, number, number, number];
    expectClose(
      normal.map(([p]) => normalQuantile(p as number)),
      normal.map(([, x]) => x as number),
    );
    expectClose(
      (student as Row[]).map(([p, f]) => studentQuantile(p, f)),
      (student as Row[]).map(([, , x]) => x),
    );
    expectClose(
      (beta as Row[]).map(([p, a, b]) => betaQuantile(p, a, b)),
      (beta as Row[]).map(([, , , x]) => x),
    );
  });

  test.each(reference.proportions)('intervals of $successes of $n at $level', ({ successes, n, level, ...theirs }) => {
    const [ours, exact] = [wilson(successes / n, n, level), exactInterval(successes, n, level)];
    expectClose([ours.low, ours.high, exact.low, exact.high], [...theirs.wilson, ...theirs.exact]);
  });

  test('the clustered standard error is the sandwich estimator’s', () => {
    const { scores, value, standard_error } = reference.clustered;
    const ours = clusteredMean(scores);
    expectClose([ours.value, ours.standardError], [value, standard_error]);
  });

  test.each(reference.paired)('paired difference and its permutation test, %#', ({ a, b, ...theirs }) => {
    const single = (scores: number[]) => scores.map((score) => [score]);
    const { value, standardError } = pairedDifference(single(a), single(b));
    const { p, exact } = permutationTest(a, b);
    expect(exact).toBe(true);
    expectClose([value, standardError, p], [theirs.value, theirs.standard_error, theirs.permutation_p]);
  });

  test('the bootstrap’s interval is scipy’s within the noise of resampling', () => {
    const { a, b, low, high, standard_error } = reference.bootstrap;
    const ours = pairedBootstrap(a, b, { draws: 20_000 });
    expect(Math.abs(ours.low - low)).toBeLessThan(0.03 * (high - low));
    expect(Math.abs(ours.high - high)).toBeLessThan(0.03 * (high - low));
    expect(ours.standardError / standard_error).toBeCloseTo(1, 1);
  });

  test.each(reference.mcnemar)('McNemar for $only_a and $only_b', ({ only_a, only_b, exact, mid_p }) => {
    const ours = mcnemar(only_a, only_b);
    expectClose([ours.exact, ours.midP], [exact, mid_p]);
  });

  test('Holm, and Benjamini and Hochberg', () => {
    const { p, holm: theirHolm, fdr_bh } = reference.multiplicity;
    expectClose(holm(p), theirHolm);
    expectClose(benjaminiHochberg(p), fdr_bh);
  });

  test.each(reference.crossed)('mixed summary, design %#', ({ scores, components, ...theirs }) => {
    const ours = mixedSummary(scores);
    expectClose(
      [ours.value, ours.standardError, ours.low, ours.high],
      [theirs.value, theirs.standard_error, theirs.low, theirs.high],
    );
    expect(Object.keys(ours.components).sort()).toEqual(Object.keys(components).sort());
    for (const [name, value] of Object.entries(components)) {
      expectClose([(ours.components as unknown as Record<string, number>)[name] as number], [value]);
    }
  });

  test('power and the smallest difference that is found', () => {
    const error = differenceError(DESIGN);
    const { power, detectable } = reference;
    expectClose(
      power.map(({ ratio, alpha }) => powerOf(DESIGN, ratio * error, { alpha })),
      power.map((each) => each.power),
    );
    expectClose(
      detectable.map((plan) => detectableDifference(DESIGN, plan) / error),
      detectable.map(({ ratio }) => ratio),
    );
  });

  test('pass@k is one minus the ratio of binomial coefficients', () => {
    const rows = reference.pass_at_k;
    expectClose(
      rows.map(([n, c, k]) => passAtK(n, c, k)),
      rows.map((row) => row[3]),
    );
  });

  // 60,000 draws: the standard error of a standard deviation is 0.3 % of it.
  test.each(reference.null_deviations)('spread of a null score, $questions questions', (row) => {
    const { question_share: questionShare, run_share: runShare, deviation, ...benchmark } = row;
    const benchmarks = [{ name: 'one', ...benchmark }];
    expect(Math.abs(nullTable({ benchmarks, questionShare, runShare }).deviation / deviation - 1)).toBeLessThan(0.015);
  });
});
