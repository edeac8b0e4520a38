import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { command as compareCommand } from '../../src/app/cli/compare';
import { command as evaluateCommand } from '../../src/app/cli/evaluate';
import type { EvaluationResults, SampleRow } from '../../src/base/records/rows';
import {
  faults,
  lastTurn,
  type ProtocolServer,
  type Seen,
  type ServerOptions,
  startServer,
} from '../rollout/remoteServer';
import { buildOnce, here, rcsd, rcsdBeside } from './runCli';

const SECRET = 'sk-very-secret-0123456789';
const folder = mkdtempSync(join(tmpdir(), 'rcsd-evaluate-'));
const place = (name: string) => join(folder, name);

/** Six questions of two kinds, two subjects, two difficulties; the right choice is B, the right number 40 + i. */
const question = (i: number, task: string) => ({
  ...{ id: `${task}-${i}`, task, split: 'test', question: `Q${i}: ${'long '.repeat(i)}what?` },
  ...(i % 2 || task === 'gpqa-diamond'
    ? { choices: ['red', 'green', 'blue', 'white'], answer: 'B' }
    : { answer: String(40 + i) }),
  metadata: {
    subject: i < 3 ? 'physics' : 'chemistry',
    level: i % 3,
    ...(i % 2 || task === 'gpqa-diamond' ? {} : { kind: 'numeric' }),
  },
});
function writeData(name: string, task = name): string {
  const rows = [0, 1, 2, 3, 4, 5].map((i) => JSON.stringify(question(i, task)));
  writeFileSync(place(`${name}.jsonl`), `${rows.join('\n')}\n`);
  return place(`${name}.jsonl`);
}

/** Knows all choices, and every other number; of one number it says nothing, and one answer is cut. */
function reply(seen: Seen): { text: string; finish?: string } {
  const i = Number(/Q(\d)/.exec(lastTurn(seen))?.[1]);
  if (i % 2) return { text: 'Answer: B' };
  if (i === 4) return { text: 'I wonder', finish: 'length' };
  return { text: `Answer: ${i === 2 ? 42 : 7}` };
}

let server: ProtocolServer | undefined;
beforeAll(buildOnce);
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

const beside = { env: { OPENAI_API_KEY: SECRET } };
const run = (words: readonly string[], onSpawn?: (kill: () => void) => void) =>
  rcsdBeside(words, { ...beside, onSpawn: (child) => onSpawn?.(() => child.kill('SIGINT')) });
const evaluate = (words: readonly string[]) => here(evaluateCommand, words);
const compare = (...words: readonly string[]) => here(compareCommand, ['compare', ...words]);

async function serve(options: ServerOptions = {}): Promise<string[]> {
  await server?.close();
  server = await startServer({ reply, ...options });
  return ['evaluate', `model=${server.base}#tiny`, 'samples=2', 'max_tokens=64', 'cache=none', 'concurrency=1'];
}

