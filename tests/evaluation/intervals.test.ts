import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/engine/tensors/random';
import { betaQuantile } from '../../src/results/evaluation/distributions';
import { shareInterval, wilson } from '../../src/results/evaluation/intervals';
import { overSeeds } from '../../src/results/evaluation/seeds';
import {
  clusteredMean,
  clusteredShare,
  pairedDifference,
  pairedShareDifference,
} from '../../src/results/evaluation/statistics';

const repeat = (n: number, scores: readonly number[]): number[][] => Array.from({ length: n }, () => [...scores]);

describe('clusteredShare', () => {
  test('is clusteredMean where five answers and more are right, and wrong', () => {
    const scores = [...repeat(30, [1, 1]), ...repeat(10, [0, 0]), ...repeat(10, [1, 0])];
    expect(clusteredShare(scores)).toEqual(clusteredMean(scores));
  });

  test('gives all right and all wrong the interval of as many single answers as there are questions', () => {
    expect(clusteredMean(repeat(60, [1, 1, 1, 1]))).toMatchObject({ low: 1, high: 1 });
    const right = clusteredShare(repeat(60, [1, 1, 1, 1]));
    expect(right).toMatchObject({ value: 1, standardError: 0, n: 60, ...wilson(1, 60) });
    expect([right.low, right.high]).toEqual([expect.closeTo(1 - 3.84 / 63.84, 4), 1]);
    const wrong = clusteredShare(repeat(60, [0]));
    expect([wrong.low, wrong.high]).toEqual([0, expect.closeTo(3.84 / 63.84, 4)]);
  });

  test('is no point where every question is half right', () => {
    expect(clusteredShare(repeat(40, [1, 0]))).toMatchObject(wilson(0.5, 80));
  });

  test('stays in 0..1 and around the value near the edge', () => {
    const { value, low, high } = clusteredShare([...repeat(58, [1]), ...repeat(2, [0])]);
    expect(clusteredMean([...repeat(58, [1]), ...repeat(2, [0])]).high).toBeGreaterThan(1);
    expect(low).toBeGreaterThan(0.85);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    expect(high).toBeLessThan(1);
  });

  test('leaves one question and none without an interval', () => {
    expect(shareInterval(clusteredMean([[1]]), 1)).toEqual({ low: Number.NaN, high: Number.NaN });
    expect(clusteredShare([]).value).toBeNaN();
  });

  // Beta-binomial questions: the normal interval covers the truth in 9 to 46 % of draws at 0.99 with 60 and fewer questions.
  test.each([
    { p: 0.9, questions: 20, samples: 4 },
    { p: 0.97, questions: 60, samples: 4 },
    { p: 0.97, questions: 198, samples: 1 },
    { p: 0.99, questions: 20, samples: 1 },
    { p: 0.99, questions: 60, samples: 4 },
  ])('covers $p of $questions questions x $samples samples', ({ p, questions, samples }) => {
    const size = 1 / 0.62 - 1;
    const chances = Array.from({ length: 500 }, (_, i) => betaQuantile((i + 0.5) / 500, p * size, (1 - p) * size));
    const random = createRandom(11);
    const covers = (): boolean => {
      const scores = Array.from({ length: questions }, () => {
        const chance = random.pick(chances);
        return Array.from({ length: samples }, () => Number(random.next() < chance));
      });
      const { low, high } = clusteredShare(scores);
      return low <= p && p <= high;
    };
    expect(Array.from({ length: 1000 }, covers).filter(Boolean).length).toBeGreaterThan(915);
  });
});

describe('pairedShareDifference', () => {
  test('is pairedDifference where ten questions and more differ', () => {
    const [a, b] = [
      [...repeat(9, [1]), ...repeat(3, [0]), ...repeat(20, [1])],
      [...repeat(9, [0]), ...repeat(23, [1])],
    ];
    expect(pairedShareDifference(a, b)).toEqual(pairedDifference(a, b));
  });

  test('is no point where no question differs', () => {
    const same = repeat(98, [1, 0]);
    expect(pairedDifference(same, same)).toMatchObject({ low: 0, high: 0 });
    // One more question for each side: a variance of 2 / 100 over 100 questions.
    const { value, low, high } = pairedShareDifference(same, same);
    expect([value, low, high]).toEqual([0, expect.closeTo(-0.027719, 5), expect.closeTo(0.027719, 5)]);
  });

  test('covers a small difference of few questions', () => {
    const random = createRandom(5);
    const covers = (): boolean => {
      const drawn = Array.from({ length: 60 }, () => random.next());
      const [a, b] = [drawn.map((u) => [Number(u < 0.03)]), drawn.map((u) => [Number(u > 0.99)])];
      const { low, high } = pairedShareDifference(a, b);
      return low <= 0.02 && 0.02 <= high;
    };
    expect(Array.from({ length: 1000 }, covers).filter(Boolean).length).toBeGreaterThan(940);
  });
});

test('shares over seeds have an interval where every answer is right', () => {
  const right = Array.from({ length: 3 }, () => new Array<number>(50).fill(1));
  expect(overSeeds(right, 'share')).toMatchObject({ value: 1, ...wilson(1, 50), seeds: 3 });
});
