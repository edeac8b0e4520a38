/** What docs/settings.md says of values by hand has a line for each value that the code knows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LOSS_SHAPES, LOSS_TYPES } from '../../src/base/config/policyGradient';
import { LAW_SOURCES, SHARED_SOURCES } from '../../src/base/config/rubricSources';
import { trainSettings } from '../../src/method/algorithms/settings';
import { expectBlock, firstColumn, root, table } from './blocks';

const page = readFileSync(join(root, 'docs', 'settings.md'), 'utf8');

/** The first column of the table under a line of the page. */
function rowsUnder(line: string): string[] {
  const from = page.indexOf(`\n${line}`);
  expect(from, line).toBeGreaterThan(0);
  const start = page.indexOf('\n|', from) + 1;
  return firstColumn(page.slice(start, page.indexOf('\n\n', start)));
}

/** The words that a setting takes, out of `one of A, B, C` or `a comma-separated list out of A, B, C`. */
function words(name: string): string[] {
  const allowed = trainSettings.settings.find((setting) => setting.name === name)?.allowed ?? '';
  return allowed.replace(/^.*?\bof /, '').split(', ');
}

test('every rubric source has its row', () => {
  const all = [...SHARED_SOURCES, ...LAW_SOURCES, 'file:PATH', 'dose:SHARE'];
  expect(rowsUnder('The sources of the rubrics').sort()).toEqual([...all].sort());
});

test('every teacher has its row', () => {
  expect(rowsUnder('<!-- /teacher -->')).toEqual(words('stage2.teacher'));
});

test('every reward has its row', () => {
  expect(rowsUnder('The rewards:')).toEqual(words('stage2.grpo.rewards'));
});

test('what a loss type brings', () => {
  const rows = LOSS_TYPES.map((name) => {
    const { aggregation, objective, epsilon, epsilon_high: high } = LOSS_SHAPES[name];
    const limits = { clip: `${epsilon}, ${high}`, cispo: `–, ${high}`, sapo: '–', vespo: '–' }[objective];
    return [`\`${name}\``, `\`${aggregation}\``, limits];
  });
  const head = ['`loss_type`', '`loss_aggregation`', '`epsilon`, `epsilon_high`'];
  expectBlock('settings.md', 'loss-types', table(head, rows));
});
