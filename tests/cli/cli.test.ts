import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/app/cli/commands';
import { buildOnce, mainFile, rcsd, rcsdHere } from './runCli';

beforeAll(buildOnce);

const folder = mkdtempSync(join(tmpdir(), 'rcsd-cli-'));
function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

// Inside this process; what only a process has is at the end.
describe('help', () => {
  test('lists every command, for no arguments too', async () => {
    const { status, stdout, stderr } = await rcsdHere([]);
    expect([status, stderr]).toEqual([0, '']);
    for (const { name, summary } of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    expect((await rcsdHere(['--help'])).stdout).toBe(stdout);
    expect((await rcsdHere(['help'])).stdout).toBe(stdout);
  });

  test.each(COMMANDS.map(({ name }) => name))('of %s names its options and shows examples', async (name) => {
    const { status, stdout } = await rcsdHere(['help', ...name.split(' ')]);
    expect(status).toBe(0);
    expect(stdout).toContain(`Usage: rcsd ${name}`);
    expect(stdout).toMatch(/Examples:\n {2}rcsd /);
    expect((await rcsdHere([...name.split(' '), '--help'])).stdout).toBe(stdout);
  });

  test('of the version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect((await rcsdHere(['version'])).stdout).toBe(`${version}\n`);
  });
});

describe('rubrics parse', () => {
  const text = '[{"title": "Law", "description": "Essential Criteria: States v = u + a t", "weight": 5}]';

  test('reads standard input and carries unknown fields through', async () => {
    const { status, stdout } = await rcsdHere(['rubrics', 'parse'], {
      input: `${JSON.stringify({ id: 'a', text, extra: [1] })}\n{"id": 2, "text": "nothing"}\n`,
    });
    expect(status).toBe(0);
    const [first, second] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ id: 'a', extra: [1], valid: true, issues: [] });
    expect(first.criteria[0]).toMatchObject({ title: 'Law', weight: 5, importance: 'essential' });
    expect(first).not.toHaveProperty('text');
    expect(second).toMatchObject({ id: 2, valid: false, criteria: [] });
    expect(second.reason).not.toBe('');
  });

  test('writes a file, or nothing when a later row is bad', async () => {
    const input = file('raw.jsonl', `${JSON.stringify({ id: 1, text })}\n`);
    const output = join(folder, 'parsed.jsonl');
    expect((await rcsdHere(['rubrics', 'parse', `input=${input}`, '--output', output])).status).toBe(0);
    expect(JSON.parse(readFileSync(output, 'utf8')).valid).toBe(true);
    const bad = file('bad.jsonl', `${JSON.stringify({ id: 1, text })}\n{"id": 2}\n`);
    const never = join(folder, 'never.jsonl');
    expect((await rcsdHere(['rubrics', 'parse', '--input', bad, '--output', never])).status).toBe(2);
    expect(readdirSync(folder).filter((name) => name.startsWith('never'))).toEqual([]);
  });
});

describe('rubrics quality', () => {
  const quality = (...words: string[]) =>
    rcsdHere(['rubrics', 'quality', '--text-only', 'data=data/science-sample', ...words]);

  test('measures sources side by side, as a table and as JSON', async () => {
    const rubrics = file('own.jsonl', '{"id":"ph-08","text":"[\\"Names the law\\"]"}\n{"id":"ph-11","text":"none"}\n');
    const output = join(folder, 'quality.json');
    const { status, stdout } = await quality('--sources', `reference,file:${rubrics}`, '--output', output);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^science-sample, test: 90 questions\n/);
    expect(stdout).toMatch(/^valid rubrics +90 of 90 \(100\.0 %\) +1 of 90 \(1\.1 %\)$/m);
    expect(stdout).toMatch(/own\.jsonl: 1 x there is no JSON array$/m);
    expect(stdout).not.toContain('uplift');
    const { sources } = JSON.parse(readFileSync(output, 'utf8'));
    expect(sources).toMatchObject([
      { text: { prefixed: { value: 1, n: 90 } } },
      { text: { prefixed: { value: 0, n: 1 } } },
    ]);
  });

  test.each([
    [['--sources', 'reference,reference'], '--sources must'],
    [['--sources', 'reference,'], '--sources must'],
    [['--sources', 'wrong'], 'rubric_source=wrong'],
    [[], 'The source generated needs a model to write; take another source.'],
    [['--ngram', '0'], '--ngram must be a whole number, 1 or more; it is "0".'],
    [['--split', 'all'], '--split must be one of test, train; it is "all".'],
  ])('refuses %j', async (words, message) => {
    expect(await quality(...words)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(message) });
  });
});

