/** Warnings and the collapse stop on series made for them, on the recorded quickstart, and on a toy run that runs away. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageSettings } from '../../src/base/config/configs';
import { CollapseError } from '../../src/base/records/errors';
import type { ProgressEvent } from '../../src/base/records/events';
import type { MetricsRow } from '../../src/base/records/rows';
import { openRun } from '../../src/base/records/runReader';
import { createRandom } from '../../src/engine/tensors/random';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import type { Example } from '../../src/method/algorithms/algorithm';
import { mentionsPrivileged } from '../../src/method/prompts/leakage';
import { latestCheckpoint } from '../../src/method/train/checkpoint';
import { COLLAPSE_STEPS, soundness } from '../../src/method/train/collapse';
import { CLEAR_STEPS, newWarnings, WARNING_NAMES, type WarningName, WINDOW } from '../../src/method/train/warnings';
import { microscienceQuestions, microscienceTask, strataWorld } from '../../src/questions/tasks/microscience';
import { writeReport } from '../../src/run/experiments/report';
import { checkpointOf, recordOf, runStage, type StageChanges, scienceRuns, stageSettings } from './stage';

const settings = stageSettings();

/** A run in good health. */
const HEALTHY = {
  loss: 0.1,
  grad_norm: 0.2,
  'divergence/true': 0.1,
  'divergence/first_token': 0.2,
  'divergence/clipped': 0.1,
  'clip/fraction': 0,
  'teacher/retained_mass': 1,
  'teacher/agreement': 0.95,
  'teacher/entropy': 0.5,
  entropy: 0.6,
  'completions/mean_length': 6,
  'completions/clipped_ratio': 0,
  'completions/leakage': 0,
  frac_reward_zero_std: 0.2,
};

/** Rows of steps 1 .. n; `at` says what differs at a step. */
const series = (
  n: number,
  at: (step: number) => Partial<Record<string, number | null | undefined>> = () => ({}),
): MetricsRow[] => Array.from({ length: n }, (_, i) => ({ step: i + 1, ...HEALTHY, ...at(i + 1) }) as MetricsRow);

/** Everything that a run of these rows would write to warnings.jsonl. */
const raised = (rows: readonly MetricsRow[], changes = {}) =>
  rows.flatMap((_, i) => newWarnings(rows.slice(0, i + 1), { ...settings, ...changes }));

/** From step 11 on. */
const late =
  (counters: Partial<Record<string, number | null>>) =>
  (step: number): Partial<Record<string, number | null>> =>
    step > 10 ? counters : {};

/** What raises each warning, the number seen, and the setting to change. */
const CASES: Readonly<Record<WarningName, readonly [Partial<Record<string, number | null>>, string, string]>> = {
  zero_spread: [{ frac_reward_zero_std: 1 }, '%', 'num_generations'],
  truncation: [{ 'completions/clipped_ratio': 0.5 }, '%', 'max_tokens'],
  length_collapse: [{ 'completions/mean_length': 2 }, '%', 'learning_rate'],
  entropy_collapse: [{ entropy: 0.001 }, '%', 'temperature'],
  template_mismatch: [{ 'divergence/first_token': 6 }, 'times', 'thinking'],
  clipped_share: [{ 'clip/fraction': 0.9 }, '%', 'clip'],
  negative_divergence: [{ 'divergence/clipped': -0.006 }, 'nats', 'clip_mode'],
  inverted_clip: [{ 'divergence/clipped': 0.05, 'divergence/true': 0.3 }, 'fold', 'clip_mode'],
  retained_mass: [{ 'teacher/retained_mass': 0.5 }, '%', 'top_k'],
  leakage: [{ 'completions/leakage': 0.5 }, '%', 'anti_mention'],
  idle_teacher: [{ 'teacher/agreement': 1, 'divergence/true': 1e-5 }, 'nats', 'teacher_context'],
};

