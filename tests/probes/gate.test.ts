/** The gate that makes the embedded base model worth studying (the reasons are in docs/microscience.md): it reads rubrics. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Question } from '../../src/base/records/question';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import type { ViewRequest } from '../../src/questions/tasks/views';
import { type Evaluation, evaluate, scoresOf } from '../../src/results/evaluation/evaluate';
import { pairedDifference } from '../../src/results/evaluation/statistics';
import { openSession, type Session } from '../../src/run/session/session';
import { studentView, teacherOf } from '../../src/run/session/shown';

const settings = { temperature: 1, top_p: 0.95, top_k: 0, max_tokens: 80, samples: 1, questions: 0, ladder: false };

describe('what contexts do to the committed base model', () => {
  let session: Session;
  const measured = new Map<string, Evaluation>();

  async function measure(name: string, view: (question: Question) => ViewRequest): Promise<void> {
    const { model, task, views, test } = session;
    measured.set(name, await evaluate({ model, task, views, questions: test, settings, seed: 5, view }));
  }

  const accuracy = (name: string): number => measured.get(name)?.summary.accuracy.value ?? Number.NaN;
  const scores = (name: string): number[][] => scoresOf(measured.get(name)?.results ?? []);

  beforeAll(async () => {
    session = await openSession({ model: 'microscience', data: 'microscience' });
    const config = resolveTrainConfig({ overrides: ['seed=0'] });
    const shown = (context: 'answer' | 'rubric', source?: string) =>
      teacherOf(session, config, { questions: session.test, context, source }).view;
    await measure('none', (question) => studentView(config, question));
    await measure('answer', shown('answer'));
    for (const source of ['wrong', 'placebo', 'reference']) await measure(source, shown('rubric', source));
  });
  afterAll(() => session.dispose());

  it('answers 40 to 60 % without any', () => {
    expect(accuracy('none')).toBeGreaterThan(0.4);
    expect(accuracy('none')).toBeLessThan(0.6);
  });

  it('does worse under a rubric that names the wrong law', () => {
    expect(pairedDifference(scores('wrong'), scores('none')).high).toBeLessThan(0);
  });

  it('gains at least 15 points, by 3 standard errors, from the content of the reference rubric over a placebo', () => {
    const { value, standardError } = pairedDifference(scores('reference'), scores('placebo'));
    expect(value - 3 * standardError).toBeGreaterThan(0.15);
  });

  it('copies a reference answer that it is shown', () => {
    expect(accuracy('answer')).toBeGreaterThan(0.9);
  });

  it('is above chance on PHYS, where there are two choices', () => {
    const results =
      measured.get('reference')?.results.filter(({ question }) => question.metadata?.family === 'PHYS') ?? [];
    const share = results.flatMap(({ responses }) => responses.map(({ correct }) => (correct ? 1 : 0)));
    expect(share.reduce((a: number, b) => a + b, 0) / share.length).toBeGreaterThan(0.6);
  });
});
