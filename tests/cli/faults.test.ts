/**
 * Inputs that a reader once crashed on, hung on, read wrongly or put raw into a message: each ends in a right read, or in one short
 * printable line that says what to do.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MESSAGE_LIMIT } from '../../src/base/records/errors';
import { type Ended, rcsdHere } from './runCli';

const fixtures = join(__dirname, '../fixtures');
const ROW = '{"id":1,"text":"a","prompt_ids":[1,2],"completion_ids":[3]}';
const CONVERSATION = '{"id":1,"messages":[{"role":"user","content":"a"}]}';

/** Files and folders of one case. */
const newFolder = (): string => mkdtempSync(join(tmpdir(), 'rcsd-faults-'));

function file(name: string, content: string | Uint8Array): string {
  const path = join(newFolder(), name);
  writeFileSync(path, content);
  return path;
}

/** A copy of a fixture's folder with one file replaced or added. */
function folderWith(fixture: string, name: string, content: string | Uint8Array): string {
  const folder = newFolder();
  cpSync(join(fixtures, fixture), folder, { recursive: true });
  writeFileSync(join(folder, name), content);
  return folder;
}

/** The file of a model folder that a text is. */
function modelFile(text: string): string {
  if (/"architectures"/.test(text)) return 'config.json';
  if (/"_from_model_config"/.test(text)) return 'generation_config.json';
  return /"added_tokens"/.test(text) ? 'tokenizer.json' : 'tokenizer_config.json';
}

function shards(index: Uint8Array): string {
  const folder = folderWith('models/qwen3', 'model.safetensors.index.json', index);
  renameSync(join(folder, 'model.safetensors'), join(folder, 'a.safetensors'));
  return folder;
}

/** A line of samples_TASK.jsonl. */
const SAMPLE = {
  ...{ doc_id: 0, doc: { id: 'q', question: 'x' }, target: 'A', resps: ['a'], filtered_resps: ['A'], correct: [true] },
  ...{ arguments: { gen_args_0: { arg_0: 'p' } }, tokens: [1], truncated: [false], doc_hash: 'h' },
};

/** An evaluation's folder with a results.json or with samples in place of its own. */
function evaluation(content: string): string {
  const results = {
    results: { microscience: { alias: 'microscience', sample_len: 1, 'avg@2,none': 0.5 } },
    ...{ config: { model: 'm' }, configs: { microscience: { mode: 'task' } }, counts: {} },
  };
  const folder = newFolder();
  const isResults = content.startsWith('{"results"');
  writeFileSync(join(folder, 'results.json'), isResults ? content : JSON.stringify(results));
  writeFileSync(join(folder, 'samples_microscience.jsonl'), isResults ? `${JSON.stringify(SAMPLE)}\n` : content);
  return folder;
}

const score = (model: string): string[] => ['score', '--model', model];
const add = (ending: string) => (bytes: Buffer) => ['data', 'add', 'mine', file(`t.${ending}`, bytes)];
const columns = ['--columns', 'question=q,answer=a'];
const own = (ending: string) => (bytes: Buffer) => [...add(ending)(bytes), ...columns];

/** By kind of input: the words of a command line that reads it. */
const REACHED_BY: Readonly<Record<string, (bytes: Buffer) => string[]>> = {
  adapter_config: (bytes) => [
    ...score(join(fixtures, 'models/llama-tied')),
    ...['--adapter', folderWith('adapters/all-projections', 'adapter_config.json', bytes)],
  ],
  arguments: (bytes) => ['tokenize', ...bytes.toString().split(' ')],
  benchmarks: (bytes) => {
    const nul = bytes.indexOf(0);
    const text = bytes.subarray(nul + 1).toString();
    const name = text.includes('problem') ? 'math-500' : text.includes('goal') ? 'piqa' : 'medmcqa';
    return ['data', 'add', name, file(`test.${bytes.subarray(0, nul)}`, bytes.subarray(nul + 1))];
  },
  chat_template: (bytes) => [
    'generate',
    '--model',
    folderWith('models/loglikelihood', 'tokenizer_config.json', JSON.stringify({ chat_template: bytes.toString() })),
  ],
  config: (bytes) => score(folderWith('models/llama-tied', 'config.json', bytes)),
  csv: own('csv'),
  equivalence: (bytes) => ['grade', '--mode', 'corrected', '--input', file('rows.jsonl', gradedRow(bytes.toString()))],
  evaluation_folder: (bytes) => ['compare', evaluation(bytes.toString())],
  gguf: (bytes) => score(file('m.gguf', bytes)),
  json_table: own('json'),
  jsonl: own('jsonl'),
  model: (bytes) => score(folderWith('models/loglikelihood', modelFile(bytes.toString()), bytes)),
  parquet: own('parquet'),
  questions: (bytes) => ['evaluate', '--model', 'microscience', `data=${file('q.jsonl', bytes)}`],
  rubric_file: (bytes) => [
    'train',
    `rubric_source=file:${file('r.jsonl', bytes)}`,
    'stages=reasoner',
    `runs=${newFolder()}`,
  ],
  run_folder: (bytes) => ['report', folderOf('config.json', bytes)],
  shards: (bytes) => score(shards(bytes)),
  tokenizer: (bytes) => ['tokenize', '--model', folderWith('models/loglikelihood', 'tokenizer.json', bytes)],
  yaml_columns: (bytes) => [...add('csv')(Buffer.from('q,a\n1,2\n')), '--columns', file('c.yaml', bytes)],
  yaml_config: (bytes) => ['train', '--show', '--config', file('c.yaml', bytes)],
  yaml_pretrain: (bytes) => ['pretrain', '--config', file('c.yaml', bytes), `output=${newFolder()}`],
  yaml_prompts: (bytes) => [
    ...['train', `prompts=${file('p.yaml', bytes)}`, 'data=science-sample', `runs=${newFolder()}`],
    ...['rubric_source=reference', 'stages=reasoner'],
  ],
  yaml_sweep: (bytes) => ['sweep', file('s.yaml', bytes), '--plan'],
  zip: own('zip'),
};

