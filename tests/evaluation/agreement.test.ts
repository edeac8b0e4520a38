/** Measures of agreement against scikit-learn, scipy, statsmodels and pingouin, and where nothing can be measured. */
import { describe, expect, it } from 'vitest';
import { areaUnderCurve } from '../../src/method/rubrics/discrimination';
import {
  bootstrapClusters,
  cohenKappa,
  intraclassCorrelation,
  midranks,
  partialSpearman,
  slopeBeside,
  spearman,
} from '../../src/results/judges/agreement';
import { readReference } from '../parity/reference';

interface Fixture {
  kappa: { classes: number; a: number[]; b: number[]; none: number; linear: number; quadratic: number }[];
  correlation: {
    x: number[];
    y: number[];
    z: number[];
    ranks: number[];
    spearman: number;
    partial: number;
    auc: number;
  }[];
  slope: {
    x: number[];
    y: number[];
    control: number[] | null;
    value: number;
    standard_error: number;
    low: number;
    high: number;
  }[];
  reliability: { scores: number[][]; icc: number; type: string }[];
}
const fixture = readReference<Fixture>('agreement.json');

describe('measures of agreement', () => {
  it('give scikit-learn’s kappa, plain and weighted', () => {
    for (const { classes, a, b, ...expected } of fixture.kappa) {
      const pairs = a.map((value, i) => [value, b[i] as number] as const);
      for (const weights of ['none', 'linear', 'quadratic'] as const)
        expect(cohenKappa(pairs, classes, weights)).toBeCloseTo(expected[weights], 12);
    }
  });

  it('give scipy’s ranks and rank correlation, plain and beside a third, and the AUC', () => {
    for (const { x, y, z, ranks, ...expected } of fixture.correlation) {
      expect(midranks(x)).toEqual(ranks);
      expect(spearman(x, y)).toBeCloseTo(expected.spearman, 12);
      expect(partialSpearman(x, y, z)).toBeCloseTo(expected.partial, 10);
      const scores = (of: number) => x.filter((_, i) => z[i] === of);
      expect(areaUnderCurve(scores(1), scores(0))).toBeCloseTo(expected.auc, 12);
    }
  });

  it('give statsmodels’ slope with its robust interval', () => {
    for (const { x, y, control, ...expected } of fixture.slope) {
      const slope = slopeBeside(x, y, control ?? undefined);
      expect(slope?.value).toBeCloseTo(expected.value, 10);
      expect(slope?.standardError).toBeCloseTo(expected.standard_error, 10);
      expect([slope?.low, slope?.high]).toEqual([expect.closeTo(expected.low, 9), expect.closeTo(expected.high, 9)]);
    }
  });

  it('give pingouin’s ICC(1,1)', () => {
    for (const { scores, icc } of fixture.reliability) expect(intraclassCorrelation(scores)).toBeCloseTo(icc, 10);
  });

  it('are undefined where nothing can be measured', () => {
    expect(
      cohenKappa(
        [
          [1, 1],
          [1, 1],
        ],
        2,
      ),
    ).toBeUndefined();
    expect(cohenKappa([], 2)).toBeUndefined();
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeUndefined();
    expect(partialSpearman([1, 2, 4, 3], [1, 2, 3, 4], [7, 7, 7, 7])).toBeCloseTo(
      spearman([1, 2, 4, 3], [1, 2, 3, 4]) ?? -1,
    );
    expect(partialSpearman([1, 2, 4, 3], [0, 0, 1, 1], [0, 0, 1, 1])).toBeUndefined();
    expect(slopeBeside([2, 2, 2, 2], [1, 2, 3, 4])).toBeUndefined();
    expect(slopeBeside([0, 0, 1, 1], [1, 2, 3, 4], [5, 5, 9, 9])).toBeUndefined();
    expect(intraclassCorrelation([[1], [2]])).toBeUndefined();
    expect(
      intraclassCorrelation([
        [1, 1],
        [1, 1],
      ]),
    ).toBeUndefined();
  });

  it('bootstrap whole clusters: a repeat adds no certainty', () => {
    const share = (items: readonly number[]) =>
      items.length ? items.reduce((a, b) => a + b, 0) / items.length : undefined;
    const once = Array.from({ length: 60 }, (_, i) => [i % 3 === 0 ? 1 : 0]);
    const twice = once.map(([x = 0]) => [x, x]);
    const [single, double] = [bootstrapClusters(once, share), bootstrapClusters(twice, share)];
    expect(single).toEqual(double);
    expect(single?.value).toBeCloseTo(1 / 3, 12);
    // The normal interval of 20 in 60 has a half-width of 0.12.
    expect(single?.low).toBeGreaterThan(0.18);
    expect(single?.low).toBeLessThan(0.25);
    expect(single?.high).toBeGreaterThan(0.41);
    expect(single?.high).toBeLessThan(0.49);
  });
});
