/** The measurement of a teacher, on the embedded model and its questions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainConfig } from '../../src/base/config/configs';
import { InterruptedError } from '../../src/base/records/errors';
import { liveTensors, tf } from '../../src/engine/tensors/tensorflow';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { contextsOf } from '../../src/run/probes/contexts';
import { measureUplift, type Uplift, type UpliftPlan, upliftSeconds, wavering } from '../../src/run/probes/uplift';
import { openSession, type Session } from '../../src/run/session/session';

const configOf = (...overrides: string[]): TrainConfig =>
  resolveTrainConfig({ overrides: ['data=microscience', ...overrides] });
/** One answer to each question, but where the gain in accuracy has to be seen. */
const plan: UpliftPlan = { questions: 16, samples: 1, maxTokens: 256 };

let session: Session;
beforeAll(async () => {
  session = await openSession(configOf());
});
afterAll(() => session.dispose());

const measured = (config: TrainConfig, changes: Partial<UpliftPlan> = {}): Promise<Uplift> =>
  measureUplift(session, config, { plan: { ...plan, ...changes } });

describe('the teacher of a configuration', () => {
  it('with the reference rubric is accepted: uplift and content are above zero', async () => {
    const before = liveTensors();
    const { contexts, uplift, content, refusal } = await measured(configOf('rubric_source=reference'), { samples: 2 });
    expect(refusal).toBeUndefined();
    expect(contexts.map(({ name }) => name.split(/[ :]/)[0])).toEqual(['none', 'placebo', 'configured']);
    for (const { accuracy, loglik } of contexts) expect([accuracy?.n, loglik.n]).toEqual([16, 16]);
    const [none, placebo, configured] = contexts.map(({ loglik }) => loglik.value) as [number, number, number];
    expect(uplift.loglik.value).toBeCloseTo(configured - none);
    expect(content.loglik.value).toBeCloseTo(configured - placebo);
    expect(content.loglik.low).toBeGreaterThan(0);
    expect(uplift.accuracy?.low).toBeGreaterThan(0);
    expect(liveTensors()).toEqual(before);
  });

  it('with the reference answer is accepted too', async () => {
    const { contexts, refusal } = await measured(configOf('algorithm=opsd'));
    expect(refusal).toBeUndefined();
    expect(contexts.map(({ name }) => name)).toContain('reference rubric');
  });

  it.each(['generic', 'placebo', 'wrong'])('with rubric_source=%s is refused', async (source) => {
    const { content, refusal } = await measured(configOf(`rubric_source=${source}`));
    expect(refusal).toMatch(/content .* placebo/);
    expect(content.loglik.low).toBeLessThanOrEqual(0);
  });

  it('whose content might as well be nil is refused: its interval holds zero', async () => {
    const { content, refusal } = await measured(configOf('rubric_source=random'));
    expect(content.loglik.low).toBeLessThan(0);
    expect(content.loglik.high).toBeGreaterThan(0);
    expect(refusal).toMatch(/content .* placebo/);
  });

  it('with teacher_context=none is refused: it sees what the student sees', async () => {
    const { uplift, refusal } = await measured(configOf('stages=reasoner', 'teacher_context=none'), { samples: 0 });
    expect(refusal).toMatch(/^the teacher sees what the student sees/);
    expect(uplift).toEqual({ loglik: expect.objectContaining({ value: 0, low: 0, high: 0 }) });
  });

  it('is measured on the same questions each time, held-out ones, whatever the context', () => {
    const of = (...overrides: string[]) =>
      contextsOf(session, configOf(...overrides), 16).questions.map(({ id }) => id);
    expect(of()).toEqual(of('rubric_source=generic'));
    expect(of()).not.toEqual(of('seed.data=7'));
    const heldOut = new Set(session.test.map(({ id }) => id));
    expect(of().every((id) => heldOut.has(id))).toBe(true);
  });

  it('is told from its cost before, and stops on the signal', async () => {
    const config = configOf();
    expect(upliftSeconds(session, config, { ...plan, samples: 8 })).toBeGreaterThan(0);
    const stopped = measureUplift(session, config, { plan, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
  });

  it.each([
    [['algorithm=sft'], /algorithm=sft has no teacher/],
    [['algorithm=grpo'], /algorithm=grpo has no teacher/],
    [['stages=rubric'], /stages=rubric trains no reasoner/],
  ])('does not exist with %s', async (overrides, message) => {
    await expect(measured(configOf(...overrides))).rejects.toThrow(message);
  });
});

describe('scores of the same sequences', () => {
  const sequences = [{ promptTokens: [2, 9, 10], completionTokens: [11, 12, 1] }];

  it('agree on a sound model', async () => {
    const [once, again] = [
      await scoreCompletions(session.model, sequences),
      await scoreCompletions(session.model, sequences),
    ];
    expect(wavering(once, again)).toBeUndefined();
  });

  it('are refused when one of them differs in its last digit', async () => {
    const once = await scoreCompletions(session.model, sequences);
    const again = once.map((scores) => ({
      ...scores,
      logprobs: scores.logprobs.map((x, i) => (i === 1 ? x * (1 + 2e-16) : x)),
    }));
    expect(again).not.toEqual(once);
    expect(wavering(once, again)).toMatch(/different numbers/);
  });

  it('are refused when the model is broken', async () => {
    const { model } = session;
    const norm = model.weights.params['model.norm.weight'] as ReturnType<typeof tf.scalar>;
    const nothing = tf.mul(norm, Number.NaN);
    const broken = {
      ...model,
      weights: { ...model.weights, params: { ...model.weights.params, 'model.norm.weight': nothing } },
    };
    await expect(scoreCompletions(broken, sequences)).rejects.toThrow(/^Completion 1 of 1: .*finite/);
    nothing.dispose();
  });
});
