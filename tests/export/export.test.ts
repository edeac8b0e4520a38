import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolvePretrainConfig } from '../../src/base/config/pretrain';
import { openRun } from '../../src/base/records/runReader';
import { readJsonFile } from '../../src/engine/files/jsonl';
import { openModel } from '../../src/engine/model/load';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { percentInterval } from '../../src/results/figures/text';
import { runPretraining } from '../../src/run/experiments/pretrain';
import { train } from '../../src/run/experiments/train';
import { exportModel, MOST_APART } from '../../src/run/export/export';
import { FORMATS } from '../../src/run/export/formats';
import { rcsdHere } from '../cli/runCli';
import { FAMILIES, temporaryFolder } from '../model/tiny';
import { fixture } from '../parity/reference';

const folder = temporaryFolder();
afterAll(folder.remove);
let made = 0;
const newFolder = (): string => join(folder.path, `export-${made++}`);
const model = (name: string): string => fixture('models', name);

describe.each(FAMILIES)('%s', (family) => {
  test.each(['merged', 'gguf'] as const)('as %s, in every number format', async (format) => {
    for (const type of FORMATS[format].types) {
      const output = newFolder();
      const { distance } = await exportModel({ source: model(family), format, type, output });
      // What was read back was compared with rounded weights; rounding itself moves it, but not far.
      expect(distance.largest).toBeLessThan(type === 'fp32' ? MOST_APART : 1);
      if (type === 'bf16') expect(distance.mean).toBeGreaterThan(0);
      expect(readdirSync(output)).toContain('README.md');
    }
  });
});

describe('adapters', () => {
  test.each(['all-projections', 'rslora', 'attention-only', 'dora', 'saved-embedding', 'dora-saved-norms'])(
    '%s, merged and alone',
    async (name) => {
      const adapter = fixture('adapters', name);
      for (const format of ['merged', 'gguf', 'peft'] as const) {
        const output = newFolder();
        const { distance } = await exportModel({ source: model('llama-tied'), adapter, format, output });
        expect(distance.largest).toBeLessThan(MOST_APART);
        const opened = await openModel(format === 'merged' ? output : model('llama-tied'));
        opened.dispose();
      }
    },
  );

  test('name their model as it is known: by --base, on the hub with its commit, or by its folder', async () => {
    const adapter = fixture('adapters', 'rslora');
    const commit = 'a'.repeat(40);
    const cached = join(folder.path, 'models--owner--llama', 'snapshots', commit);
    cpSync(model('llama-tied'), cached, { recursive: true });
    const named = async (source: string, base?: string) => {
      const output = newFolder();
      const { notes } = await exportModel({ source, adapter, format: 'peft', output, base });
      const { base_model_name_or_path: path, revision, r } = readJsonFile(join(output, 'adapter_config.json'));
      expect(r).toBe(4);
      return { path, revision, noted: notes.length };
    };
    expect(await named(cached)).toEqual({ path: 'owner/llama', revision: commit, noted: 0 });
    expect(await named(model('llama-tied'), 'me/mine')).toEqual({ path: 'me/mine', revision: null, noted: 0 });
    expect(await named(model('llama-tied'))).toEqual({ path: model('llama-tied'), revision: null, noted: 1 });
  });
});

describe('a model with a tokenizer', () => {
  test.each(['merged', 'gguf'] as const)('keeps it as %s, with template and end tokens', async (format) => {
    const output = newFolder();
    await exportModel({ source: model('chat'), format, output });
    const own = await openModel(model('chat'));
    const again = await openModel(format === 'merged' ? output : join(output, 'chat-F32.gguf'));
    for (const text of ['A ball <think>falls</think>  from 20 m.\n', 'ünï <|im_end|>'])
      expect(again.tokenizer?.encode(text)).toEqual(own.tokenizer?.encode(text));
    expect(again.tokenizer?.chatTemplate).toBe(own.tokenizer?.chatTemplate);
    expect(again.config.eosTokenIds.toSorted()).toEqual(own.config.eosTokenIds.toSorted());
    const { eos_token_id: ends } = readJsonFile(join(output, 'generation_config.json'));
    expect(ends).toEqual(own.config.eosTokenIds);
    for (const each of [own, again]) each.dispose();
  });
});

