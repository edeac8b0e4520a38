/** The numbers of data/science-sample/DATASHEET.md are those of the rows. */
import { median } from 'simple-statistics';
import { test } from 'vitest';
import type { Question } from '../../src/base/records/question';
import { readCriteria } from '../../src/method/rubrics/criteria';
import { rubricQuality } from '../../src/method/rubrics/quality';
import { loadTask } from '../../src/questions/load';
import { expectBlock, table } from './blocks';

const FILE = '../data/science-sample/DATASHEET.md';
const { train, test: held } = loadTask('data/science-sample');
const all = [...train, ...held];

/** Each shape with the benchmark it takes after, and the form of its questions. */
const SHAPES = [
  ['gpqa', 'GPQA', '4 choices, one right'],
  ['piqa', 'PIQA', 'a goal of everyday life, 2 ways to reach it'],
  ['scibench', 'SciBench', 'a number, mostly with a unit, in several steps'],
  ['open', 'rubric-judged sets', 'an explanation that ends in a name'],
] as const;
const TOPICS = ['physics', 'chemistry', 'biology', 'earth science', 'everyday'];

type Rows = readonly Question[];
const where = (rows: Rows, key: string, value: string): Rows =>
  rows.filter(({ metadata }) => metadata?.[key] === value);

test('questions by shape and topic', () => {
  const cell = (of: (rows: Rows) => Rows): string => {
    const [learned, asked] = [of(train).length, of(held).length];
    return learned + asked === 0 ? '' : `${learned} / ${asked}`;
  };
  const line = (of: (rows: Rows) => Rows): string[] => [
    ...TOPICS.map((topic) => cell((rows) => where(of(rows), 'topic', topic))),
    cell(of),
  ];
  const rows = SHAPES.map(([shape, after, form]) => [
    `\`${shape}\``,
    after,
    form,
    ...line((own) => where(own, 'shape', shape)),
  ]);
  const head = ['`shape`', 'after', 'form', ...TOPICS, 'together'];
  expectBlock(FILE, 'composition', table(head, [...rows, ['all', '', '', ...line((own) => own)]]));
});

const words = (text: string): number => text.split(/\s+/).length;
const range = (numbers: readonly number[]): string =>
  `${Math.min(...numbers)} to ${Math.max(...numbers)}, median ${median([...numbers])}`;

/** How often each letter is right, in training and in testing. */
function letters(shape: string): string {
  const shares = [train, held].map((rows) => {
    const answers = where(rows, 'shape', shape).map(({ answer }) => answer);
    const names = [...new Set(answers)].sort();
    return names.map((name) => `${name} ${answers.filter((answer) => answer === name).length}`).join(', ');
  });
  return shares.join(' / ');
}

/** How many questions have no longer choice than the right one. */
function longest(shape: string): string {
  const rows = where(all, 'shape', shape);
  const told = rows.filter(({ choices = [], answer }) => {
    const lengths = choices.map((choice) => choice.length);
    return lengths['ABCD'.indexOf(answer)] === Math.max(...lengths);
  });
  return `${told.length} of ${rows.length}`;
}

test('numbers of the sample', () => {
  const difficulties = [1, 2, 3].map((level) => all.filter(({ metadata }) => metadata?.difficulty === level).length);
  const leakages = all.flatMap(
    (question) => rubricQuality({ criteria: readCriteria(question.rubric ?? []).criteria }, question).leakage ?? [],
  );
  const leakage = leakages.reduce((sum, share) => sum + share, 0) / leakages.length;
  const rows = [
    ['`difficulty` 1 / 2 / 3', difficulties.join(' / ')],
    ['words of a question', range(all.map(({ question }) => words(question)))],
    ['words of a solution', range(all.map(({ solution = '' }) => words(solution)))],
    ['rubric items', String(all.reduce((sum, { rubric = [] }) => sum + rubric.length, 0))],
    ['items of a rubric', range(all.map(({ rubric = [] }) => rubric.length))],
    ['right letters with four choices, training / testing', letters('gpqa')],
    ['right letters with two choices, training / testing', letters('piqa')],
    ['questions of four choices whose right one is the longest', longest('gpqa')],
    ['questions of two choices whose right one is the longest', longest('piqa')],
    ["share of the answers' sequences of four words that stand in the rubric", `${(100 * leakage).toFixed(0)} %`],
  ];
  expectBlock(FILE, 'facts', table(['what', 'how much'], rows));
});