describe('wrong input ends in one sentence and exit status 2', () => {
  const yaml = file('run.yaml', 'stage2: {stepz: 4}');
  const rows = (text: string, name: string) => ['rubrics', 'parse', '--input', file(name, text)];
  const scored = (row: object, name: string) => ['score', '--input', file(name, JSON.stringify({ id: 1, ...row }))];
  const blocker = file('blocker', '');
  const cases: [string[], string | RegExp][] = [
    [['trian'], 'There is no command trian; did you mean rcsd train?'],
    [['xyzzyx'], 'There is no command xyzzyx; see `rcsd --help` for the list.'],
    [['rubrics'], 'rcsd rubrics needs one more word: '],
    [['help', 'modles', 'list'], 'There is no command modles; did you mean rcsd models list?'],
    [['tokenize', '--modle', 'x'], 'rcsd tokenize has no option --modle; did you mean --model?'],
    [['tokenize', '--model'], '--model needs a value; write --model MODEL.'],
    [['tokenize', '--model='], '--model is empty; give it a value or leave it out.'],
    [['tokenize', '--model', 'nowhere/at/all'], 'There is no model nowhere/at/all; give a folder, a .gguf file'],
    [['models', 'list', 'extra'], 'the argument "extra"'],
    [
      ['models', 'pull'],
      'rcsd models pull takes ORG/NAME of the hub, or one of these names: microscience, microscience:0, smollm2-135m.',
    ],
    [['models', 'pull', 'gpt-9'], 'There is no model gpt-9 to pull; known are smollm2-135m, and ORG/NAME of the hub.'],
    [['rubrics', 'parse', '--parser', 'mine'], /^--parser .* lab, released; .*"mine"/],
    [['rubrics', 'parse', '--input', join(folder, 'absent.jsonl')], 'absent.jsonl: there is no such file'],
    [['rubrics', 'parse', '--input', folder], 'it is a folder'],
    [rows('{"id": 1, "text": "a"}\n{oops\n', 'broken.jsonl'), 'broken.jsonl line 2 is not valid JSON'],
    [rows('[1]\n', 'array.jsonl'), 'array.jsonl line 1: '],
    [rows('{"text": "a"}', 'noid.jsonl'), /noid\.jsonl line 1: .*"id"/],
    [rows('\n{"id": 1}', 'notext.jsonl'), /notext\.jsonl line 2: .*"text"/],
    [rows('{"id": 1, "text": 5}', 'number.jsonl'), /number\.jsonl line 1: .*"text"/],
    [['train', '--lerning-rate'], 'There is no setting lerning_rate; did you mean learning_rate?'],
    [['doctor', '--foo'], 'There is no setting foo; '],
    [
      scored({ prompt: 'v', completion_ids: [9e9] }, 'ids.jsonl'),
      'ids.jsonl line 1: "completion_ids" contains 9000000000',
    ],
    [
      scored({ prompt: 'v' }, 'half.jsonl'),
      'half.jsonl line 1: a row must have exactly one of completion, completion_ids',
    ],
    [
      scored({ prompt_ids: Array(300).fill(3), completion: 'v' }, 'long.jsonl'),
      'long.jsonl line 1: A prompt with its completion has 301 tokens',
    ],
    [['train', '--config', join(folder, 'absent.yaml')], 'absent.yaml: the configuration file cannot be read'],
    [['train', '--config', yaml], 'run.yaml: There is no setting stage2.stepz; did you mean stage2.steps?'],
    [['train', 'learing_rate=1e-4'], 'There is no setting learing_rate; did you mean learning_rate?'],
    [['train', '--steps', 'many'], /^steps .*"many"/],
    [['train', 'steps=0'], /^steps .* 1 or more.*"0"/],
    [['train', 'top_p=1.5'], /^top_p .* above 0 .* 1; .*"1\.5"/],
    [['train', 'learning_rate='], /^learning_rate .* 0; .*""/],
    [['train', 'algorithm=ppo'], 'algorithm must be one of rcsd, opsd, sft, grpo, opd,'],
    [['train', 'lora.targets=q_proj,z_proj'], 'lora.targets must be a comma-separated list out of q_proj'],
    [['train', 'clip=0.05'], 'clip=0.05 does nothing with clip_mode=none'],
    [['train', 'algorithm=grpo', 'temperature=0'], 'temperature=0 always draws the same completion'],
    [['train', 'data=microscience', 'model=nowhere/at/all'], 'There is no model nowhere/at/all'],
  ];
  test.each(cases)('%j', async (words, message) => {
    const { status, stdout, stderr } = await rcsdHere(words);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('for messages that are none, with the place named once', async () => {
    const { stderr } = await rcsdHere(['generate', '--input', file('chat.jsonl', '{"id": 1, "messages": "hi"}')]);
    expect(stderr).toMatch(/^\S*chat\.jsonl line 1: "messages" must be a list of/);
  });

  test('for a run folder that cannot be made', async () => {
    const { status, stderr } = await rcsdHere(['train', 'data=microscience', 'steps=1', `runs=${blocker}`]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('a part of its path is a file')]);
  });

  test('with the stack behind it only when DEBUG is set', async () => {
    expect((await rcsdHere(['trian'], { env: { DEBUG: '1' } })).stderr).toMatch(/\n\s+at /);
  });

  test('for text that is not UTF-8', async () => {
    const input = file('latin.jsonl', Buffer.from('{"id": 1, "text": "\xe9"}', 'latin1'));
    const { status, stderr } = await rcsdHere(['rubrics', 'parse', '--input', input]);
    expect([status, stderr.includes('latin.jsonl line 1 is not UTF-8 text')]).toEqual([2, true]);
  });
});

describe('the process', () => {
  test('prints to its streams, reads standard input, and ends with the status', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(rcsd(['version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    const { status, stdout } = rcsd(['rubrics', 'parse'], { input: '{"id": 2, "text": "nothing"}\n' });
    expect([status, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ id: 2, valid: false })]);
    const refused = { status: 2, stdout: '', stderr: expect.stringContaining('did you mean rcsd train?') };
    expect(rcsd(['trian'])).toEqual(refused);
  });

  test('ends with 130 on Ctrl-C while it waits for input', async () => {
    const child = spawn(process.execPath, [mainFile, 'rubrics', 'parse'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    // More than a pipe holds: when all is written, the program is reading, and it listens to signals before it reads.
    await new Promise<void>((resolve) => child.stdin.write(' '.repeat(1 << 20), () => resolve()));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(stderr).toContain('Stopped on request');
  });

  test('takes a closed pipe for a reader that has seen enough', () => {
    const rows = `${JSON.stringify({ id: 1, text: 'x'.repeat(50_000) })}\n`.repeat(200);
    const input = file('many.jsonl', rows.replaceAll('"text"', `"kept":"${'y'.repeat(2000)}","text"`));
    const command = `set -o pipefail; "${process.execPath}" "${mainFile}" rubrics parse --input "${input}" | head -c 10`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect([status, stdout.length, stderr]).toEqual([0, 10, '']);
  });

  test('starts without loading TensorFlow or the schema of the settings', () => {
    const hook = file(
      'hook.cjs',
      `process.on('exit', () =>
        process.stderr.write(Object.keys(require.cache).filter((name) => /node_modules|main\\.js$/.test(name)).join()))`,
    );
    const { status, stderr } = spawnSync(process.execPath, ['-r', hook, mainFile, '--help'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.stringMatching(/^[^,]*main\.js$/)]);
  });
});
