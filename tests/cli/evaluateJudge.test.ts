/** `rcsd evaluate --judge` with a judge of the process, stopped by Ctrl-C and killed: what is judged stays judged. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProtocolServer, startServer } from '../rollout/remoteServer';
import { buildOnce, rcsdBeside } from './runCli';
import { writeWordModel } from './wordModel';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-judged-'));
const place = (name: string) => join(folder, name);
let server: ProtocolServer;
beforeAll(async () => {
  buildOnce();
  mkdirSync(place('judge'));
  writeWordModel(place('judge'));
  server = await startServer({ reply: () => ({ text: 'It is lead.' }) });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Kept {
  readonly id: string;
  readonly score: number | null;
  readonly effort: { readonly calls: number; readonly promptTokens: number; readonly completionTokens: number };
}
const kept = (output: string): Kept[] => {
  const file = join(output, 'judgements_open.jsonl');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.split('\n').flatMap((line) => (line === '' ? [] : JSON.parse(line)));
};

test('judgements are kept through Ctrl-C and a kill, none is made twice, and the judge’s tokens are counted', async () => {
  const rubric = [{ title: 'Lead', description: 'Essential Criteria: Names lead.', weight: 5 }];
  const questions = Array.from({ length: 40 }, (_, i) => {
    return { id: `q${i}`, task: 'open', split: 'test', question: `Which metal is heavy? ${i}`, answer: 'lead', rubric };
  });
  writeFileSync(place('open.jsonl'), questions.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const output = place('out');
  const words = ['evaluate', `model=${server.base}#tiny`, `data=${place('open.jsonl')}`, 'samples=1', 'cache=none'];
  words.push('price_input=1', '--judge', place('judge'), '--judge_max_tokens', '100', '--output', output);
  const until = (rows: number, signal: NodeJS.Signals) =>
    rcsdBeside(words, {
      onSpawn: (child) => {
        const timer = setInterval(() => {
          if (kept(output).length < rows) return;
          clearInterval(timer);
          child.kill(signal);
        }, 10);
        child.on('close', () => clearInterval(timer));
      },
    });

  const stopped = await until(16, 'SIGINT');
  expect([stopped.status, stopped.stderr]).toEqual([130, expect.stringContaining('the same command again')]);
  expect(kept(output)).toHaveLength(16);
  // A score that the judge would never give: only who reads what is kept can count it.
  const file = join(output, 'judgements_open.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"score":null', '"score":0.9'));
  expect((await until(32, 'SIGKILL')).status).toBeNull();
  expect(kept(output)).toHaveLength(32);
  const { status, stdout, stderr } = await until(41, 'SIGKILL');
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^judge 32\/40/m)]);
  expect(stdout).toMatch(/judged +90\.0 % \(n = 1\)\n.* 39 unscored/);

  expect(kept(output).map(({ id }) => id)).toEqual(questions.map(({ id }) => id));
  expect(server.seen).toHaveLength(40);
  const sum = (of: (effort: Kept['effort']) => number) => kept(output).reduce((all, { effort }) => all + of(effort), 0);
  const { config } = JSON.parse(readFileSync(join(output, 'results.json'), 'utf8'));
  expect(config.judge).toMatchObject({
    calls: sum(({ calls }) => calls),
    prompt: sum(({ promptTokens }) => promptTokens),
    completion: sum(({ completionTokens }) => completionTokens),
    cost: 0,
  });
  expect(config.judge).toMatchObject({ calls: 120, completion: expect.any(Number) });
  expect(config.cost).toBe(config.usage.cost);
  expect(stdout).toMatch(/judge tokens +[\d,]+ read, [\d,]+ written in 120 calls\n/);
});
