import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  microscienceQuestions,
  microscienceTask,
  microscienceViews,
  strataWorld,
} from '../../src/questions/tasks/microscience';
import { localAnswerer } from '../../src/results/evaluation/answerers';
import { type AnswerRow, openRows } from '../../src/results/evaluation/record';
import { openedScienceModel } from '../model/tiny';

const science = openedScienceModel();

/** 280 answers: a block of 256 and one of 24. */
const questions = microscienceQuestions('test', { seed: 1, perFamily: 12, world: strataWorld() });
const settings = { temperature: 1, top_p: 1, top_k: 0, max_tokens: 3, samples: 4, questions: 70, ladder: false };

/** Draws into a log until it is stopped, or to the end; returns how many answers are there. */
async function draw(name: string, stopAfter = Number.POSITIVE_INFINITY): Promise<number> {
  const log = openRows<AnswerRow>(join(science.path, name), { task: 'micro/science', kept: 'answers' });
  const stop = new AbortController();
  const request = {
    model: science.model,
    task: microscienceTask,
    views: microscienceViews,
    questions,
    settings,
    seed: 3,
  };
  const drawn = localAnswerer(request)({
    has: log.has,
    hear: (rows) => {
      log.add(rows);
      if (log.count() >= stopAfter) stop.abort();
    },
    signal: stop.signal,
  });
  const error = await drawn.catch((reason: Error) => reason);
  log.close();
  expect((error as Error | undefined)?.name).toBe(stopAfter < 280 ? 'InterruptedError' : undefined);
  return log.count();
}

const rows = (name: string): string[] =>
  readFileSync(join(science.path, name, 'answers_micro_science.jsonl'), 'utf8')
    .trim()
    .split('\n');

it('goes on with a stopped evaluation to the same answers, and draws none twice', async () => {
  for (const name of ['whole', 'stopped']) mkdirSync(join(science.path, name));
  expect(await draw('whole')).toBe(280);
  expect(await draw('stopped', 200)).toBe(256);
  expect(rows('stopped')).toHaveLength(256);
  expect(await draw('stopped')).toBe(280);
  expect(rows('stopped')).toEqual(rows('whole'));
  expect(await draw('stopped')).toBe(280);
  expect(rows('stopped')).toHaveLength(280);
});
