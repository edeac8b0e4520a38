import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/engine/tensors/random';
import {
  nullTable,
  paperBenchmarks,
  RUN_SHARE,
  reproducedQuestionShare,
  reproducedRunShare,
} from '../../src/results/evaluation/nullTable';
import {
  binaryVariances,
  detectableDifference,
  detectableSentence,
  differenceError,
  measuredVariances,
  type PowerDesign,
  powerCurve,
  QUESTION_SHARE,
  questionsNeeded,
} from '../../src/results/evaluation/power';
import { PUBLISHED_TABLES, publishedScore, publishedTable } from '../../src/results/evaluation/published';
import { pairedDifference } from '../../src/results/evaluation/statistics';

const GPQA: PowerDesign = { questions: 198, samples: 4, paired: true, ...binaryVariances(0.62) };

describe('a design', () => {
  test('says in a sentence what it cannot see', () => {
    expect(detectableSentence(GPQA, 0.01)).toBe(
      '198 questions x 4 samples cannot see 1 point: a paired difference must be 5.4 points to be found 80 times in 100, and ' +
        '1 point is found 8 times.',
    );
    expect(detectableSentence({ ...GPQA, questions: 1, samples: 1, paired: false, runs: 3 }, 0.5)).toMatch(
      /^1 question x 1 sample x 3 runs cannot see 50 points: an unpaired difference/,
    );
    expect(detectableSentence({ ...GPQA, questions: 20_000 }, 0.01)).toMatch(/ can see 1 point: /);
  });

  test('has the standard error that simulated evaluations have', () => {
    const random = createRandom(31);
    const design = { questions: 50, samples: 2, between: 0.04, within: 0.2, paired: true, correlation: 0.5 };
    const error = (): number => {
      const questions = Array.from({ length: 50 }, () => [random.normal(), random.normal(), random.normal()] as const);
      const scores = (own: 1 | 2) =>
        questions.map((q) => {
          const mean = Math.sqrt(0.02) * (q[0] + q[own]);
          return [mean + Math.sqrt(0.2) * random.normal(), mean + Math.sqrt(0.2) * random.normal()];
        });
      return pairedDifference(scores(1), scores(2)).standardError ** 2;
    };
    const measured = Math.sqrt(Array.from({ length: 400 }, error).reduce((sum, x) => sum + x, 0) / 400);
    expect(measured / differenceError(design)).toBeCloseTo(1, 1);
  });

  test('needs as many questions as make the difference the smallest one found', () => {
    const n = questionsNeeded(GPQA, 0.01);
    expect(detectableDifference({ ...GPQA, questions: n })).toBeLessThanOrEqual(0.01);
    expect(detectableDifference({ ...GPQA, questions: n - 1 })).toBeGreaterThan(0.01);
    expect(questionsNeeded({ ...GPQA, runDeviation: 0.02 }, 0.01)).toBe(Number.POSITIVE_INFINITY);
  });

  test('has a power that starts at alpha and grows', () => {
    const curve = powerCurve(GPQA, [0, 0.02, 0.05, 0.1]);
    expect(curve[0]?.power).toBeCloseTo(0.05, 10);
    expect(curve.map(({ power }) => power)).toEqual(curve.map(({ power }) => power).sort((a, b) => a - b));
  });

  test('takes its variances from an evaluation that was run', () => {
    const random = createRandom(41);
    const scores = Array.from({ length: 3000 }, () => {
      const chance = 0.5 + 0.3 * (random.next() < 0.5 ? 1 : -1);
      return Array.from({ length: 3 }, () => Number(random.next() < chance));
    });
    const { between, within } = measuredVariances(scores);
    expect(between).toBeCloseTo(0.09, 1.7);
    expect(within).toBeCloseTo(0.16, 1.7);
    expect(() => measuredVariances([[1], [0]])).toThrow('answered twice');
  });
});

describe('published numbers', () => {
  test('printed averages are the means of their rows', () => {
    const rows = PUBLISHED_TABLES.filter(({ columns }) => columns.at(-1) === 'average').flatMap((table) => table.rows);
    const complete = rows.filter(({ values }) => values.every((value) => value !== null));
    expect(complete.length).toBe(16);
    for (const { name, values } of complete) {
      const six = values.slice(0, 6) as number[];
      const mean = six.reduce((sum, value) => sum + value, 0) / 6;
      expect(Math.abs(mean - (values[6] as number)), `${name}: ${mean}`).toBeLessThan(0.06);
    }
    for (const { name, columns, rows: own } of PUBLISHED_TABLES)
      for (const { values } of own) expect(values.length, name).toBe(columns.length);
  });

  test('are looked up by name', () => {
    expect(publishedScore('table-1', 'RCSD', 'average')).toBe(70.6);
    expect(publishedScore('table-6', 'learned', 'PIQA')).toBeNull();
    expect(publishedScore('table-2', 'nobody', 'PIQA')).toBeNull();
    expect(() => publishedTable('table-9')).toThrow('no published table table-9; there are table-1,');
  });
});

describe('the null table', () => {
  test('stands on variances that OPSD’s reproductions give', () => {
    expect(reproducedQuestionShare()).toBeCloseTo(QUESTION_SHARE, 2);
    expect(reproducedRunShare()).toBeCloseTo(RUN_SHARE, 2);
    expect(paperBenchmarks().map(({ questions, samples }) => questions * samples)).toEqual([
      792, 2560, 7352, 500, 500, 500,
    ]);
  });

  test('is the same for the same seed', () => {
    const small = { benchmarks: paperBenchmarks().slice(0, 1), tables: 200 };
    expect(nullTable(small)).toEqual(nullTable(small));
    expect(nullTable(small)).not.toEqual(nullTable({ ...small, seed: 1 }));
  });

  test('has leads as answers drawn one by one have them', () => {
    const benchmark = { name: 'small', questions: 20, samples: 2, mean: 0.5 };
    const options = { benchmarks: [benchmark], methods: 3, lead: 0.1, questionShare: 0.5, runShare: 0 };
    // A beta distribution with share 1/2 and mean 1/2 is the arcsine distribution.
    const chances = Array.from({ length: 20 }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / 40) ** 2);
    const random = createRandom(77);
    const score = (): number =>
      chances.reduce((sum, p) => sum + Number(random.next() < p) + Number(random.next() < p), 0);
    const tables = Array.from({ length: 20_000 }, () => [score(), score(), score()].sort((a, b) => b - a));
    const led = tables.filter(([first = 0, second = 0]) => first - second >= 4).length / tables.length;
    const { leads } = nullTable({ ...options, tables: 20_000 });
    expect(Math.abs(leads.second.value - led)).toBeLessThan(0.012);
    expect(leads.second.low).toBeLessThan(leads.second.value);
  });

  test('leads more often with more variance between runs, and least often over the second', () => {
    const [none, byQuestion, byBenchmark] = [{ runShare: 0 }, {}, { runShare: 0, runDeviation: 0.018 }].map((options) =>
      nullTable({ tables: 2000, ...options }),
    );
    const deviations = [none, byQuestion, byBenchmark].map((table) => table?.deviation ?? 0);
    expect(deviations).toEqual([...deviations].sort((a, b) => a - b));
    const { second, rival, worst } = (byBenchmark as NonNullable<typeof byBenchmark>).leads;
    expect(second.value).toBeLessThan(rival.value);
    expect(rival.value).toBeLessThan(worst.value);
    expect(byBenchmark?.wins[0]).toBe(1);
    expect(byBenchmark?.wins.length).toBe(7);
  });

  test('needs something to compare', () => {
    expect(() => nullTable({ methods: 1 })).toThrow('two methods');
  });
});
