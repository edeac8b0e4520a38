import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TrainConfig } from '../../src/base/config/configs';
import { pretrainTable } from '../../src/base/config/pretrain';
import { settingValue } from '../../src/base/config/resolve';
import { speedTable } from '../../src/base/config/speed';
import { ALGORITHMS } from '../../src/method/algorithms';
import { profileDefaults, settingKind, trainSettings } from '../../src/method/algorithms/settings';
import { expectBlock, firstColumn, PROFILES, root, shown, table } from './blocks';
import { configsText, inputText, otherConfigsText, relativeConfigsText } from './settingsTypes';

/** Which settings stand in which table, by the beginning of their names (without the stage). */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  run: [
    'profile',
    'algorithm',
    'model',
    'adapter',
    'date',
    'data',
    'name',
    'runs',
    'stages',
    'seed.',
    'precision',
    'weights',
    'memory',
    'batches.',
    'rematerialize',
    'checkpoint_',
    'keep_',
    'collapse_',
  ],
  rubrics: ['rubric_', 'prompts'],
  views: ['teacher_context', 'reason_', 'anti_mention', 'mask_thinking', 'thinking.'],
  teacher: ['teacher', 'ema_decay', 'snapshot_every'],
  loss: ['divergence', 'beta', 'loss_', 'top_k', 'support', 'tail', 'clip'],
  grpo: ['grpo.'],
  relatives: ['relatives.'],
  sampling: ['sampling.', 'rollout_context'],
  update: ['steps', 'max_prompt_tokens', 'strata', 'leave_out', 'batch_size', 'microbatch_size', 'optimizer.', 'lora.'],
  evaluation: ['evaluation.', 'validation.', 'trace_'],
  workers: ['worker', 'insecure'],
  rollouts: [
    'rollouts',
    'rollout_model',
    'rollout_adapters',
    'rollout_limit',
    'rollout_concurrency',
    'rollout_timeout',
    'rollout_precision',
    'importance_',
  ],
};

const names = [...new Set(trainSettings.settings.map(({ name }) => name.replace(/^stage[12]\./, '')))];

/** The first group that names the setting, the longest beginning winning. */
function groupOf(name: string): string | undefined {
  const matches = Object.entries(GROUPS).flatMap(([group, starts]) =>
    starts.filter((start) => name.startsWith(start)).map((start) => ({ group, length: start.length })),
  );
  return matches.sort((a, b) => b.length - a.length)[0]?.group;
}

/** Help and allowed values, with nothing that Markdown takes for a tag. */
function meaning(help = '', allowed = ''): string {
  const values = allowed === 'text that is not empty' ? '' : ` (${allowed})`;
  return `${help}${values}`.replaceAll('<', '&lt;');
}

/** The value of a setting in a profile: one for both stages, or `stage I / stage II`. */
function cell(config: TrainConfig, name: string): string {
  if (trainSettings.settings.some((setting) => setting.name === name)) return shown(settingValue(config, name));
  const [first, second] = ['stage1', 'stage2'].map((stage) => shown(settingValue(config, `${stage}.${name}`)));
  return first === second ? `${first}` : `${first} / ${second}`;
}

function groupTable(group: string): string {
  const rows = names
    .filter((name) => groupOf(name) === group)
    .map((name) => {
      const setting = trainSettings.settings.find((each) => each.name.replace(/^stage[12]\./, '') === name);
      const values = PROFILES.map((profile) => cell(profileDefaults(profile, 'rcsd'), name));
      return [`\`${name}\``, meaning(setting?.help, setting?.allowed), ...values];
    });
  return table(['setting', 'meaning (values)', ...PROFILES], rows);
}

/** What the algorithms of one stage have otherwise. */
function algorithmTable(): string {
  const differing = (algorithm: string) =>
    trainSettings.settings
      .map(({ name }) => name)
      .filter((name) => name !== 'algorithm')
      .filter((name) =>
        PROFILES.some(
          (profile) =>
            shown(settingValue(profileDefaults(profile, algorithm), name)) !==
            shown(settingValue(profileDefaults(profile, 'rcsd'), name)),
        ),
      );
  const rows = ALGORITHMS.filter(({ rubricStage }) => !rubricStage).flatMap(({ name: algorithm }) =>
    differing(algorithm).map((name) => [
      algorithm,
      `\`${name}\``,
      ...PROFILES.map((profile) => shown(settingValue(profileDefaults(profile, algorithm), name))),
    ]),
  );
  return table(['algorithm', 'setting', ...PROFILES], rows);
}

describe('the tables of settings agree with the code', () => {
  test('every setting stands in one table', () => {
    expect(names.filter((name) => groupOf(name) === undefined)).toEqual([]);
  });
  test.each(Object.keys(GROUPS))('%s', (group) => expectBlock('settings.md', group, groupTable(group)));
  test('algorithms of one stage', () => expectBlock('settings.md', 'algorithms', algorithmTable()));
  test.each([
    ['pretrain', pretrainTable.settings, pretrainTable.defaults],
    ['benchmark', speedTable.settings, speedTable.defaults],
  ])('%s', (block, settings, defaults) => {
    const values = new Map(Object.entries(defaults));
    const rows = settings.map(({ name, help, allowed }) => [
      `\`${name}\``,
      meaning(help, allowed),
      shown(values.get(name)),
    ]);
    expectBlock('settings.md', block, table(['setting', 'meaning (values)', 'default'], rows));
  });
});

test('the short names are names', () => {
  const text = readFileSync(join(root, 'docs', 'settings.md'), 'utf8');
  const section = text.slice(text.indexOf('## Short names'), text.indexOf('## What is refused'));
  const short = firstColumn(section);
  expect(short.length).toBeGreaterThan(5);
  expect(short.filter((name) => settingKind(name) === undefined)).toEqual([]);
});

test.each([
  ['configs.ts', configsText],
  ['generated/otherConfigs.ts', otherConfigsText],
  ['generated/relativeConfigs.ts', relativeConfigsText],
  ['input.ts', inputText],
] as const)('the types in src/base/config/%s are those of the declarations', (name, text) => {
  const path = join(root, 'src', 'base', 'config', name);
  if (process.env.DOCS === 'write') {
    writeFileSync(path, text());
    execFileSync(process.execPath, [join(root, 'node_modules/@biomejs/biome/bin/biome'), 'format', '--write', path]);
  } else expect(words(readFileSync(path, 'utf8'))).toEqual(words(text()));
});

/** Without what the formatter adds or breaks. */
const words = (text: string): string[] => text.replace(/[\s|,]+/g, ' ').split(' ');
