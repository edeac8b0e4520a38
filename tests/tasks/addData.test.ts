import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Question } from '../../src/base/records/question';
import { addData } from '../../src/questions/addData';
import { loadTask } from '../../src/questions/load';
import { countDuplicates, overlapping } from '../../src/questions/overlap';
import { readRegistry } from '../../src/questions/registry';
import { readColumnMap } from '../../src/questions/tasks/benchmarks/columns';
import { csvOf, fileOf, folderOf, gpqaRow, jsonl, piqaRow } from './tables';

let data: string;
beforeEach(() => {
  data = folderOf({});
  process.env.RCSD_DATA = data;
});
afterAll(() => {
  delete process.env.RCSD_DATA;
});

const gpqa = (count: number): string =>
  fileOf(
    'gpqa_diamond.csv',
    csvOf(
      ...Array.from({ length: count }, (_, i) =>
        gpqaRow({ 'Record ID': `rec${i}`, Question: `Question number ${i}?` }),
      ),
    ),
  );
const rowsFile = (name: string, split = 'test') => join(data, 'registered', name, `${split}.jsonl`);

describe('addData', () => {
  it('registers all or refuses where several are added at once', async () => {
    const path = gpqa(3);
    const names = ['gpqa-a', 'gpqa-b', 'gpqa-c'];
    const ended = await Promise.allSettled(names.map((name) => addData(name, path, { as: 'gpqa-diamond' })));
    const added = names.filter((_, i) => ended[i]?.status === 'fulfilled');
    expect(added.length).toBeGreaterThan(0);
    expect(Object.keys(readRegistry())).toEqual(added);
    for (const own of ended)
      if (own.status === 'rejected') expect(String(own.reason)).toMatch(/is being written by rcsd/);
  });

  it('registers rows with checksums, and the same again changes nothing', async () => {
    const path = gpqa(40);
    const { registration, changed } = await addData('gpqa-diamond', path);
    expect(changed).toBe(true);
    expect(registration).toMatchObject({
      benchmark: 'gpqa-diamond',
      rows: { test: { count: 40 } },
      counts: { test: { Physics: 40 } },
      duplicates: 0,
      notes: [expect.stringMatching(/^40 questions .* 198 were published$/)],
    });
    expect(registration.rows.train).toBeUndefined();
    expect(registration.sources[0]).toMatchObject({ path, bytes: readFileSync(path).byteLength });
    const before = readFileSync(join(data, 'registered', 'registry.json'), 'utf8');
    expect((await addData('gpqa-diamond', path)).changed).toBe(false);
    expect(readFileSync(join(data, 'registered', 'registry.json'), 'utf8')).toBe(before);
  });

  it('never shows the right answer first unless the published order is asked for', async () => {
    await addData('gpqa-diamond', gpqa(40));
    const { task, test } = loadTask('gpqa-diamond');
    expect(task.name).toBe('gpqa-diamond');
    expect(new Set(test.map(({ answer }) => answer))).toEqual(new Set(['A', 'B', 'C', 'D']));
    for (const { choices = [], answer, metadata } of test) {
      expect(choices['ABCD'.indexOf(answer)]).toBe('electron');
      expect(metadata?.correct_first).toBe(false);
    }
    expect(loadTask('gpqa-diamond').test).toEqual(test);
    const published = loadTask('gpqa-diamond', { order: 'published' }).test;
    expect(published.every(({ answer, choices }) => answer === 'A' && choices?.[0] === 'electron')).toBe(true);
  });

  it('refuses rows that were changed, and takes the set again', async () => {
    const path = gpqa(3);
    await addData('gpqa-diamond', path);
    appendFileSync(rowsFile('gpqa-diamond'), '\n');
    expect(() => loadTask('gpqa-diamond')).toThrow(/test\.jsonl has changed .*rcsd data add gpqa-diamond PATH/);
    expect((await addData('gpqa-diamond', path)).changed).toBe(true);
    expect(loadTask('gpqa-diamond').test).toHaveLength(3);
    writeFileSync(rowsFile('gpqa-diamond', 'train'), '');
    expect(() => loadTask('gpqa-diamond')).toThrow(/train\.jsonl has changed/);
  });

  it('registers nothing when a row is malformed, and keeps what was there', async () => {
    await addData('gpqa-diamond', gpqa(3));
    const bad = fileOf('bad.csv', csvOf(gpqaRow(), gpqaRow({ 'Record ID': 'r2', 'Correct Answer': '' })));
    await expect(addData('gpqa-diamond', bad)).rejects.toThrow(/bad\.csv line 4: the column "Correct Answer"/);
    expect(loadTask('gpqa-diamond').test).toHaveLength(3);
    await expect(addData('other', bad, { as: 'gpqa-main' })).rejects.toThrow(/line 4/);
    expect(existsSync(rowsFile('other'))).toBe(false);
    expect(Object.keys(readRegistry())).toEqual(['gpqa-diamond']);
  });

  it('reports repeated questions and words shared with training data', async () => {
    const long = 'A glass of cold water stands in a warm room for one hour, so what happens to it?';
    const files = {
      'train.jsonl': jsonl(piqaRow({ id: 't1', goal: `First. ${long}`, label: 0 })),
      'dev.jsonl': jsonl(
        piqaRow({ id: 'a', goal: long, label: 0 }),
        piqaRow({ id: 'b', goal: long, label: 1 }),
        piqaRow({ id: 'c', label: 0 }),
      ),
    };
    const { registration } = await addData('piqa', folderOf(files));
    expect(registration.duplicates).toBe(1);
    expect(registration.overlap[0]).toEqual({
      with: 'its own training questions',
      shared: 2,
      of: 3,
      examples: ['piqa/a', 'piqa/b'],
    });
    const later = await addData('later', fileOf('q.jsonl', jsonl({ question: long, answer: 'It warms.' })));
    expect(later.registration.overlap.find((each) => each.with.endsWith('of piqa'))).toMatchObject({
      shared: 1,
      of: 1,
    });
    const alone = await addData('later', fileOf('q.jsonl', jsonl({ question: long, answer: 'It warms.' })), {
      against: ['science-sample'],
    });
    expect(alone.registration.overlap.map((each) => each.with)).toEqual(['training questions of science-sample']);
  });

  it.each([
    ['science-sample', /choose another/],
    ['../x', /cannot be a name/],
    ['', /cannot be a name/],
  ])('refuses the name %j', async (name, message) => {
    await expect(addData(name, gpqa(1))).rejects.toThrow(message);
  });

  it('names what to do for a benchmark that is not here, a shape that is not there, a registry that is none', () => {
    expect(() => loadTask('gpqa-diamond')).toThrow(
      /GPQA diamond is not registered; get it from .*rcsd data add gpqa-diamond PATH/,
    );
    expect(() => loadTask('science-sample:haiku')).toThrow(
      /science-sample:haiku: the sample has no questions of that shape/,
    );
    expect(loadTask('science-sample')).toEqual(loadTask('data/science-sample'));
    process.env.RCSD_DATA = folderOf({ 'registered/registry.json': '{"version": 9}' });
    expect(() => loadTask('gpqa-diamond')).toThrow(/registry\.json is not a registry of this version/);
  });
});

