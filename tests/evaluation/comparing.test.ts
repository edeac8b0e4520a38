/** Paired tests, corrections and mixed summaries: properties that no other implementation is needed for. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/engine/tensors/random';
import { mixedSummary } from '../../src/results/evaluation/mixed';
import { benjaminiHochberg, holm } from '../../src/results/evaluation/multiplicity';
import { mcnemar, mcnemarOf, pairedBootstrap, permutationTest } from '../../src/results/evaluation/paired';
import { majorityAtK, pairedDifference } from '../../src/results/evaluation/statistics';

const random = createRandom(29);
const answers = (n: number, chance: number): number[] =>
  Array.from({ length: n }, () => Number(random.next() < chance));

describe('paired tests', () => {
  const [a, b] = [answers(300, 0.6), answers(300, 0.5)];

  test('flipping signs of single answers is McNemar’s exact test', () => {
    const { p, exact } = permutationTest(a, b);
    const own = mcnemarOf(a.map(Boolean), b.map(Boolean));
    expect(exact).toBe(true);
    expect(p).toBeCloseTo(own.exact, 10);
    expect(own.midP).toBeLessThan(own.exact);
    expect(own.onlyA - own.onlyB).toBe(a.reduce((sum, x) => sum + x, 0) - b.reduce((sum, x) => sum + x, 0));
  });

  test('differences off every grid are flipped at random, by seed, to the same end', () => {
    const jitter = a.map((x) => x + 1e-4 * random.normal());
    const test = permutationTest(jitter, b);
    expect(test).toEqual(permutationTest(jitter, b));
    expect(test.exact).toBe(false);
    expect(Math.abs(test.p - permutationTest(a, b).p)).toBeLessThan(0.02);
    expect(permutationTest([0.1, Math.SQRT2], [3, Math.PI], { draws: 99 }).p).toBeGreaterThanOrEqual(0.01);
  });

  test('nothing differs: p is 1', () => {
    expect(permutationTest(a, a)).toEqual({ value: 0, p: 1, exact: true });
    expect(mcnemar(0, 0)).toEqual({ onlyA: 0, onlyB: 0, exact: 1, midP: 1 });
  });

  test('the bootstrap has the error of the paired difference, whatever the samples', () => {
    const [many, others] = [a.map((x) => [x, 1 - x, x]), b.map((x) => [x])];
    const [own, normal] = [pairedBootstrap(many, others), pairedDifference(many, others)];
    expect(own.value).toBeCloseTo(normal.value, 12);
    expect(own.standardError / normal.standardError).toBeCloseTo(1, 1);
    expect(own).toEqual(pairedBootstrap(many, others));
    expect(own).not.toEqual(pairedBootstrap(many, others, { seed: 2 }));
    const wide = pairedBootstrap(many, others, { level: 0.99 });
    expect(wide.high - wide.low).toBeGreaterThan(own.high - own.low);
  });

  test('unequal numbers of questions do not pair', () => {
    expect(() => permutationTest([1], [1, 0])).toThrow('paired comparison of 1 with 2 questions');
    expect(() => mcnemarOf([true], [])).toThrow('paired comparison of 1 with 0 questions');
  });
});

describe('corrections', () => {
  test('one comparison is left as it is, none is none', () => {
    expect([holm([0.04]), benjaminiHochberg([0.04]), holm([]), benjaminiHochberg([])]).toEqual([
      [0.04],
      [0.04],
      [],
      [],
    ]);
  });

  test('Holm by hand', () => {
    expect(holm([0.04, 0.01, 0.03])).toEqual([0.06, 0.03, 0.06]);
    expect(benjaminiHochberg([0.04, 0.01, 0.03])).toEqual([0.04, 0.03, 0.04]);
  });
});

describe('mixedSummary', () => {
  const draw = (bases: number, runs: number): number[][][] => {
    const questions = Array.from({ length: 40 }, () => 0.3 * random.normal());
    return Array.from({ length: bases }, () => {
      const base = bases > 1 ? 0.2 * random.normal() : 0;
      return Array.from({ length: runs }, () => {
        const shift = base + 0.1 * random.normal();
        return questions.map((question) => question + shift + 0.2 * random.normal());
      });
    });
  };

  test.each([
    [1, 3],
    [2, 2],
    [4, 2],
  ])('covers the truth with %i bases of %i runs', (bases, runs) => {
    const covers = (): boolean => {
      const { low, high } = mixedSummary(draw(bases, runs));
      return low <= 0 && 0 <= high;
    };
    expect(Array.from({ length: 600 }, covers).filter(Boolean).length).toBeGreaterThan(560);
  });

  test('finds the components, and takes bases with unequally many runs', () => {
    const scores = draw(200, 3).map((own, i) => (i % 2 === 0 ? own.slice(0, 2) : own));
    const { components, bases, runs, n } = mixedSummary(scores);
    expect([bases, runs, n]).toEqual([200, 500, 40]);
    expect(Math.sqrt(components.bases as number)).toBeCloseTo(0.2, 1);
    expect(Math.sqrt(components.runs as number)).toBeCloseTo(0.1, 1);
    expect(Math.sqrt(components.residual)).toBeCloseTo(0.2, 1);
  });

  test('bases of one run each have no component of runs', () => {
    expect(mixedSummary(draw(3, 1)).components.runs).toBeUndefined();
  });

  test('refuses what has no variance', () => {
    expect(() => mixedSummary([[[1, 0]]])).toThrow('two runs and two questions');
    expect(() => mixedSummary([[[1, 0], [1]]])).toThrow('every run to answer every question');
  });
});

describe('majorityAtK', () => {
  const vote = (extracted: string | null, correct = false) => ({ extracted, correct });

  test('is the answer of most samples; samples without an answer do not vote', () => {
    expect(majorityAtK([vote('A', true), vote('B'), vote('A', true), vote(null), vote(null), vote(null)])).toBe(1);
    expect(majorityAtK([vote('A', true), vote('B'), vote('B')])).toBe(0);
  });

  test('shares ties, in whatever order', () => {
    expect(majorityAtK([vote('A', true), vote('B')])).toBe(0.5);
    expect(majorityAtK([vote('B'), vote('C'), vote('A', true)])).toBeCloseTo(1 / 3, 12);
  });

  test('lets equal answers in other words vote together, for the most frequent of them, in whatever order', () => {
    const same = (a: string, b: string) => Number(a) === Number(b);
    const votes = [vote('7'), vote('7'), vote('5', true), vote('5.0', true), vote('5.00', true)];
    expect([majorityAtK(votes), majorityAtK(votes, same)]).toEqual([0, 1]);
    expect(majorityAtK([...votes].reverse(), same)).toBe(1);
  });

  test('is 0 without a vote', () => {
    expect([majorityAtK([]), majorityAtK([vote(null)])]).toEqual([0, 0]);
  });
});
