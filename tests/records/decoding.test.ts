/** A decoding in words, and where it is read from. */
import { describe, expect, test } from 'vitest';
import {
  decodingIn,
  decodingName,
  decodingOf,
  decodingsText,
  decodingText,
  samplingText,
} from '../../src/base/records/decoding';
import { accuracyBars } from '../../src/results/figures/accuracy';
import { familyHeatmap } from '../../src/results/figures/families';
import { recoveryFigure } from '../../src/results/figures/recovery';

const sampled = decodingOf({ temperature: 1, top_p: 0.95, top_k: 0, samples: 2 });
const greedy = decodingOf({ temperature: 0, top_p: 0.95, top_k: 0, samples: 1 });

describe('a decoding', () => {
  test('has its words', () => {
    const some = decodingOf({ temperature: 0.7, top_p: 0.95, top_k: 20, samples: 1 });
    expect([sampled, greedy, some, undefined].map(decodingText)).toEqual([
      'T=1, top_p 0.95, 2 samples',
      'greedy',
      'T=0.7, top_p 0.95, top_k 20, 1 sample',
      'decoding not recorded',
    ]);
    expect([samplingText(sampled), decodingName(some), decodingName(greedy)]).toEqual([
      'T=1, top_p 0.95',
      't0.7',
      'greedy',
    ]);
    expect(decodingsText([sampled, sampled, greedy])).toBe('T=1, top_p 0.95, 2 samples; greedy');
  });

  test('is read from settings that name it, and from no others', () => {
    expect(decodingIn({ temperature: 1, top_p: 0.95, top_k: 0, max_tokens: 8, samples: 2, questions: 7 })).toEqual(
      sampled,
    );
    expect([decodingIn({}), decodingIn(undefined), decodingIn({ temperature: 1, samples: 2 })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test('stands in every figure of an accuracy', () => {
  const score = { value: 0.5, low: 0.4, high: 0.6 };
  const bars = accuracyBars([
    { method: 'a', score, decoding: sampled },
    { method: 'b', score, decoding: greedy },
  ]);
  expect(bars.layout.yaxis?.title.text).toBe('accuracy (T=1, top_p 0.95, 2 samples; greedy)');
  expect(accuracyBars([{ method: 'a', score }]).layout.yaxis?.title.text).toBe('accuracy (decoding not recorded)');
  expect(accuracyBars([{ method: 'a', score }], { axis: 'chance' }).layout.yaxis?.title.text).toBe('chance');
  const families = familyHeatmap([{ family: 'KIN', method: 'a', accuracy: 0.5, decoding: greedy }]);
  expect(families.layout.title.text).toBe('Accuracy by family of questions (%; greedy)');
  const recovery = recoveryFigure([{ method: 'a', recovered: score, decoding: greedy }]);
  expect(recovery.layout.yaxis?.title.text).toBe('share of the gap (greedy)');
});
