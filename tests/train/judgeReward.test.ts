/** GRPO on a judge's scores, from the settings to the run's records, with a real small model and a server that judges. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ANSWER_JUDGES } from '../../src/base/config/policyGradient';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { JUDGE_KINDS, type JudgeKind } from '../../src/method/rewards/judges/kinds';
import { train } from '../../src/run/experiments/train';
import { lastTurn, type ProtocolServer, startServer } from '../rollout/remoteServer';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-judge-reward-'));
const model = join(folder, 'model');
let server: ProtocolServer;

beforeAll(() => {
  cpSync(join(__dirname, '../fixtures/models/loglikelihood'), model, { recursive: true });
  const file = join(model, 'tokenizer_config.json');
  const template = '{% for m in messages %}{{ m.content }}\n{% endfor %}';
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), chat_template: template }));
});
afterEach(() => server?.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two questions to train on and one to test on; `answer` is that of all. */
function writeData(name: string, answer: string): string {
  const row = (id: string, split: string) => ({
    ...{ id, task: 't', split, question: `What is ${id}?`, answer },
    rubric: [{ title: 'Lead', description: 'Essential Criteria: Names lead.', weight: 5 }],
  });
  const rows = [row('one', 'train'), row('two', 'train'), row('three', 'test')];
  writeFileSync(join(folder, name), rows.map((each) => `${JSON.stringify(each)}\n`).join(''));
  return join(folder, name);
}

const config = (name: string, data: string, ...more: string[]) =>
  resolveTrainConfig({
    overrides: [
      ...['profile=paper', 'algorithm=grpo', `model=${model}`, `data=${data}`, `runs=${folder}`, `name=${name}`],
      ...['steps=1', 'batch_size=4', 'num_generations=2', 'microbatch_size=4', 'sampling.max_tokens=8', 'lora.rank=2'],
      ...['evaluation.samples=1', 'evaluation.max_tokens=4', 'thinking=false', 'rewards=judge', ...more],
    ],
  });

const metricsOf = (name: string): Record<string, number>[] =>
  readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('rewards=judge', () => {
  it('learns from the scores of a judge, and leaves out what has no verdict', async () => {
    // One question's verdicts are malformed at every attempt; the others' are read.
    server = await startServer({
      reply: (seen) => ({ text: lastTurn(seen).includes('What is one?') ? '7' : '{"reason": "r", "rating": 7}' }),
    });
    const data = writeData('answers.jsonl', 'lead');
    const outcome = await train(config('scores', data, `judge_model=${server.base}#judge`));
    outcome.model.dispose();
    const [metrics] = metricsOf('scores');
    expect(metrics?.['rewards/judge/mean']).toBeCloseTo(0.7, 6);
    expect(metrics?.['rewards/judge/unscored']).toBe(0.5);
    expect(server.seen.every((each) => lastTurn(each).includes('lead'))).toBe(true);
  });

  it('asks the judge as judge_server says, and refuses what that cannot say', async () => {
    server = await startServer({ reply: () => ({ text: '{"reason": "r", "rating": 7}' }) });
    const data = writeData('asked.jsonl', 'lead');
    const run = (name: string, asked: object | string, judge = `${server.base}#judge`) =>
      train(config(name, data, `judge_model=${judge}`, `judge_server=${JSON.stringify(asked)}`));
    const fields = 'response_format:none,seed:random_seed';
    const outcome = await run('asked', { cache: 'none', concurrency: 1, fields, extra: { top_k: 3 } });
    outcome.model.dispose();
    expect(server.most()).toBe(1);
    expect(server.seen[0]?.body).toMatchObject({ top_k: 3, random_seed: expect.any(Number) });
    for (const absent of ['response_format', 'seed']) expect(server.seen[0]?.body).not.toHaveProperty(absent);
    await expect(run('mistaken', { timeout: 0 })).rejects.toThrow(/^judge_server may have protocol.*; timeout: /);
    await expect(run('unknown', { time: 1 })).rejects.toThrow(/^judge_server may have .*time/);
    await expect(run('local', { timeout: 9 }, model)).rejects.toThrow('judge_server is for a judge behind a server');
  });

  it('counts what could not be judged, and takes it for no zero', async () => {
    server = await startServer({ reply: () => ({ text: 'I cannot say.' }) });
    const data = writeData('unscored.jsonl', 'lead');
    const outcome = await train(
      config('unscored', data, `judge_model=${server.base}#mute`, 'judge_kind=paper', 'rubric_source=reference'),
    );
    outcome.model.dispose();
    const [metrics] = metricsOf('unscored');
    expect(metrics?.['rewards/judge/unscored']).toBe(1);
    const completions = readFileSync(join(folder, 'unscored', 'completions.jsonl'), 'utf8');
    expect(completions).not.toMatch(/"reward":\s*0/);
  });

  it('is refused before anything is computed where questions have no answer to judge beside', async () => {
    const data = writeData('open.jsonl', '');
    await expect(train(config('open', data, 'judge_model=http://127.0.0.1:9/v1#judge'))).rejects.toThrow(
      /judge_kind=grpo reads reference answers, and 2 of 2 questions .* have none \(the first is "one"\)/,
    );
  });

  it('is refused before the run is estimated where there is no such judge', async () => {
    const estimates: unknown[] = [];
    const run = config('nobody', writeData('nobody.jsonl', 'lead'), 'judge_model=no-such-judge');
    await expect(train(run, { onEstimate: (estimate) => estimates.push(estimate) })).rejects.toThrow('no-such-judge');
    expect(estimates).toEqual([]);
  });

  it('has the kinds that score one answer, of which grpo alone reads the reference', () => {
    const single = Object.entries<JudgeKind>(JUDGE_KINDS).filter(
      ([, { form }]) => form !== 'pairwise' && form !== 'dimensions',
    );
    expect([...ANSWER_JUDGES].sort()).toEqual(single.map(([name]) => name).sort());
    expect(single.filter(([, { needs }]) => needs === 'reference').map(([name]) => name)).toEqual(['grpo']);
  });
});

describe('data without reference answers', () => {
  it('is refused in one sentence by a teacher that is shown the answer', async () => {
    const data = writeData('teacher.jsonl', '');
    const overrides = [`model=${model}`, `data=${data}`, `runs=${folder}`, 'name=opsd', 'algorithm=opsd'];
    await expect(train(resolveTrainConfig({ overrides }))).rejects.toThrow(
      /teacher_context=answer reads reference answers/,
    );
  });

  it('is refused in one sentence by fine-tuning on answers, and on solutions where there are none', async () => {
    const data = writeData('supervised.jsonl', '');
    const sft = (source: string) => {
      const overrides = [`model=${model}`, `data=${data}`, `runs=${folder}`, 'name=sft', 'algorithm=sft'];
      return train(resolveTrainConfig({ overrides: [...overrides, `sft_source=${source}`] }));
    };
    await expect(sft('answer')).rejects.toThrow(
      /^sft_source=answer reads reference answers, and 2 of 2 questions .* \(the first is "one"\); use data with answers/,
    );
    await expect(sft('filtered')).rejects.toThrow(/^sft_source=filtered reads reference answers, and 2 of 2/);
    await expect(sft('reference')).rejects.toThrow(
      /^sft_source=reference learns from the solutions of the questions, and 2 of 2 /,
    );
  });
});