describe('a warning', () => {
  it('has a case here, and none is raised by a healthy run', () => {
    expect(Object.keys(CASES).sort()).toEqual([...WARNING_NAMES].sort());
    expect(raised(series(40))).toEqual([]);
  });

  it.each(WARNING_NAMES)('of %s is raised once, with the number and the setting to change', (name) => {
    const [counters, seen, setting] = CASES[name];
    const rows = raised(series(40, late(counters)));
    expect(rows.map((row) => row.name)).toEqual([name]);
    expect(rows[0]?.step).toBeGreaterThan(10);
    expect(rows[0]?.step).toBeLessThanOrEqual(10 + WINDOW);
    expect(rows[0]?.message).toContain(seen);
    expect(rows[0]?.message).toContain(setting);
  });

  it('names no setting of a teacher where there is none', () => {
    const alone = { 'divergence/true': undefined, 'teacher/entropy': undefined };
    for (const counters of [{ 'completions/mean_length': 2 }, { entropy: 0.001 }]) {
      const rows = raised(series(40, (step) => ({ ...alone, ...late(counters)(step) })));
      expect(rows).toHaveLength(1);
      expect(rows[0]?.message).not.toMatch(/teacher|divergence/);
    }
  });

  it('comes back only after it has been over for a while', () => {
    const cut = (step: number) => ({ 'completions/clipped_ratio': step <= 10 ? 1 : 0 });
    const again = (gap: number) =>
      raised(series(60 + gap, (step) => (step > 10 + gap ? { 'completions/clipped_ratio': 1 } : cut(step))));
    expect(again(WINDOW + 2)).toHaveLength(1);
    expect(again(WINDOW + CLEAR_STEPS + 2)).toHaveLength(2);
  });

  it('is not raised by one odd batch, without its counter, or where a setting makes it harmless', () => {
    const spike = (step: number) => (step === 20 ? { 'completions/clipped_ratio': 1, 'clip/fraction': 1 } : {});
    expect(raised(series(40, spike))).toEqual([]);
    expect(raised([1, 2, 3, 4, 5, 6].map((step) => ({ step, loss: 1 })))).toEqual([]);
    expect(raised(series(40, late({ 'teacher/retained_mass': 0.5 })), { tail: true })).toEqual([]);
    // A student on its way to a teacher that is as sharp.
    expect(raised(series(40, late({ entropy: 0.01, 'teacher/entropy': 0.01 })))).toEqual([]);
  });
});

/** Metrics of every stage of `npx rcsd quickstart` at full scale. */
const quickstart = JSON.parse(
  readFileSync(join(__dirname, '..', 'fixtures', 'quickstart_metrics.json'), 'utf8'),
) as Readonly<Record<'rcsd/stage-1' | 'rcsd/stage-2' | 'opsd', readonly MetricsRow[]>>;

describe.each(['rcsd/stage-1', 'rcsd/stage-2', 'opsd'] as const)('the recorded quickstart, %s', (stage) => {
  const rows = quickstart[stage];
  it('raises no warning and is sound at every step', () => {
    expect(rows.length).toBeGreaterThanOrEqual(40);
    expect(raised(rows)).toEqual([]);
    for (let n = 1; n <= rows.length; n++) expect(soundness(rows.slice(0, n), settings)).toEqual({ astray: 0 });
  });
});

describe('a run', () => {
  const grown = (step: number) => ({ 'divergence/true': step > 10 ? 2 : 0.1 });

  it('has collapsed when its divergence stays many times its first value', () => {
    const at = (n: number) => soundness(series(n, grown), settings);
    expect(at(10)).toEqual({ astray: 0 });
    expect(at(10 + COLLAPSE_STEPS - 1)).toEqual({ astray: COLLAPSE_STEPS - 1 });
    expect(at(10 + COLLAPSE_STEPS).collapse).toContain('2 nats a token, 20 times');
  });

  it('has not when it recovers, or when the divergence was small and stays so', () => {
    const spiky = (step: number) => grown(step % 6 === 0 ? 11 : 1);
    const small = (step: number) => ({ 'divergence/true': step > 10 ? 0.1 : 0.001 });
    for (const rows of [series(60, spiky), series(60, small)])
      for (let n = 1; n <= rows.length; n++) expect(soundness(rows.slice(0, n), settings).collapse).toBeUndefined();
  });

  it('has when its completions have grown to the limit while the divergence rose', () => {
    const long = { 'completions/mean_length': settings.sampling.max_tokens, 'divergence/true': 0.3 };
    expect(soundness(series(30, late(long)), settings).collapse).toMatch(/from 6 tokens to the limit of 8/);
    expect(soundness(series(30, late({ ...long, 'divergence/true': 0.1 })), settings).astray).toBe(0);
    // At the limit from the start: nothing has run away.
    const always = series(30, (step) => ({ ...long, 'divergence/true': step > 10 ? 0.3 : 0.1 }));
    expect(soundness(always, settings).astray).toBe(0);
  });
});

describe('speaking of what only the teacher sees', () => {
  it.each([
    'According to the rubric, the law comes first.',
    'This matches the reference answer.',
    'Given the solution, we check the steps.',
    'as stated in the criteria',
  ])('%s', (text) => expect(mentionsPrivileged(text)).toBe(true));
  it.each(['The correct answer is (B).', 'Given the solution of salt in water', 'the criterion of stability'])(
    'not: %s',
    (text) => expect(mentionsPrivileged(text)).toBe(false),
  );
});

