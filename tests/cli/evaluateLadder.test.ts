/** `rcsd evaluate --ladder` and comparisons of its decodings, with the embedded model and with a server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { command as compareCommand } from '../../src/app/cli/compare';
import { command as evaluateCommand } from '../../src/app/cli/evaluate';
import type { EvaluationResults, SampleRow } from '../../src/base/records/rows';
import { passAtK } from '../../src/results/evaluation/statistics';
import { faults, lastTurn, type ProtocolServer, type Seen, startServer } from '../rollout/remoteServer';
import { here } from './runCli';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-ladder-'));
const place = (name: string) => join(folder, name);
const evaluate = (...words: readonly string[]) => here(evaluateCommand, ['evaluate', ...words]);
const compare = (...words: readonly string[]) => here(compareCommand, ['compare', ...words]);
const results = (output: string): EvaluationResults => JSON.parse(readFileSync(join(output, 'results.json'), 'utf8'));
const lines = <T>(file: string): T[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

let server: ProtocolServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Four numeric questions of two strata; the right answer is 40. */
function writeData(name: string): string {
  const row = (i: number) => ({
    ...{ id: `${name}-${i}`, task: name, split: 'test', question: `Q${i}: how much?`, answer: '40' },
    metadata: { kind: 'numeric', stratum: i < 2 ? 'modal' : 'minority' },
  });
  writeFileSync(place(`${name}.jsonl`), [0, 1, 2, 3].map((i) => `${JSON.stringify(row(i))}\n`).join(''));
  return place(`${name}.jsonl`);
}

/**
 * Greedily it knows questions 0 and 1. At 0.5 it says nothing. At 1 it is right in most of its samples, each in other words;
 * two samples agree on a wrong one.
 */
function replier() {
  const asked = new Map<string, number>();
  return (seen: Seen): { text: string } => {
    const { temperature } = seen.body as { temperature: number };
    const turn = lastTurn(seen);
    const i = Number(/Q(\d)/.exec(turn)?.[1]);
    const at = asked.get(`${i} ${temperature}`) ?? 0;
    asked.set(`${i} ${temperature}`, at + 1);
    if (temperature === 0) return { text: `Answer: ${i < 2 ? 40 : 7}` };
    if (temperature === 0.5) return { text: 'I wonder' };
    return { text: `Answer: ${['40', '40.0', '4.0e1', '9', '9'][at] ?? '9'}` };
  };
}

async function serve(reply: (seen: Seen) => { text: string } = replier()): Promise<string[]> {
  await server?.close();
  server = await startServer({ reply });
  return [`model=${server.base}#tiny`, 'max_tokens=64', 'cache=none', 'concurrency=1'];
}

