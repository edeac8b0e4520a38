/** The study's figures in docs/ and the README are those of the committed rows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { figureToSvg } from '../../src/results/figures/svg/render';
import { studyFigures } from '../../src/study/figures';
import { writeFigures } from '../../src/study/figures/write';
import { readRows } from '../../src/study/row';
import { expectBlock, root } from './blocks';

const rows = readRows();
const figures = studyFigures(rows).flatMap(({ name, figure }) => (figure ? [{ name, figure }] : []));
const FOLDER = join(root, 'docs', 'images', 'study');

/** Page and pictures of each section. */
const SECTIONS: Readonly<Record<string, readonly [string, RegExp]>> = {
  'pictures-content': ['study.md', /^(ladder|content-effect|recovery|curves)$/],
  'pictures-main': ['study.md', /^(main|budgets|pass-at-k)$/],
  'pictures-clip': ['study.md', /^clip-/],
  'pictures-paper': ['study.md', /^paper-/],
  'pictures-worlds': ['study.md', /^(orderings|uplift)$/],
  'pictures-strata': ['strata.md', /^strata$/],
  'pictures-reach': ['study.md', /^reach$/],
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
      Object.values(SECTIONS).filter(([, pattern]) => pattern.test(name)),
      name,
    ).toHaveLength(1);
});

test.each(Object.entries(SECTIONS))('%s', (section, [page, pattern]) => {
  const lines = figures
    .filter(({ name }) => pattern.test(name))
    .map(({ name, figure }) => `![${figure.layout.title.text.replace(/[[\]|]/g, ' ')}](images/study/${name}.svg)`);
  expectBlock(page, section, lines.join('\n\n') || 'No rows yet.');
});