function folderOf(name: string, content: Uint8Array): string {
  const folder = newFolder();
  writeFileSync(join(folder, name), content);
  return folder;
}

const gradedRow = (response: string): string =>
  `${JSON.stringify({ id: 1, task: 'math', response, answer: 'v_{12}' })}\n`;

async function reach(kind: string, bytes: Buffer): Promise<Ended> {
  const words = (REACHED_BY[kind] as (bytes: Buffer) => string[])(bytes);
  const input = kind === 'chat_template' ? CONVERSATION : ROW;
  return rcsdHere(words, { input, env: { RCSD_DATA: newFolder() } });
}

/** No control character, bidirectional mark or separator, but the line's own end. */
const PRINTABLE = /^[^\p{Cc}\p{Bidi_Control}\u2028\u2029\ud800-\udfff]*\n$/u;

function expectOneLine({ status, stdout, stderr }: Ended): void {
  expect(stderr).toMatch(PRINTABLE);
  expect(stderr.length).toBeLessThanOrEqual(MESSAGE_LIMIT + 1);
  expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr });
}

describe('faulty inputs', () => {
  const cases = readdirSync(join(fixtures, 'faults'));
  /** What is still read: a grade, and a table and a tokenizer whose damaged part nobody needs. */
  const READ = /^equivalence--|^benchmarks--control|^tokenizer--TypeError/;

  it.each(cases)('%s', async (name) => {
    const ended = await reach(name.slice(0, name.indexOf('--')), readFileSync(join(fixtures, 'faults', name)));
    if (!READ.test(name)) expectOneLine(ended);
    else {
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      for (const line of ended.stdout.trimEnd().split('\n')) expect(`${line}\n`).toMatch(PRINTABLE);
    }
  });

  const edited = (fixture: string, changes: object): string =>
    JSON.stringify({ ...JSON.parse(readFileSync(join(fixtures, fixture), 'utf8')), ...changes });
  const llama = (changes: object): string => edited('models/llama-tied/config.json', changes);
  const lora = (changes: object): string => edited('adapters/all-projections/adapter_config.json', changes);
  const tokens = (changes: object): string => edited('models/loglikelihood/tokenizer.json', changes);
  const placed = (file: unknown): string => JSON.stringify({ weight_map: { 'lm_head.weight': file } });
  const deep = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
  const laughs = Array.from({ length: 30 }, (_, i) => `k${i + 1}: &k${i + 1} [*k${i}, *k${i}, *k${i}]\n`).join('');
  const sample = (changes: object): string => `${JSON.stringify({ ...SAMPLE, ...changes })}\n`;

  it.each([
    ['config', llama({ num_hidden_layers: 200_000_000 })],
    ['config', llama({ num_hidden_layers: 2 ** 53 - 1, vocab_size: 2 ** 53 - 1 })],
    ['config', llama({ vocab_size: 2 ** 40, hidden_size: 2 ** 40, intermediate_size: 2 ** 40 })],
    ['config', llama({ num_attention_heads: 2 ** 40, head_dim: 2 ** 40 })],
    ['config', llama({ model_type: '\u001b]0;x\u0007\u009b31m\u202e' })],
    ['config', llama({ hidden_act: ['a\nb', '\r'] })],
    ['config', llama({}).replace(/"hidden_act":[^,]*/, `"hidden_act":${deep(20_000)}`)],
    ['config', `${'{"a":'.repeat(50_000)}`],
    ['adapter_config', lora({}).replace(/"r":[^,]*/, '"r":1e999')],
    ['adapter_config', lora({ peft_type: `${'\u2029x'.repeat(4000)}` })],
    ['tokenizer', tokens({ added_tokens: [{ id: 3_000_000_000, content: 'x', special: true }] })],
    ['tokenizer', tokens({ model: { type: 'BPE', vocab: { a: 3_000_000_000 }, merges: [] } })],
    ['tokenizer', tokens({ model: { type: 'BPE', vocab: { a: -1 }, merges: [] } })],
    ['shards', placed('../outside.safetensors')],
    ['shards', placed('/etc/hostname')],
    ['shards', placed('..')],
    ['shards', placed('.')],
    ['shards', placed('sub/a.safetensors')],
    ['shards', placed('a\u0000.safetensors')],
    ['shards', placed(['a.safetensors'])],
    ['shards', placed(null)],
    ['shards', '{"weight_map":[]}'],
    ['chat_template', '{% for a in range(100000000) %}x{% endfor %}'],
    ['chat_template', '{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}'],
    [
      'chat_template',
      '{% set r = range(9999) %}{% for a in r %}{% for b in r %}{% for c in r %}x{% endfor %}{% endfor %}{% endfor %}',
    ],
    [
      'chat_template',
      '{% set ns = namespace(x="ab") %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}',
    ],
    ['chat_template', '{{ raise_exception("\u001b[31m\u202e\r" + messages[0].content) }}'],
    ['chat_template', '{{ '.repeat(20_000)],
    ...['yaml_config', 'yaml_sweep', 'yaml_pretrain', 'yaml_prompts', 'yaml_columns'].flatMap((kind) => [
      [kind, 'base: &a\n  b: *a\n'],
      [kind, 'base: &a [*a]\ngrid: *a\n'],
      [kind, `k0: &k0 [1, 2, 3]\n${laughs}`],
      [kind, 'base: *none\n'],
      [kind, `base: ${deep(5000)}\n`],
      [kind, `"\\e[31m\\x9b\\u202e": ${'x'.repeat(5000)}\n`],
    ]),
    ['evaluation_folder', sample({ doc: { id: 1, question: 'x' } })],
    ['evaluation_folder', sample({ doc: { id: 'q', question: 'x', choices: { length: 2 } } })],
    ['evaluation_folder', sample({ truncated: null })],
    ['evaluation_folder', sample({ tokens: ['many'] })],
    ['evaluation_folder', sample({ scores: 1 })],
    ['evaluation_folder', sample({ correct: [true, false] })],
    ['evaluation_folder', sample({ decoding: { temperature: '0' } })],
    ['evaluation_folder', '{"results":{"microscience":null}}'],
    ['evaluation_folder', '{"results":{"microscience":{}},"config":[]}'],
    ['evaluation_folder', '{"results":{"microscience":{}},"configs":{"microscience":1}}'],
    ['run_folder', '{"schema_version":1,"settings":[]}'],
    ['json_table', deep(100_000)],
    ['jsonl', `{"q":${deep(100_000)}`],
    ['questions', JSON.stringify({ id: '\u001b[2J\u009b', question: 'x', choices: ['a', 'b'], answer: '\u202eC' })],
    ['rubric_file', JSON.stringify({ id: 'a', criteria: '\u001b]8;;x\u0007' })],
    ['gguf', 'GGUF\u0003\u0000\u0000\u0000'],
    ['zip', 'PK\u0005\u0006'],
    ['parquet', 'PAR1PAR1'],
  ])('of the same kinds: %s %#', async (kind, content) => {
    expectOneLine(await reach(kind, Buffer.from(content)));
  });

  it('a table cut anywhere, or with other columns than it announces', async () => {
    const whole = readFileSync(join(fixtures, 'tables/rar-science.parquet'));
    for (let cut = 1; cut < whole.length; cut += 401) expectOneLine(await reach('parquet', whole.subarray(cut)));
    for (const column of ['question', 'rubric', 'title', 'list']) {
      const renamed = Buffer.from(whole);
      renamed.write('~', renamed.lastIndexOf(column));
      expectOneLine(await reach('parquet', renamed));
    }
  });

  it('a table in which any byte of the description is another', async () => {
    const whole = readFileSync(join(fixtures, 'tables/rar-science.parquet'));
    for (let at = whole.length - whole.readUInt32LE(whole.length - 8) - 8; at < whole.length; at += 13)
      for (const value of [0, 0x7f, 0xff]) {
        const damaged = Buffer.from(whole);
        damaged[at] = value;
        const ended = await reach('parquet', damaged);
        if (ended.status !== 0) expectOneLine(ended);
      }
  });

  it('words of a command line', async () => {
    const table = file('t.csv', 'question,answer\n1,2\n');
    const there = folderOf('a', Buffer.alloc(0));
    for (const words of [
      ['\u001b[31m'],
      ['data', '\u009b31m\u202e'],
      ['score', '--model', '\u001b]0;x\u0007'],
      ['score', `--${'x'.repeat(50_000)}`],
      ['train', `${'y'.repeat(50_000)}=1`],
      ['train', 'name=stage-1'],
      ['train', `name=${'n'.repeat(250)}`],
      ['train', 'name=a\u0000b'],
      ['evaluate', `data=${'d'.repeat(5000)}`],
      ['evaluate', 'model=microscience', 'data=constructor'],
      ['data', 'add', '__proto__', table],
      ['data', 'add', 'n'.repeat(300), table],
      ['data', 'add', 'mine', `/${'p'.repeat(5000)}`],
      ['compare', 'c'.repeat(5000)],
      ['grade', '--input', file('r.jsonl', gradedRow('1')), '--output', join(there, 'o'.repeat(300))],
      ['grade', '--input', file('r.jsonl', gradedRow('1')), '--output', '/dev/full'],
    ])
      expectOneLine(await rcsdHere(words, { env: { RCSD_DATA: newFolder() } }));
    expect((await rcsdHere(['data', 'add', 'constructor', table], { env: { RCSD_DATA: newFolder() } })).status).toBe(0);
  });
});

