/** The tables of docs/study.md are those of the committed rows. */
import { test } from 'vitest';
import { readRows } from '../../src/study/row';
import { studyTables } from '../../src/study/tables';
import { expectBlock, table } from './blocks';

const NAMES = [
  ...[
    'gate',
    'contexts',
    'writers',
    'content',
    'content-effect',
    'recovery',
    'decoding',
    'rates',
    'main',
    'main-comparisons',
  ],
  ...['budgets', 'pass', 'clip-map-full-all', 'clip-map-full-20', 'clip-map-lora-16-all', 'clip-map-lora-16-20'],
  ...['table-3', 'tables-4-5', 'table-6', 'figure-5', 'worlds', 'orderings', 'predictors', 'size'],
];
const REACH = [
  ...['reach-predictions', 'reach-pulls', 'reach-gate', 'reach-greedy', 'reach-final', 'reach-theory'],
  ...['reach-dose', 'reach-dose-t1'],
];
/** The second part's, in docs/strata.md. */
const STRATA = [
  ...['strata-gate', 'strata-contexts-greedy', 'strata-contexts-t1', 'strata-writers'],
  ...['strata-greedy', 'strata-t1', 'strata-content'],
];
const tables = new Map(studyTables(readRows()).map((each) => [each.name, each]));

test.each([
  ...[...NAMES, ...REACH].map((name) => ['study.md', name] as const),
  ...STRATA.map((name) => ['strata.md', name] as const),
])('%s: the table %s', (file, name) => {
  const found = tables.get(name);
  const text = found ? `*${found.title}*\n\n${table(found.head, found.rows)}` : 'No rows yet.';
  expectBlock(file, name, text);
});
