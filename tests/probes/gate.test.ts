/** What makes the embedded base model worth studying: it reads rubrics, and some rules it never uses untold. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Question } from '../../src/base/records/question';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { followsStatedRule, statedRule } from '../../src/questions/tasks/microscience';
import type { ViewRequest } from '../../src/questions/tasks/views';
import { type Evaluation, evaluate } from '../../src/results/evaluation/evaluate';
import { byStratum } from '../../src/results/evaluation/ladder';
import { openSession, type Session } from '../../src/run/session/session';
import { studentView, teacherOf } from '../../src/run/session/shown';
import { meanTrueRule } from '../../src/run/session/trueRule';

const GREEDY = { temperature: 0, top_p: 1, top_k: 0, max_tokens: 80, samples: 1, questions: 240, ladder: false };
const SAMPLED = { ...GREEDY, temperature: 1 };
const STRATA = ['modal', 'minority', 'gated', 'silent'];

describe('what contexts do to the committed base model', () => {
  let session: Session;
  const greedy = new Map<string, Evaluation>();
  let sampled: Evaluation;

  const measure = (view: (question: Question) => ViewRequest, settings = GREEDY): Promise<Evaluation> => {
    const { model, task, views, test } = session;
    return evaluate({ model, task, views, questions: test, settings, seed: 5, view });
  };
  /** Share of answers that state the right rule, greedily, in each stratum. */
  const rules = (context: string): number[] => {
    const own = byStratum(greedy.get(context) as Evaluation);
    return STRATA.map((stratum) => own.get(stratum)?.summary.rule?.value ?? Number.NaN);
  };
  const share = (evaluation: Evaluation, holds: (question: Question, text: string) => boolean): number => {
    const answers = evaluation.results.flatMap(({ question, responses }) =>
      responses.map(({ text }) => holds(question, text)),
    );
    return answers.filter(Boolean).length / answers.length;
  };

  beforeAll(async () => {
    session = await openSession({ model: 'microscience', data: 'microscience' });
    const config = resolveTrainConfig({ overrides: ['seed=0'] });
    const untold = (question: Question) => studentView(config, question);
    sampled = await measure(untold, SAMPLED);
    greedy.set('none', await measure(untold));
    for (const source of ['reference', 'wrong', 'placebo', 'silent-laws']) {
      const { view } = teacherOf(session, config, { questions: session.test, context: 'rubric', source });
      greedy.set(source, await measure(view));
    }
  });
  afterAll(() => session.dispose());

  it('uses modal rules untold, and no others greedily', () => {
    const [modal, ...others] = rules('none');
    expect(modal).toBeGreaterThan(0.9);
    for (const other of others) expect(other).toBeLessThan(0.1);
  });

  it('gives gated and silent rules a probability below .001 untold', async () => {
    const { model, task, views, test } = session;
    const { strata } = (await meanTrueRule({ model, task, views, questions: test })) ?? {};
    expect(strata?.modal).toBeCloseTo(0.75, 1);
    expect(strata?.minority).toBeCloseTo(0.25, 1);
    expect(strata?.silent).toBeLessThan(0.001);
    expect(strata?.gated).toBeLessThan(0.001);
  });

  it('states the rule that it is told in at least 80 % of its answers, in every stratum', () => {
    for (const rule of rules('reference')) expect(rule).toBeGreaterThan(0.8);
    expect(rules('silent-laws')[3]).toBeGreaterThan(0.8);
  });

  it('follows a rubric that names the wrong rule', () => {
    const wrong = share(greedy.get('wrong') as Evaluation, (question, text) => statedRule(question, text) === 'wrong');
    expect(wrong).toBeGreaterThan(0.8);
  });

  it('has no gated or silent rule from another family’s rubric, but for a few', () => {
    for (const rule of rules('placebo').slice(2)) expect(rule).toBeLessThan(0.05);
  });

  it('boxes what follows from the rule that it states', () => {
    expect(share(sampled, followsStatedRule)).toBeGreaterThan(0.95);
  });
});
