import { test } from 'vitest';
import { BENCHMARKS } from '../../src/questions/tasks/benchmarks';
import { expectBlock, table } from './blocks';

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
