/** What each stage of a run learns from: mixtures, data of its own, prompts that are not too long, questions without answers. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { command as evaluate } from '../../src/app/cli/evaluate';
import type { TrainConfig } from '../../src/base/config/configs';
import type { ProgressEvent } from '../../src/base/records/events';
import { openRun } from '../../src/base/records/runReader';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { batchExamples } from '../../src/method/train/rollouts';
import { train } from '../../src/run/experiments/train';
import { planRun } from '../../src/run/session/plan';
import { requireAnswers } from '../../src/run/session/requirements';
import { openSession, type Session } from '../../src/run/session/session';
import { takeRubrics } from '../../src/run/session/shown';
import { chooseQuestions, mixtureOf, splitTraining, stageQuestions } from '../../src/run/session/validation';
import { here } from '../cli/runCli';
import { writeWordModel } from '../cli/wordModel';
import { folderOf, jsonl } from '../tasks/tables';

const rubric = [{ description: 'Says Yes.', weight: 1 }];
const rows = (name: string, count: number, changes: object = {}): string =>
  jsonl(
    ...Array.from({ length: count }, (_, i) => ({
      id: `${name}${i}`,
      question: `${'lead '.repeat(i)}?`,
      answer: 'Yes',
      rubric,
      ...changes,
    })),
  );
const folder = folderOf({
  'a/train.jsonl': rows('a', 40),
  'a/test.jsonl': rows('ta', 2),
  'b.jsonl': rows('b', 10),
  'bare.jsonl': rows('bare', 6, { answer: '', rubric: undefined }),
  'mixed/train.jsonl': rows('m', 4) + rows('n', 2, { answer: '' }),
  'mixed/test.jsonl': rows('tm', 2) + rows('tn', 1, { answer: '' }),
  'leak.jsonl': rows('ta', 2),
});
const [a, b, bare, mixed] = ['a', 'b.jsonl', 'bare.jsonl', 'mixed'].map((name) => join(folder, name)) as string[];
const model = join(folder, 'model');
mkdirSync(model);
writeWordModel(model);

const configOf = (...overrides: string[]): TrainConfig =>
  resolveTrainConfig({
    overrides: [
      ...[`model=${model}`, `runs=${folder}/runs`, 'name=run', 'thinking=false'],
      ...['steps=2', 'batch_size=10', 'max_tokens=2', 'rubric_sampling.max_tokens=2', 'weights=fp32'],
      ...[
        'evaluation.samples=1',
        'evaluation.max_tokens=2',
        'precision=fp32',
        'collapse_stop=false',
        'rank=2',
        'alpha=4',
      ],
      ...overrides,
    ],
  });
const opened: Session[] = [];
const open = async (config: TrainConfig): Promise<Session> => {
  const session = await openSession(config);
  opened.push(session);
  return session;
};
afterAll(() => {
  for (const session of opened) session.dispose();
});
const idsOf = (questions: readonly { readonly id: string }[]): string[] => questions.map(({ id }) => id);
const from = (ids: readonly string[], name: string): number => ids.filter((id) => id.startsWith(name)).length;

describe('a mixture', () => {
  const config = configOf('algorithm=opsd', `data=${a},${b}`, 'data_weights=0.7,0.3');
  let session: Session;
  beforeAll(async () => {
    session = await open(config);
  });
  const examplesOf = (own: TrainConfig) =>
    stageQuestions(session, own, { settings: own.stage2 }).map((question) => ({ question }));
  const batchOf = (own: TrainConfig, step: number): string[] => {
    const algorithm = { name: 'x', rollouts: 'student', studentView: () => ({}) } as never;
    const run = { algorithm, settings: own.stage2, examples: examplesOf(own), views: session.views, seed: own.seed };
    const mixture = mixtureOf(session, own, own.stage2);
    return batchExamples({ ...run, ...(mixture && { mixture }) }, step).map(
      ({ question, sample }) => `${question.id}/${sample}`,
    );
  };

  it('is drawn with its weights in every step, by the seed, and repeats no draw', () => {
    const drawn = [0, 1, 2, 3].map((step) => batchOf(config, step));
    for (const batch of drawn) expect([from(batch, 'a'), from(batch, 'b')]).toEqual([7, 3]);
    expect(new Set(drawn.flat()).size).toBe(40);
    expect([...new Set(drawn.flat().map((name) => name.split('/')[1]))].sort()).toEqual(['0', '1']);
    expect(batchOf(config, 3)).toEqual(drawn[3]);
    const other = { ...config, seed: { ...config.seed, data: 7 } };
    expect(batchOf(other, 0)).not.toEqual(drawn[0]);
  });

  it('takes no more questions of a set than it draws, and without weights every question counts the same', () => {
    const chosen = idsOf(examplesOf(config).map(({ question }) => question));
    expect([from(chosen, 'a'), from(chosen, 'b')]).toEqual([14, 6]);
    const long = { ...config, stage2: { ...config.stage2, steps: 10 } };
    expect(chooseQuestions(session, long, { settings: long.stage2 }).sets).toEqual([
      { data: a, questions: 40, chosen: 40, weight: 0.7, draws: 70 },
      { data: b, questions: 10, chosen: 10, weight: 0.3, draws: 30 },
    ]);
    const plain = configOf('algorithm=opsd', `data=${a},${b}`);
    const { sets, questions } = chooseQuestions(session, plain, { settings: plain.stage2 });
    expect(questions).toHaveLength(20);
    expect(sets.map(({ draws }) => draws)).toEqual([undefined, undefined]);
    expect(sets.reduce((sum, { chosen: own }) => sum + own, 0)).toBe(20);
  });

  it('says in the plan, in data.json and in the report what is drawn, and goes on after a stop as if it had not', async () => {
    const { selections } = await planRun(config);
    expect(selections).toMatchObject([{ stage: 'stage2', sets: [{ draws: 14 }, { draws: 6 }] }]);
    const whole = await train(config);
    const controller = new AbortController();
    const cut = { ...config, name: 'cut', checkpoint_every: 1 };
    const onProgress = ({ stage, done }: ProgressEvent): void => {
      if (stage === 'opsd' && done === 1) controller.abort();
    };
    await expect(train(cut, { signal: controller.signal, onProgress })).rejects.toThrow(/Stopped after step 1/);
    const resumed = await train(cut);
    const rowsOf = (path: string) =>
      openRun(path)
        .completions()
        .map(({ question_id, sample, text }) => [question_id, sample, text]);
    expect(rowsOf(resumed.path)).toEqual(rowsOf(whole.path));
    expect(openRun(whole.path).data()).toEqual([
      {
        stage: 'stage2',
        sets: [
          { data: a, questions: 40, chosen: 14, weight: 0.7, draws: 14 },
          { data: b, questions: 10, chosen: 6, weight: 0.3, draws: 6 },
        ],
      },
    ]);
    const report = readFileSync(join(whole.path, 'report.html'), 'utf8');
    expect(report).toMatch(/Training questions<\/h2>/);
    for (const outcome of [whole, resumed]) outcome.model.dispose();
  });
});

describe('a stage with data of its own', () => {
  it('learns from it, while the run evaluates on its data', async () => {
    const config = configOf(`data=${a}`, `stage1.data=${b}`, 'validation.every=1', 'validation.questions=5');
    const session = await open(config);
    const chosen = (stage: 'stage1' | 'stage2') => idsOf(stageQuestions(session, config, { settings: config[stage] }));
    expect([from(chosen('stage1'), 'b'), from(chosen('stage1'), 'a')]).toEqual([10, 0]);
    expect([from(chosen('stage2'), 'b'), from(chosen('stage2'), 'a')]).toEqual([0, 20]);
    expect(from(idsOf(session.test), 'ta')).toBe(2);
  });

  it('shares no validated question with the stage that is validated', async () => {
    const config = configOf(
      `data=${a}`,
      `stage1.data=${a},${b}`,
      'validation.every=1',
      'validation.questions=25',
      'steps=10',
    );
    const session = await open(config);
    const held = new Set(idsOf(splitTraining(session, config).validate));
    const learned = idsOf(stageQuestions(session, config, { settings: config.stage1 }));
    expect(held.size).toBe(25);
    expect(learned).toHaveLength(25);
    expect(learned.filter((id) => held.has(id))).toEqual([]);
  });

  test.each([
    [`stage2.data=${join(folder, 'leak.jsonl')}`, /the question "ta0" is one that the run evaluates on/],
    ['stage1.data=no/such', /data=no\/such: there is no such folder/],
  ])('%s is refused', async (override, message) => {
    await expect(openSession(configOf(`data=${a}`, override))).rejects.toThrow(message);
  });
});

describe('max_prompt_tokens', () => {
  it('leaves long prompts out, takes others in their place and counts them', async () => {
    const config = configOf('algorithm=opsd', `data=${a}`, 'max_prompt_tokens=30');
    const session = await open(config);
    const { questions, tooLong } = chooseQuestions(session, config, { settings: config.stage2 });
    const length = (id: string): number =>
      session.model.tokenizer?.encode(
        session.views.render({
          question: session.train.find((question) => question.id === id) as never,
          purpose: 'answer',
          thinking: false,
        }),
      ).length ?? 0;
    expect(Math.max(...idsOf(questions).map(length))).toBeLessThanOrEqual(30);
    const fitting = idsOf(session.train).filter((id) => length(id) <= 30).length;
    expect(fitting).toBeGreaterThan(3);
    expect(fitting).toBeLessThan(20);
    expect(questions).toHaveLength(fitting);
    expect(tooLong).toEqual({ limit: 30, count: 40 - fitting, of: 40 });
    const told: string[] = [];
    const outcome = await train(
      { ...config, name: 'short' },
      { onProgress: ({ warning }) => void (warning && told.push(warning)) },
    );
    outcome.model.dispose();
    expect(told.join()).toContain(`stage2: ${40 - fitting} of the first 40 training questions are left out`);
    expect(openRun(outcome.path).data()[0]?.too_long).toEqual({
      max_prompt_tokens: 30,
      left_out: 40 - fitting,
      of: 40,
    });
  });

  it('refuses to leave no question', async () => {
    const config = configOf('algorithm=opsd', `data=${a}`, 'max_prompt_tokens=2');
    const session = await open(config);
    expect(() => stageQuestions(session, config, { settings: config.stage2 })).toThrow(
      'max_prompt_tokens=2 leaves no question to learn from: all 40 prompts are longer; raise it.',
    );
  });
});

describe('questions without a reference answer', () => {
  test.each([
    ['opsd', [], /teacher_context=answer reads reference answers, and 6 of 6 questions/],
    ['grpo', ['rewards=answer', 'num_generations=2'], /rewards=answer reads reference answers/],
    ['ssd', ['rollout_context=answer'], /rollout_context=answer reads reference answers/],
    ['rcsd', [], /rubric_teacher_sees=answer reads reference answers/],
    [
      'rcsd',
      ['rubric_teacher_sees=rubric', 'rubric_student_sees_answer=true'],
      /rubric_student_sees_answer=true reads/,
    ],
  ])('are refused by %s %j', async (algorithm, more, message) => {
    const config = configOf(`algorithm=${algorithm}`, `data=${bare}`, ...more);
    expect(() => requireAnswers(answered, config)).not.toThrow();
    expect(() => requireAnswers(bareSession, config)).toThrow(message);
  });
  let bareSession: Session;
  let answered: Session;
  beforeAll(async () => {
    answered = await open(configOf('algorithm=opsd', `data=${b}`));
    bareSession = await open(configOf('algorithm=opsd', `data=${bare}`));
  });

  it('are refused in the stage that reads them alone', async () => {
    const session = await open(configOf(`data=${a}`, `stage2.data=${bare}`));
    const rubrics = configOf(`data=${a}`, `stage2.data=${bare}`);
    expect(() => requireAnswers(session, rubrics)).not.toThrow();
    const answers = configOf(`data=${a}`, `stage2.data=${bare}`, 'teacher_context=answer+rubric');
    expect(() => requireAnswers(session, answers)).toThrow(/6 of 6 questions of data=.*bare\.jsonl have none/);
  });

  it('are learned from where nobody reads an answer, and are not asked where a rule would grade', async () => {
    const told: string[] = [];
    const config = configOf(
      ...[`data=${mixed}`, 'stages=reasoner', 'rubric_source=reference', 'batch_size=6', 'name=mixed'],
    );
    const outcome = await train(config, { onProgress: ({ warning }) => void (warning && told.push(warning)) });
    outcome.model.dispose();
    const [stage] = openRun(outcome.path).stages();
    expect(
      from(
        (stage?.completions() ?? []).map(({ question_id }) => question_id),
        'n',
      ),
    ).toBeGreaterThan(0);
    expect(outcome.after?.results.map(({ question }) => question.id)).toEqual(['tm0', 'tm1']);
    expect(told.join()).toMatch(/1 of 3 questions to evaluate on have no reference answer and are not asked/);
  });

  it('are refused by an evaluation without a judge', async () => {
    await expect(here(evaluate, ['evaluate', `model=${model}`, `data=${mixed}`, 'max_tokens=2'])).rejects.toThrow(
      /Grading by rule .*needs reference answers, and 1 of 3 questions have none \(the first is "tn0"\)/,
    );
  });

  it('serve as rubrics of others', () => {
    expect(
      takeRubrics(bareSession, configOf(), { questions: bareSession.train, source: 'generic' }).rubrics,
    ).toHaveLength(6);
  });
});
