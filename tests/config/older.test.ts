/** Runs that an older program began: what their config.json lacks is what that program did. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError, InterruptedError } from '../../src/base/records/errors';
import { SCHEMA_VERSION } from '../../src/base/records/rows';
import {
  frozenTrainConfig,
  profileDefaults,
  resolveTrainConfig,
  trainConfig,
  trainSettings,
} from '../../src/method/algorithms/settings';
import { loadTask } from '../../src/questions/load';
import { train } from '../../src/run/experiments/train';
import { temporaryFolder, writeScienceModel } from '../model/tiny';
import { atStep, checkpointOf, readFile, recordOf } from '../train/stage';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const fixture = (name: string) => join(__dirname, '..', 'fixtures', 'configs', name);
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

const added = trainSettings.settings.filter(({ since }) => since > 1).map(({ name }) => name);

/** Takes out of a folder's config.json what programs of schema_version 1 did not write. */
function makeOld(path: string): void {
  const file = join(path, 'config.json');
  const config = readJson(file);
  const strip = (settings: Record<string, unknown>, names: readonly string[]): void => {
    for (const name of names) {
      const keys = name.split('.');
      const last = keys.pop() as string;
      const group = keys.reduce<Record<string, unknown> | undefined>(
        (node, key) => node?.[key] as Record<string, unknown> | undefined,
        settings,
      );
      if (group) delete group[last];
    }
  };
  strip(config.settings, added);
  // The folder of a stage holds that stage's settings alone.
  if (config.settings.settings)
    strip(
      config.settings.settings,
      added.map((name) => name.replace(/^stage2\./, '')),
    );
  writeFileSync(file, JSON.stringify({ ...config, schema_version: 1 }));
}

describe('a run of an older program', () => {
  it('is resumed as the program of that time would have gone on, bit for bit', async () => {
    expect(added.length).toBeGreaterThan(0);
    expect(Math.max(...trainSettings.settings.map(({ since }) => since))).toBe(SCHEMA_VERSION);
    const model = await writeScienceModel(join(folder.path, 'model'));
    const run = (name: string) =>
      trainConfig({
        ...{ model, data: 'microscience', stages: 'reasoner', rubric_source: 'reference', runs: folder.path, name },
        ...{ steps: 4, batch_size: 2, max_tokens: 8, checkpoint_every: 2, keep_checkpoints: 4 },
        // What it keeps to be looked at changes no number; programs of that time kept none.
        keep_token_details: 0,
        evaluation: { questions: 1, samples: 1, max_tokens: 8 },
      });
    const straight = await train(run('straight'));
    straight.model.dispose();
    const abort = new AbortController();
    const stopped = train(run('stopped'), { signal: abort.signal, onProgress: atStep(2, () => abort.abort()) });
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    const path = join(folder.path, 'stopped');
    for (const part of [path, join(path, 'stage-2')]) makeOld(part);
    expect(readJson(join(path, 'config.json')).settings.stage2.relatives).not.toHaveProperty('sft_weight');
    const config = readJson(join(path, 'config.json'));
    const resumed = await train(frozenTrainConfig(config, join(path, 'config.json')));
    resumed.model.dispose();
    const [one, other] = ['straight', 'stopped'].map((name) => join(folder.path, name, 'stage-2')) as [string, string];
    expect(recordOf(other)).toEqual(recordOf(one));
    for (const file of ['model.safetensors', 'optimizer.safetensors'])
      expect(readFile(checkpointOf(other, 4), file)).toEqual(readFile(checkpointOf(one, 4), file));
  });

  it.each(['version-1.json', 'version-2.json'])('%s reads to the settings that it was written with', (name) => {
    const { overrides, ...config } = readJson(fixture(name));
    const read = frozenTrainConfig(config, fixture(name));
    const then = { weights: 'fp32', batches: { rollouts: 256, rubrics: 128, evaluation: 256 }, keep_token_details: 0 };
    expect(read).toEqual({ ...resolveTrainConfig({ overrides }), ...then });
    cpSync(fixture(name), join(folder.path, 'config.json'));
    expect(resolveTrainConfig({ file: join(folder.path, 'config.json') })).toEqual(read);
  });

  it('on the embedded suite had its first world, which has a name of its own now', () => {
    const settings = JSON.parse(JSON.stringify(profileDefaults('microscience', 'rcsd')));
    const old = { ...settings, data: 'microscience', model: 'microscience' };
    const read = (version: number) => frozenTrainConfig({ schema_version: version, settings: old }, 'config.json');
    expect([read(2).data, read(2).model]).toEqual(['microscience:0', 'microscience:0']);
    expect(read(SCHEMA_VERSION).model).toBe('microscience');
    expect(resolveTrainConfig({ overrides: ['data=microscience-transfer'] }).data).toBe('microscience-transfer:strata');
    for (const word of ['data=microscience:0', 'model=microscience:0']) {
      const { data, model } = resolveTrainConfig({ overrides: [word] });
      expect([data, model]).toEqual(['microscience:0', 'microscience:0']);
    }
    expect(loadTask(read(2).data).test).not.toEqual(loadTask('microscience').test);
  });

  it('called a sum of two losses cripo, which has a name of its own now', () => {
    const settings = JSON.parse(JSON.stringify(profileDefaults('paper', 'grpo_opsd')));
    const read = (version: number) =>
      frozenTrainConfig({ schema_version: version, settings: { ...settings, algorithm: 'cripo' } }, 'config.json');
    expect([read(1).algorithm, read(3).algorithm, read(SCHEMA_VERSION).algorithm]).toEqual([
      ...['grpo_opsd', 'grpo_opsd', 'cripo'],
    ]);
    expect(read(3)).toEqual({ ...profileDefaults('paper', 'grpo_opsd') });
  });

  it('that lacks a setting which its version had is refused by the name of the setting', () => {
    const settings = JSON.parse(JSON.stringify(profileDefaults('paper', 'rcsd')));
    delete settings.stage2.clip;
    expect(() => frozenTrainConfig({ schema_version: 1, settings }, 'config.json')).toThrow(
      /config\.json: stage2\.clip must be a number/,
    );
    const later = { schema_version: SCHEMA_VERSION, settings: profileDefaults('paper', 'rcsd') };
    const text = JSON.parse(JSON.stringify(later));
    delete text.settings.stage2.relatives.sft_weight;
    expect(() => frozenTrainConfig(text, 'config.json')).toThrow(/sft_weight/);
  });
});

describe('settings in a notebook', () => {
  it('are typed, under their short names', () => {
    const config = trainConfig({ algorithm: 'opsd', steps: 3, learning_rate: 1e-3, seed: { data: 7 }, rank: 4 });
    expect([config.stage2.steps, config.stage2.optimizer.learning_rate, config.seed.data]).toEqual([3, 1e-3, 7]);
    expect([config.lora.rank, config.seed.init]).toEqual([4, 42]);
    // @ts-expect-error: a name that is not a setting is refused while it is written
    expect(() => trainConfig({ learning_rat: 1 })).toThrow('did you mean learning_rate?');
    // @ts-expect-error: and so is a value that it does not take
    expect(() => trainConfig({ divergence: 'reverse' })).toThrow('divergence must be one of forward_kl');
  });

  it('say what is wrong in one line, without a stack trace', () => {
    expect(inspect(new InputError('steps must be whole.'))).toBe('InputError: steps must be whole.');
  });
});
