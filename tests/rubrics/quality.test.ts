import { describe, expect, it } from 'vitest';
import type { Question } from '../../src/base/records/question';
import type { Criterion } from '../../src/base/records/rubric';
import { readCriteria } from '../../src/method/rubrics/criteria';
import { areaUnderCurve, ruleScore } from '../../src/method/rubrics/discrimination';
import { rubricQuality } from '../../src/method/rubrics/quality';

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

  it('looks behind the category, and tells repeats from rewordings', () => {
    const quality = measure([
      'Essential Criteria: Uses v = u + a t.',
      'Pitfall Criteria: uses  V = U + A T',
      'Important Criteria: a t + u = v uses',
      'Essential Criteria: Something else entirely',
    ]);
    expect(quality.repeats).toBe(0.25);
    expect(quality.duplicates).toBe(0.5);
  });

  it('counts weights outside -10..10', () => {
    const weights = [10, -10, 11, 25].map((weight) => ({ description: `Weighs ${weight}`, weight }));
    expect(measure(weights).weightsInRange).toBe(0.5);
  });

  it('looks for as many words as asked, or all of a shorter answer, and for nothing in a letter', () => {
    const answer = 'one two three four five';
    const quality = (piece: number, text: string) =>
      rubricQuality({ criteria: readCriteria([text]).criteria }, { ...question, answer }, piece);
    expect(quality(4, 'one two three four')).toMatchObject({ leakage: 1 / 2, pieceWords: 4 });
    expect(quality(2, 'one two and four five')).toMatchObject({ leakage: 2 / 4, pieceWords: 2 });
    expect(quality(9, `so ${answer}`)).toMatchObject({ leakage: 1, pieceWords: 5 });
    expect(measure(['Picks a plan'], { answer: 'A' })).toMatchObject({ leakage: null, pieceWords: 0 });
    expect(measure(['Picks a plan'], { answer: '!' })).toMatchObject({ leakage: null, pieceWords: 0 });
    expect(measure(['Finds 4 8 + 1 1 = 5 9 .'], { answer: '59' })).toMatchObject({ leakage: 1, pieceWords: 1 });
    expect(measure(['Finds 4 8 + 1 1 = 5 9 .'], { answer: '5' }).leakage).toBe(0);
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
      weightsInRange: 0,
      repeats: 0,
      duplicates: 0,
      pitfalls: 0,
      wordsPerCriterion: 0,
      leakage: 0,
      pieceWords: 4,
    });
  });
});

const criterion = (description: string, weight: number) =>
  readCriteria([{ description, weight }]).criteria[0] as Criterion;

describe('ruleScore', () => {
  const criteria = [
    criterion('Essential Criteria: names the law', 5),
    criterion('Important Criteria: gives the unit', 3),
    criterion('Pitfall Criteria: does not mention heat', -2),
    criterion('Pitfall Criteria: guesses', -1),
  ];
  const score = (met: readonly (boolean | undefined)[]) => ruleScore(criteria, (each) => met[criteria.indexOf(each)]);

  it('is the share of absolute weights that speaks for an answer', () => {
    expect(score([true, true, true, false])).toBe(1);
    expect(score([false, false, false, true])).toBe(0);
    expect(score([true, false, true, true])).toBe((5 + 2) / 11);
  });

  it('leaves out what no rule can tell, and what has no settled polarity', () => {
    expect(score([true, undefined, false, undefined])).toBe(5 / 7);
    expect(score([undefined, undefined, undefined, undefined])).toBeNull();
    const undecided = criterion('Essential Criteria: names the law', -5);
    expect(undecided.polarity).toBeNull();
    expect(ruleScore([undecided], () => true)).toBeNull();
    expect(ruleScore([], () => true)).toBeNull();
  });
});

describe('areaUnderCurve', () => {
  it('is the chance that a right answer scores higher, ties counting half', () => {
    expect(areaUnderCurve([0.9, 0.8], [0.1, 0.2])).toBe(1);
    expect(areaUnderCurve([0.1], [0.5, 0.9])).toBe(0);
    expect(areaUnderCurve([0.5], [0.5])).toBe(0.5);
    // Pairs: .8>.7, .8>.3, .5<.7, .5>.3, .3<.7, .3=.3.
    expect(areaUnderCurve([0.8, 0.5, 0.3], [0.7, 0.3])).toBe(3.5 / 6);
  });

  it('does not exist without both kinds of answers', () => {
    expect(areaUnderCurve([], [0.5])).toBeUndefined();
    expect(areaUnderCurve([0.5], [])).toBeUndefined();
  });
});