const results = (output: string): EvaluationResults => JSON.parse(readFileSync(join(output, 'results.json'), 'utf8'));
const rows = (output: string, task: string): SampleRow[] =>
  readFileSync(join(output, `samples_${task}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('rcsd evaluate with a server', () => {
  test('asks every question in the mode, grades, counts, writes lm-eval’s files, and keeps the key to itself', async () => {
    const words = await serve();
    const output = place('first');
    const data = `data=${writeData('one')},${writeData('two')}`;
    const ended = await run([...words, data, 'price_input=1', 'price_output=1', '--output', output]);
    expect([ended.status, ended.stdout]).toEqual([
      0,
      expect.stringContaining('one: 6 questions x 2 samples, T=1, top_p 0.95, mode corrected'),
    ]);
    expect(ended.stdout).toMatch(/avg@2 +66\.7 %.*\nmaj@2 +66\.7 %.*\npass@2 +66\.7 %/);
    expect(ended.stdout).toContain('2 unparsed, 2 truncated');
    expect(ended.stdout).toMatch(/by subject.*\n-.*\nchemistry +3 +66\.7 %/);
    expect(ended.stdout).toMatch(/by difficulty.*\n-.*\n0 +2/);
    expect(ended.stdout).toMatch(/tokens +[\d,]+ read, [\d,]+ written; cost 0\.\d+/);
    expect(ended.stderr).toMatch(
      /6 questions x 2 samples, T=1, top_p 0.95, mode corrected\n {2}6 questions x 2 samples cannot see 1 point/,
    );
    // From the first moment on, so that the time left can be reckoned before a slow server's first answer.
    expect(ended.stderr).toMatch(/^one: ask 0\/12 /m);
    expect(server?.seen).toHaveLength(24);
    expect(new Set(server?.seen.map(({ body }) => body.seed)).size).toBe(24);
    expect(server?.seen[0]?.body).toMatchObject({ model: 'tiny', temperature: 1, top_p: 0.95, max_tokens: 64 });

    const { counts, configs, config, task_hashes, ...more } = results(output);
    expect(counts).toEqual(
      Object.fromEntries(['one', 'two'].map((task) => [task, { unparsed: 2, truncated: 2, unscored: 0, failed: 0 }])),
    );
    expect(configs).toEqual({ one: { mode: 'corrected' }, two: { mode: 'corrected' } });
    expect(more.results.one).toMatchObject({ 'avg@2,none': 4 / 6, 'pass@1,none': 4 / 6, 'maj@2,none': 4 / 6 });
    expect(config).toMatchObject({ usage: { cached: 0 } });
    expect(Object.values(task_hashes)).toEqual([expect.stringMatching(/^\w{64}$/), expect.stringMatching(/^\w{64}$/)]);
    expect(rows(output, 'two')[2]).toMatchObject({
      doc: { id: 'two-2', subject: 'physics', difficulty: '2' },
      target: '42',
      resps: ['Answer: 42', 'Answer: 42'],
      correct: [true, true],
    });
    const kept = readdirSync(output).map((name) => readFileSync(join(output, name), 'utf8'));
    for (const text of [...kept, ended.stdout, ended.stderr]) expect(text).not.toContain(SECRET);
  });

  test('stops on Ctrl-C with a sentence, goes on where it was, and refuses other settings', async () => {
    const output = place('stopped');
    const data = [`data=${writeData('one')}`, '--output', output];
    let kill = () => {};
    const hang = (request: number) => {
      if (request < 5) return undefined;
      kill();
      return faults.hang();
    };
    const first = await serve({ fault: hang });
    const stopped = await run([...first, ...data], (own) => {
      kill = own;
    });
    expect([stopped.status, stopped.stderr]).toEqual([
      130,
      expect.stringContaining(`what is finished is in ${output}`),
    ]);
    expect(readFileSync(join(output, 'answers_one.jsonl'), 'utf8').trim().split('\n')).toHaveLength(5);
    // What a crash leaves: half a line.
    writeFileSync(join(output, 'answers_one.jsonl'), '{"id": "one-5", "sam', { flag: 'a' });

    // The address is a setting, so the second server takes the first one's port.
    const [, model] = first as [string, string];
    await server?.close();
    server = await startServer({ reply, port: Number(/:(\d+)\//.exec(model)?.[1]) });
    const other = await run([...first, ...data, 'temperature=0.5']);
    expect([other.status, other.stderr]).toEqual([
      2,
      expect.stringContaining('evaluation.temperature is 1 there and 0.5 here'),
    ]);
    const again = await run([...first, ...data]);
    expect(again.status).toBe(0);
    expect(server.seen).toHaveLength(7);
    const whole = place('whole');
    expect((await run([...first, `data=${writeData('one')}`, '--output', whole])).status).toBe(0);
    expect(rows(output, 'one')).toEqual(rows(whole, 'one'));
    expect(server.seen).toHaveLength(7 + 12);
    expect((await run([...first, ...data])).stdout).toBe(again.stdout);
    expect(server.seen).toHaveLength(7 + 12);
  });

  test('says what is wrong before it asks anything', async () => {
    const words = await serve();
    const data = `data=${writeData('one')}`;
    const refused = async (...more: string[]) => {
      const error = await evaluate([...words, ...more]).catch((reason: Error) => reason);
      expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(/^.*$/) });
      return (error as Error).message;
    };
    expect(await refused(data, '--output', join(writeData('one'), 'x'))).toContain('a part of its path is a file');
    expect(await refused(data, '--output', '/proc/x/y')).toContain('no folder can be made there');
    expect(await refused(data, 'top_k=20')).toContain('extra={"top_k":20}');
    expect(await refused(data, 'extra=[1]')).toContain('must be a JSON object');
    process.env.RCSD_API_KEY = SECRET;
    expect(await refused(data, `extra={"key":"${SECRET}"}`)).toMatch(/holds the API key/);
    delete process.env.RCSD_API_KEY;
    expect(await refused(data, 'fields=top_k:none')).toContain('it has "top_k:none"');
    expect(await refused(data, 'fields=top_p:none')).toContain('this evaluation is at 0.95; set top_p=1');
    expect(await refused(data, 'fields=temperature:none', '--ladder', 'samples=2')).toContain('without --ladder');
    expect(await refused(data, 'judge_timeout=3')).toContain('name a model with --judge MODEL');
    expect(await refused(data, 'adapter=x')).toContain('adapter=x');
    expect(await refused('data=microscience')).toContain('a server does not take');
    expect(await refused(data, 'mode=mmlu-pro')).toContain('does not know numeric questions');
    expect(await refused(data, 'mode=corrected', '--context', 'answer')).toContain('use mode=task');
    expect(await refused(`${data},${writeData('again', 'one')}`)).toContain('Two of the data sets are called one');
    expect(server?.seen).toHaveLength(0);
  });

  test('asks in the task’s own words and with what a teacher sees', async () => {
    const words = await serve();
    const text = await evaluate([...words, `data=${writeData('one')}`, 'samples=1', '--context', 'answer']);
    expect(text).toContain('mode task');
    expect(lastTurn(server?.seen[1] as Seen)).toContain('(B) green');
    const one = await evaluate([...words, `data=${writeData('one')}`, 'samples=1', 'questions=1']);
    expect(one).toMatch(
      /^one: 1 question x 1 sample, T=1, top_p 0.95, mode corrected, no interval \(n = 1\)\navg@1 +0\.0 % \(n = 1\)/,
    );
  });
});

test('a model here goes on in the number format it began with, and no other', async () => {
  const words = ['evaluate', 'data=microscience', 'questions=1', 'samples=1', '--output', place('format')];
  await evaluate([...words, 'precision=fp32']);
  expect(results(place('format')).config).toMatchObject({ precision: 'fp32' });
  const begun = join(place('format'), 'evaluation.json');
  await evaluate([...words, 'precision=auto']);
  // As a program before the ladder wrote it.
  const { ladder: _, ...evaluation } = JSON.parse(readFileSync(begun, 'utf8')).evaluation;
  const older = { ...JSON.parse(readFileSync(begun, 'utf8')), schema_version: 2, evaluation };
  writeFileSync(begun, JSON.stringify(older));
  await expect(evaluate([...words, 'ladder=true'])).rejects.toThrow('evaluation.ladder is false there and true here');
  await evaluate([...words, 'precision=auto']);
  expect(JSON.parse(readFileSync(begun, 'utf8'))).toMatchObject({ schema_version: 4, evaluation: { ladder: false } });
  writeFileSync(begun, readFileSync(begun, 'utf8').replace('"fp32"', '"fp16"'));
  await expect(evaluate([...words, 'precision=fp32'])).rejects.toThrow('precision is "fp16" there and "fp32" here');
});

test('a judge’s scores count instead of a rule; a verdict that never comes is unscored, and counted', async () => {
  const rubric = [{ description: 'Essential Criteria: names the law.', weight: 5 }];
  const open = [0, 1, 2].map((i) => ({ ...question(2 * i, 'open'), rubric: i < 2 ? rubric : undefined }));
  writeFileSync(place('open.jsonl'), open.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const judged = (seen: Seen) => {
    if ((seen.body.messages as object[]).length === 1) return { text: 'It is the law.' };
    return { text: /Q0/.test(lastTurn(seen)) ? '{"rating": 7}' : 'Quite good.' };
  };
  const words = [...(await serve({ reply: judged })), `data=${place('open.jsonl')}`, 'samples=1'];
  const prices = ['price_input=1', 'price_output=1', 'judge_price_input=2'];
  const text = await evaluate([...words, ...prices, '--judge', `${server?.base}#judge`, '--output', place('judged')]);
  expect(text).toMatch(/judged +70\.0 % /);
  expect(text).toContain('0 unparsed, 0 truncated, 2 unscored');
  expect(text).toMatch(/judge tokens +[\d,]+ read, \d+ written in 4 calls; cost 0\.\d+\n/);
  const { usage, judge, cost } = results(place('judged')).config as Record<string, { [tokens: string]: number }>;
  expect(usage).toMatchObject({ cost: ((usage?.prompt ?? 0) + (usage?.completion ?? 0)) / 1e6 });
  expect(judge).toMatchObject({ calls: 4, cost: (2 * (judge?.prompt ?? 0) + (judge?.completion ?? 0)) / 1e6 });
  expect(cost).toBe((usage?.cost ?? 0) + (judge?.cost ?? 0));
  expect(results(place('judged')).counts.open).toEqual({ unparsed: 0, truncated: 0, unscored: 2, failed: 0 });
  expect(rows(place('judged'), 'open').map(({ scores }) => scores)).toEqual([[0.7], [null], [null]]);
  await expect(evaluate([...words, '--judge_kind', 'criteria'])).rejects.toThrow('--judge MODEL');
});

