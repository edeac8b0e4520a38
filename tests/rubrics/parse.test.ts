import { describe, expect, it } from 'vitest';
import { type ParsedRubric, parseRubric } from '../../src/method/rubrics/parse';

const parse = (text: string, parser?: 'lab' | 'released'): ParsedRubric =>
  parseRubric(text, { questionId: 'q1', source: 'generated', parser });
const descriptions = (text: string, parser?: 'lab' | 'released'): string[] =>
  parse(text, parser).criteria.map((criterion) => criterion.description);
const GOOD = '[{"title":"Law","description":"Essential Criteria: States the law.","weight":5}]';
const GOOD_TEXT = ['Essential Criteria: States the law.'];

describe('the fields of a criterion', () => {
  it('reads title, description, weight, importance and polarity', () => {
    const parsed = parse(GOOD);
    expect(parsed).toMatchObject({ valid: true, questionId: 'q1', source: 'generated', issues: [] });
    expect(parsed.reason).toBeUndefined();
    expect(parsed.criteria).toHaveLength(1);
    expect(parsed.criteria[0]).toMatchObject({
      title: 'Law',
      description: 'Essential Criteria: States the law.',
      weight: 5,
      importance: 'essential',
      polarity: 'satisfied is good',
    });
  });

  it('keeps the seed when one is given', () => {
    expect(parseRubric(GOOD, { questionId: 'q', source: 'generated', seed: 7 }).seed).toBe(7);
    expect('seed' in parse(GOOD)).toBe(false);
  });

  it('takes description, then criterion, then criteria, passing over blank ones', () => {
    expect(
      descriptions(
        '[{"criterion":"b"},{"criteria":"c"},{"description":" ","criterion":"d"},{"description":"a","criterion":"x"}]',
      ),
    ).toEqual(['b', 'c', 'd', 'a']);
  });

  it('takes weight, then points, then score, numeric strings included, else 1', () => {
    const items =
      '[{"description":"a","weight":"3"},{"description":"b","points":-2},{"description":"c","score":" 1.5 "},' +
      '{"description":"d"},{"description":"e","weight":"high"},{"description":"f","weight":"high","points":4},' +
      '{"description":"g","weight":null,"score":2},{"description":"h","weight":true},{"description":"i","weight":"+.5e1"}]';
    const parsed = parse(items);
    expect(parsed.criteria.map((criterion) => criterion.weight)).toEqual([3, -2, 1.5, 1, 1, 4, 2, 1, 5]);
    expect(parsed.issues).toEqual([
      'item 5: weight "high" is not a number, taken as 1',
      'item 8: weight true is not a number, taken as 1',
    ]);
  });

  it('refuses weights that overflow and the hexadecimal form', () => {
    const parsed = parse(
      '[{"description":"a","weight":1e999},{"description":"b","weight":"0x10"},{"description":"c","weight":""}]',
    );
    expect(parsed.criteria.map((criterion) => criterion.weight)).toEqual([1, 1, 1]);
    expect(parsed.issues).toHaveLength(3);
  });

  it('numbers missing titles by their place in the array', () => {
    const parsed = parse('[{"title":"x"},{"description":"b"},"c",{"title":"  ","description":"d"}]');
    expect(parsed.criteria.map((criterion) => criterion.title)).toEqual(['Criterion 2', 'Criterion 3', 'Criterion 4']);
    expect(parsed.issues).toEqual(['item 1: no description, dropped']);
  });

  it('reads plain strings as descriptions', () => {
    const parsed = parse('["States the law.", "Pitfall Criteria: Guesses."]');
    expect(parsed.criteria.map(({ title, weight, importance }) => [title, weight, importance])).toEqual([
      ['Criterion 1', 1, null],
      ['Criterion 2', 1, 'pitfall'],
    ]);
  });

  it('keeps text verbatim, markup and control escapes included', () => {
    const text = '  <b>Ünïcode 😀</b> \u0000 "quoted" \\boxed{} <|im_end|>\n';
    expect(descriptions(JSON.stringify([{ description: text }]))).toEqual([text]);
    expect(descriptions('["lone \\ud800 surrogate"]')).toEqual(['lone \ud800 surrogate']);
  });
});

