import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/base/records/errors';
import type { ProgressEvent } from '../../src/base/records/events';
import type { Question } from '../../src/base/records/question';
import { openRubricCache } from '../../src/method/rubrics/cache';
import { generateRubrics, type RubricGeneration } from '../../src/method/rubrics/generate';
import { parseRubric } from '../../src/method/rubrics/parse';
import { checkRubricYield } from '../../src/method/rubrics/yield';

const questions: Question[] = ['a', 'b', 'c', 'd', 'e'].map((id) => ({
  id,
  task: 'science',
  split: 'train',
  question: `What is ${id}?`,
  answer: id,
}));
const rubricFor = (id: string): string => JSON.stringify([{ description: `Names ${id}.`, weight: 2 }]);

/** Question `b` answers only at its second attempt, `d` never. */
function generation(calls: string[][], changes: Partial<RubricGeneration> = {}): RubricGeneration {
  return {
    questions,
    render: (question) => `Rubric for: ${question.question}`,
    sample: async (prompts, attempt, asked) => {
      calls.push(asked.map((question) => `${question.id}${attempt}`));
      return prompts.map((prompt, i) => {
        const { id, question } = asked[i] as Question;
        expect(prompt).toBe(`Rubric for: ${question}`);
        return id === 'd' || (id === 'b' && attempt === 0) ? `[${id}, broken` : rubricFor(id);
      });
    },
    parse: (text, question) => parseRubric(text, { questionId: question.id, source: 'generated', seed: 3 }),
    ...changes,
  };
}

describe('generateRubrics', () => {
  it('asks once more for invalid rubrics, then drops and counts them', async () => {
    const calls: string[][] = [];
    const { rubrics, counts, rows } = await generateRubrics(generation(calls));
    expect(calls).toEqual([
      ['a0', 'b0', 'c0', 'd0', 'e0'],
      ['b1', 'd1'],
    ]);
    expect(rubrics.map((rubric) => rubric.questionId)).toEqual(['a', 'b', 'c', 'e']);
    expect(rubrics[1]).toMatchObject({
      source: 'generated',
      seed: 3,
      criteria: [{ description: 'Names b.', weight: 2 }],
    });
    expect(counts).toEqual({
      questions: 5,
      valid: 4,
      retried: 2,
      recovered: 1,
      dropped: 1,
      reasons: { 'there is no JSON array': 1 },
    });
    expect(rows.map((row) => [row.question_id, row.valid, row.attempts])).toEqual([
      ['a', true, 1],
      ['b', true, 2],
      ['c', true, 1],
      ['d', false, 2],
      ['e', true, 1],
    ]);
    expect(rows[3]).toMatchObject({ text: '[d, broken', reason: 'there is no JSON array', criteria: [] });
  });

  it('asks as often as told, in batches', async () => {
    const calls: string[][] = [];
    const events: ProgressEvent[] = [];
    const onProgress = (event: ProgressEvent): number => events.push(event);
    const { counts } = await generateRubrics(generation(calls, { retries: 0, batchSize: 2, onProgress }));
    expect(calls).toEqual([['a0', 'b0'], ['c0', 'd0'], ['e0']]);
    expect(counts).toMatchObject({ valid: 3, retried: 0, recovered: 0, dropped: 2 });
    expect(events.map((event) => [event.done, event.total])).toEqual([
      [2, 5],
      [4, 5],
      [5, 5],
    ]);
    expect(events[2]?.metrics).toEqual({ valid: 0.6 });
  });

  it('stops on the signal and keeps what is settled in the cache', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'rcsd-')), 'deep', 'rubrics.jsonl');
    const key = { model: 'm', writer: 'a'.repeat(64), seed: 3, sampling: { temperature: 1 } };
    const calls: string[][] = [];
    const controller = new AbortController();
    const first = openRubricCache(path, key);
    const stopped = generation(calls, {
      batchSize: 2,
      cache: first,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(generateRubrics(stopped)).rejects.toThrow(InterruptedError);
    first.close();
    expect(calls).toEqual([['a0', 'b0']]);
    appendFileSync(path, '{"question_id":"c","val');

    calls.length = 0;
    const second = openRubricCache(path, key);
    const resumed = await generateRubrics(generation(calls, { cache: second }));
    second.close();
    expect(calls).toEqual([
      ['b0', 'c0', 'd0', 'e0'],
      ['b1', 'd1'],
    ]);
    expect(resumed).toEqual(await generateRubrics(generation([])));
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(5);

    calls.length = 0;
    const third = openRubricCache(path, key);
    expect((await generateRubrics(generation(calls, { cache: third }))).rubrics).toEqual(resumed.rubrics);
    expect(calls).toEqual([]);
  });

  it('refuses a sampler that loses prompts', async () => {
    await expect(generateRubrics(generation([], { sample: async () => ['x'] }))).rejects.toThrow(
      '1 texts for 5 prompts',
    );
  });
});

