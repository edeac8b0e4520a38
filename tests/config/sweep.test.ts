import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSweep } from '../../src/study/sweeps/sweepCells';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-sweep-'));
const file = join(folder, 'plan.yaml');

function read(yaml: string, overrides: readonly string[] = []) {
  writeFileSync(file, yaml);
  return readSweep(file, overrides);
}

/** What a file is refused with, behind its own name. */
function refusal(yaml: string, overrides: readonly string[] = []): string {
  try {
    read(yaml, overrides);
  } catch (error) {
    return (error as Error).message.replace(`${file}, `, '');
  }
  return 'nothing';
}

const names = (yaml: string, overrides: readonly string[] = []) => read(yaml, overrides).cells.map(({ name }) => name);

describe('the runs of a sweep', () => {
  test('are the product of the grid, the first setting slowest', () => {
    const { cells, name, runs } = read('base: {steps: 3}\ngrid:\n  algorithm: [rcsd, opsd]\n  seed: [1, 2]\n');
    expect([name, runs]).toEqual(['plan', 'runs/plan']);
    expect(cells.map((cell) => [cell.name, cell.method, cell.seed])).toEqual([
      ['rcsd-seed-1', 'rcsd', '1'],
      ['rcsd-seed-2', 'rcsd', '2'],
      ['opsd-seed-1', 'opsd', '1'],
      ['opsd-seed-2', 'opsd', '2'],
    ]);
    const { config } = cells[3] as (typeof cells)[number];
    expect([config.algorithm, config.seed.init, config.stage2.steps, config.name, config.runs]).toEqual([
      'opsd',
      2,
      3,
      'opsd-seed-2',
      'runs/plan',
    ]);
  });

  test('are every labelled run at every point, less what is excluded', () => {
    const yaml = `
name: two
base: {profile: microscience}
grid: {stage2.optimizer.learning_rate: [1e-4, 3e-4], seed: [1, 2]}
runs:
  - label: RCSD (own rubrics)
    settings: {stages: both}
  - label: placebo
    settings: {stages: reasoner, rubric_source: placebo}
exclude:
  - {label: placebo, stage2.learning_rate: 1e-4}
  - {seed: 2, stages: reasoner}
`;
    const { cells } = read(yaml);
    expect(cells.map(({ name }) => name)).toEqual([
      'RCSD-own-rubrics-learning_rate-0.0001-seed-1',
      'RCSD-own-rubrics-learning_rate-0.0001-seed-2',
      'RCSD-own-rubrics-learning_rate-0.0003-seed-1',
      'RCSD-own-rubrics-learning_rate-0.0003-seed-2',
      'placebo-learning_rate-0.0003-seed-1',
    ]);
    expect(cells[4]?.method).toBe('placebo, learning_rate 0.0003');
    expect(cells[4]?.config.stage2.optimizer.learning_rate).toBe(3e-4);
  });

  test('take lists and nested names, and settings of the command line', () => {
    const yaml = 'base: {lora: {targets: [q_proj, v_proj]}}\ngrid:\n  stage2: {steps: [5, 6]}\n';
    const { cells, runs } = read(yaml, ['rank=8', 'rank=4', 'name=again', 'runs=/tmp/there']);
    expect(runs).toBe('/tmp/there/again');
    expect(cells.map(({ config }) => [config.stage2.steps, config.lora.rank, config.lora.targets])).toEqual([
      [5, 4, ['q_proj', 'v_proj']],
      [6, 4, ['q_proj', 'v_proj']],
    ]);
  });

  test('are written as the words that rcsd train takes', () => {
    const { cells } = read('base: {lora: {targets: [q_proj, v_proj]}}\ngrid: {seed: [3]}\n', ['steps=2']);
    expect(cells[0]?.overrides).toEqual(['lora.targets=q_proj,v_proj', 'seed=3', 'steps=2']);
  });
});

describe('a sweep file is refused', () => {
  test.each([
    ['grid: {seed: [1, 2]}\nbase: [1', 'line 2: not valid YAML: '],
    ['steps: 3\ngrid: {seed: [1]}\n', 'line 1: a sweep has no part steps; '],
    ['gird: {seed: [1]}\n', 'line 1: a sweep has no part gird; did you mean grid?'],
    ['base: {steps: 3}\n', 'line 1: there is nothing to vary; '],
    ['- 1\n', 'line 1: a sweep is a mapping'],
    ['name: a/b\ngrid: {seed: [1]}\n', 'line 1: name must be one folder name'],
    ['grid:\n  seed: [1]\n  stepz: [1, 2]\n', /line 3: .*stepz; .*steps/],
    ['grid:\n  seed: [1]\n  steps:\n    - 1\n    - many\n', /line 5: steps .*"many"/],
    ['grid:\n  steps: 4\n', /line 2: steps .*steps: \[4\].* base/],
    ['grid:\n  steps: []\n', 'line 2: steps has no values; '],
    ['grid:\n  steps: [4, 5, 4]\n', 'line 2: steps has the value 4 twice; '],
    ['base:\n  steps:\ngrid: {seed: [1]}\n', 'line 2: steps has no value; '],
    ['base:\n  runs: there\ngrid: {seed: [1]}\n', 'line 2: runs is given to each run by the sweep; '],
    ['runs:\n  - settings: {steps: 2}\n', 'line 2: this run has no label; '],
    ['runs:\n  - label: a\n    steps: 2\n', /line 3: .*steps under settings/],
    ['runs: {label: a}\n', 'line 1: runs is a list; '],
    ['grid: {seed: [1]}\nexclude:\n  - {seed: 7}\n', 'line 3: this exclusion fits no run; '],
    ['grid: {seed: [1]}\nexclude:\n  - {}\n', 'line 3: this exclusion is empty'],
    ['grid: {seed: [1]}\nexclude:\n  - {seed: 1}\n', 'line 1: exclude leaves out every run; '],
    [
      'grid: {steps: [1]}\nruns:\n  - label: a\n    settings: {stage2.steps: 2}\n',
      'line 4: stage2.steps is in the grid and in the run a; ',
    ],
    ['runs:\n  - label: a b\n  - label: a-b\n', 'line 3: two runs would share the folder a-b; '],
  ])('%j', (yaml, expected) => {
    expect(refusal(yaml)).toMatch(expected);
  });

  test('when any of its runs could not train, with the run', () => {
    const yaml =
      'runs:\n  - label: good\n    settings: {algorithm: opsd}\n  - label: bad\n    settings: {algorithm: opsd, teacher_context: rubric}\n';
    expect(refusal(yaml)).toContain('line 4: run bad: algorithm=opsd ');
  });

  test('when the command line changes what it varies', () => {
    expect(refusal('base: {profile: microscience}\ngrid:\n  steps: [1, 2]\n', ['stage2.steps=9'])).toMatch(
      /^line 3: .*stage2\.steps/,
    );
  });

  test('when it is not there', () => {
    expect(() => readSweep(join(folder, 'none.yaml'))).toThrow('none.yaml: ');
  });
});

test('YAML anchors work', () => {
  expect(names('base: &b {steps: 2}\nruns:\n  - {label: x, settings: *b}\n')).toEqual(['x']);
});
