/** The contexts against each other: on the embedded model, whose rubrics are worth what its corpus says, and on choices. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import {
  contextDifference,
  MATRIX_CONTEXTS,
  type MatrixRow,
  measureContexts,
} from '../../src/run/probes/contextMatrix';
import { openSession, type Session } from '../../src/run/session/session';
import { CHOICES, openChoices } from './choices';

const config = resolveTrainConfig({ overrides: ['data=microscience'] });

describe('on the embedded model', () => {
  let session: Session;
  let rows: MatrixRow[];
  beforeAll(async () => {
    session = await openSession(config);
    const before = liveTensors();
    rows = await measureContexts(session, config, { questions: session.test.slice(0, 28) });
    expect(liveTensors()).toEqual(before);
  });
  afterAll(() => session.dispose());

  it('every question has a row in every context', () => {
    expect(rows).toHaveLength(28 * MATRIX_CONTEXTS.length);
    expect(rows.every(({ options, correct }) => options === undefined && correct === undefined)).toBe(true);
  });

  it('the reference rubric makes the solution likelier, a foreign one does not do as much', () => {
    for (const against of ['none', 'placebo', 'generic'] as const)
      expect(contextDifference(rows, ['reference', against]).solution.low).toBeGreaterThan(0);
    expect(contextDifference(rows, ['placebo', 'none']).solution.low).toBeLessThan(0.05);
  });
});

describe('on questions with choices', () => {
  it('the likeliest sentence is the choice, and a wrong answer is shown as the answer', async () => {
    const session = await openChoices();
    const { model, views } = session;
    const { tokenizer, questions } = CHOICES;
    const rows = await measureContexts(session, config, { questions });
    const of = (context: string) => rows.find((row) => row.context === context && row.question === 'q0');
    const prompt = views.render({ question: questions[0] as never, purpose: 'answer', answer: 'B' });
    const sequences = ['A', 'B'].map((letter) => ({
      promptTokens: tokenizer.encode(prompt),
      completionTokens: tokenizer.encode(`The answer is \\boxed{${letter}}.`),
    }));
    const scores = (await scoreCompletions(model, sequences)).map(({ logprobs }) =>
      logprobs.reduce((a, b) => a + b, 0),
    );
    of('wrong answer')?.options?.forEach((value, i) => {
      expect(value).toBeCloseTo(scores[i] as number, 4);
    });
    const [a = 0, b = 0] = of('none')?.options ?? [];
    expect(of('none')?.correct).toBe(a > b);
    // Both questions differ in nothing but which choice is right.
    expect(rows.filter(({ context }) => context === 'none').filter(({ correct }) => correct)).toHaveLength(1);
    expect(contextDifference(rows, ['answer', 'none']).option?.n).toBe(2);
    session.dispose();
  });
});
