import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import type { CompletionRow, EvaluationResults, RubricRow, SampleRow } from '../../src/base/records/rows';
import { SCHEMA_VERSION } from '../../src/base/records/rows';
import { listRuns, openRun } from '../../src/base/records/runReader';
import { createRunFolder, freeRunName, resumeRunFolder, runConfig } from '../../src/base/records/runWriter';
import { profileDefaults, trainSettings } from '../../src/method/algorithms/settings';

const settings = profileDefaults('microscience', 'rcsd');
const config = () => runConfig(settings, { versions: { tensorflow: '2.20.0', model: 'microscience' }, threads: 2 });
const newPath = () => join(mkdtempSync(join(tmpdir(), 'rcsd-run-')), 'runs', 'first');

const completion = (step: number): CompletionRow => ({
  step,
  question_id: 'kin-1',
  sample: 0,
  seed: 42,
  prompt: '<|user|> a \\boxed{"quote"}\n\u2028 line',
  teacher_prompt: '<|user|> <|rubric|>',
  text: 'Use v = u + a t .',
  finish_reason: 'stop',
  completion_ids: [1, 2, 3],
  logprobs: [-0.1, -0.2, -0.3],
});

const rubric: RubricRow = {
  question_id: 'kin-1',
  source: 'generated',
  valid: true,
  text: '[{"description": "..."}]',
  criteria: [{ id: 'c1', title: 'Law', description: 'States v', weight: 5, importance: 'essential', polarity: null }],
};

const results: EvaluationResults = {
  results: { microscience: { alias: 'microscience', 'accuracy,none': 0.5, 'accuracy_stderr,none': 0.02 } },
  'n-samples': { microscience: { original: 2, effective: 2 } },
  counts: { microscience: { unparsed: 1, truncated: 0, unscored: 0 } },
  versions: { microscience: 1 },
  higher_is_better: { microscience: { accuracy: true } },
  config: { model: 'microscience' },
  configs: { microscience: { mode: 'task' } },
  chat_template_sha: null,
  task_hashes: { microscience: 'abc' },
  git_hash: null,
  date: 1,
  total_evaluation_time_seconds: 2,
};

describe('a run folder', () => {
  test('gives back what was written', () => {
    const path = newPath();
    const frozen = config();
    const folder = createRunFolder(path, frozen);
    folder.appendMetrics({ step: 1, loss: 0.5, 'divergence/true': 0.25 });
    folder.appendMetrics({ step: 2, loss: Number.NaN });
    folder.appendCompletions([completion(1), completion(2)]);
    folder.appendRubrics([rubric]);
    const sample: SampleRow = {
      doc_id: 0,
      doc: { id: 'kin-1', question: 'How far?' },
      target: '12',
      arguments: { gen_args_0: { arg_0: 'How far?' } },
      resps: ['a', 'b'],
      filtered_resps: ['12', null],
      correct: [true, false],
      truncated: [false, true],
      tokens: [1, 2],
      doc_hash: 'a',
      prompt_hash: 'b',
      target_hash: 'c',
    };
    folder.writeEvaluation('before', results, { microscience: [sample] });
    folder.writeComparison({ gain: 0.1 });
    const stage = createRunFolder(join(path, 'stage-1'), frozen);
    stage.appendMetrics({ step: 1, loss: 1 });
    stage.close();
    folder.close();
    mkdirSync(join(path, 'checkpoints', 'step-000100'), { recursive: true });
    mkdirSync(join(path, 'checkpoints', 'step-000020'));
    mkdirSync(join(path, 'checkpoints', 'step-000120.77.partial'));

    const run = openRun(path);
    expect(run.name).toBe('first');
    expect(run.config).toEqual(frozen);
    expect(trainSettings.parse(run.config.settings, { where: 'config.json', version: SCHEMA_VERSION })).toEqual(
      settings,
    );
    expect(run.metrics()).toEqual([
      { step: 1, loss: 0.5, 'divergence/true': 0.25 },
      { step: 2, loss: null },
    ]);
    expect(run.completions()).toEqual([completion(1), completion(2)]);
    expect(run.rubrics()).toEqual([rubric]);
    expect(run.evaluation('before')?.results).toEqual(results);
    expect(run.evaluation('before')?.samples('microscience')).toEqual([sample]);
    expect(run.evaluation('after')).toBeUndefined();
    expect(run.comparison()).toEqual({ gain: 0.1 });
    expect(run.checkpoints().map(({ step }) => step)).toEqual([20, 100]);
    expect(run.stages().map((each) => each.metrics()[0]?.loss)).toEqual([1]);
    expect(run.warnings()).toEqual([]);
    expect(listRuns(join(path, '..'))).toEqual([path]);
    expect(freeRunName(join(path, '..'), 'first')).toBe('first-2');
  });

  test('can be read while it is written, row by row', () => {
    const path = newPath();
    const folder = createRunFolder(path, config());
    expect(openRun(path).metrics()).toEqual([]);
    folder.appendMetrics({ step: 1, loss: 1 });
    expect(openRun(path).metrics()).toHaveLength(1);
    folder.close();
  });

  test('is not written over', () => {
    const path = newPath();
    createRunFolder(path, config()).close();
    expect(() => createRunFolder(path, config())).toThrow(InputError);
  });

  test('without config.json, or of a newer version, is refused', () => {
    const path = newPath();
    expect(() => openRun(path)).toThrow(/is not a run folder/);
    expect(() => resumeRunFolder(path, 1)).toThrow(/is not a run folder/);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'config.json'), '{"schema_version": 99}');
    expect(() => openRun(path)).toThrow(/schema_version is 99/);
    writeFileSync(join(path, 'config.json'), '{');
    expect(() => openRun(path)).toThrow(/not valid JSON/);
  });

  test.each([{ message: { toString: 1 } }, { message: null }, { step: 'x' }])(
    'is refused where a warning is %j',
    (wrong) => {
      const path = newPath();
      createRunFolder(path, config()).close();
      const row = { step: 1, name: 'n', value: 1, message: 'm' };
      writeFileSync(
        join(path, 'warnings.jsonl'),
        [row, { ...row, ...wrong }].map((own) => `${JSON.stringify(own)}\n`).join(''),
      );
      expect(() => openRun(path).trainingWarnings()).toThrow(/warnings\.jsonl row 2 is damaged/);
    },
  );

  test.each(['settings', 'versions'])('is refused where config.json has no %s', (part) => {
    const path = newPath();
    for (const wrong of [null, [], 'x', undefined]) {
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config(), [part]: wrong }));
      expect(() => openRun(path)).toThrow(`it has no ${part}`);
    }
  });
});