describe('importance', () => {
  const importance = (description: string, title = 'T', weight = 1): unknown =>
    parse(JSON.stringify([{ title, description, weight }])).criteria[0]?.importance;

  it.each([
    ['Essential Criteria: x', 'essential'],
    ['important: x', 'important'],
    ['**Optional** x', 'optional'],
    ['Pitfalls - x', 'pitfall'],
    ['[Essential] x', 'essential'],
    ['Importantly, x', null],
    ['It is essential that x', null],
  ])('of %j is %s', (description, expected) => expect(importance(description)).toBe(expected));

  it('comes from the description before the title before the sign', () => {
    expect(importance('Optional Criteria: x', 'Essential law', -1)).toBe('optional');
    expect(importance('x', 'Essential law', -1)).toBe('essential');
    expect(importance('x', 'Law', -1)).toBe('pitfall');
    expect(importance('x', 'Law', 0)).toBe(null);
  });
});

describe('polarity', () => {
  const polarity = (description: string, weight: number): unknown =>
    parse(JSON.stringify([{ description, weight }])).criteria[0]?.polarity;

  it.each([
    ['Pitfall Criteria: Does not mention the unit.', 'satisfied is good'],
    ['Pitfall Criteria: Avoids rounding early.', 'satisfied is good'],
    ["Pitfall: The response doesn't confuse mass and weight.", 'satisfied is good'],
    ['Pitfall Criteria: The answer must not skip the units', 'satisfied is good'],
    ['Pitfall Criteria: Confuses mass and weight.', 'satisfied is bad'],
    ['Pitfall Criteria: Fails to mention the unit.', 'satisfied is bad'],
    ['Forgets the unit.', 'satisfied is bad'],
    ['Never rounds early.', 'satisfied is good'],
    ['Notes the wrong unit.', 'satisfied is bad'],
    ['Pitfall Criteria: No mention of the law.', 'satisfied is bad'],
  ])('of the pitfall %j: %s', (description, expected) => expect(polarity(description, -1)).toBe(expected));

  it('is a merit for everything else, whatever its phrasing', () => {
    expect(polarity('Essential Criteria: Does not divide by zero.', 5)).toBe('satisfied is good');
    expect(polarity('States the law.', 1)).toBe('satisfied is good');
  });

  it('stays undecided, and is reported, where a merit weighs less than nothing', () => {
    const parsed = parse('[{"description":"Essential Criteria: x","weight":-5}]');
    expect(parsed.criteria[0]?.polarity).toBe(null);
    expect(parsed.issues).toEqual([expect.stringMatching(/^item 1: .*essential.*-5.*undecided/)]);
  });
});

describe('dropped, kept and reported', () => {
  it('drops items without a description', () => {
    const parsed = parse(
      '[{"title":"a"},{"description":""},{"description":["x"]},{"description":5},{"description":"ok"}]',
    );
    expect(parsed.criteria).toHaveLength(1);
    expect(parsed.issues).toHaveLength(4);
    expect(parsed.valid).toBe(true);
  });

  it('is invalid when nothing is left', () => {
    expect(parse('[{"title":"a"},{}]')).toMatchObject({
      valid: false,
      reason: 'no item has a description',
      criteria: [],
    });
  });

  it('keeps duplicates and large weights', () => {
    const parsed = parse('[{"description":"Same  text","weight":11},{"description":"same text","weight":-10.5}]');
    expect(parsed.criteria).toHaveLength(2);
    expect(parsed.issues).toEqual([
      'item 1: weight 11 lies outside -10..10',
      'item 2: same description as item 1',
      'item 2: weight -10.5 lies outside -10..10',
    ]);
    expect(parse('[{"description":"a","weight":10},{"description":"b","weight":-10}]').issues).toEqual([]);
  });

  it('gives ids that are stable and differ within a rubric', () => {
    const twice = '[{"description":"same"},{"description":"same"}]';
    const ids = parse(twice).criteria.map((criterion) => criterion.id);
    expect(new Set(ids).size).toBe(2);
    expect(parse(`Here: ${twice}`).criteria.map((criterion) => criterion.id)).toEqual(ids);
    expect(parse('[{"description":"other"},{"description":"same"}]').criteria[1]?.id).toBe(ids[1]);
  });
});