describe('a ladder', () => {
  test('of the embedded model: every score of every decoding from answers drawn once, resumed where it stopped', async () => {
    const words = ['data=microscience', 'questions=14', 'samples=3', '--ladder', '--output', place('embedded')];
    const text = await evaluate(...words);
    expect(text).toMatch(/^microscience: 14 questions, mode task, 95 % intervals over questions\n/);
    for (const line of ['greedy +avg@1', 'T=0.5, top_p 0.95, 3 samples +maj@3', 'T=1, top_p 0.95, 3 samples +pass@3'])
      expect(text).toMatch(new RegExp(`^${line} +\\d+\\.\\d % \\[`, 'm'));
    const file = results(place('embedded'));
    const decodings = file.decodings?.microscience ?? [];
    expect(decodings.map(({ decoding, seed }) => ({ ...decoding, seed }))).toEqual([
      { temperature: 0, top_p: 0.95, samples: 1, seed: 42 },
      { temperature: 0.5, top_p: 0.95, samples: 3, seed: 42 },
      { temperature: 1, top_p: 0.95, samples: 3, seed: 42 },
    ]);
    const rows = lines<SampleRow>(join(place('embedded'), 'samples_microscience.jsonl'));
    expect(rows).toHaveLength(3 * 14);
    for (const { decoding, scores, unparsed } of decodings) {
      const own = rows.filter((row) => row.decoding?.temperature === decoding.temperature);
      const right = own.map(({ correct }) => correct.filter(Boolean).length);
      expect(scores[`avg@${decoding.samples}`]).toMatchObject({
        value: expect.closeTo(mean(right) / decoding.samples, 12),
        n: 14,
      });
      expect(unparsed).toBe(own.flatMap(({ filtered_resps: found }) => found).filter((each) => each === null).length);
      for (let k = 1; k <= decoding.samples; k++)
        expect(scores[`pass@${k}`]?.value).toBeCloseTo(mean(right.map((c) => passAtK(decoding.samples, c, k))), 12);
    }
    expect(file.results.microscience).toMatchObject({
      'avg@1,greedy': decodings[0]?.scores['avg@1']?.value,
      'maj@3,t1': decodings[2]?.scores['maj@3']?.value,
    });
    // Half of the answers are lost; the same command draws them again, and the scores are the same.
    const answers = join(place('embedded'), 'answers_microscience.jsonl');
    const kept = lines<object>(answers);
    expect(kept).toHaveLength(14 * 7);
    writeFileSync(
      answers,
      kept
        .slice(0, 50)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    );
    expect(await evaluate(...words)).toBe(text);
    const byKey = (list: object[]) => list.map((row) => JSON.stringify(row)).sort();
    expect(byKey(lines<object>(answers))).toEqual(byKey(kept));
  });

  test('counts votes by what answers mean, and shows strata as columns', async () => {
    const words = [...(await serve()), `data=${writeData('votes')}`, 'samples=5', '--output', place('votes')];
    const text = await evaluate(...words, '--ladder');
    const [head, , ...table] = text.split('\n').slice(2);
    expect(head).toMatch(/^decoding +score +all +modal +minority +unparsed +truncated +failed$/);
    expect(table[0]).toMatch(/^greedy +avg@1 +50\.0 % .* 100\.0 % .* 0\.0 % .* 0 +0 +0$/);
    expect(text).toMatch(/^T=0\.5, top_p 0\.95, 5 samples +avg@5 +0\.0 % .* 20 +0 +0$/m);
    expect(text).toMatch(/^T=1, top_p 0\.95, 5 samples +avg@5 +60\.0 % /m);
    // 40, 40.0 and 4.0e1 are one answer with three votes; as texts, 9 would win with two.
    expect(text).toMatch(/^T=1, top_p 0\.95, 5 samples +maj@5 +100\.0 % /m);
    const [greedy] = results(place('votes')).decodings?.votes ?? [];
    expect(greedy?.strata?.modal?.scores['avg@1']).toMatchObject({ value: 1, n: 2 });
    expect(greedy?.strata?.minority).toMatchObject({
      unparsed: 0,
      truncated: 0,
      scores: { 'avg@1': { value: 0, n: 2 } },
    });
    // Without a ladder, too.
    const plain = await evaluate(...(await serve()), `data=${place('votes.jsonl')}`, 'temperature=0', 'samples=1');
    expect(plain).toMatch(/^votes: 4 questions x 1 sample, greedy, mode corrected/);
    expect(plain).toMatch(/^greedy +avg@1 +50\.0 % .* 100\.0 % .* 0\.0 % /m);
  });

  test('that is stopped at a server goes on with what is missing', async () => {
    const data = [`data=${writeData('stopped')}`, 'samples=2', '--ladder', '--output', place('stopped')];
    server = await startServer({ reply: replier(), fault: (n) => (n < 10 ? undefined : faults.status(400)) });
    const port = Number(/:(\d+)\//.exec(server.base)?.[1]);
    const words = [`model=${server.base}#tiny`, 'max_tokens=64', 'cache=none', 'concurrency=1', ...data];
    await expect(evaluate(...words)).rejects.toThrow();
    expect(lines(join(place('stopped'), 'answers_stopped.jsonl'))).toHaveLength(10);
    await server.close();
    server = await startServer({ reply: replier(), port });
    await evaluate(...words);
    expect(server.seen).toHaveLength(4 + 8 + 8 - 10);
  });

  test('says in a sentence what does not go with it', async () => {
    const refused = async (...words: string[]) => {
      const error = await evaluate('data=microscience', '--ladder', ...words).catch((reason: Error) => reason);
      expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(/^.*$/) });
      return (error as Error).message;
    };
    expect(await refused('temperature=0.7')).toContain('leave out evaluation.temperature=0.7, or the ladder');
    expect(await refused('temperature=0')).toContain('leave out evaluation.temperature=0');
    expect(await refused('--judge', 'smollm2-135m')).toContain('leave out --judge or --ladder');
    expect(await refused('mode=loglikelihood')).toContain('ladder has no effect');
  });
});

describe('rcsd compare', () => {
  test('compares one decoding of a ladder, and refuses different ones', async () => {
    const data = `data=${writeData('pairs')}`;
    const knows = () => ({ text: 'Answer: 40' });
    await evaluate(...(await serve()), data, 'samples=2', '--ladder', '--output', place('a'));
    await evaluate(...(await serve(knows)), data, 'samples=2', '--ladder', '--output', place('b'));
    await evaluate(...(await serve(knows)), data, 'samples=2', '--output', place('sampled'));
    await evaluate(...(await serve(knows)), data, 'temperature=0', 'samples=1', '--output', place('greedy'));
    const text = await compare(place('a'), place('b'), place('greedy'), '--decoding', 'greedy');
    expect(text).toMatch(/^pairs, mode corrected, greedy\n/);
    expect(text).toMatch(/^a +50\.0 % .* 4 x 1 /m);
    expect(text).toMatch(/^b +100\.0 % .*\+50\.0 points /m);
    expect(text).toMatch(/by stratum +run/);
    expect(await compare(place('a'), place('sampled'), '--decoding', 't1')).toMatch(/^pairs, .*T=1, top_p 0\.95\n/);
    const refused = async (...words: string[]) => {
      const error = await compare(...words).catch((reason: Error) => reason);
      expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(/^.*$/) });
      return (error as Error).message;
    };
    expect(await refused(place('a'), place('b'))).toContain('choose one with --decoding greedy or --decoding t0.5');
    expect(await refused(place('sampled'), place('greedy'))).toContain('different decodings (T=1, top_p 0.95; greedy)');
    expect(await refused(place('a'), place('sampled'), '--decoding', 'greedy')).toContain(
      'has no answers of --decoding greedy; it has: T=1, top_p 0.95, 2 samples',
    );
    // An evaluation of an earlier version: its rows and results name no decoding, its settings do.
    const rows = join(place('greedy'), 'samples_pairs.jsonl');
    const old = lines<SampleRow>(rows).map(({ decoding: _, ...row }) => `${JSON.stringify(row)}\n`);
    writeFileSync(rows, old.join(''));
    expect(await compare(place('a'), place('greedy'), '--decoding', 'greedy')).toMatch(
      /^pairs, mode corrected, greedy\n/,
    );
  });
});