describe('the cache', () => {
  const row = { question_id: 'a', source: 'generated', valid: true, criteria: [] };
  const key = { model: 'm', writer: 'a'.repeat(64), seed: 1, sampling: { temperature: 1 } };
  const path = join(mkdtempSync(join(tmpdir(), 'rcsd-')), 'rubrics.jsonl');

  it('gives a row back only for its question, prompt, model, seed and sampling', () => {
    const cache = openRubricCache(path, key);
    expect(existsSync(path)).toBe(false);
    cache.add(row, 'prompt');
    expect(cache.find('a', 'prompt')).toMatchObject(row);
    cache.close();
    expect(openRubricCache(path, key).find('a', 'prompt')).toEqual({ ...row, seed: 1 });
    expect(openRubricCache(path, key).find('b', 'prompt')).toBeUndefined();
    expect(openRubricCache(path, key).find('a', 'prompt ')).toBeUndefined();
    expect(openRubricCache(path, { ...key, model: 'n' }).find('a', 'prompt')).toBeUndefined();
    expect(openRubricCache(path, { ...key, seed: 2 }).find('a', 'prompt')).toBeUndefined();
    expect(openRubricCache(path, { ...key, sampling: { temperature: 0.7 } }).find('a', 'prompt')).toBeUndefined();
  });

  it('knows the writer by its weights, and says which rows are of others or of nobody known', () => {
    const place = join(mkdtempSync(join(tmpdir(), 'rcsd-')), 'rubrics.jsonl');
    const cache = openRubricCache(place, key);
    cache.add(row, 'prompt');
    cache.close();
    const said: string[] = [];
    const say = (sentence: string) => said.push(sentence);
    expect(openRubricCache(place, key, say).find('a', 'prompt')).toBeDefined();
    expect(said).toEqual([]);
    expect(openRubricCache(place, { ...key, writer: 'b'.repeat(64) }, say).find('a', 'prompt')).toBeUndefined();
    expect(said.splice(0)).toEqual([expect.stringContaining('written by other weights')]);
    const unnamed = JSON.parse(readFileSync(place, 'utf8'));
    writeFileSync(place, `${JSON.stringify({ ...unnamed, writer: undefined })}\n`);
    expect(openRubricCache(place, key, say).find('a', 'prompt')).toBeDefined();
    expect(said).toEqual([expect.stringContaining('earlier version')]);
  });

  it('names the line that is no JSON', () => {
    writeFileSync(path, '{}\nnonsense\n{}\n');
    expect(() => openRubricCache(path, key)).toThrow(/rubrics.jsonl line 2/);
  });
});

describe('checkRubricYield', () => {
  const counts = {
    questions: 40,
    valid: 12,
    retried: 30,
    recovered: 2,
    dropped: 28,
    reasons: { 'no array': 20, other: 8 },
  };

  it('stops with the numbers when too few are left', () => {
    expect(() => checkRubricYield(counts, 0.5)).toThrow(
      /^Only 12 of 40 questions \(30\.0 %\).*50\.0 % are needed \(20 x no array, 8 x other\)/,
    );
  });

  it('lets the exact share pass, but never none at all', () => {
    expect(() => checkRubricYield(counts, 0.3)).not.toThrow();
    expect(() => checkRubricYield({ ...counts, valid: 11 }, 0.3)).toThrow('Only 11 of 40');
    expect(() => checkRubricYield({ ...counts, valid: 0 }, 0)).toThrow('Only 0 of 40');
    expect(() => checkRubricYield({ ...counts, questions: 0, valid: 0 }, 0.5)).toThrow('Only 0 of 0');
  });
});