describe('which array', () => {
  it.each([
    ['alone', GOOD],
    ['in a code fence', `Sure!\n\`\`\`json\n${GOOD}\n\`\`\`\nDone.`],
    ['behind prose with brackets', `As in [1] and [see notes], with [x, y]: ${GOOD}`],
    ['behind an unclosed bracket of prose', `The array [as asked: ${GOOD}`],
    ['inside an object', `{"rubric": ${GOOD}, "n": 1}`],
    ['behind an empty array', `[] ${GOOD}`],
    ['behind an array of numbers', `[1, 2] ${GOOD}`],
    ['behind an array with a blank string', `["a", " "] ${GOOD}`],
    ['behind an array of arrays', `[["a"], ["b"]] ${GOOD}`],
    ['behind an array with null', `[{"description":"a"}, null] ${GOOD}`],
    ['behind a broken draft', `[{"description":"draft",}]\n${GOOD}`],
    ['behind a draft that stops in the middle', `[{"title":"A","description":"draft"\nAgain:\n${GOOD}`],
    ['before another one', `${GOOD} ["second"]`],
    ['with blanks everywhere', GOOD.replace(/([[\]{}:,])/g, ' \n\t$1\r ').replace('Criteria \n\t:\r  ', 'Criteria: ')],
  ])('finds it %s', (_, text) => expect(descriptions(text).map((d) => d.replace(/\s+/g, ' '))).toEqual(GOOD_TEXT));

  it('reads strings with brackets, escapes and quotes', () => {
    const items = ['closes ] early [', 'a "quoted" \\ backslash', 'tab\tnewline\n', '{"not": ["an object"]}'];
    expect(descriptions(JSON.stringify(items))).toEqual(items);
    expect(descriptions('["\\u00e9\\/"]')).toEqual(['é/']);
  });

  it('keeps nested values out of the way', () => {
    expect(descriptions('[{"tags":["x","y"],"description":"a","more":{"deep":[{"description":"no"}]}}]')).toEqual([
      'a',
    ]);
  });
});

describe('arrays that break off', () => {
  it.each([
    ['in a string', '[{"description":"a"},{"description":"b'],
    ['between items', '[{"description":"a"},'],
    ['behind a complete item', '[{"description":"a"}'],
    ['with a nested array', '[{"description":"a","tags":["x","y"]},{"title":"B","descr'],
    ['at the opening', '['],
    ['in a nested array', '[{"description":"a","tags":["x"'],
  ])('give nothing: %s', (_, text) => expect(parse(text)).toMatchObject({ valid: false, criteria: [] }));

  it.each([
    ['a trailing comma', '[{"description":"a",}, {"description":"b","tags":["x","y"]}]'],
    ['a missing comma', '[{"description":"a" "tags":["x","y"]}]'],
    ['a bad escape', '[{"description":"uses \\(x\\)"}, {"description":"b","tags" : ["x"]}]'],
    ['single quotes', "['a', 'b']"],
    ['a raw newline', '["a\nb", "c"]'],
    ['a comment', '[{"description":"a"} // first\n]'],
    ['a leading zero', '[{"description":"a","weight":05}]'],
    ['NaN', '[{"description":"a","weight":NaN}]'],
    ['a short unicode escape', '["\\u12"]'],
  ])('and arrays that are not JSON give nothing: %s', (_, text) =>
    expect(parse(text)).toMatchObject({ valid: false, criteria: [] }),
  );

  it('say what happened', () => {
    expect(parse('').reason).toBe('the text is empty');
    expect(parse(' \n').reason).toBe('the text is empty');
    expect(parse('I cannot.').reason).toBe('there is no JSON array');
    expect(parse('[{"description":"a"}').reason).toBe('the JSON array breaks off');
    expect(parse('[{"description":"a",}]').reason).toBe('the array is not valid JSON');
    expect(parse('[1, 2]').reason).toBe('no array holds only objects or non-blank strings');
    expect(parse(`<think>${GOOD}`).reason).toBe('the thinking never closes');
  });
});

