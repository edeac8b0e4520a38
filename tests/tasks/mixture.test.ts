/** Several data sets in one setting: read as one, and drawn from by their weights. */
import { describe, expect, it, test } from 'vitest';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { loadTask } from '../../src/questions/load';
import { drawsOfSets, turns } from '../../src/questions/mixture';
import { folderOf, jsonl } from './tables';

const rows = (name: string, count: number, changes: object = {}): string =>
  jsonl(
    ...Array.from({ length: count }, (_, i) => ({
      id: `${name}${i}`,
      question: `${name} ${i}?`,
      answer: '5',
      ...changes,
    })),
  );

describe('turns', () => {
  test.each([
    [[0.7, 0.3], 10, [7, 3]],
    [[7, 3], 1000, [700, 300]],
    [[1, 1, 1], 10, [4, 3, 3]],
    [[0.999, 0.001], 1000, [999, 1]],
    [[5], 4, [4]],
  ])('of %j give %i draws as %j', (weights, count, draws) => {
    expect(drawsOfSets(weights, count)).toEqual(draws);
  });

  test('keep every share after any number of draws, and count each set on its own', () => {
    for (const weights of [
      [0.7, 0.3],
      [0.5, 0.3, 0.2],
      [8, 5, 3, 1, 0.1],
    ]) {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const drawn = weights.map(() => 0);
      turns(weights, 500).forEach(({ set, before }, n) => {
        expect(before).toBe(drawn[set]);
        drawn[set] = before + 1;
        weights.forEach((weight, i) => {
          expect(Math.abs((drawn[i] as number) - (weight / total) * (n + 1))).toBeLessThan(1.5);
        });
      });
    }
  });
});

describe('data sets read as one', () => {
  const folder = folderOf({
    'a/train.jsonl': rows('a', 3),
    'a/test.jsonl': rows('ta', 1),
    'b/train.jsonl': rows('b', 2, { task: 'other' }),
    'same.jsonl': rows('a', 1),
    'c,d.jsonl': rows('comma', 2),
  });

  it('keep their order, splits and origins', () => {
    const { task, train, test: held, origins } = loadTask(`${folder}/a, ${folder}/b`);
    expect(train.map(({ id }) => id)).toEqual(['a0', 'a1', 'a2', 'b0', 'b1']);
    expect(held.map(({ id }) => id)).toEqual(['ta0']);
    expect(task.name).toBe('science');
    expect([origins?.get('a2'), origins?.get('b0'), origins?.get('ta0')]).toEqual([
      `${folder}/a`,
      `${folder}/b`,
      `${folder}/a`,
    ]);
    expect(loadTask(`${folder}/a`).origins).toBeUndefined();
  });

  it('are refused where two have a question of one id; a comma in a path that is there is no separator', () => {
    expect(() => loadTask(`${folder}/a,${folder}/same.jsonl`)).toThrow(
      /both .*a and .*same\.jsonl have a question with the id "a0"/,
    );
    expect(() => loadTask(`${folder}/a,no/such`)).toThrow(/data=no\/such: there is no such/);
    expect(loadTask(`${folder}/c,d.jsonl`).train).toHaveLength(2);
  });
});

describe('settings of several data sets', () => {
  const resolve = (...overrides: string[]) =>
    resolveTrainConfig({ overrides: ['model=smollm2-135m', 'rubric_source=reference', ...overrides] });

  it('are numbers, one for each set', () => {
    const config = resolve('data=a,b', 'data_weights=0.7,0.3', 'stage1.data=c,d', 'stage1.data_weights=2,1');
    expect([config.data_weights, config.stage1.data, config.stage1.data_weights, config.stage2.data]).toEqual([
      [0.7, 0.3],
      'c,d',
      [2, 1],
      undefined,
    ]);
  });

  test.each([
    [['data=a,b', 'data_weights=0.7'], /data_weights=0\.7 has 1 numbers for 2 data sets/],
    [['data=a', 'data_weights=0.7,0.3'], /has 2 numbers for 1 data set \(data=a\)/],
    [['data=a,b', 'data_weights=1,0'], /data_weights=1,0: a weight is a number above 0/],
    [['data=a,b', 'data_weights=1,-1'], /a weight is a number above 0/],
    [['data=a,b', 'data_weights=1,x'], /data_weights must be a comma-separated list of numbers/],
    [['data=a,a'], /data=a,a names a twice/],
    [['data=a,,b'], /data=a,,b has a comma too many/],
    [['data=a,microscience'], /microscience is asked in tokens of its own/],
    [['data=a', 'stage1.data=microscience:3'], /stage1\.data=microscience:3 with data=a: microscience is asked/],
    [['data=a', 'stage2.data=b,c', 'stage2.data_weights=1'], /stage2\.data_weights=1 has 1 numbers for 2 data sets/],
    [['data=a', 'max_prompt_tokens=0'], /max_prompt_tokens must be a whole number, 1 or more/],
    [
      ['data=a', 'algorithm=opsd', 'stage1.data=b'],
      /algorithm=opsd has one stage, stage2; stage1\.data is for algorithm=rcsd/,
    ],
  ])('%j are refused', (overrides, message) => {
    expect(() => resolve(...overrides)).toThrow(message);
  });
});
