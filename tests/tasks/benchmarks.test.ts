import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import type { Question } from '../../src/base/records/question';
import { BENCHMARKS, benchmarkNamed } from '../../src/questions/tasks/benchmarks';
import { checkQuestion } from '../../src/questions/tasks/science';
import {
  csvOf,
  fileOf,
  folderOf,
  gpqaRow,
  jsonl,
  medmcqaRow,
  piqaRow,
  pubmedqaRow,
  scibenchRow,
  zipOf,
} from './tables';

const TABLES = join('tests', 'fixtures', 'tables');

/** Reads a benchmark with its notes. */
async function read(name: string, path: string): Promise<{ questions: Question[]; notes: string[] }> {
  const notes: string[] = [];
  const questions = await benchmarkNamed(name).read(path, (text) => notes.push(text));
  for (const question of questions) {
    expect(checkQuestion(JSON.parse(JSON.stringify(question)), 'here')).toEqual(JSON.parse(JSON.stringify(question)));
    expect(question.task).toBe(name);
  }
  expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
  return { questions, notes };
}

const mmluPro = (changes: object = {}) => ({
  question_id: 70,
  question: 'Which is prime?',
  options: ['4', '6', '7'],
  answer: 'C',
  answer_index: 2,
  category: 'math',
  src: 'made up',
  ...changes,
});
const superGpqa = (changes: object = {}) => ({
  uuid: 'u1',
  question: 'Which is prime?',
  options: ['4', '7'],
  answer: '7',
  answer_letter: 'B',
  field: 'Mathematics',
  difficulty: 'easy',
  is_calculation: true,
  ...changes,
});
const sciqRow = (changes: object = {}) => ({
  question: 'What do plants breathe in?',
  correct_answer: 'carbon dioxide',
  distractor1: 'gold',
  distractor2: 'salt',
  distractor3: 'sand',
  support: 'Plants take in carbon dioxide.',
  ...changes,
});
const arcRow = (changes: object = {}) => ({
  id: 'Mercury_1',
  question: {
    stem: 'Which is a metal?',
    choices: [
      { text: 'wood', label: '1' },
      { text: 'iron', label: '2' },
    ],
  },
  answerKey: '2',
  ...changes,
});
const olympiad = (changes: object = {}) => ({
  id: 1606,
  subfield: 'Algebra',
  context: null,
  question: 'Solve x^2 = 4.',
  solution: ['Two roots.'],
  final_answer: ['2', '-2'],
  is_multiple_answer: true,
  unit: null,
  answer_type: 'Numerical',
  error: null,
  ...changes,
});
const sciKnow = (changes: object = {}) => ({
  question: 'Which gas is lighter?',
  choices: { text: ['helium', 'argon'], label: ['A', 'B'] },
  answerKey: 'A',
  answer: '',
  type: 'mcq-2-choices',
  domain: 'Chemistry',
  details: { level: 'L1', task: 'gases', subtask: 'weights', source: 'made up' },
  prompt: { default: 'Answer yes or no.' },
  ...changes,
});
const researchqa = (changes: object = {}) => ({
  id: 'r1',
  general_domain: 'Physics',
  subdomain: 'Optics',
  field: 'Lasers',
  query: 'How do lasers work?',
  date: '2024',
  rubric: [{ rubric_item: 'Does it name stimulated emission?', type: ['fact'], citation_metadata: null }],
  ...changes,
});

