import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { command as compareCommand } from '../../src/app/cli/compare';
import { command as evaluateCommand } from '../../src/app/cli/evaluate';
import type { EvaluationResults, SampleRow } from '../../src/base/records/rows';
import { LIKELIHOOD_RULES } from '../../src/results/evaluation/loglikelihood';
import { lmEvalQuestions as known, LM_EVAL_MODEL, type LmEvalQuestion } from '../evaluation/lmEvalQuestions';
import { here } from './runCli';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-likelihood-'));
const place = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

function writeData(name: string, questions: readonly object[]): string {
  const rows = questions.map((question) => JSON.stringify({ ...question, split: 'test' }));
  writeFileSync(place(`${name}.jsonl`), `${rows.join('\n')}\n`);
  return `data=${place(`${name}.jsonl`)}`;
}
const DATA = writeData(
  'known',
  known.map(({ question }) => question),
);
const MODEL = `model=${LM_EVAL_MODEL}`;
const evaluate = (...words: string[]) => here(evaluateCommand, ['evaluate', MODEL, 'mode=loglikelihood', ...words]);
const lines = <T>(file: string): T[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('rcsd evaluate mode=loglikelihood', () => {
  test('gives the accuracies and log-likelihoods of lm-eval in its files, and compares by each rule', async () => {
    const text = await evaluate(DATA, '--output', place('whole'));
    expect(text).toMatch(/^science: 48 questions, mode loglikelihood, 95 % intervals over questions\nacc +\d/);
    const { results, configs, chat_template_sha } = JSON.parse(
      readFileSync(join(place('whole'), 'results.json'), 'utf8'),
    ) as EvaluationResults;
    expect([configs, chat_template_sha]).toEqual([{ science: { mode: 'loglikelihood' } }, null]);
    const rows = lines<SampleRow>(join(place('whole'), 'samples_science.jsonl'));
    rows.forEach(({ loglikelihoods = [] }, i) => {
      const distances = loglikelihoods.map((value, k) => Math.abs(value - (known[i]?.loglikelihoods[k] as number)));
      expect(Math.max(...distances)).toBeLessThan(1e-3);
    });
    for (const rule of LIKELIHOOD_RULES) {
      const accuracy = mean(known.map((row) => row[rule]));
      const stderr = Math.sqrt((accuracy * (1 - accuracy)) / 47);
      expect(results.science?.[`${rule},none`]).toBeCloseTo(accuracy, 12);
      expect(results.science?.[`${rule}_stderr,none`]).toBeCloseTo(stderr, 12);
      expect(rows.map((row) => row[rule])).toEqual(known.map((row) => row[rule]));
      const words = ['compare', place('whole'), place('whole'), '--rule', rule, '--output', place(`${rule}.json`)];
      expect(await here(compareCommand, words)).toContain(`science, mode loglikelihood ${rule}`);
      const [first, second] = JSON.parse(readFileSync(place(`${rule}.json`), 'utf8')).rows;
      expect(first.score.value).toBeCloseTo(accuracy, 12);
      expect(second.difference).toMatchObject({ value: 0, n: 48, test: 'McNemar' });
    }
  });

  test('goes on where it was stopped, scores nothing twice, and comes to the same', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const progress = { finish: () => {}, onProgress: ({ done }: { done: number }) => void seen.push(done) };
    const words = ['evaluate', MODEL, 'mode=loglikelihood', DATA, '--output', place('stopped')];
    const stopping = {
      ...progress,
      onProgress: ({ done }: { done: number }) => {
        if (done > 80) stop.abort();
      },
    };
    const stopped = here(evaluateCommand, words, { signal: stop.signal, progress: stopping });
    await expect(stopped).rejects.toThrow(`what is finished is in ${place('stopped')}`);
    const kept = join(place('stopped'), 'loglikelihoods_science.jsonl');
    expect(lines(kept)).toHaveLength(16);
    appendFileSync(kept, '{"id": "half a li');
    await here(evaluateCommand, words, { progress });
    const choices = known.slice(0, 16).reduce((sum, { question }) => sum + (question.choices?.length ?? 0), 0);
    expect([seen[0], seen.at(-1)]).toEqual([choices, known.flatMap(({ loglikelihoods }) => loglikelihoods).length]);
    const files = ['loglikelihoods_science.jsonl', 'samples_science.jsonl'];
    for (const file of files)
      expect(readFileSync(join(place('stopped'), file), 'utf8')).toBe(readFileSync(join(place('whole'), file), 'utf8'));
    await expect(evaluate(DATA, 'questions=9', '--output', place('stopped'))).rejects.toThrow('other settings');
  });

  test('refuses what it cannot score, or would not heed, in one sentence', async () => {
    const open = { id: 'o', task: 'science', question: 'Why?', answer: 'So.' };
    const mixed = writeData('mixed', [(known[0] as LmEvalQuestion).question, open]);
    const refused = async (...words: string[]) => {
      const error = await evaluate(...words).catch((reason: Error) => reason);
      expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(/^.*$/) });
      return (error as Error).message;
    };
    expect(await refused(mixed)).toContain('1 of the 2 questions of science have none (the first is "o")');
    expect(await refused(DATA, 'model=http://127.0.0.1:1/v1#x')).toContain('which a server does not give');
    expect(await refused(DATA, 'max_tokens=5')).toContain('so max_tokens has no effect; leave it out');
    expect(await refused(DATA, '--judge', 'smollm2-135m')).toContain('so judge has no effect; leave it out');
    expect(await refused('data=microscience')).toContain('use mode=task');
    const alone = await evaluate(writeData('one', [(known[0] as LmEvalQuestion).question]));
    expect(alone).toMatch(/^arc-\S+: 1 question, mode loglikelihood, no interval \(n = 1\)\nacc +\S+ % \(n = 1\)/);
  });
});