describe('rcsd compare', () => {
  test('pairs evaluations, corrects for their number, shows the published numbers, and writes its files', async () => {
    const data = `data=${writeData('gpqa-diamond')}`;
    const base = (seen: Seen) =>
      /Q4/.test(lastTurn(seen)) ? { text: 'I wonder', finish: 'length' } : { text: 'Answer: B' };
    for (const [name, own] of Object.entries({ base, better: () => ({ text: 'Answer: B' }), same: base }))
      await evaluate([...(await serve({ reply: own })), data, '--output', place(name)]);
    const runs = ['base', 'better', 'same'].map(place);
    const { status, stdout } = rcsd(['compare', ...runs, '--output', place('comparison')]);
    expect(status).toBe(0);
    // What the answers' lengths do to the comparison comes first; arms that are cut off alike need no word.
    expect(stdout.split('\n')[0]).toBe(
      'gpqa-diamond: the answers are cut off unequally (base 16.7 %, better 0.0 %, same 16.7 %), and a cut-off answer counts as wrong; raise max_tokens before reading the difference.',
    );
    expect(await compare(place('base'), place('same'))).not.toContain('cut off unequally');
    expect(stdout).toMatch(/^base +83\.3 % .* 6 x 2 +2 +2 +0/m);
    expect(stdout).toMatch(/^better +100\.0 % .*\+16\.7 points .* 1\.000 +1\.000 +6 x 2 +0 +0 +0/m);
    expect(stdout).toMatch(/^same +83\.3 % .*\+0\.0 points /m);
    expect(stdout).toContain('published, Qwen3-8B, T=1, top_p 0.95, no interval: base 60.6 %');
    expect(stdout).toMatch(/by subject +run/);
    expect(stdout).toMatch(/by length +run/);
    const json = JSON.parse(readFileSync(join(place('comparison'), 'comparison.json'), 'utf8'));
    expect(json.rows.filter(({ by }: { by: string }) => by === 'all')).toHaveLength(3);
    expect(readFileSync(join(place('comparison'), 'comparison.csv'), 'utf8')).toMatch(
      /published, Qwen3-8B, T=1, top_p 0.95, no interval/,
    );
    const svg = readFileSync(join(place('comparison'), 'comparison.svg'), 'utf8');
    expect(svg).toMatch(/^<svg .*RCSD \*.*<\/svg>/s);
  });

  test('refuses to pair other questions, another order, and other modes, and says which', async () => {
    const data = writeData('one');
    const words = [...(await serve()), 'samples=1'];
    await evaluate([...words, `data=${data}`, '--output', place('a')]);
    await evaluate([...words, `data=${data}`, 'questions=5', '--output', place('b')]);
    await evaluate([...words, `data=${data}`, 'mode=task', '--output', place('c')]);
    writeFileSync(data, readFileSync(data, 'utf8').replace('"red","green"', '"green","red"'));
    await evaluate([...words, `data=${data}`, '--output', place('d')]);
    const refused = async (...names: string[]) => {
      const error = await compare(...names.map(place)).catch((reason: Error) => reason);
      expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(/^.*$/) });
      return (error as Error).message;
    };
    expect(await refused('a', 'b')).toContain('only a has "one-5"');
    expect(await refused('b', 'a')).toContain('only a has "one-5"');
    expect(await refused('a', 'c')).toContain('different modes (corrected, task)');
    expect(await refused('a', 'd')).toContain('question "one-1" of one with another text, order of choices or answer');
    expect(await refused('nowhere')).toContain('There is no');
    expect(await refused('one.jsonl')).toContain('contains no evaluation');
    rmSync(join(place('d'), 'results.json'));
    expect(await refused('d')).toContain('is not finished');
    await expect(compare()).rejects.toThrow('takes run or evaluation folders');
  });
});