describe('a toy run that runs away', () => {
  const { place } = scienceRuns();
  const { optimizer } = settings;
  /** Far too large updates, behind a warm-up that keeps the first steps sound. */
  const wild: StageChanges = {
    checkpointEvery: 1,
    collapseStop: true,
    settings: { steps: 24, optimizer: { ...optimizer, learning_rate: 30, warmup_steps: 6, schedule: 'constant' } },
  };
  const ending = async (name: string, changes: StageChanges, events: ProgressEvent[] = []): Promise<unknown> =>
    runStage(place(name), changes, { onProgress: (event) => events.push(event) }).then(
      ({ model: base, trained }) => {
        trained.dispose();
        base.dispose();
      },
      (error: unknown) => error,
    );

  it('is ended, keeps its last good checkpoint, and goes on when told to', async () => {
    const { path } = place('wild');
    const before = liveTensors();
    const error = await ending('wild', wild);
    expect(error).toBeInstanceOf(CollapseError);
    expect(error).toMatchObject({ exitCode: 1 });
    const { metrics } = recordOf(path);
    const good = latestCheckpoint(path)?.step ?? 0;
    expect(good).toBe(metrics.length - COLLAPSE_STEPS);
    // The third step is the first to be lost.
    expect(good).toBe(2);
    expect((error as Error).message).toContain(`the last good checkpoint is ${checkpointOf(path, good)}.`);
    expect((error as Error).message).toContain('collapse_stop=false');
    expect(liveTensors()).toEqual(before);
    // Going on the same way ends the same way; without the stop it reaches its last step.
    expect((await ending('wild', wild)) as Error).toMatchObject({ message: (error as Error).message });
    expect(await ending('wild', { ...wild, collapseStop: false })).toBeUndefined();
    expect(recordOf(path).metrics).toHaveLength(24);
    expect(recordOf(path).metrics.slice(0, metrics.length)).toEqual(metrics);
    expect(latestCheckpoint(path)?.step).toBe(24);
  });

  it('writes down and tells its warnings, once also when it is resumed, and the report shows them', async () => {
    const { path } = place('warned');
    // Every completion of the random model is cut off at 8 tokens.
    const first: ProgressEvent[] = [];
    await ending('warned', { checkpointEvery: 1, settings: { steps: 7 } }, first);
    const rows = openRun(path).trainingWarnings();
    const [truncation] = rows.filter(({ name }) => name === 'truncation');
    expect(truncation).toMatchObject({ step: WINDOW, value: expect.any(Number) });
    expect(first.flatMap(({ warning }) => warning ?? [])).toEqual(rows.map(({ message }) => message));
    const second: ProgressEvent[] = [];
    await ending('warned', { checkpointEvery: 1, settings: { steps: 9 } }, second);
    expect(openRun(path).metrics()).toHaveLength(9);
    expect(
      openRun(path)
        .trainingWarnings()
        .filter(({ name }) => name === 'truncation'),
    ).toEqual([truncation]);
    expect(readFileSync(writeReport(path), 'utf8')).toContain(`step ${WINDOW}: ${truncation?.message.slice(0, 12)}`);
  });
});

describe('the embedded model under a clip', () => {
  const { path } = scienceRuns();
  const { optimizer } = settings;
  const questions = microscienceQuestions('train', { seed: 3, perFamily: 2, world: strataWorld() });
  const told: Example[] = questions.map((question) => ({
    question,
    rubric: microscienceTask.rubric?.(question, 'reference', createRandom(1), questions),
  }));
  /** The names of a short run's warnings by the step that raised them, in the order of their steps. */
  const seen = async (name: string, clip: Partial<StageSettings>): Promise<[string, number][]> => {
    const changes = {
      examples: told,
      settings: {
        ...{ steps: 16, batch_size: 16, microbatch_size: 16, sampling: { ...settings.sampling, max_tokens: 80 } },
        ...{ optimizer: { ...optimizer, learning_rate: 1e-3, warmup_steps: 0, weight_decay: 0 }, ...clip },
      },
    };
    const { model, trained } = await runStage({ path: join(path, name), model: 'microscience' }, changes);
    trained.dispose();
    model.dispose();
    return openRun(join(path, name))
      .trainingWarnings()
      .map((row) => [row.name, row.step]);
  };

  it('is warned at the first step whose clipped loss is below zero, and when the divergence grows behind it', async () => {
    const found = new Map(await seen('entry', { clip: 0.05, clip_mode: 'entry', steps: 32 }));
    const rows = openRun(join(path, 'entry')).metrics();
    expect(found.get('negative_divergence')).toBe(rows.find((row) => (row.loss as number) < 0)?.step);
    expect(found.get('negative_divergence')).toBeLessThanOrEqual(2);
    expect(found.get('inverted_clip')).toBeLessThanOrEqual(32);
    const [first, last] = [rows[0]?.['divergence/true'], rows.at(-1)?.['divergence/true']] as [number, number];
    expect(last).toBeGreaterThan(1.5 * first);
  });

  it.each([
    ['none', { clip: 0, clip_mode: 'none' as const }],
    ['position', { clip: 0.05, clip_mode: 'position' as const }],
    ['entry, jsd', { clip: 0.05, clip_mode: 'entry' as const, divergence: 'jsd' as const }],
  ])('is not warned where the clip does no harm: %s', async (name, clip) => {
    const found = (await seen(name, clip)).map(([warning]) => warning);
    expect(found.filter((warning) => /negative_divergence|inverted_clip/.test(warning))).toEqual([]);
  });
});