describe('official forms', () => {
  it('GPQA: CSV with line breaks and commas in cells, right answer first', async () => {
    const { questions } = await read(
      'gpqa-diamond',
      fileOf('gpqa_diamond.csv', csvOf(gpqaRow(), gpqaRow({ 'Record ID': 'rec2' }))),
    );
    expect(questions).toHaveLength(2);
    expect(questions[0]).toMatchObject({
      id: 'gpqa-diamond/rec1',
      split: 'test',
      question: 'Which particle\ncarries the charge?',
      choices: ['electron', 'neutron', 'photon, or none', 'neutrino'],
      answer: 'A',
      metadata: { correct_first: true, subject: 'Physics', difficulty: 'Hard' },
    });
  });

  it('GPQA: the file of its own set out of a folder or zip', async () => {
    const files = {
      'dataset/gpqa_main.csv': csvOf(gpqaRow({ 'Record ID': 'main' })),
      'dataset/gpqa_diamond.csv': csvOf(gpqaRow({ 'Record ID': 'diamond' })),
    };
    for (const path of [folderOf(files), fileOf('dataset.zip', zipOf(files))]) {
      const { questions } = await read('gpqa-main', path);
      expect(questions.map(({ id }) => id)).toEqual(['gpqa-main/main']);
      await expect(read('gpqa-extended', path)).rejects.toThrow(/no file of gpqa-extended .*gpqa_diamond\.csv/);
    }
  });

  it('SciBench: a file a textbook, units as published, repeated numbers told apart', async () => {
    const path = folderOf({
      'atkins.json': JSON.stringify([scibenchRow(), scibenchRow({ problem_text: 'And its volume?' })]),
      'class_sol.json': JSON.stringify([scibenchRow({ source: 'class', answer_number: '−0.5', solution: 'By hand.' })]),
    });
    const { questions } = await read('scibench', path);
    expect(questions.map(({ id }) => id)).toEqual([
      'scibench/atkins-e1.17',
      'scibench/atkins-e1.17#2',
      'scibench/class-e1.17',
    ]);
    expect(questions[2]).toMatchObject({
      answer: '-0.5',
      solution: 'By hand.',
      metadata: { subject: 'physics', kind: 'numeric' },
    });
    expect(questions[0]?.metadata?.unit).toBe('$\\mathrm{atm}$');
  });

  it('PIQA: JSON Lines with the labels beside, in a folder, a zip, or as one file', async () => {
    const files = {
      'physicaliqa/train.jsonl': jsonl(piqaRow({ id: 'a' })),
      'physicaliqa/train-labels.lst': '0\n',
      'physicaliqa/dev.jsonl': jsonl(piqaRow({ id: 'b' }), piqaRow({ id: 'c' })),
      'physicaliqa/dev-labels.lst': '1\n0\n',
      'physicaliqa/tests.jsonl': jsonl(piqaRow({ id: 'd' })),
    };
    const folder = folderOf(files);
    for (const path of [folder, fileOf('physicaliqa-train-dev.zip', zipOf(files))]) {
      const { questions, notes } = await read('piqa', path);
      expect(questions.map(({ id, split, answer }) => [id, split, answer])).toEqual([
        ['piqa/b', 'test', 'B'],
        ['piqa/c', 'test', 'A'],
        ['piqa/a', 'train', 'A'],
      ]);
      expect(notes).toEqual(['1 row of physicaliqa/tests.jsonl left out: its labels are not published']);
    }
    expect((await read('piqa', join(folder, 'physicaliqa', 'dev.jsonl'))).questions).toHaveLength(2);
    const own = await read('piqa', fileOf('valid.json', JSON.stringify([piqaRow({ label: 1 })])));
    expect(own.questions[0]).toMatchObject({ split: 'test', answer: 'B' });
  });

  it('MedMCQA: cop from 1 in the zip of the authors, from 0 in Parquet', async () => {
    const files = {
      'train.json': jsonl(medmcqaRow({ id: 't', cop: 4 })),
      'dev.json': jsonl(medmcqaRow(), medmcqaRow({ id: 'm2', cop: 1 })),
      'test.json': jsonl(medmcqaRow({ id: 'x', cop: undefined })),
    };
    const { questions, notes } = await read('medmcqa', fileOf('data.zip', zipOf(files)));
    expect(questions.map(({ id, split, answer }) => [id, split, answer])).toEqual([
      ['medmcqa/m1', 'test', 'B'],
      ['medmcqa/m2', 'test', 'A'],
      ['medmcqa/t', 'train', 'D'],
    ]);
    expect(notes[0]).toBe('"cop" counts from 1 in these files');
    expect(notes[1]).toBe('1 row of test.json left out: its labels are not published');
    const hub = await read('medmcqa', join(TABLES, 'medmcqa.parquet'));
    expect(hub.questions.map(({ answer }) => answer)).toEqual(['A', 'B', 'C', 'D']);
    expect(hub.notes).toEqual(['"cop" counts from 0 in these files']);
  });

  it('PubMedQA: test questions by the file beside, in published order', async () => {
    const rows = { 9: pubmedqaRow(), 7: pubmedqaRow({ final_decision: 'maybe' }) };
    // A JavaScript object would sort its number-like keys, so the text is put together.
    const text = `{${[9, 7].map((id) => `"${id}":\n${JSON.stringify(rows[id as 7 | 9])}`).join(',')}}`;
    const path = folderOf({ 'ori_pqal.json': text, 'test_ground_truth.json': '{"7": "maybe"}' });
    const { questions } = await read('pubmedqa', join(path, 'ori_pqal.json'));
    expect(questions.map(({ id, split, answer }) => [id, split, answer])).toEqual([
      ['pubmedqa/9', 'train', 'A'],
      ['pubmedqa/7', 'test', 'C'],
    ]);
    expect(questions[0]).toMatchObject({
      question: 'Background.\nResults.\n\nDoes it help?',
      choices: ['yes', 'no', 'maybe'],
      metadata: { stem: 'Does it help?', contexts: ['Background.', 'Results.'] },
    });
    const hub = await read('pubmedqa', join(TABLES, 'pubmedqa.parquet'));
    expect(hub.questions.map(({ id, answer }) => [id, answer])).toEqual([
      ['pubmedqa/11111111', 'A'],
      ['pubmedqa/11111112', 'B'],
      ['pubmedqa/11111113', 'C'],
    ]);
  });

  it('RaR and NaturalReasoning: published without a split, of which some are held out by seed and said', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({
      question: `Which is number ${i === 29 ? 28 : i}?`,
      reference_answer: i % 3 === 0 ? '' : `${i}`,
      rubric: [{ title: 'Number', description: 'Essential Criteria: Names it.', weight: 5 }],
      rubric_list: ['Names it.'],
      responses: [{ response_model: 'Llama3.3-70B-Instruct', response: 'It is.' }],
    }));
    for (const name of ['rar-science', 'rar-medicine', 'natural-reasoning']) {
      const { questions, notes } = await read(name, fileOf('data.jsonl', jsonl(...rows)));
      const held = questions.filter(({ split }) => split === 'test');
      expect([questions.length, held.length]).toEqual([30, 3]);
      expect(held.every(({ answer, question }) => answer !== '' && question !== 'Which is number 28?')).toBe(true);
      expect(questions[0]).toMatchObject({ id: `${name}/row-000001`, answer: '' });
      expect(questions[0]?.rubric === undefined).toBe(name === 'natural-reasoning');
      expect(notes.join()).toContain('3 of 30 questions are held out to evaluate on, drawn by seed 42');
      expect((await read(name, fileOf('again.jsonl', jsonl(...rows)))).questions).toEqual(questions);
      const split = await read(
        name,
        folderOf({ 'train.jsonl': jsonl(...rows), 'test.jsonl': jsonl(rows[1] as object) }),
      );
      expect(split.questions.filter((question) => question.split === 'test').map(({ answer }) => answer)).toEqual([
        '1',
      ]);
      expect(split.notes.join()).not.toContain('held out');
    }
    const { notes } = await read('natural-reasoning', fileOf('data.jsonl', jsonl(...rows)));
    expect(notes.join()).toContain('10 of 30 questions have no reference answer');
  });

  it('RaR-Science and RubricHub: nested Parquet columns to weighted rubrics', async () => {
    const rar = (await read('rar-science', join(TABLES, 'rar-science.parquet'))).questions[0];
    expect(rar).toMatchObject({ answer: 'Ice is less dense than liquid water.', metadata: { kind: 'open' } });
    expect(rar?.rubric).toEqual([
      { title: 'Density', description: 'Essential Criteria: Says that ice is less dense.', weight: 5 },
      { title: 'Weight', description: 'Pitfall Criteria: Says that ice has no weight.', weight: -1 },
    ]);
    const hub = (await read('rubrichub', join(TABLES, 'rubrichub.parquet'))).questions[0];
    expect(hub).toMatchObject({
      split: 'train',
      question: 'Explain why the sky is blue.',
      answer: 'Rayleigh scattering.',
    });
    expect(hub?.rubric?.map(({ weight }) => weight)).toEqual([10, -5]);
    const written = jsonl({ id: 'a', question: 'Why?', rubrics: [{ criterion: 'Says why', points: 3 }] });
    expect((await read('rubrichub', fileOf('final.jsonl', written))).questions[0]).toMatchObject({
      id: 'rubrichub/a',
      answer: '',
    });
  });

  it('ResearchQA: rubric without an answer; parts that repeat others passed over', async () => {
    const path = folderOf({
      'test.json': JSON.stringify([researchqa()]),
      'valid.json': JSON.stringify([researchqa({ id: 'r2' })]),
      'full.json': JSON.stringify([researchqa(), researchqa({ id: 'r2' })]),
    });
    const { questions, notes } = await read('researchqa', path);
    expect(questions.map(({ id, split, answer }) => [id, split, answer])).toEqual([
      ['researchqa/r1', 'test', ''],
      ['researchqa/r2', 'validation', ''],
    ]);
    expect(questions[0]?.rubric).toEqual([{ description: 'Does it name stimulated emission?', weight: 1 }]);
    expect(notes).toEqual(['full.json passed over: it repeats the other splits; name it alone to read it']);
    expect((await read('researchqa', join(path, 'full.json'))).questions).toHaveLength(2);
  });

  it('MMLU-Pro and SuperGPQA', async () => {
    const filled = mmluPro({ question_id: 71, options: ['4', '7', 'N/A'], answer: 'B', answer_index: 1 });
    const pro = await read('mmlu-pro', fileOf('test.jsonl', jsonl(mmluPro(), filled)));
    expect(pro.questions.map(({ choices, answer }) => [choices?.length, answer])).toEqual([
      [3, 'C'],
      [2, 'B'],
    ]);
    const { questions } = await read('supergpqa', fileOf('SuperGPQA-all.jsonl', jsonl(superGpqa())));
    expect(questions[0]).toMatchObject({ answer: 'B', metadata: { subject: 'Mathematics', difficulty: 'easy' } });
  });

  it('ARC: both forms, labels that are numbers; SciQ: three splits, right answer first', async () => {
    const folder = folderOf({
      'ARC-Easy/ARC-Easy-Test.jsonl': jsonl(arcRow()),
      'ARC-Challenge/ARC-Challenge-Test.jsonl': jsonl(arcRow({ id: 'c' })),
      'ARC-Challenge/ARC-Challenge-Dev.jsonl': jsonl(arcRow({ id: 'd' })),
    });
    const { questions } = await read('arc-challenge', folder);
    expect(questions.map(({ id, split, answer }) => [id, split, answer])).toEqual([
      ['arc-challenge/d', 'validation', 'B'],
      ['arc-challenge/c', 'test', 'B'],
    ]);
    const hub = await read('arc-easy', join(TABLES, 'arc.parquet'));
    expect(hub.questions.map(({ choices, answer }) => [choices?.length, answer])).toEqual([
      [3, 'B'],
      [2, 'A'],
    ]);
    const sciq = await read(
      'sciq',
      folderOf({
        'SciQ dataset-2 3/test.json': JSON.stringify([sciqRow()], null, 1),
        'SciQ dataset-2 3/train.json': JSON.stringify([sciqRow()]),
      }),
    );
    expect(sciq.questions.map(({ split, answer }) => [split, answer])).toEqual([
      ['test', 'A'],
      ['train', 'A'],
    ]);
    expect(sciq.questions[0]?.metadata).toMatchObject({
      correct_first: true,
      support: 'Plants take in carbon dioxide.',
    });
  });

  it('OlympiadBench, MATH-500 and AIME', async () => {
    const path = folderOf({
      'OE_TO_maths_en_COMP.json': JSON.stringify([
        olympiad(),
        olympiad({ id: 2, context: 'Given.', question: 'See <img_1>.' }),
      ]),
      'TP_TO_maths_en_COMP.json': JSON.stringify([olympiad()]),
      'OE_MM_physics_en_COMP.json': JSON.stringify([olympiad()]),
    });
    const { questions, notes } = await read('olympiadbench', path);
    expect(questions).toHaveLength(1);
    expect(questions[0]).toMatchObject({
      answer: '2, -2',
      metadata: { kind: 'math', answers: ['2', '-2'], multiple_answers: true },
    });
    expect(notes).toHaveLength(3);
    const math = {
      problem: 'Add.',
      solution: 's',
      answer: '\\frac12',
      subject: 'Algebra',
      level: 'Level 3',
      unique_id: 'test/a/1.json',
    };
    expect((await read('math-500', fileOf('test.jsonl', jsonl(math)))).questions[0]).toMatchObject({
      answer: '\\frac12',
      metadata: { level: 3 },
    });
    const aime = await read(
      'aime-2024',
      fileOf('aime.csv', csvOf({ ID: '2024-I-1', Problem: 'Count.', Solution: 's', Answer: '073' })),
    );
    expect(aime.questions[0]).toMatchObject({ id: 'aime-2024/2024-I-1', answer: '073', metadata: { kind: 'math' } });
  });

  it('SciKnowEval: choices, yes and no, open; damaged choices are counted', async () => {
    const rows = [
      sciKnow(),
      sciKnow({ type: 'true_or_false', answer: 'No' }),
      sciKnow({ type: 'filling', answer: '2 H2O' }),
      sciKnow({ choices: { text: ['a', 'b', 'c'], label: ['A', 'B'] } }),
    ];
    const { questions, notes } = await read(
      'sciknoweval',
      fileOf('Chemistry/L1/x.jsonl'.replaceAll('/', '_'), jsonl(...rows)),
    );
    expect(questions.map(({ choices, answer }) => [choices?.length, answer])).toEqual([
      [2, 'A'],
      [2, 'B'],
      [undefined, '2 H2O'],
    ]);
    expect(questions[1]?.question).toBe('Answer yes or no.\n\nWhich gas is lighter?');
    expect(notes[0]).toMatch(/^1 row of .* left out: its choices were cut wrongly/);
  });

  test('every benchmark says where it is from, and names are unique', () => {
    expect(new Set(BENCHMARKS.map(({ name }) => name)).size).toBe(BENCHMARKS.length);
    for (const { source, licence, format } of BENCHMARKS)
      for (const text of [source, licence, format.note, format.columns]) expect(text.length).toBeGreaterThan(2);
    expect(() => benchmarkNamed('gpqa-damond')).toThrow('did you mean gpqa-diamond?');
  });
});

