import { describe, expect, it } from 'vitest';
import { clusteredMean, pairedDifference, passAtK, recoveredShare } from '../../src/results/evaluation/statistics';

describe('statistics', () => {
  it('takes questions as the clusters', () => {
    // Question means 1, 0.5 and 0: mean 0.5, variance 0.25 over n - 1, standard error sqrt(0.25 / 3).
    const { value, standardError, low, high, n } = clusteredMean([
      [1, 1],
      [1, 0],
      [0, 0],
    ]);
    expect(value).toBe(0.5);
    expect(standardError).toBeCloseTo(0.288675, 6);
    expect([low, high]).toEqual([value - 1.959964 * standardError, value + 1.959964 * standardError]);
    expect(n).toBe(3);
  });

  it('pairs differences by question', () => {
    const { value, standardError } = pairedDifference(
      [
        [1, 1],
        [1, 0],
        [1, 0],
      ],
      [
        [1, 0],
        [0, 0],
        [0, 0],
      ],
    );
    expect(value).toBe(0.5);
    expect(standardError).toBe(0);
    expect(() => pairedDifference([[1]], [[1], [0]])).toThrow('paired comparison of 1 with 2 questions');
  });

  it('estimates pass@k without bias', () => {
    // 1 - C(n - c, k) / C(n, k), by hand for n = 5, c = 2.
    expect(passAtK(5, 2, 1)).toBeCloseTo(0.4, 12);
    expect(passAtK(5, 2, 2)).toBeCloseTo(1 - 3 / 10, 12);
    expect(passAtK(5, 2, 4)).toBe(1);
    expect(passAtK(5, 0, 5)).toBe(0);
    expect(() => passAtK(2, 1, 3)).toThrow('pass@3 needs at least 3 samples');
  });

  it('gives the share of the teacher’s gap, with an interval around it', () => {
    const questions = Array.from({ length: 200 }, (_, i) => i);
    const base = questions.map((i) => [i % 4 === 0 ? 1 : 0]);
    const teacher = questions.map((i) => [i % 4 === 3 ? 0 : 1]);
    const student = questions.map((i) => [i % 2 === 0 ? 1 : 0]);
    const share = recoveredShare({ student, base, teacher });
    expect(share?.value).toBeCloseTo(0.5, 12);
    expect(share?.low).toBeGreaterThan(0.3);
    expect(share?.low).toBeLessThan(0.5);
    expect(share?.high).toBeGreaterThan(0.5);
    expect(recoveredShare({ student, base, teacher })).toEqual(share);
  });

  it('gives no share of a gap that may be nil', () => {
    const scores = Array.from({ length: 50 }, (_, i) => [i % 2]);
    expect(recoveredShare({ student: scores, base: scores, teacher: scores })).toBeUndefined();
  });
});
