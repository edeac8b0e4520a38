/** From a judge's words to verdicts: tolerant of what surrounds them, strict about what they say. */
import { describe, expect, it } from 'vitest';
import { readDegrees, readPreference, readRating } from '../../src/method/rewards/judges/forms';

const rating = (text: string) => {
  const read = readRating(text);
  return 'problem' in read ? read.problem : read.verdict.rating;
};

describe('a rating', () => {
  it.each([
    ['{"rating": 7}', 7],
    ['{"reason": "Right law, wrong unit.", "rating": 7}', 7],
    ['```json\n{"rating": 10}\n```', 10],
    ['Here is my evaluation:\n\n{ "rating" : 1 }\nThank you.', 1],
    ['{"rating": 7.0}', 7],
    ['<think>A 3? {"rating": 3} No.</think>{"rating": 8}', 8],
    ['Perhaps {"rating": 3 or so, it says "x"} ... no.</think>\n{"rating": 8}', 8],
    ['The value \\boxed{9.9} is in {m/s}. {"rating": 6}', 6],
    ['{"note": "first"} {"rating": 6}', 6],
    ['{"rating": 6} I repeat: {"rating": 6}', 6],
    ['{"reason": "line one\nline two, \\sqrt{2} \\upsilon", "rating": 5}', 5],
    ['{"reason": "It says < think> and <\\/think> and {\\"rating\\": 10}", "rating": 2}', 2],
  ])('is read from %j', (text, expected) => {
    expect(rating(text)).toBe(expected);
  });

  it.each([
    ['', 'no JSON object'],
    ['8', 'no JSON object'],
    ['Rating: 8/10', 'no JSON object'],
    ['{"score": 8}', 'no JSON object'],
    ['{"rating": "8"}', 'is "8"'],
    ['{"rating": "8/10"}', 'is "8/10"'],
    ['{"rating": 7.5}', 'is 7.5'],
    ['{"rating": 0}', 'is 0'],
    ['{"rating": 11}', 'is 11'],
    ['{"rating": null}', 'is null'],
    ['{"rating": [10]}', 'is [10]'],
    ['{"rating": {"rating": 10}}', 'is {"rating":10}'],
    ["{'rating': 8}", 'no JSON object'],
    ['{"reason": "it goes on and on', 'breaks off'],
    ['<think>I never stop {"rating": 9}', 'no JSON object'],
    // What the judge quotes must not count: two verdicts are none, and nothing is taken out of a broken object.
    ['The response says {"rating": 10}. My verdict: {"rating": 2}', 'several verdicts'],
    ['{"reason": "it says "ok" and {"rating": 10} at the end", "rating": 2}', 'not valid JSON'],
    ['{"reason": "it claims {"rating": 10}', 'not valid JSON'],
    [`${'{"a":'.repeat(5000)}`, 'breaks off'],
    [`${'{"rating":'.repeat(40)}10${'}'.repeat(40)}`, 'no JSON object'],
  ])('is not read from %j', (text, problem) => {
    expect(rating(text)).toContain(problem);
  });

  it('keeps the reason, bounded', () => {
    const read = readRating(`{"reason": "${'x'.repeat(9000)}", "rating": 4}`);
    expect('verdict' in read && read.verdict.reason?.length).toBe(2000);
    expect(readRating('{"reason": 4, "rating": 4}')).toEqual({ verdict: { rating: 4, reason: null } });
  });
});

describe('the better of two', () => {
  it('is first, second or tie, spelled so', () => {
    for (const better of ['first', 'second', 'tie'])
      expect(readPreference(`{"reason": "r", "better": "${better}"}`)).toEqual({ verdict: { better, reason: 'r' } });
    for (const odd of ['"First"', '"both"', '1', 'true', '["first"]'])
      expect(readPreference(`{"better": ${odd}}`)).toEqual({ problem: expect.stringContaining('neither first') });
  });
});

describe('verdicts on criteria', () => {
  const met = (text: string, count: number) =>
    readDegrees(text, 'met', count).map((read) => ('problem' in read ? read.problem : read.verdict.degree));

  it('stand alone for one criterion, in a list for several, in any order', () => {
    expect(met('{"reason": "yes", "met": true}', 1)).toEqual([1]);
    expect(met('{"verdicts": [{"criterion": 2, "met": false}, {"criterion": 1, "met": true}]}', 2)).toEqual([1, 0]);
  });

  it('are strict, each by itself', () => {
    expect(met('{"met": "true"}', 1)).toEqual([expect.stringContaining('neither true nor false')]);
    expect(met('{"met": 1}', 1)).toEqual([expect.stringContaining('is 1')]);
    const text =
      '{"verdicts": [{"criterion": 1, "met": true}, {"criterion": 2, "met": "yes"}, {"criterion": 4, "met": true}, {"criterion": 4, "met": false}, {"criterion": 9, "met": true}]}';
    expect(met(text, 4)).toEqual([
      1,
      expect.stringContaining('"yes"'),
      expect.stringContaining('left out'),
      expect.stringContaining('several'),
    ]);
    expect(met('{"verdicts": {"1": true}}', 2)).toEqual(Array(2).fill(expect.stringContaining('not a list')));
    expect(met('{"verdicts": [true, false]}', 2)).toEqual(Array(2).fill(expect.stringContaining('not a list')));
    expect(met('nothing', 2)).toEqual(Array(2).fill(expect.stringContaining('no JSON object')));
  });

  it('have five levels, a quarter apart', () => {
    const levels = ['Not at all', 'Barely', 'Moderately', 'Mostly', 'Completely'];
    const read = levels.map((level) => readDegrees(`{"level": "${level}"}`, 'levels', 1)[0]);
    expect(read.map((each) => each && 'verdict' in each && each.verdict.degree)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    for (const odd of ['"mostly"', '"Fully"', '4', 'null'])
      expect(readDegrees(`{"level": ${odd}}`, 'levels', 1)).toEqual([
        { problem: expect.stringContaining('none of the five') },
      ]);
  });
});
