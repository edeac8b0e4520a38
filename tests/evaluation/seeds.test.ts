import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/engine/tensors/random';
import { overSeeds } from '../../src/results/evaluation/seeds';
import { estimate } from '../../src/results/evaluation/statistics';

describe('overSeeds', () => {
  test('with one seed is the interval over questions', () => {
    const scores = [0, 1, 0.5, 1, 0];
    expect(overSeeds([scores])).toEqual({ ...estimate(scores), seeds: 1 });
  });

  test('contains the spread between two seeds that differ on every question alike', () => {
    const { value, low, high, seeds } = overSeeds([
      [0.2, 0.2, 0.2],
      [0.4, 0.4, 0.4],
    ]);
    expect([value, seeds]).toEqual([expect.closeTo(0.3, 12), 2]);
    // Standard error 0.1 over two seeds: Student's t with one degree of freedom.
    expect([low, high]).toEqual([expect.closeTo(0.3 - 1.27062, 5), expect.closeTo(0.3 + 1.27062, 5)]);
  });

  test('is a point when nothing varies', () => {
    expect(
      overSeeds([
        [1, 1],
        [1, 1],
      ]),
    ).toMatchObject({ value: 1, low: 1, high: 1 });
  });

  test('covers the truth in at least 95 % of draws with random seeds and questions', () => {
    const random = createRandom(7);
    const draw = (): boolean => {
      const questions = Array.from({ length: 60 }, () => 0.2 * random.normal());
      const scores = Array.from({ length: 3 }, () => {
        const shift = 0.1 * random.normal();
        return questions.map((question) => 0.5 + question + shift + 0.1 * random.normal());
      });
      const { low, high } = overSeeds(scores);
      return low <= 0.5 && 0.5 <= high;
    };
    const covered = Array.from({ length: 1000 }, draw).filter(Boolean).length;
    expect(covered).toBeGreaterThan(940);
  });
});
