import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BENCHMARKS } from '../../src/questions/tasks/benchmarks';
import { readColumnMap } from '../../src/questions/tasks/benchmarks/columns';
import { expectBlock, root, table } from './blocks';

test('the benchmarks', () => {
  const rows = BENCHMARKS.map(({ name, title, size, licence, source, format, hub }) => [
    `\`${name}\``,
    size === undefined ? title : `${title} (${size})`,
    format.columns,
    licence,
    source,
    format.note,
    hub ? 'yes' : 'no',
  ]);
  const head = ['name', 'set (questions)', 'columns', 'licence', 'where to get it', 'format checked against', 'pull'];
  expectBlock('data.md', 'benchmarks', table(head, rows));
});

test('every key of a map of columns has its row', () => {
  let known = '';
  try {
    readColumnMap('none of them=x');
  } catch (error) {
    known = /known are (.*)\.$/.exec((error as Error).message)?.[1] ?? '';
  }
  const text = readFileSync(join(root, 'docs', 'data.md'), 'utf8');
  const section = text.slice(text.indexOf('## Sets of your own'), text.indexOf('### Rows'));
  const cells = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].map((match) => match[1] as string);
  const named = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string));
  expect(named.sort()).toEqual(known.split(', ').sort());
});
