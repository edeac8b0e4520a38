/** The figures of docs/study.md and what the README shows of the study are those of the committed rows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { figureToSvg } from '../../src/results/figures/svg/render';
import { studyFigures } from '../../src/study/figures';
import { writeFigures } from '../../src/study/figures/write';
import { readRows } from '../../src/study/row';
import { studyTables } from '../../src/study/tables';
import { expectBlock, root, table } from './blocks';

const rows = readRows();
const figures = studyFigures(rows).flatMap(({ name, figure }) => (figure ? [{ name, figure }] : []));
const FOLDER = join(root, 'docs', 'images', 'study');

const SECTIONS: Readonly<Record<string, RegExp>> = {
  'pictures-content': /^(ladder|content-effect|recovery|curves)$/,
  'pictures-main': /^(main|budgets|pass-at-k)$/,
  'pictures-clip': /^clip-/,
  'pictures-paper': /^paper-/,
  'pictures-worlds': /^(orderings|uplift)$/,
};

test('the pictures are those of the committed rows', async () => {
  expect(figures.length).toBeGreaterThan(10);
  if (process.env.DOCS === 'write') await writeFigures(figures, FOLDER, { png: false });
  for (const { name, figure } of figures)
    expect(readFileSync(join(FOLDER, `${name}.svg`), 'utf8') === `${figureToSvg(figure)}\n`, name).toBe(true);
});

test('every picture has its section', () => {
  for (const { name } of figures)
    expect(
      Object.values(SECTIONS).filter((pattern) => pattern.test(name)),
      name,
    ).toHaveLength(1);
});

test.each(Object.entries(SECTIONS))('%s', (section, pattern) => {
  const lines = figures
    .filter(({ name }) => pattern.test(name))
    .map(({ name, figure }) => `![${figure.layout.title.text.replace(/[[\]|]/g, ' ')}](images/study/${name}.svg)`);
  expectBlock('study.md', section, lines.join('\n\n') || 'No rows yet.');
});

test('the README has the ladder and the main table', () => {
  const main = studyTables(rows).find(({ name }) => name === 'main');
  expect(main).toBeDefined();
  const { head = [], rows: lines = [], title = '' } = main ?? {};
  const columns = [0, 1, 5, head.length - 1];
  const shown = (line: readonly string[]) => columns.map((column) => line[column] as string);
  const picture = '![what the teacher saw, and what its student learned](docs/images/study/ladder.svg)';
  const text = `${picture}\n\n*${title}; 95 % intervals; all rows are in [the study](docs/study.md)*\n\n${table(shown(head), lines.map(shown))}`;
  expectBlock('../README.md', 'study', text);
});
