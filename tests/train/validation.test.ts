import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { throwIfAborted } from '../../src/base/records/errors';
import { openRun } from '../../src/base/records/runReader';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { loadTask } from '../../src/questions/load';
import { train } from '../../src/run/experiments/train';
import { splitTraining, stageQuestions } from '../../src/run/session/validation';
import {
  checkpointOf,
  expectSameTensors,
  FULL,
  LORA,
  readFile,
  recordOf,
  runStage,
  type StageChanges,
  scienceRuns,
} from './stage';

const { path: folder, model, place } = scienceRuns();
const best = (name: string) => join(place(name).path, 'checkpoints', 'best');

/** Accuracies in the order in which they are asked for, at steps 2, 4 and 6. */
function scores(...accuracies: number[]): NonNullable<StageChanges['validation']> {
  let asked = 0;
  const score = async () => ({ accuracy: accuracies[asked++] ?? Number.NaN, low: 0, high: 1, questions: 9 });
  return { every: 2, score };
}

describe('validation', () => {
  it.each([
    ['all weights', FULL, 'model.safetensors'],
    ['an adapter', LORA, 'adapter_model.safetensors'],
  ])('of %s keeps the best student, and the stage ends with it', async (what, lora, file) => {
    const before = liveTensors();
    const changes = { lora, checkpointEvery: 1, validation: scores(0.2, 0.6, 0.6) };
    const { model: base, trained } = await runStage(place(what), changes);
    expect(
      openRun(place(what).path)
        .validation()
        .map(({ step, accuracy }) => [step, accuracy]),
    ).toEqual([
      [2, 0.2],
      [4, 0.6],
      [6, 0.6],
    ]);
    // The earliest of equals.
    expect(JSON.parse(readFileSync(join(best(what), 'validation.json'), 'utf8'))).toMatchObject({ step: 4 });
    const kept = readFile(best(what), file);
    expectSameTensors(kept, readFile(checkpointOf(place(what).path, 4), file));
    expect(kept).not.toEqual(readFile(checkpointOf(place(what).path, 6), file));
    const [name, tensor] = Object.entries(trained.weights.adapter?.params ?? trained.weights.params)[0] ?? [];
    const values = Object.entries(kept).find(([key]) => key.endsWith(name as string))?.[1];
    expect([...(tensor?.dataSync() ?? [])]).toEqual([...(values ?? [])]);
    trained.dispose();
    base.dispose();
    expect(liveTensors()).toEqual(before);
  });

  it('that is stopped comes first when the run goes on, which then equals the uninterrupted one', async () => {
    const straight = await runStage(place('straight'), { validation: scores(0.2, 0.6, 0.4) });
    const abort = new AbortController();
    const asked = scores(0.2, 0.6);
    const stopping: StageChanges['validation'] = {
      every: 2,
      score: async (student, options) => {
        const row = await asked.score(student, options);
        if (row.accuracy === 0.6) abort.abort();
        throwIfAborted(options.signal);
        return row;
      },
    };
    const stopped = runStage(place('stopped'), { validation: stopping }, { signal: abort.signal });
    await expect(stopped).rejects.toThrow(/^Stopped after step 4 of 6/);
    expect(openRun(place('stopped').path).validation()).toHaveLength(1);
    const resumed = await runStage(place('stopped'), { validation: scores(0.6, 0.4) });
    const [a, b] = ['straight', 'stopped'].map((name) => ({
      validation: openRun(place(name).path).validation(),
      record: recordOf(place(name).path),
      best: readFile(best(name), 'model.safetensors'),
    }));
    expect(a).toEqual(b);
    for (const each of [straight, resumed]) {
      each.trained.dispose();
      each.model.dispose();
    }
  });
});