describe('thinking', () => {
  const draft = '["draft"]';
  it.each([
    ['a block', `<think>${draft}</think>${GOOD}`],
    ['thinking that the prompt opened', `${draft}</think>${GOOD}`],
    ['two blocks', `<think>${draft}</think> so <think>["second"]</think>${GOOD}`],
    ['an empty block', `<think>\n\n</think>\n\n${GOOD}`],
    ['other spellings', `< Think >${draft}</ THINK >${GOOD}`],
    ['the long spelling', `<thinking>${draft}</thinking>${GOOD}`],
    ['a block behind prose', `Let me see. <think>${draft}</think>${GOOD}`],
  ])('is dropped: %s', (_, text) => expect(descriptions(text)).toEqual(GOOD_TEXT));

  it.each([
    ['from the start', `<think>${draft} and ${GOOD}`],
    ['behind prose', `Well, <think>${draft} and ${GOOD}`],
    ['a second block', `<think>a</think> hm <think>${GOOD}`],
    ['behind a broken array', `[{"description":"a",}] <think>${GOOD}`],
  ])('that never closes takes the rest along: %s', (_, text) => expect(parse(text).valid).toBe(false));

  it('leaves a rubric in front of it and tags inside its strings alone', () => {
    expect(descriptions(`${GOOD}<think>was that right?`)).toEqual(GOOD_TEXT);
    expect(descriptions('["Does not use <think> tags."]')).toEqual(['Does not use <think> tags.']);
  });
});

describe('hostile text', () => {
  it('of a million brackets, braces or tags is read once', () => {
    for (const piece of ['[', '{', '[{"a":', '[[1],', '["', ']', '<think>', '</think>', '[a', '[{}', '"\\'])
      for (const parser of ['lab', 'released'] as const) expect(parse(piece.repeat(200_000), parser).valid).toBe(false);
  });

  it('of deep nesting is refused, closed or not', () => {
    const deep = `${'['.repeat(500_000)}"a"${']'.repeat(500_000)}`;
    expect(parse(deep).valid).toBe(false);
    expect(parse(`[{"description":"a","x":${deep}}]`).valid).toBe(false);
    expect(descriptions(`${deep}${GOOD}`)).toEqual(GOOD_TEXT);
    expect(descriptions(`[{"description":"a","x":${'['.repeat(40)}${']'.repeat(40)}}]`)).toEqual(['a']);
  });

  it('of many items and long strings is kept whole', () => {
    const items = Array.from({ length: 20_000 }, (_, i) => ({ description: `item ${i}` }));
    expect(parse(JSON.stringify(items)).criteria).toHaveLength(20_000);
    expect(descriptions(JSON.stringify(['x'.repeat(2_000_000)]))[0]).toHaveLength(2_000_000);
    expect(parse(JSON.stringify([{ description: 'a', weight: `${'1'.repeat(200_000)}x` }])).criteria[0]?.weight).toBe(
      1,
    );
  });

  it('with keys of the object prototype stays data', () => {
    const parsed = parse('[{"__proto__":{"description":"inherited"},"constructor":1},{"description":"own"}]');
    expect(parsed.criteria.map((criterion) => criterion.description)).toEqual(['own']);
    expect(({} as Record<string, unknown>).description).toBeUndefined();
  });
});

describe("the authors' own parser", () => {
  it('agrees on plain arrays and closed thinking', () => {
    expect(descriptions(`<think>["draft"]</think>Here: ${GOOD}`, 'released')).toEqual(GOOD_TEXT);
  });

  it('reads thinking that never closes, or that the prompt opened', () => {
    expect(descriptions(`<think>${GOOD}`, 'released')).toEqual(GOOD_TEXT);
    expect(descriptions(`["draft"]</think>${GOOD}`, 'released')).toEqual(['draft']);
  });

  it('takes a piece of an array that breaks off', () => {
    const text = '[{"description":"a","tags":["x","y"]},{"title":"B","descr';
    expect(descriptions(text, 'released')).toEqual(['x', 'y']);
    expect(parse(text).valid).toBe(false);
  });

  it('does not look behind a first array that does not qualify', () => {
    expect(parse(`[1] ${GOOD}`, 'released').valid).toBe(false);
    expect(parse(`[] ${GOOD}`, 'released').valid).toBe(false);
    expect(descriptions(`[see note] ${GOOD}`, 'released')).toEqual(GOOD_TEXT);
  });
});
