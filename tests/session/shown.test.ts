/** One question, shown to the teacher by everything that shows it one: the same tokens everywhere. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TrainConfig } from '../../src/base/config/configs';
import type { Question } from '../../src/base/records/question';
import { requireTokenizer } from '../../src/engine/model/model';
import { algorithmNamed } from '../../src/method/algorithms';
import { lookingAt } from '../../src/method/algorithms/algorithm';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { batchExamples, collectCompletions } from '../../src/method/train/rollouts';
import { loadTask } from '../../src/questions/load';
import { measureClipping } from '../../src/run/probes/clipping';
import { measureContexts } from '../../src/run/probes/contextMatrix';
import { diagnose } from '../../src/run/probes/doctor';
import { evaluatePrepared, prepareTask } from '../../src/run/probes/evaluation';
import { measureRubrics } from '../../src/run/probes/rubricQuality';
import { measureUplift } from '../../src/run/probes/uplift';
import { openSession, type Session } from '../../src/run/session/session';
import { studentView, takeRubrics, teacherOf } from '../../src/run/session/shown';
import { writeWordModel } from '../cli/wordModel';
import { temporaryFolder } from '../model/tiny';

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** A template that says whether it was told to think. */
const TEMPLATE =
  '{% if enable_thinking %}lead {% else %}copper {% endif %}{% for m in messages %}{{ m.content }} {% endfor %}';

const questions = ['lead', 'copper'].flatMap((topic) =>
  [1, 2, 3].map((i) => ({
    id: `${topic}-${i}`,
    question: `${topic} ${i} ?`,
    answer: String(i),
    solution: `${i} ${topic}`,
    rubric: [{ title: `${topic} ${i}`, description: `${topic} `.repeat(i), weight: i }],
    metadata: { topic },
  })),
);

let session: Session;
let config: TrainConfig;
const configOf = (...more: string[]): TrainConfig =>
  resolveTrainConfig({
    overrides: [
      ...[`model=${join(folder.path, 'model')}`, `data=${join(folder.path, 'data')}`, 'profile=paper', 'lora.rank=0'],
      ...['stage2.thinking.student=false', 'anti_mention=true', 'rubric_source=placebo', 'seed=5', 'precision=fp32'],
      ...['steps=1', 'batch_size=3', 'max_tokens=2', 'evaluation.max_tokens=2', 'evaluation.samples=1', ...more],
    ],
  });

beforeAll(async () => {
  const [model, data] = ['model', 'data'].map((name) => join(folder.path, name)) as [string, string];
  mkdirSync(model);
  mkdirSync(data);
  writeWordModel(model);
  writeFileSync(join(model, 'tokenizer_config.json'), JSON.stringify({ chat_template: TEMPLATE }));
  const lines = (split: string) =>
    questions.map((each) => JSON.stringify({ ...each, id: `${split}-${each.id}`, split })).join('\n');
  writeFileSync(join(data, 'train.jsonl'), lines('train'));
  writeFileSync(join(data, 'test.jsonl'), lines('test'));
  config = configOf();
  session = await openSession(config);
});
afterAll(() => session.dispose());

/** Prompts that a caller renders of a question, each once. */
async function rendered(id: string, caller: (session: Session) => Promise<unknown>): Promise<Set<string>> {
  const seen = new Set<string>();
  const { render } = session.views;
  const recorded: Session = {
    ...session,
    views: {
      ...session.views,
      render: (request) => {
        const text = render(request);
        if (request.question.id === id && request.purpose === 'answer') seen.add(text);
        return text;
      },
    },
  };
  await caller(recorded);
  return seen;
}

/** What training shows of a training question: the algorithm's own record, through the loop's own collection. */
async function trained(id: string): Promise<{ student: string; teacher: string }> {
  const { rubrics } = takeRubrics(session, config, { questions: session.train, source: config.rubric_source });
  const algorithm = algorithmNamed('rcsd').answering(config.stage2, lookingAt(session.task));
  const examples = session.train.map((question, i) => ({ question, rubric: rubrics[i] }));
  const settings = { ...config.stage2, batch_size: examples.length };
  const run = { algorithm, settings, examples, views: session.views, seed: config.seed };
  const { learned } = await collectCompletions(run, batchExamples(run, 0), {
    current: session.model,
    teacher: session.model,
  });
  const found = learned.find(({ questionId }) => questionId === id);
  return { student: found?.studentText as string, teacher: found?.teacherText as string };
}

const tokens = (text: string): readonly number[] => requireTokenizer(session.model).encode(text);

it('every caller shows the teacher what training shows it', async () => {
  const id = 'train-lead-2';
  const { student, teacher } = await trained(id);
  // The settings are heard: another view than the student's, which thinks otherwise, and the words of anti_mention.
  expect(teacher).toMatch(/^lead /);
  expect(student).toMatch(/^copper /);
  const question = session.train.find((each) => each.id === id) as Question;
  const { view } = teacherOf(session, config, { questions: [question] });
  expect(session.views.render(view(question))).toBe(teacher);
  expect(session.views.render(studentView(config, question))).toBe(student);

  const plan = { questions: session.train.length, samples: 1, maxTokens: 2 };
  const callers: Record<string, Set<string>> = {
    'doctor --train': await rendered(id, (own) => measureUplift({ ...own, test: [] }, config, { plan })),
    clipping: await rendered(id, (own) =>
      measureClipping({ ...own, test: [] }, config, { plan: { ...plan, clips: { none: {} } } }),
    ),
    contexts: await rendered(id, (own) => measureContexts(own, config, { questions: session.train })),
    'rubrics quality': await rendered(id, (own) =>
      measureRubrics(own, { config, sources: ['placebo'], split: 'train', piece: 4 }),
    ),
  };
  for (const [name, prompts] of Object.entries(callers)) {
    expect([...prompts], name).toContain(teacher);
    expect([...prompts], name).toContain(student);
  }
});

it('doctor, evaluate --context and the function itself agree on a held-out question', async () => {
  const question = session.test[0] as Question;
  const { view } = teacherOf(session, config, { questions: session.test });
  const teacher = session.views.render(view(question));
  const asked = (context: 'none' | 'rubric') =>
    prepareTask({ model: session.model }, loadTask(config.data), { config, context, mode: 'task' });
  expect(tokens(asked('rubric').promptOf(question))).toEqual(tokens(teacher));
  expect(asked('none').promptOf(question)).toBe(session.views.render(studentView(config, question)));
  await expect(evaluatePrepared(asked('rubric'), {})).resolves.toMatchObject({
    evaluations: [{ summary: { samples: 1 } }],
  });
  const { views } = await diagnose(config);
  const first = session.train[0] as Question;
  expect(views).toEqual({
    student: session.views.render(studentView(config, first)),
    teacher: session.views.render(teacherOf(session, config, { questions: [first] }).view(first)),
  });
});