it('a report says nothing of where files lie on this machine', async () => {
  const folder = newFolder();
  const settings = {
    model: '/home/me/models/m',
    rubric_source: 'file:/home/me/r.jsonl',
    rewards: ['file:/home/me/a b/r.mjs'],
  };
  const config = { schema_version: 3, created: 'now', settings, versions: { model: '/home/me/models/m' }, cpu: 'x' };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'metrics.jsonl'), '{"step":1,"loss":1}\n{"step":');
  expect((await rcsdHere(['report', folder])).status).toBe(0);
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  expect(page).toContain('…/r.mjs');
  expect(page).not.toMatch(/home.me/);
  expect(page).not.toContain(tmpdir() + sep);
});

describe('a terminal', () => {
  const NASTY = '\u001b[31m\u009b1m\r\u202e\u0007';

  it('gets no control character out of rows, names and texts', async () => {
    const row = JSON.stringify({ id: NASTY, task: 'open', response: `The answer is ${NASTY}x.`, answer: 'x' });
    const graded = await rcsdHere(['grade'], { input: row });
    expect(graded.stdout).toMatch(PRINTABLE);
    expect(JSON.parse(graded.stdout)).toMatchObject({ id: NASTY, extracted: `${NASTY}x` });
    const compared = await rcsdHere(['grade', '--mode', 'all'], {
      input: JSON.stringify({ id: NASTY.repeat(99), task: 'multiple-choice', response: 'A so B.', answer: 'B' }),
    });
    expect(compared.status).toBe(0);
    const folder = join(newFolder(), `a${NASTY}\nb`);
    cpSync(evaluation(`${JSON.stringify(SAMPLE)}\n`), folder, { recursive: true });
    const table = file('t.csv', `question,answer,subject\n1,2,"${NASTY}\nx"\n`);
    const env = { RCSD_DATA: newFolder() };
    const printed = [
      compared,
      await rcsdHere(['compare', folder]),
      await rcsdHere(['data', 'add', 'mine', table], { env }),
      await rcsdHere(['data', 'list'], { env }),
    ];
    for (const { stdout, stderr } of printed) {
      expect(stderr).toBe('');
      for (const line of stdout.trimEnd().split('\n')) expect(`${line}\n`).toMatch(PRINTABLE);
    }
    expect(printed[1]?.stdout.split('\n').find((line) => line.includes('50.0 %') || line.includes('100.0 %'))).toMatch(
      /^a/,
    );
  });

  it('is written to in one place', () => {
    const cli = join(__dirname, '../../src/app/cli');
    const sources = readdirSync(cli, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const direct = sources.filter((name) =>
      /process\.std(?:out|err)\.write\(|console\./.test(readFileSync(join(cli, name), 'utf8')),
    );
    expect(direct).toEqual([join('shared', 'print.ts')]);
  });
});
