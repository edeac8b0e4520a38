/** What the help says of settings is what the commands take. */
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/app/cli/commands';
import { commandHelp } from '../../src/app/cli/shared/help';
import type { TrainConfig } from '../../src/base/config/configs';
import { settingValue } from '../../src/base/config/resolve';
import { resolveTrainConfig, trainSettings } from '../../src/method/algorithms/settings';

/** `name=value` at the head of a line of the help. */
async function rowsOf(name: string, words: readonly string[]): Promise<(readonly [string, string])[]> {
  const entry = COMMANDS.find((each) => each.name === name);
  const text = entry ? commandHelp(entry, (await entry.load()).command, words) : '';
  return [...text.matchAll(/^ {2}([a-z][\w.]*)=(\S*)/gm)].map(([, setting = '', value = '']) => [setting, value]);
}

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value ?? ''));

/** What may stand behind this name: the setting's value in the run, in stage I, or in the group whose members go by their own names. */
function valuesOf(config: TrainConfig, name: string): string[] {
  const full = new Set(trainSettings.settings.map((setting) => setting.name));
  return ['', 'stage1.', 'stage2.', 'evaluation.', 'rubric_sampling.']
    .map((group) => group + name)
    .filter((each) => full.has(each))
    .map((each) => shown(settingValue(config, each)));
}

const TRAINING = ['start', 'doctor', 'quickstart', 'train', 'sweep'];
const PARTS = ['evaluate', 'contexts', 'audit', 'clipping', 'rubrics generate', 'rubrics quality'];
/** Where a model that is not trained stands in for a writer of rubrics. */
const REFERENCE = ['evaluate', 'clipping'];

describe.each([...TRAINING, ...PARTS])('the help of %s', (name) => {
  test.each([
    [[], resolveTrainConfig({})],
    ...(name === 'start' || name === 'quickstart'
      ? []
      : ([
          [['paper'], resolveTrainConfig({ overrides: ['profile=paper'] })],
          [['released'], resolveTrainConfig({ overrides: ['profile=released'] })],
        ] as const)),
  ] as const)('shows the defaults that %j brings', async (words, config) => {
    const rows = await rowsOf(name, words);
    expect(rows.length).toBeGreaterThan(4);
    expect(rows).toContainEqual(['profile', config.profile]);
    const wrong = rows.filter(([setting, value]) => {
      if (setting === 'rubric_source' && REFERENCE.includes(name)) return value !== 'reference';
      return !valuesOf(config, setting).includes(value);
    });
    expect(wrong).toEqual([]);
  });
});

test('every command with settings of a training run is looked at', async () => {
  const found = await Promise.all(
    COMMANDS.map(async ({ name }) =>
      (await rowsOf(name, [])).some(([setting]) => setting === 'profile') ? [name] : [],
    ),
  );
  expect(found.flat().sort()).toEqual([...TRAINING, ...PARTS].sort());
});

test('a setting that a command has no use for is no setting of it', async () => {
  const names = (await rowsOf('clipping', [])).map(([name]) => name);
  expect(names).not.toContain('samples');
  expect((await rowsOf('quickstart', [])).map(([name]) => name)).not.toContain('runs');
});
