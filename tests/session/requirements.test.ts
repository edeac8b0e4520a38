/** Rubrics that cannot be had are told before anything is computed, whatever would read them hours later. */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command as rubricsQuality } from '../../src/app/cli/rubricsQuality';
import type { ProgressEvent } from '../../src/base/records/events';
import { initializeAdapter } from '../../src/engine/model/initialize';
import { withWeights } from '../../src/engine/model/model';
import { disposeTree } from '../../src/engine/tensors/tree';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { trainInSession } from '../../src/run/experiments/train';
import { requireRoom, requireRubrics } from '../../src/run/session/requirements';
import { openSession, type Session } from '../../src/run/session/session';
import { stageQuestions } from '../../src/run/session/validation';
import { here } from '../cli/runCli';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-requirements-'));
const write = (name: string, rows: readonly object[]): string => {
  writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return join(folder, name);
};
const foreign = write('foreign.jsonl', [{ question_id: 'nobody', criteria: [{ description: 'Names the law.' }] }]);
const torn = write('torn.jsonl', [{ question_id: 'nobody', criteria: 7 }]);

let session: Session;
beforeAll(async () => {
  session = await openSession(resolveTrainConfig({}));
});
afterAll(() => session.dispose());

const config = (...overrides: readonly string[]) =>
  resolveTrainConfig({ overrides: ['batch_size=4', 'steps=2', `runs=${folder}`, 'name=run', ...overrides] });

describe('a training run', () => {
  test.each([
    [[`rubric_source=file:${foreign}`], /^Only 0 of 8 questions \(0\.0 %\) have a valid rubric/],
    [[`rubric_source=file:${torn}`], /torn\.jsonl line 1: "criteria" must be an array/],
    [['algorithm=grpo', 'rewards=rubric', `rubric_source=file:${foreign}`], /^Only 0 of 2 questions/],
  ])('is refused with %j before it answers a question', async (overrides, message) => {
    const events: ProgressEvent[] = [];
    const run = trainInSession(session, config(...overrides), { onProgress: (event) => events.push(event) });
    await expect(run).rejects.toThrow(message);
    expect([events, existsSync(join(folder, 'run'))]).toEqual([[], false]);
  });

  test('is refused with an adapter of other numbers, a reward that does not load, or no room for answers', async () => {
    const adapter = initializeAdapter(session.model.config, { rank: 2, alpha: 8, targets: ['q_proj'], seed: 1 });
    const { weights } = session.model;
    const refused = async (given: Session, overrides: readonly string[], message: RegExp): Promise<void> => {
      const events: ProgressEvent[] = [];
      const run = trainInSession(given, config(...overrides), { onProgress: (event) => events.push(event) });
      await expect(run).rejects.toThrow(message);
      expect([events, existsSync(join(folder, 'run'))]).toEqual([[], false]);
    };
    const adapted = { ...session, model: withWeights(session.model, { ...weights, adapter }) };
    await refused(
      adapted,
      ['rank=4', 'alpha=16'],
      /^The adapter has rank 2 and alpha 8, but the settings say 4 and 16/,
    );
    await refused(
      session,
      ['adapter=some/dora', 'rank=4'],
      /^adapter=some\/dora has use_dora or modules_to_save, .*rcsd export /,
    );
    await refused(session, ['algorithm=grpo', `rewards=file:${foreign}`], /foreign\.jsonl could not be loaded/);
    for (const algorithm of ['rcsd', 'opsd', 'grpo'])
      await refused(session, [`algorithm=${algorithm}`, 'max_tokens=5000'], /tokens; together with max_tokens=5000/);
    disposeTree(adapter);
  });

  test.each(['rcsd', 'sft', 'grpo', 'cort', 'iw_opd'])('has room for its prompts with %s', (algorithm) => {
    expect(() => requireRoom(session, config(`algorithm=${algorithm}`))).not.toThrow();
  });

  test('is refused where stage I sees reference rubrics that the data lack, or nothing can be a placebo', () => {
    const bare = { ...session, task: { ...session.task, rubric: undefined } };
    const without = session.train.map(({ rubric: _, ...question }) => question);
    expect(() => requireRubrics({ ...bare, train: without }, config())).toThrow(/has no reference rubric/);
    const placebo = config('stages=reasoner', 'rubric_source=placebo');
    const untold = session.train.map((question) => ({ ...question, metadata: {} }));
    expect(() => requireRubrics({ ...bare, train: untold }, placebo)).toThrow(/placebo needs metadata\.topic/);
  });

  test('needs rubrics for the questions that it trains on, and for no others', () => {
    const used = stageQuestions(session, config(), { settings: config().stage2 });
    const rows = used.map(({ id }) => ({ question_id: id, criteria: [{ description: 'Names the law.' }] }));
    const own = `rubric_source=file:${write('own.jsonl', rows)}`;
    expect(used).toHaveLength(8);
    expect(() => requireRubrics(session, config(own))).not.toThrow();
    expect(() => requireRubrics(session, config(own, 'steps=5'))).toThrow('Only 8 of 20 questions');
    expect(() => requireRubrics(session, config('stages=rubric'))).not.toThrow();
  });
});

test.each([
  [`reference,file:${join(folder, 'absent.jsonl')}`, 'absent.jsonl: there is no such file'],
  [`reference,file:${torn}`, 'torn.jsonl line 1: "criteria" must be an array'],
  [`reference,file:${foreign}`, `file:${foreign} has no valid rubric for the test questions of microscience (7 x no`],
  ['reference,nonsense', 'rubric_source=nonsense'],
])('rubrics quality looks at all of --sources %s before it draws an answer', async (sources, message) => {
  const events: ProgressEvent[] = [];
  const progress = { onProgress: (event: ProgressEvent) => events.push(event), finish: () => undefined };
  const words = ['quality', 'data=microscience', 'questions=7', '--sources', sources];
  await expect(here(rubricsQuality, words, { progress })).rejects.toThrow(message);
  expect(events).toEqual([]);
});