describe('a trained run', () => {
  let run: string;
  beforeAll(async () => {
    const sizes = ['layers=1', 'hidden_size=16', 'heads=2', 'intermediate_size=32', 'batch_tokens=1024'];
    const base = resolvePretrainConfig({ overrides: ['steps=1', `output=${join(folder.path, 'base')}`, ...sizes] });
    const overrides = [
      ...[`model=${(await runPretraining(base)).model}`, 'data=microscience', `runs=${folder.path}`, 'name=a <b> | c'],
      ...['steps=2', 'batch_size=2', 'max_tokens=4', 'rubric_source=reference', 'stages=reasoner', 'lora.rank=2'],
      ...['checkpoint_every=1', 'evaluation.questions=3', 'evaluation.max_tokens=4'],
    ];
    const outcome = await train(resolveTrainConfig({ overrides }));
    outcome.model.dispose();
    run = outcome.path;
  });

  test.each(['merged', 'peft'] as const)('as %s has a card with its scores, data and settings', async (format) => {
    const output = newFolder();
    await exportModel({ source: run, format, output });
    const card = readFileSync(join(output, 'README.md'), 'utf8');
    const { config } = openRun(run);
    for (const moment of ['before', 'after'] as const) {
      const [task] = Object.values(openRun(run).evaluation(moment)?.results.decodings ?? {});
      const score = Object.values(task?.[0]?.scores ?? {})[0];
      expect(card).toContain(percentInterval(score).replaceAll('[', '\\['));
    }
    expect(card).toContain(config.inputs?.train_questions);
    expect(card).toContain('top\\_p');
    expect(card).toContain('| lora.rank | 2 |');
    // The name of the run is a text of others here.
    expect(card).toContain('# a &lt;b> \\| c');
    expect(card).not.toContain(folder.path);
  });

  test('exports a checkpoint, whose card does not claim the scores of the result', async () => {
    const [checkpoint] = openRun(join(run, 'stage-2')).checkpoints();
    const output = newFolder();
    await exportModel({ source: checkpoint?.path as string, format: 'merged', output });
    const card = readFileSync(join(output, 'README.md'), 'utf8');
    expect(card).toContain(`those of the run's result, not of update ${checkpoint?.step}`);
  });
});

describe('rcsd export refuses', () => {
  const there = join(folder.path, 'there');
  beforeAll(() => mkdirSync(there));
  const science = join(__dirname, '..', '..', 'data', 'microscience');

  test.each([
    ['no output', [model('qwen3')], /needs the folder to write/],
    ['two sources', [model('qwen3'), 'b', '--output', 'x'], /takes one run, checkpoint or model/],
    ['an existing folder', [model('qwen3'), '--output', there], /is there already; choose another --output/],
    ['an unknown format', [model('qwen3'), '--output', 'x', '--format', 'onnx'], /--format must be one of/],
    [
      'q8_0 in a folder',
      [model('qwen3'), '--output', 'x', '--dtype', 'q8_0'],
      /--format merged is written as fp32 or bf16/,
    ],
    ['an adapter of a model without one', [model('qwen3'), '--output', 'x', '--format', 'peft'], /has no adapter/],
    ['a model that is not there', [join(there, 'none'), '--output', 'x'], /There is no model/],
    ['a tokenizer of words', [science, '--output', 'x', '--format', 'gguf'], /not byte-level BPE/],
  ])('%s', async (_, words, message) => {
    const { status, stderr } = await rcsdHere(['export', ...words]);
    expect([status, stderr.trimEnd().split('\n').at(-1)]).toEqual([2, expect.stringMatching(message)]);
    expect(existsSync('x')).toBe(false);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});