describe('after a crash', () => {
  test('a torn last line is left out and told', () => {
    const path = newPath();
    const folder = createRunFolder(path, config());
    folder.appendMetrics({ step: 1, loss: 1 });
    folder.close();
    appendFileSync(join(path, 'metrics.jsonl'), '{"step":2,"lo');
    const run = openRun(path);
    expect(run.metrics()).toEqual([{ step: 1, loss: 1 }]);
    expect(run.warnings()).toHaveLength(1);
    expect(run.warnings()[0]).toMatch(/metrics\.jsonl: the last line was cut off/);
  });

  test('a bad line in the middle is an error with its number', () => {
    const path = newPath();
    createRunFolder(path, config()).close();
    writeFileSync(join(path, 'metrics.jsonl'), '{"step":1}\noops\n{"step":2}\n');
    expect(() => openRun(path).metrics()).toThrow(/metrics\.jsonl line 2 is not a JSON object/);
  });

  test('going on cuts the rows behind the checkpoint, and the torn line', () => {
    const path = newPath();
    const folder = createRunFolder(path, config());
    for (const step of [1, 2, 3, 4]) {
      folder.appendMetrics({ step, loss: 1 / step });
      folder.appendCompletions([completion(step), completion(step)]);
    }
    folder.appendRubrics([rubric]);
    folder.close();
    appendFileSync(join(path, 'completions.jsonl'), '{"step":5');
    appendFileSync(join(path, 'rubrics.jsonl'), '{"quest');

    const resumed = resumeRunFolder(path, 2);
    resumed.appendMetrics({ step: 3, loss: 9 });
    resumed.appendCompletions([completion(3)]);
    resumed.appendRubrics([rubric]);
    resumed.close();
    const run = openRun(path);
    expect(run.metrics().map(({ step, loss }) => [step, loss])).toEqual([
      [1, 1],
      [2, 0.5],
      [3, 9],
    ]);
    expect(run.completions().map(({ step }) => step)).toEqual([1, 1, 2, 2, 3]);
    expect(run.rubrics()).toEqual([rubric, rubric]);
    expect(run.warnings()).toEqual([]);
    const events = readdirSync(path).filter((name) => name.startsWith('events.'));
    expect(events).toHaveLength(1);
  });
});

test('going on with other settings is refused by the first that differs', () => {
  const path = newPath();
  createRunFolder(path, config()).close();
  resumeRunFolder(path, 0, { settings: { ...settings, runs: 'elsewhere' } }).close();
  const other = { ...settings, stage2: { ...settings.stage2, steps: 41 } };
  expect(() => resumeRunFolder(path, 0, { settings: other })).toThrow(
    /other settings \(stage2\.steps is 40 there and 41 here\)/,
  );
  const targets = { ...settings, lora: { ...settings.lora, targets: ['q_proj'] } };
  expect(() => resumeRunFolder(path, 0, { settings: targets })).toThrow(
    /lora\.targets\.1 is "k_proj" there and absent here/,
  );
});

test('config.json names the commit, versions, processor and threads', () => {
  const frozen = config();
  expect(frozen.versions).toEqual({ node: process.versions.node, tensorflow: '2.20.0', model: 'microscience' });
  expect(frozen.threads).toBe(2);
  expect(frozen.cpu).not.toBe('');
  if (existsSync('.git')) expect(frozen.git_commit).toMatch(/^[0-9a-f]{40}(-dirty)?$/);
});
