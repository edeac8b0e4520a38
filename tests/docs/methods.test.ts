import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TrainConfig } from '../../src/base/config/configs';
import { LOSS_TYPES } from '../../src/base/config/policyGradient';
import { settingValue } from '../../src/base/config/resolve';
import { ALGORITHMS } from '../../src/method/algorithms';
import { resolveTrainConfig, trainSettings } from '../../src/method/algorithms/settings';
import { expectBlock, firstColumn, PROFILES, root, shown, table } from './blocks';

const PAGE = join(root, 'docs', 'methods.md');

/** The lines under a heading, up to the next one. */
function section(text: string, heading: string): string {
  const from = text.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`docs/methods.md has no heading ${heading}`);
  const to = text.slice(from + 1).search(/\n#+ /);
  return to < 0 ? text.slice(from) : text.slice(from, from + 1 + to);
}

/** Full names of a setting that is written without its stage. */
function fullNames(name: string): string[] {
  const names = trainSettings.settings.map((setting) => setting.name);
  return names.filter((full) => full === name || full.replace(/^stage[12]\./, '') === name);
}

/** The default in every profile: one value, or three with strokes between them. */
function defaults(name: string, algorithm: TrainConfig['algorithm']): string {
  // GRPO and OPSD have one stage, stage2.
  const full = fullNames(name).filter((each) => algorithm === 'rcsd' || !each.startsWith('stage1.'));
  if (full.length === 0) throw new Error(`docs/methods.md: there is no setting ${name}`);
  const values = PROFILES.map((profile) => {
    const all = full.map((each) =>
      shown(settingValue(resolveTrainConfig({ overrides: [`profile=${profile}`, `algorithm=${algorithm}`] }), each)),
    );
    if (new Set(all).size > 1) throw new Error(`docs/methods.md: ${name} differs between the stages; name one`);
    return all[0] as string;
  });
  return new Set(values).size === 1 ? (values[0] as string) : values.join(' / ');
}

describe.each([
  ['### RCSD', 'rcsd', 40],
  ['### OPSD', 'opsd', 15],
  ['### GRPO', 'grpo', 20],
] as const)('%s', (heading, algorithm, least) => {
  const rows = section(readFileSync(PAGE, 'utf8'), heading)
    .split('\n')
    .filter((line) => line.startsWith('| `'));

  test('names settings that exist, once each', () => {
    const names = firstColumn(rows.join('\n'));
    expect(names.length).toBeGreaterThan(least);
    expect(names.filter((name, i) => fullNames(name).length === 0 || names.indexOf(name) !== i)).toEqual([]);
  });

  test('has the defaults of the code', () => {
    const expected = rows.map((row) => {
      const cells = row.split(' | ');
      const name = /`([^`]+)`/.exec(row)?.[1] as string;
      return [...cells.slice(0, -2), defaults(name, algorithm), ...cells.slice(-1)].join(' | ');
    });
    if (process.env.DOCS === 'write') {
      const text = readFileSync(PAGE, 'utf8');
      const part = section(text, heading);
      writeFileSync(
        PAGE,
        text.replace(part, () => rows.reduce((all, row, i) => all.replace(row, () => expected[i] as string), part)),
      );
    } else expect(rows).toEqual(expected);
  });
});

test('every loss type of GRPO has its row', () => {
  const named = firstColumn(section(readFileSync(PAGE, 'utf8'), '### The loss types of GRPO'));
  expect(named.filter((name) => name !== 'loss_type').sort()).toEqual([...LOSS_TYPES].sort());
});

test('every algorithm has its row, out of its own record', () => {
  const row = (cells: readonly ('completions' | 'teacher' | 'loss' | 'source' | 'learns' | 'formula' | 'differs')[]) =>
    ALGORITHMS.map(({ name, about }) => [`\`${name}\``, ...cells.map((cell) => about[cell])]);
  const sides = ['algorithm', 'whose completions', 'what the teacher sees', 'loss', 'source'];
  expectBlock('methods.md', 'algorithms', table(sides, row(['completions', 'teacher', 'loss', 'source'])));
  const symbols = ['algorithm', 'learns from', 'loss on a token', 'source, and what differs here'];
  expectBlock('method.md', 'formulas', table(symbols, row(['learns', 'formula', 'differs'])));
});
