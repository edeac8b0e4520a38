import { expect, test } from 'vitest';
import { modeNamed } from '../../src/questions/grading/modes';
import { guessingScore } from '../../src/results/evaluation/positionBias';

const plan = { questions: 600, samples: 2 };
const likesD = { knows: 0.5, guesses: [1, 1, 1, 7] };

test('the fixed shuffle scores a favourite letter as knowledge', () => {
  const { accuracy, places } = guessingScore(likesD, modeNamed('open-science'), plan);
  expect(places).toEqual([0, 0, 0, expect.closeTo(1, 9)]);
  // Half known, seven tenths of the rest guessed right.
  expect(accuracy.low).toBeLessThan(0.85);
  expect(accuracy.high).toBeGreaterThan(0.85);
});

test('an order for each question does not', () => {
  const { accuracy, places } = guessingScore(likesD, modeNamed('corrected'), plan);
  for (const place of places) expect(Math.abs(place - 0.25)).toBeLessThan(0.06);
  expect(accuracy.low).toBeLessThan(0.625);
  expect(accuracy.high).toBeGreaterThan(0.625);
  expect(accuracy.high).toBeLessThan(0.8);
});

test('whoever knows everything is right everywhere, and never by a point', () => {
  const { accuracy } = guessingScore({ knows: 1, guesses: [1, 0, 0, 0] }, modeNamed('corrected'), plan);
  expect(accuracy.value).toBe(1);
  expect(accuracy.low).toBeLessThan(1);
});
