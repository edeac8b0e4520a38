import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rcsdHere } from './runCli';

/** A small random model without a tokenizer. */
const MODEL = join('tests', 'fixtures', 'models', 'llama-tied');
const jsonl = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');
const parse = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a model without a tokenizer', () => {
  test('generates by ids, and score agrees with what generate reports', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rcsd-models-'));
    const [prompts, samples] = [join(folder, 'prompts.jsonl'), join(folder, 'samples.jsonl')];
    writeFileSync(
      prompts,
      jsonl([
        { id: 'a', prompt_ids: [1, 2, 3], extra: { deep: [1] } },
        { id: 7, prompt_ids: [5] },
      ]),
    );
    const words = ['--model', MODEL, '--input', prompts, '--output', samples, 'samples=2', '--max-tokens=4'];
    expect((await rcsdHere(['generate', ...words, '--temperature', '0.8', 'top_k=5'])).status).toBe(0);
    const rows = parse(readFileSync(samples, 'utf8'));
    expect(rows.map(({ id, sample }) => [id, sample])).toEqual([
      ['a', 0],
      ['a', 1],
      [7, 0],
      [7, 1],
    ]);
    expect(Object.keys(rows[0])).toEqual([
      'id',
      'extra',
      'sample',
      'prompt_ids',
      'completion_ids',
      'text',
      'finish_reason',
      'logprobs',
      'sampling_logprobs',
    ]);
    const pairs = rows.map(({ id, prompt_ids, completion_ids }) => ({ id, prompt_ids, completion_ids, kept: 1 }));
    const scored = await rcsdHere(['score', '--model', MODEL], { input: jsonl(pairs) });
    expect(scored.status).toBe(0);
    parse(scored.stdout).forEach((row, i) => {
      expect(Object.keys(row)).toEqual(['id', 'kept', 'prompt_ids', 'completion_ids', 'logprobs']);
      expect(row.completion_ids).toEqual(rows[i].completion_ids);
      for (const [t, value] of row.logprobs.entries()) expect(value).toBeCloseTo(rows[i].logprobs[t], 4);
    });
  });

  test('scores an empty completion as such', async () => {
    const input = jsonl([{ id: 1, prompt_ids: [1], completion_ids: [] }]);
    const { status, stdout } = await rcsdHere(['score', '--model', MODEL], { input });
    expect([status, parse(stdout)[0].logprobs]).toEqual([0, []]);
  });

  test.each([
    ['score', { id: 1, prompt: 'a', completion_ids: [1] }, /line 1: Model .* has no tokenizer\.json/],
    ['score', { id: 1, prompt_ids: [], completion_ids: [1] }, /line 1: "prompt_ids" is empty/],
    ['score', { id: 1, prompt_ids: [1, -1], completion_ids: [] }, /"prompt_ids" contains -1 at position 1/],
    ['score', { id: 1, prompt_ids: [1], completion_ids: 'x' }, /"completion_ids" must be a list of token ids/],
    ['score', { id: 1, prompt_ids: [1] }, /exactly one of completion, completion_ids; one of them is needed/],
    ['score', { id: 1, prompt_ids: [1], prompt: 'a', completion_ids: [1] }, /it has prompt and prompt_ids/],
    ['generate', { id: 1 }, /exactly one of prompt, messages, prompt_ids; one of them is needed/],
  ])('refuses in %s: %j', async (command, row, message) => {
    const { status, stdout, stderr } = await rcsdHere([command, '--model', MODEL], { input: jsonl([row]) });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});

test('an option out of range is refused before a model is opened', async () => {
  const { status, stderr } = await rcsdHere(['generate', '--model', 'nowhere', '--top_p', '1.1']);
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^--top_p .* above 0, at most 1.*"1\.1"/)]);
});
