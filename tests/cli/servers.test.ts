/** `rcsd evaluate`, `judge` and `rubrics generate` with servers as they are: what fails is counted, graded by nobody, and asked for again. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { command as compareCommand } from '../../src/app/cli/compare';
import { command as evaluateCommand } from '../../src/app/cli/evaluate';
import type { EvaluationResults } from '../../src/base/records/rows';
import { type Fault, faults, lastTurn, type ProtocolServer, type Seen, startServer } from '../rollout/remoteServer';
import { here, rcsdHere } from './runCli';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-servers-'));
const place = (name: string) => join(folder, name);
let server: ProtocolServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

const rubric = [{ title: 'Lead', description: 'Essential Criteria: Names lead.', weight: 5 }];
const questions = [0, 1, 2, 3].map((i) => ({
  ...{ id: `q${i}`, task: 'metals', split: 'test', question: `Q${i}: which metal is heavy?`, answer: 'B', rubric },
  choices: ['tin', 'lead', 'iron', 'zinc'],
}));
const data = place('metals.jsonl');
writeFileSync(data, questions.map((row) => `${JSON.stringify(row)}\n`).join(''));

/** Words to evaluate with a server that answers B, and deals with some requests in another way. */
async function words(fault: (seen: Seen) => Fault | undefined, ...more: string[]): Promise<string[]> {
  await server?.close();
  server = await startServer({ fault: (_, seen) => fault(seen), reply: () => ({ text: 'Answer: B' }) });
  const model = `model=${server.base}#tiny`;
  return ['evaluate', model, `data=${data}`, 'cache=none', 'concurrency=1', 'retries=0', 'samples=2', ...more];
}
const evaluate = (all: readonly string[]) => here(evaluateCommand, all);
const filtered = faults.status(200, { choices: [{ message: { content: 'No' }, finish_reason: 'content_filter' }] });
const tooLong = faults.status(400, { error: { message: 'the request exceeds the available context size' } });
const results = (output: string): EvaluationResults => JSON.parse(readFileSync(join(output, 'results.json'), 'utf8'));
const rowsOf = (output: string, kind: string) =>
  readFileSync(join(output, `${kind}_metals.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('failed answers are counted, not graded, shown by compare, and asked for again by the same command', async () => {
  const output = place('failed');
  let asked = 0;
  const all = await words(
    (seen) => {
      if (/Q1/.test(lastTurn(seen))) return tooLong;
      return /Q2/.test(lastTurn(seen)) && asked++ === 0 ? filtered : undefined;
    },
    '--output',
    output,
  );
  const text = await evaluate(all);
  expect(text).toMatch(/avg@2 +100\.0 %.*\nmaj@2 +100\.0 %.*\npass@2 +100\.0 %/);
  expect(text).toMatch(/0 unparsed, 0 truncated, 3 failed\n/);
  expect(text).toMatch(/failed +the first: prompt and answer together are longer .*exceeds the available context size/);
  expect(results(output).counts.metals).toEqual({ unparsed: 0, truncated: 0, unscored: 0, failed: 3 });
  expect(results(output).decodings?.metals?.[0]).toMatchObject({ failed: 3, scores: { 'avg@2': { value: 1, n: 3 } } });
  expect(rowsOf(output, 'samples').map(({ resps, failed }) => [resps.length, failed])).toEqual([
    [2, undefined],
    [0, 2],
    [1, 1],
    [2, undefined],
  ]);
  expect(await here(compareCommand, ['compare', output])).toMatch(/unscored +failed.*\n-.*\n.* 3 x 2 +0 +0 +0 +3 /);
  expect(server?.seen).toHaveLength(8);

  await evaluate(all);
  expect(server?.seen).toHaveLength(8 + 3);
  expect(results(output).counts.metals).toMatchObject({ failed: 2 });
  expect(rowsOf(output, 'answers').filter(({ finish_reason }) => finish_reason === 'failed')).toHaveLength(5);
});

test('an evaluation without any answer says so, and has no score', async () => {
  const output = place('none');
  await expect(evaluate(await words(() => filtered, '--output', output))).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(/^The server gave no usable answer to any question of metals.*"content_filter"/),
  });
  expect(results(output).counts.metals).toMatchObject({ failed: 8, unparsed: 0 });
  expect(results(output).results.metals).toMatchObject({ sample_len: 0, 'avg@2,none': null });
});

test('a refused first request leaves no folder, and the corrected command begins', async () => {
  const output = place('deep/refused');
  const refuse = faults.status(422, { message: { detail: [{ type: 'extra_forbidden', loc: ['body', 'seed'] }] } });
  const all = await words((seen) => ('seed' in seen.body ? refuse : undefined), '--output', output);
  await expect(evaluate(all)).rejects.toThrow(/extra_forbidden.*by the option fields/);
  expect(existsSync(place('deep'))).toBe(false);
  expect(await evaluate([...all, 'fields=seed:none'])).toMatch(/avg@2 +100\.0 %/);
  await expect(evaluate([...all, 'fields=seed:none,max_tokens:max_completion_tokens'])).rejects.toThrow(
    /other settings \(fields\.max_tokens/,
  );
});

test('a judge behind a server is set like an answerer; what it fails to judge is unscored and asked for again', async () => {
  const output = place('judged');
  let failing = true;
  const all = await words(
    ({ body }) => {
      if (body.model !== 'judge') return undefined;
      if ('response_format' in body) return faults.status(400, { error: "'response_format.type' must be 'text'" });
      const text = JSON.stringify(body.messages);
      if (/Q0/.test(text) && failing) return filtered;
      // Cut off in thinking that the prompt had opened: the object is a draft.
      const [content, finish] = /Q1/.test(text) ? ['Perhaps {"rating": 1}? No', 'length'] : ['{"rating": 8}', 'stop'];
      return faults.status(200, { choices: [{ message: { content }, finish_reason: finish }] });
    },
    ...['samples=1', '--output', output, '--judge'],
  );
  all.push(`${server?.base}#judge`);
  // The answers are paid for: a judge that has judged nothing yet can be set anew beside them.
  await expect(evaluate(all)).rejects.toThrow(/must be 'text'/);
  expect(rowsOf(output, 'answers')).toHaveLength(4);
  const set = [
    'judge_fields=response_format:none',
    'judge_extra={"top_k":3}',
    'judge_concurrency=2',
    'judge_retries=0',
  ];
  const text = await evaluate([...all, ...set]);
  expect(text).toMatch(/judged +80\.0 %/);
  expect(text).toMatch(/2 unscored, 0 failed\n/);
  // Three attempts of Q0, all filtered.
  expect(text).toMatch(/ in 8 calls, 3 failed/);
  const judged = server?.seen.filter(({ body }) => body.model === 'judge') ?? [];
  expect(judged.at(-1)?.body).toMatchObject({ top_k: 3 });
  expect(server?.seen[0]?.body).not.toHaveProperty('top_k');
  expect(rowsOf(output, 'judgements').map(({ score, problems }) => [score, ...problems])).toEqual([
    [null, expect.stringMatching(/^the server failed: .*content_filter/)],
    [null, 'the reply was cut off before a verdict'],
    [0.8],
    [0.8],
  ]);
  expect(results(output).config).toMatchObject({ judge: { calls: 8, failed: 3 } });

  failing = false;
  await evaluate([...all, ...set]);
  expect(results(output).counts.metals).toMatchObject({ unscored: 1 });
  await expect(evaluate([...all, ...set, 'judge_extra={}'])).rejects.toThrow(/other settings \(judging\.extra/);
});

test('rcsd judge takes the settings of a server, keeps replies in the data folder, and leaves nothing of a refusal', async () => {
  const reply = (seen: Seen) =>
    'response_format' in seen.body
      ? faults.status(400, { error: "'response_format.type' must be 'json_schema' or 'text'" })
      : faults.status(200, { choices: [{ message: { content: '{"rating": 7}' }, finish_reason: 'stop' }] });
  await words(reply);
  const input = place('responses.jsonl');
  writeFileSync(input, `${JSON.stringify({ id: 'a', question: 'Which?', response: 'Lead.', rubric })}\n`);
  const output = place('out/judged.jsonl');
  const judge = (...more: string[]) =>
    rcsdHere(
      ['judge', '--kind', 'paper', '--judge', `${server?.base}#judge`, '--input', input, '--output', output, ...more],
      { env: { RCSD_DATA: place('data') } },
    );
  const refused = await judge();
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("must be 'json_schema' or 'text'")]);
  expect(existsSync(`${output}.partial`)).toBe(false);
  const set = [
    '--fields',
    'response_format:none',
    '--extra',
    '{"top_k":3}',
    '--timeout',
    '5',
    '--request_retries',
    '1',
  ];
  const { status } = await judge(...set, '--concurrency', '2', '--protocol', 'chat');
  expect([status, JSON.parse(readFileSync(output, 'utf8'))]).toEqual([0, expect.objectContaining({ score: 0.7 })]);
  expect(server?.seen.at(-1)?.body).toMatchObject({ top_k: 3 });
  expect(readdirSync(join(place('data'), 'cache', 'replies'))).toHaveLength(1);
  const count = server?.seen.length;
  await judge(...set);
  expect(server?.seen).toHaveLength(count ?? 0);
  await judge(...set, '--cache', 'none');
  expect(server?.seen).toHaveLength((count ?? 0) + 1);
  const idle = await rcsdHere(['judge', '--kind', 'paper', '--judge', 'nobody', '--timeout', '5', '--input', input]);
  expect([idle.status, idle.stderr]).toEqual([2, expect.stringContaining('--timeout is for a model behind a server')]);
});