describe('tables of one’s own', () => {
  const rows = csvOf(
    { prompt: 'Which?', a: 'x', b: 'y', gold: '2', topic: 'chemistry', part: 'dev' },
    { prompt: 'Who?', a: 'x', b: 'y', gold: '1', topic: 'physics', part: 'test' },
  );

  it('takes a map on the command line or in a YAML file', async () => {
    const path = fileOf('mine.csv', rows);
    const inline = readColumnMap('question=prompt,choices=a|b,answer=gold,counts_from=1,subject=topic,split=part');
    const file = fileOf(
      'map.yaml',
      'question: prompt\nchoices: [a, b]\nanswer: gold\ncounts_from: 1\nsubject: topic\nsplit: part\n',
    );
    expect(readColumnMap(file)).toEqual(inline);
    await addData('mine', path, { columns: inline });
    const { train, test } = loadTask('mine');
    expect([train[0]?.split, train[0]?.answer, test[0]?.answer]).toEqual(['validation', 'B', 'A']);
    expect(test[0]).toMatchObject({ question: 'Who?', choices: ['x', 'y'], metadata: { subject: 'physics' } });
  });

  it('needs no map for usual names, rubrics included', async () => {
    const rubric = [
      { title: 'T', description: 'D', weight: 2 },
      { criterion: 'E', points: -1 },
    ];
    const own = { id: 'q', question: 'Why?', rubric, metadata: { topic: 'sky' } };
    const numeric = { prompt: 'How many?', reference_answer: '5', unit: 'm' };
    await addData('open', fileOf('q.jsonl', jsonl(own, numeric)));
    const { test } = loadTask('open');
    expect(test[0]).toMatchObject({ id: 'open/q', answer: '', metadata: { kind: 'open', topic: 'sky' } });
    expect(test[0]?.rubric?.map(({ weight }) => weight)).toEqual([2, -1]);
    expect(test[1]).toMatchObject({ question: 'How many?', answer: '5', metadata: { unit: 'm' } });
  });

  it('says how ten rows will be graded, and which cannot be', async () => {
    const answers = [
      '72',
      '7.40',
      '9.81 m/s^2',
      'x^2',
      '\\\\{1,2\\\\}',
      'copper',
      '12 zorks',
      'w '.repeat(20),
      'y=2x',
      'x>3',
      'no',
    ];
    const own = answers.map((answer, i) => ({
      id: `r${i}`,
      question: `Question ${i}?`,
      answer: answer.replaceAll('\\\\', '\\'),
    }));
    const { grading } = await addData('kinds', fileOf('k.jsonl', jsonl(...own)));
    const kinds = [
      'integer',
      'decimal',
      'quantity',
      'expression',
      'set',
      'text',
      'text',
      'text',
      'equation',
      'interval',
    ];
    expect(grading.shown.map(({ kind }) => kind)).toEqual(kinds);
    expect(grading.problems.map(({ id }) => id)).toEqual(['kinds/r6', 'kinds/r7']);
    expect(grading.kinds).toMatchObject({ text: 4, integer: 1 });
    const tolerant = await addData('kinds', fileOf('k.jsonl', jsonl(...own)), {
      columns: readColumnMap('tolerance=5%'),
    });
    expect(tolerant.grading.shown[0]?.rule).toBe('within 5%');
  });

  it.each([
    ['question=prompt,choices=a|b,answer=gold', /line 2: the answer is the number 2; .*counts_from=0 or counts_from=1/],
    ['question=prompt,choices=a|b,answer=gold,counts_from=0', /line 2: the answer 2 .*the 2 choices/],
    ['question=nothing,answer=gold', /line 2: there is no column "nothing"; the row has prompt, a, b/],
    ['question=prompt,answer=prompt,kind=numeric', /"answer" is "Which\?", but metadata\.kind is numeric/],
    ['question=prompt,choices=a|b,answer=topic', /"chemistry" is not one of the letters A to B/],
  ])('refuses rows under %s', async (map, message) => {
    await expect(addData('mine', fileOf('mine.csv', rows), { columns: readColumnMap(map) })).rejects.toThrow(message);
  });

  it.each([
    ['qestion=prompt', /--columns: .*"qestion"; did you mean question\?/],
    ['question=', /--columns: "question" needs the name of a column/],
    ['kind=poem', /--columns: "kind" is choice or integer or .* or numeric or math or open, not "poem"/],
  ])('refuses the map %s', (map, message) => {
    expect(() => readColumnMap(map)).toThrow(message);
  });

  it('names file and line of a map', () => {
    expect(() => readColumnMap(fileOf('m.yaml', 'question: a\nanswr: b\n'))).toThrow(/m\.yaml, line 2: .*"answr"/);
    expect(() => readColumnMap(fileOf('m.yaml', '- a\n'))).toThrow(/m\.yaml must be a map/);
    expect(() => readColumnMap('nowhere.yaml')).toThrow(/nowhere\.yaml: the configuration file cannot be read/);
  });
});

describe('overlap', () => {
  const asked = (text: string, id = text): Question => ({ id, task: 't', split: 'test', question: text, answer: 'x' });
  const words = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `w${from + i}`).join(' ');

  it('compares 13 words of long questions, 8 of shorter ones, the whole of short ones', () => {
    const shared = (question: string, learned: string) => overlapping([asked(question)], [asked(learned)]).length;
    expect(shared(words(20), `x ${words(13, 5)} y`)).toBe(1);
    expect(shared(words(20), `x ${words(12, 5)} y`)).toBe(0);
    expect(shared(words(12), `x ${words(8, 2)} y`)).toBe(1);
    expect(shared(words(12), `x ${words(7, 2)} y`)).toBe(0);
    expect(shared('What is Heat?', 'what is heat')).toBe(1);
    expect(shared('What is heat?', 'What is heat in physics?')).toBe(0);
  });

  it('counts repeated questions, choices included', () => {
    const one = asked('Which?', 'a');
    expect(countDuplicates([one, { ...one, id: 'b' }, { ...one, id: 'c', choices: ['x', 'y'] }])).toBe(1);
  });
});
