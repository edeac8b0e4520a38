import { describe, expect, it } from 'vitest';
import {
  chanceOfRight,
  descended,
  expectedRight,
  fittedTravel,
  pulls,
  restAt,
  THEORY,
} from '../../src/study/reach/theory';

describe('the pull on the right rule’s logit under a teacher of .9', () => {
  it.each([
    ['forward KL', [0.65, 0.89, 0.899]],
    ['reverse KL', [0.62, 0.067, 0.009]],
    ['JSD', [0.13, 0.022, 0.00335]],
    ['forward KL, position clip .05', [0.034, 0.012, 0.008]],
    ['forward KL, entry clip .05', [-0.025, -0.001, -0.0001]],
  ])('of %s', (loss, expected) => {
    const found = pulls(THEORY[loss] ?? {}, [0.25, 0.01, 0.001]);
    for (const [i, pull] of found.entries()) {
      const wanted = expected[i] as number;
      expect(Math.abs(pull - wanted)).toBeLessThan(Math.max(0.06 * Math.abs(wanted), 1e-6));
    }
  });

  it('is zero where student and teacher agree, and falls with the student’s probability for all but forward KL', () => {
    for (const [name, loss] of Object.entries(THEORY)) {
      const [agreed, rare, rarer] = pulls(loss, [0.9, 0.01, 1e-4]) as [number, number, number];
      // The entry clip moves the student away even there.
      if (!name.includes('entry')) expect(Math.abs(agreed)).toBeLessThan(1e-5);
      if (name === 'forward KL') expect(rarer).toBeGreaterThan(rare);
      else expect(Math.abs(rarer)).toBeLessThan(Math.abs(rare));
    }
  });
});

describe('gradient descent on the two logits', () => {
  it('comes to rest at the teacher, and gets there from a rarer rule the later', () => {
    for (const name of ['forward KL', 'reverse KL', 'JSD']) {
      const [end] = descended(THEORY[name] ?? {}, [0.25], { travel: 400 }) as [number];
      expect(end).toBeCloseTo(0.9, 2);
      const [often, rare] = descended(THEORY[name] ?? {}, [0.1, 0.001], { travel: 4 }) as [number, number];
      expect(often).toBeGreaterThan(rare);
      expect(rare).toBeGreaterThan(0.001);
    }
  });

  it('carries forward KL over what leaves reverse KL and JSD behind, and the entry clip downwards', () => {
    const at = (name: string) => descended(THEORY[name] ?? {}, [0.001], { travel: 6 })[0] as number;
    expect(at('forward KL')).toBeGreaterThan(0.6);
    expect(at('reverse KL')).toBeLessThan(0.01);
    expect(at('JSD')).toBeLessThan(at('reverse KL'));
    expect(at('forward KL, entry clip .05')).toBeLessThan(0.001);
  });

  it('is fitted to what it made itself', () => {
    const starts = [0.003, 0.03, 0.3];
    const made = descended({}, starts, { travel: 3 }).map((p, i) => ({ p0: starts[i] as number, p }));
    expect(fittedTravel({}, made)).toBeCloseTo(3, 0);
  });
});

it('rewards see N p0 right completions, one of them with the chance 1 - (1 - p0)^N', () => {
  expect(expectedRight(50, 0.1)).toBeCloseTo(5, 12);
  expect(chanceOfRight(2, 0.5)).toBe(0.75);
  expect(chanceOfRight(50, 0)).toBe(0);
});

it('a rule that is told in a share of the questions: half is reached at .55 by forward KL, at .68 to .76 by reverse', () => {
  expect(restAt('forward', 0.55, 0.01)).toBeCloseTo(0.5, 2);
  expect(restAt('reverse', 0.68, 0.01)).toBeCloseTo(0.5, 1);
  expect(restAt('reverse', 0.76, 0.001)).toBeCloseTo(0.5, 1);
  expect(restAt('reverse', 0.6, 0.001)).toBeLessThan(0.3);
});