test('rcsd rubrics generate asks a server, counts what it fails to write, and keeps its replies', async () => {
  let failing = true;
  const text = JSON.stringify([{ title: 'Lead', description: 'Essential Criteria: Names lead.', weight: 5 }]);
  await words((seen) => {
    if (/Q1/.test(lastTurn(seen)) && failing) return filtered;
    const content = /Q2/.test(lastTurn(seen)) ? 'I know none.' : text;
    return faults.status(200, { choices: [{ message: { content }, finish_reason: 'stop' }] });
  });
  const output = place('rubrics.jsonl');
  const generate = (...more: string[]) => {
    const model = `model=${server?.base}#writer`;
    const all = ['rubrics', 'generate', model, `data=${data}`, '--split', 'test', '--output', output];
    return rcsdHere([...all, '--cache', place('replies'), '--retries', '0', ...more]);
  };
  const first = await generate();
  expect([first.status, first.stderr]).toEqual([0, expect.stringContaining('extra={"top_k":20} sends it')]);
  expect(first.stderr).toContain('2 of 4 rubrics are valid; 0 at the second attempt; 1 failed at the server.');
  const rows = () =>
    readFileSync(output, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  expect(rows().map(({ question_id, valid, attempts }) => [question_id, valid, attempts])).toEqual([
    ['q0', true, 1],
    ['q1', false, 2],
    ['q2', false, 2],
    ['q3', true, 1],
  ]);
  expect(rows()[1].reason).toMatch(/^the server failed: .*"content_filter"/);
  // 4 at first, 2 again.
  expect(server?.seen).toHaveLength(6);
  expect(server?.seen[0]?.body).not.toHaveProperty('top_k');

  failing = false;
  expect((await generate()).stderr).toContain('3 of 4 rubrics are valid; 0 at the second attempt; 0 failed');
  expect(server?.seen).toHaveLength(7);
  expect([(await generate('top_k=5')).stderr, (await generate('adapter=x')).stderr]).toEqual([
    expect.stringContaining('top_k=5 is not part of the OpenAI protocol'),
    expect.stringContaining('adapter=x works only with a model in this process'),
  ]);
});
