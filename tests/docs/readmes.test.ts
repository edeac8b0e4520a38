/** Tables of READMEs outside docs/ have a row for everything that is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GROWTH_STAGES, SPEED_STAGES } from '../../src/base/config/speed';
import { firstColumn, root } from './blocks';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

test('every stage of the benchmark has its row', () => {
  const stages = [...SPEED_STAGES, ...GROWTH_STAGES].map((name) => name.replace(/-\d+$/, '-N'));
  expect(firstColumn(read('benchmarks/README.md')).sort()).toEqual([...new Set(stages)].sort());
});

test('every script and every file of reference values is named', () => {
  const text = read('tests/fixtures/README.md');
  const parts = readdirSync(join(root, 'tests', 'fixtures')).filter(
    (name) => !/^(?:README\.md|common\.py|requirements\.txt)$/.test(name),
  );
  // `sampling.{json,safetensors}` names two files.
  const named = (name: string): boolean => text.includes(name) || text.includes(name.replace(/\.\w+$/, '.{'));
  expect(parts.filter((name) => !named(name))).toEqual([]);
});
