/** The committed configurations, all of them: that they resolve, and that each differs from its profile in its own row only. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command as train } from '../../src/app/cli/train';
import { settingValue } from '../../src/base/config/resolve';
import { readSettingsFile } from '../../src/base/config/sources';
import { profileDefaults, resolveTrainConfig, trainSettings } from '../../src/method/algorithms/settings';
import { readSweep } from '../../src/study/sweeps/sweepCells';
import { here } from '../cli/runCli';

const configs = join(__dirname, '..', '..', 'configs');
const yamlFiles = (folder: string): string[] =>
  readdirSync(join(configs, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort();
const text = (folder: string, name: string): string => readFileSync(join(configs, folder, name), 'utf8');

const rubrics = join(mkdtempSync(join(tmpdir(), 'rcsd-configs-')), 'rubrics-14b.jsonl');
writeFileSync(rubrics, '');
const STAND_INS = ['model=stand-in', 'data=data/science-sample'];

/** What each row changes against the paper's run of its algorithm. */
const ROWS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'figure-4-1.7b': {},
  'figure-4-4b': {},
  'figure-5-steps-50': { 'stage2.steps': 50 },
  'figure-5-steps-150': { 'stage2.steps': 150 },
  'figure-5-steps-300': { 'stage2.steps': 300 },
  'table-1-base': {},
  'table-1-grpo': { 'stage2.grpo.rewards': ['judge'], 'stage2.grpo.judge_model': 'stand-in' },
  'table-1-grpo-rubrics': {
    'stage2.grpo.rewards': ['judge'],
    'stage2.grpo.judge_model': 'stand-in',
    'stage2.grpo.judge_kind': 'paper',
    rubric_source: `file:${rubrics}`,
  },
  'table-1-opsd': {},
  'table-1-rcsd': {},
  'table-1-sft': {},
  'table-2': {},
  'table-3-jsd': { 'stage2.divergence': 'jsd' },
  'table-3-reverse-kl': { 'stage2.divergence': 'reverse_kl' },
  'table-4-reference': { stages: 'reasoner', rubric_source: 'reference' },
  'table-5-direct-8b': { stages: 'reasoner' },
  'table-5-direct-14b': { stages: 'reasoner', rubric_source: `file:${rubrics}` },
  'table-6-generic': { stages: 'reasoner', rubric_source: 'generic' },
  'table-6-noisy': { stages: 'reasoner', rubric_source: 'noisy' },
  'table-6-random': { stages: 'reasoner', rubric_source: 'random' },
  'table-6-reduced': { stages: 'reasoner', rubric_source: 'reduced' },
};

describe('configs/paper', () => {
  test('has a file for each row and no other', () => {
    expect(yamlFiles('paper')).toEqual(Object.keys(ROWS).sort());
  });

  test.each(yamlFiles('paper'))('%s is the paper’s run with its own row changed', (name) => {
    const own = /14b$|grpo-rubrics$/.test(name) ? [`rubric_source=file:${rubrics}`] : [];
    const judge = /^table-1-grpo/.test(name) ? ['judge_model=stand-in'] : [];
    const config = resolveTrainConfig({
      file: join(configs, 'paper', `${name}.yaml`),
      overrides: [...STAND_INS, ...own, ...judge],
    });
    const defaults = profileDefaults('paper', config.algorithm);
    const changed = trainSettings.settings
      .map((setting) => setting.name)
      .filter((setting) => !['model', 'data', 'name'].includes(setting))
      .filter((setting) => config.algorithm === 'rcsd' || !setting.startsWith('stage1.'))
      .map((setting) => [setting, settingValue(config, setting), settingValue(defaults, setting)] as const)
      .filter(([, value, usual]) => JSON.stringify(value) !== JSON.stringify(usual));
    expect(Object.fromEntries(changed)).toEqual(ROWS[name]);
    if (config.name !== 'rcsd-stand-in') expect(config.name).toBe(name);
  });

  test.each(yamlFiles('paper'))(
    '%s asks for a model and data, gives published numbers, and where to see what is unstated',
    (name) => {
      const content = text('paper', `${name}.yaml`);
      expect(content).toMatch(/^model: PATH_TO_QWEN3-\S+$/m);
      expect(content).toMatch(/^data: PATH_TO_DATA /m);
      expect(content).toMatch(/^# Published /m);
      expect(content).toMatch(/^# Unstated |: table-1-rcsd\.yaml writes it out/m);
      expect(content).toContain(`--config configs/paper/${name}.yaml `);
      expect(text('paper', 'README.md')).toContain(`\`${name}.yaml\``);
    },
  );
});

describe('the files of configs/paper', () => {
  const HEAD = ['profile', 'algorithm', 'name', 'model', 'data'];

  test.each(yamlFiles('paper').filter((name) => name !== 'table-1-rcsd'))(
    '%s says nothing that profile=paper brings',
    (name) => {
      const own = Object.keys(readSettingsFile(join(configs, 'paper', `${name}.yaml`)));
      const row = Object.keys(ROWS[name] ?? {});
      const said = own.filter((setting) => !HEAD.includes(setting));
      expect(said.map((setting) => row.find((full) => full.endsWith(setting)))).toEqual(
        said.map(() => expect.anything()),
      );
      expect(said).toHaveLength(row.length);
    },
  );

  test.each(yamlFiles('paper'))('%s is shown with a model and data alone', async (name) => {
    const file = join(configs, 'paper', `${name}.yaml`);
    const words = ['train', '--config', file, 'model=/models/Qwen3-8B', 'data=/data/science', '--show'];
    const text = await here(train, words);
    expect(text).toMatch(/^model += \/models\/Qwen3-8B {3}\(paper: smollm2-135m\)$/m);
    expect(text.split('\n').length).toBeGreaterThan(50);
    const lacking = /14b$|grpo-rubrics$/.test(name);
    const run = here(train, words.slice(0, -1));
    await expect(run).rejects.toThrow(lacking ? 'QWEN3-14B: there is no such file' : '/data/science');
  });
});

describe('configs/microscience', () => {
  test.each([
    ['degraded', 7],
    ['divergence', 3],
    ['methods', 5],
    ['rubric-source', 4],
    ['steps', 4],
  ])('%s has %i methods with three seeds each', (name, methods) => {
    const { cells } = readSweep(join(configs, 'microscience', `${name}.yaml`));
    expect(new Set(cells.map(({ method }) => method)).size).toBe(methods);
    expect(cells).toHaveLength(methods * 3);
    expect(text('microscience', 'README.md')).toContain(`| \`${name}.yaml\` |`);
    expect(text('microscience', 'README.md')).toContain(`| ${methods} x 3 |`);
  });

  test('no file is without a test', () => {
    expect(yamlFiles('microscience')).toEqual(['degraded', 'divergence', 'methods', 'rubric-source', 'steps']);
  });
});