const without = (row: object, name: string): object =>
  Object.fromEntries(Object.entries(row).filter(([key]) => key !== name));
const twins: readonly (readonly [string, string, string | Uint8Array, RegExp])[] = [
  [
    'gpqa-main',
    'x.csv',
    csvOf(without(gpqaRow(), 'Correct Answer')),
    /x\.csv line 2: there is no column "Correct Answer"; the row has Record ID/,
  ],
  [
    'gpqa-main',
    'x.csv',
    csvOf(gpqaRow(), gpqaRow({ 'Record ID': 'r', Question: ' ' })),
    /x\.csv line 4: the column "Question" needs a text/,
  ],
  ['gpqa-main', 'x.csv', csvOf(gpqaRow(), gpqaRow()), /x\.csv line 4: the id "gpqa-main\/rec1" was used at .*line 2/],
  ['gpqa-main', 'x.csv', 'Question,Correct Answer\na,b,c\n', /x\.csv is not valid CSV \(Invalid Record Length.*line 2/],
  ['gpqa-main', 'x.csv', new Uint8Array([0x51, 0x0a, 0xff, 0xfe]), /x\.csv is not UTF-8 text/],
  ['gpqa-main', 'x.json', JSON.stringify([gpqaRow()]).slice(0, -9), /x\.json is not valid JSON/],
  ['gpqa-main', 'x.parquet', new Uint8Array(20), /x\.parquet is not a readable Parquet file/],
  ['gpqa-main', 'x.zip', new Uint8Array(40), /x\.zip is not a readable zip archive/],
  ['gpqa-main', 'x.txt', 'hello', /no \.jsonl, \.json/],
  [
    'scibench',
    'x.json',
    `[${JSON.stringify(scibenchRow())},\n${JSON.stringify(scibenchRow({ answer_number: 'many' }))}]`,
    /x\.json line 2: "answer" is "many", but metadata\.kind is numeric/,
  ],
  ['scibench', 'x.json', '[{"a": 1}, 5]', /x\.json line 1: a row must be a JSON object/],
  ['piqa', 'dev.jsonl', jsonl(piqaRow()), /dev\.jsonl line 1: there is no "label" and no dev-labels\.lst beside it/],
  ['piqa', 'dev.jsonl', jsonl(piqaRow({ label: 2 })), /line 1: "label" is "2", not 0 or 1/],
  [
    'medmcqa',
    'dev.json',
    jsonl(medmcqaRow({ cop: 0 }), medmcqaRow({ id: 'm2', cop: 4 })),
    /"cop" is 0 at .*line 1 and 4 at .*line 2/,
  ],
  ['medmcqa', 'dev.json', jsonl(medmcqaRow(), medmcqaRow({ id: 'm2' })), /"cop" is never 0 and never 4/],
  [
    'medmcqa',
    'dev.json',
    jsonl(medmcqaRow({ cop: 0 }), medmcqaRow({ id: 'm2', cop: 7 })),
    /line 2: "cop" is 7, outside 0 to 3/,
  ],
  ['medmcqa', 'dev.json', `${jsonl(medmcqaRow({ cop: 4 }))}{"id": "m2", `, /dev\.json line 2 is not valid JSON/],
  [
    'pubmedqa',
    'x.json',
    JSON.stringify({ 1: pubmedqaRow({ final_decision: 'perhaps' }) }),
    /"final_decision" is "perhaps", not yes, no or maybe/,
  ],
  [
    'pubmedqa',
    'x.json',
    JSON.stringify({ 1: pubmedqaRow({ CONTEXTS: 'text' }) }),
    /there is no list of texts under "CONTEXTS"/,
  ],
  ['researchqa', 'test.json', JSON.stringify([researchqa({ rubric: [] })]), /line 1: the column "rubric" needs a list/],
  [
    'researchqa',
    'test.json',
    JSON.stringify([researchqa({ rubric: [{ type: 'x' }] })]),
    /"rubric" item 1 needs a description/,
  ],
  [
    'rar-science',
    'x.jsonl',
    jsonl({ question: 'q', reference_answer: 'a', rubric: [{ description: 'd', weight: 'much' }] }),
    /item 1 needs a description and a weight/,
  ],
  ['natural-reasoning', 'x.jsonl', jsonl({ question: 'q', answer: 'a' }), /there is no column "reference_answer"/],
  ['natural-reasoning', 'x.jsonl', jsonl({ question: '', reference_answer: 'a' }), /line 1: .*"question"/],
  [
    'rubrichub',
    'x.jsonl',
    jsonl({ prompt: [{ role: 'system', content: 'x' }], Rubrics: ['a'] }),
    /"prompt" has no user message/,
  ],
  ['mmlu-pro', 'x.jsonl', jsonl(mmluPro({ answer: 'D', answer_index: 3 })), /"D" is not one of the letters A to C/],
  ['mmlu-pro', 'x.jsonl', jsonl(mmluPro({ answer_index: 0 })), /"answer" is C, but "answer_index" is 0/],
  ['supergpqa', 'x.jsonl', jsonl(superGpqa({ answer: '4' })), /"answer" is not option B/],
  ['arc-easy', 'x.jsonl', jsonl(arcRow({ answerKey: 'B' })), /"answerKey" is "B", but the labels are 1, 2/],
  ['sciq', 'x.json', JSON.stringify([without(sciqRow(), 'distractor3')]), /there is no column "distractor3"/],
  [
    'aime-2025',
    'x.jsonl',
    jsonl({ id: '1', problem: 'p', answer: '1000' }),
    /"answer" is "1000", but AIME asks for 0 to 999/,
  ],
  [
    'olympiadbench',
    'x.json',
    JSON.stringify([olympiad({ final_answer: null })]),
    /the column "final_answer" needs a list/,
  ],
  [
    'sciknoweval',
    'x.jsonl',
    jsonl(sciKnow({ type: 'true_or_false', answer: 'Maybe' })),
    /"answer" is "Maybe", but the type needs Yes or No/,
  ],
  ['math-500', 'x.jsonl', '', /no questions of math-500/],
];

describe('broken twins', () => {
  it.each(twins)('%s %s', async (name, file, content, message) => {
    const reading = read(name, fileOf(file, content));
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(message);
  });

  it.each([
    ['1\n', /dev-labels\.lst has 1 lines, fewer than dev\.jsonl has questions/],
    ['1\n0\n1\n', /dev-labels\.lst has 3 lines for 2 questions/],
    ['1\nx\n', /dev-labels\.lst line 2: a label is 0 or 1, not "x"/],
  ])('PIQA with labels %j', async (labels, message) => {
    const path = folderOf({ 'dev.jsonl': jsonl(piqaRow({ id: 'a' }), piqaRow({ id: 'b' })), 'dev-labels.lst': labels });
    await expect(read('piqa', path)).rejects.toThrow(message);
  });

  it('PubMedQA whose two files contradict each other', async () => {
    const path = folderOf({
      'ori_pqal.json': JSON.stringify({ 7: pubmedqaRow() }),
      'test_ground_truth.json': '{"7": "no"}',
    });
    await expect(read('pubmedqa', path)).rejects.toThrow(
      /"final_decision" is "yes", but test_ground_truth\.json says "no"/,
    );
  });
});
