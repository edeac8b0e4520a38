/** The options of docs/evaluation.md and the tables of modes and judges are those of the code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ENDPOINT_OPTIONS } from '../../src/app/cli/shared/endpointOptions';
import { JUDGE_KINDS, type JudgeKind } from '../../src/method/rewards/judges/kinds';
import { MODE_NAMES } from '../../src/questions/grading/modes/mode';
import { expectBlock, firstColumn, root, table } from './blocks';

const read = (page: string): string => readFileSync(join(root, 'docs', page), 'utf8');

/** The lines of the first table under a heading. */
function rowsUnder(page: string, heading: string): string[] {
  const text = read(page);
  const from = text.indexOf(`\n${heading}\n`);
  expect(from, heading).toBeGreaterThan(0);
  const start = text.indexOf('\n|---', from) + 1;
  return text.slice(start, text.indexOf('\n\n', start)).split('\n').slice(1);
}

test('the options of a server', () => {
  const rows = ENDPOINT_OPTIONS.map(({ name, value = '', help }) => [
    `\`${name}\``,
    value,
    help.replace(/^server: /, ''),
  ]);
  expectBlock('evaluation.md', 'server', table(['option', 'value', 'meaning'], rows));
});

test('every mode has its row', () => {
  expect(firstColumn(rowsUnder('grading.md', '## The modes').join('\n')).sort()).toEqual([...MODE_NAMES].sort());
});

test('every kind of judge has its row, with what it needs', () => {
  const needs = { rubric: 'rubric', reference: 'reference', pair: 'response_b' } as const;
  const rows = rowsUnder('judges.md', '## Kinds').map((row) => row.split(' | '));
  const known = Object.entries<JudgeKind>(JUDGE_KINDS).map(([name, kind]) => [`| \`${name}\``, needs[kind.needs]]);
  expect(rows.map((row) => [row[0], row[2]])).toEqual(known);
});
