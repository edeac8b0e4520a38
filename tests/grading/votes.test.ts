import { describe, expect, it } from 'vitest';
import { groupAnswers } from '../../src/questions/grading/votes';
import { sameAnswer } from '../../src/questions/tasks/grading';

const question = { id: 'q', task: 'mine', split: 'test', question: '?', answer: '0.5' };
const same = (a: string, b: string) => sameAnswer(question, a, b);

describe('groups of answers', () => {
  it('hold what has the same value, in whatever order and spelling', () => {
    const answers = ['0.5', '2', '\\frac{1}{2}', null, '50\\%', '1/2', '2.0', '.5'];
    const texts = (list: readonly (string | null)[]) =>
      groupAnswers(list, same).map((group) => group.map((place) => list[place]).sort());
    expect(texts(answers)).toEqual([['.5', '0.5', '1/2', '50\\%', '\\frac{1}{2}'].sort(), ['2', '2.0']]);
    expect(texts([...answers].reverse())).toEqual(texts(answers));
  });

  it('join whatever one member says the same as', () => {
    const near = (a: string, b: string) => Math.abs(Number(a) - Number(b)) <= 1;
    expect(groupAnswers(['1', '3', '2'], near)).toEqual([[0, 1, 2]]);
    expect(groupAnswers(['1', '2', '3'], near)).toEqual([[0, 1, 2]]);
  });

  it('compare every two of 64 spellings once at most', () => {
    let compared = 0;
    const count = (a: string, b: string) => {
      compared++;
      return same(a, b);
    };
    const answers = Array.from({ length: 64 }, (_, i) => `\\sqrt{${i}}+x^{${i}/7}`);
    expect(groupAnswers(answers, count)).toHaveLength(64);
    expect(compared).toBeLessThanOrEqual((64 * 63) / 2);
  });
});