describe('validation questions', () => {
  const configOf = (...overrides: string[]) => resolveTrainConfig({ overrides: [`model=${model}`, ...overrides] });

  it('are taken out of the training questions', () => {
    const session = { ...loadTask('microscience') } as unknown as Parameters<typeof splitTraining>[0];
    const ids = (questions: readonly { id: string }[]) => new Set(questions.map(({ id }) => id));
    const { learn, validate } = splitTraining(
      session,
      configOf('data=microscience', 'validation.every=5', 'validation.questions=70'),
    );
    expect([ids(learn).size, ids(validate).size]).toEqual([session.train.length - 70, 70]);
    expect([...ids(validate)].filter((id) => ids(learn).has(id))).toEqual([]);
    expect(ids(splitTraining(session, configOf('data=microscience')).learn).size).toBe(session.train.length);
    const all = configOf('data=microscience', 'validation.every=5', 'validation.questions=1800');
    expect(() => splitTraining(session, all)).toThrow(/validation.questions=1800 leaves none of 1800 questions/);
  });

  it('leave the others, of which a stage learns from the strata that it names', () => {
    const session = { ...loadTask('microscience') } as unknown as Parameters<typeof splitTraining>[0];
    const learned = (...overrides: string[]) => {
      const config = configOf('data=microscience', 'stage1.steps=100', ...overrides);
      return stageQuestions(session, config, { settings: config.stage1 });
    };
    const strata = (questions: ReturnType<typeof learned>) =>
      new Set(questions.map(({ metadata }) => metadata?.stratum));
    expect(strata(learned())).toEqual(new Set(['modal', 'minority', 'gated', 'silent']));
    const some = learned('stage1.strata=modal, gated');
    expect(strata(some)).toEqual(new Set(['modal', 'gated']));
    expect(some).toHaveLength(session.train.length / 2);
    expect(() => learned('stage1.strata=gated,hidden')).toThrow(
      'strata=gated,hidden: no training question is of the stratum hidden; there are gated, minority, modal, silent.',
    );
  });

  it('leave the others, of which a stage learns from none that it leaves out', () => {
    const session = { ...loadTask('microscience:reach') } as unknown as Parameters<typeof splitTraining>[0];
    const learned = (leave_out: string) => {
      const config = configOf('data=microscience', 'stage2.steps=1000', `stage2.leave_out=${leave_out}`);
      return stageQuestions(session, config, { settings: config.stage2 });
    };
    const values = (name: string, leave_out: string) =>
      new Set(learned(leave_out).map(({ metadata }) => metadata?.[name]));
    expect(values('phrasing', 'none')).toEqual(new Set([1, 2, 3]));
    expect(values('phrasing', 'phrasing=3')).toEqual(new Set([1, 2]));
    const both = values('template', 'template=MOVE-speed, phrasing = 2');
    expect(both.has('MOVE-speed')).toBe(false);
    expect(both.size).toBe(values('template', 'none').size - 1);
    for (const [leave_out, message] of [
      ['phrasing', 'leave_out=phrasing: write name=value, such as phrasing=3.'],
      ['phrasing=4', 'no question to learn from has the value 4 of phrasing.'],
      ['subject=law', 'no question to learn from has the value law of subject.'],
      ['phrasing=1,phrasing=2,phrasing=3', 'leaves no question to learn from; leave out less.'],
    ] as const)
      expect(() => learned(leave_out)).toThrow(message);
  });

  it('are answered by the stage that answers, in a whole run', async () => {
    const config = configOf(
      'data=microscience',
      `runs=${folder}`,
      'name=whole',
      'steps=2',
      'batch_size=4',
      'max_tokens=4',
      'rubric_source=reference',
      'rubric_sampling.max_tokens=4',
      'evaluation.questions=2',
      'evaluation.max_tokens=4',
      'validation.every=1',
      'validation.questions=3',
      'trace_every=2',
      'trace_questions=8',
    );
    const { model: trained, rubricModel } = await train(config);
    const [one, two] = openRun(join(folder, 'whole')).stages();
    expect(one?.validation()).toEqual([]);
    expect(one?.trace()).toEqual([]);
    expect(two?.trace().map(({ step }) => step)).toEqual([0, 2]);
    const [before, after] = two?.trace().map(({ strata }) => strata?.modal) ?? [];
    expect(before).toBeGreaterThan(0);
    expect(after).not.toBe(before);
    expect(two?.validation()).toMatchObject([
      { step: 1, questions: 3 },
      { step: 2, questions: 3 },
    ]);
    expect(existsSync(join(folder, 'whole', 'stage-2', 'checkpoints', 'best', 'model.safetensors'))).toBe(true);
    trained.dispose();
    rubricModel?.dispose();
  });
});
