import { describe, expect, it } from 'vitest';
import { readCriteria } from '../../src/rubrics/criteria';
import { meanQuality, rubricQuality } from '../../src/rubrics/validate';
import type { Question } from '../../src/tasks/question';

const question: Question = {
  id: 'q',
  task: 'science',
  split: 'train',
  question: 'Why?',
  answer: 'Warm air rises because it is less dense',
};
const measure = (items: readonly unknown[], changes: Partial<Question> = {}) =>
  rubricQuality({ criteria: readCriteria(items).criteria }, { ...question, ...changes });

describe('rubricQuality', () => {
  it('measures prefixes, weights, pitfalls, length and range', () => {
    const quality = measure([
      { description: 'Essential Criteria: names the density', weight: 5 },
      { description: 'Important Criteria: compares both', weight: 5 },
      { description: 'Mentions gravity', weight: 1 },
      { description: 'Pitfall Criteria: says that heat rises', weight: -1 },
    ]);
    expect(quality).toMatchObject({
      criteria: 4,
      inRange: false,
      prefixed: 0.75,
      conventionalWeights: 0.5,
      pitfalls: 0.25,
    });
    expect(quality.wordsPerCriterion).toBe((5 + 4 + 2 + 6) / 4);
    expect(quality.duplicates).toBe(0);
    expect(measure(['a', 'b', 'c', 'd', 'e']).inRange).toBe(true);
    expect(measure(Array.from({ length: 15 }, (_, i) => `n${i}`)).inRange).toBe(true);
    expect(measure(Array.from({ length: 16 }, (_, i) => `n${i}`)).inRange).toBe(false);
  });

  it('finds duplicates on the words of descriptions, not on titles', () => {
    expect(
      measure([
        { title: 'Same', description: 'Names the gas law and its variables' },
        { title: 'Same', description: 'Checks the unit' },
        { title: 'Other', description: 'names the gas law, and its variables!' },
        { title: 'More', description: 'Names the gas law and its clear variables' },
      ]).duplicates,
    ).toBe(0.5);
  });

  it('finds sequences of the answer in the rubric', () => {
    expect(measure(['Says that warm air rises because it is less dense.']).leakage).toBe(1);
    expect(measure(['Says that warm air rises because of buoyancy']).leakage).toBe(0.2);
    expect(measure(['Explains convection']).leakage).toBe(0);
    expect(measure(['Obtains 9.8 newtons'], { answer: '9.8' }).leakage).toBe(1);
    expect(measure(['Obtains 19.8 newtons'], { answer: '9.8' }).leakage).toBe(0);
    expect(measure(['Warm air', 'rises because'], { answer: 'warm air rises because' }).leakage).toBe(0);
    expect(measure(['Chooses copper wire'], { answer: 'B', choices: ['iron', 'copper wire'] }).leakage).toBe(1);
    expect(measure(['Chooses option B'], { answer: 'B', choices: ['iron', 'copper wire'] }).leakage).toBe(0);
  });

  it('takes an empty rubric', () => {
    expect(measure([])).toEqual({
      criteria: 0,
      inRange: false,
      prefixed: 0,
      conventionalWeights: 0,
      duplicates: 0,
      pitfalls: 0,
      wordsPerCriterion: 0,
      leakage: 0,
    });
  });
});

describe('meanQuality', () => {
  it('averages, with inRange as a share', () => {
    const mean = meanQuality([measure(['a', 'b', 'c', 'd', 'e']), measure(['a'])]);
    expect(mean).toMatchObject({ criteria: 3, inRange: 0.5, wordsPerCriterion: 1 });
    expect(meanQuality([])).toBeUndefined();
  });
});
