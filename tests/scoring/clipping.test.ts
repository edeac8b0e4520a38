/** The clipped gradient against the whole one: by hand on two entries, and along answers of the embedded model. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainConfig } from '../../src/base/config/configs';
import type { DivergenceSettings } from '../../src/base/config/parts';
import { liveTensors, tf } from '../../src/engine/tensors/tensorflow';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { PLAIN_DIVERGENCE } from '../../src/method/losses/plain';
import { clippingOf } from '../../src/method/scoring/clipping';
import { type ClippingMeasures, measureClipping, outcomeOf } from '../../src/run/probes/clipping';
import { openSession, type Session } from '../../src/run/session/session';

/** Two entries: the first with probability `teacher` and `student`. */
function twoWay(teacher: number, student: number, settings: Partial<DivergenceSettings>) {
  return tf.tidy(() => {
    const logits = (p: number) => tf.tensor2d([[Math.log(p), Math.log(1 - p)]]);
    const measured = clippingOf(
      { student: logits(student), teacher: logits(teacher) },
      { ...PLAIN_DIVERGENCE, ...settings },
    );
    return Object.fromEntries(Object.entries(measured).map(([name, x]) => [name, x.dataSync()[0] as number]));
  });
}

describe('at a decision between two entries', () => {
  it('the clip of each entry turns an undecided student away from a teacher who is sure', () => {
    const { cosine, divergence, loss, teacher, student } = twoWay(0.9, 0.5, { clip: 0.05, clip_mode: 'entry' });
    // 0.9 log(0.9 / 0.5) is clipped, 0.1 log(0.1 / 0.5) keeps its push: gradient (P_1 T_2, P_2 T_2 - T_2) = (0.05, -0.05).
    expect(cosine).toBeCloseTo(-1, 5);
    expect([teacher, student]).toEqual([expect.closeTo(0.9, 5), expect.closeTo(0.5, 5)]);
    expect(divergence).toBeCloseTo(0.9 * Math.log(1.8) + 0.1 * Math.log(0.2), 5);
    expect(loss).toBeCloseTo(0.05 + 0.1 * Math.log(0.2), 5);
  });

  it('a student near the teacher, and a clip of whole positions, are left alone', () => {
    expect(twoWay(0.9, 0.88, { clip: 0.05, clip_mode: 'entry' }).cosine).toBeCloseTo(1, 5);
    const position = twoWay(0.9, 0.5, { clip: 0.05, clip_mode: 'position' });
    expect(position.cosine).toBeCloseTo(1, 5);
    expect((position.length as number) / (position.trueLength as number)).toBeCloseTo(0.05 / 0.3681, 3);
    expect(twoWay(0.9, 0.5, { clip: 0.05, clip_mode: 'mask' }).cosine).toBeNaN();
  });
});

describe('the verdict on a clip', () => {
  const answer = (cosine: number[], length: number[]) => ({
    ...{ teacher: [], student: [], divergence: [], loss: [] },
    ...{ cosine, length, trueLength: cosine.map(() => 1) },
  });

  it('is that of the whole update: a few long tokens outweigh many short ones', () => {
    const turned = outcomeOf([answer([1, 1, 1], [0.1, 0.1, 0.1]), answer([-1], [0.5])]);
    expect(turned).toMatchObject({ answers: 2, verdict: 'inverts' });
    expect(turned.product).toBeCloseTo(-0.2, 12);
    expect(turned.cosine).toBeCloseTo(-0.2 / Math.sqrt(0.28 * 4), 12);
    expect(outcomeOf([answer([0.4, Number.NaN], [0.2, 0])])).toMatchObject({ verdict: 'shrinks' });
    expect(outcomeOf([answer([0.1, 0.1], [0.4, 0.4])])).toMatchObject({ kept: 0.4, verdict: 'harmless' });
    expect(outcomeOf([])).toMatchObject({ product: 0, verdict: 'harmless' });
  });
});

describe('along answers of the embedded model', () => {
  let session: Session;
  let config: TrainConfig;
  let measured: ClippingMeasures;
  beforeAll(async () => {
    config = resolveTrainConfig({ overrides: ['data=microscience', 'rubric_source=reference'] });
    session = await openSession(config);
    const clips = { none: {}, entry: { clip: 0.05, clip_mode: 'entry' }, 'top 20': { top_k: 20 } } as const;
    const before = liveTensors();
    measured = await measureClipping(session, config, { plan: { questions: 12, samples: 2, maxTokens: 64, clips } });
    expect(liveTensors()).toEqual(before);
  });
  afterAll(() => session.dispose());

  it('no clip leaves the gradient as it is', () => {
    for (const { alignment, inverted, kept } of measured.places.filter(({ clip }) => clip === 'none')) {
      expect(alignment.value).toBeCloseTo(1, 4);
      expect(inverted.value).toBe(0);
      expect(kept.value).toBeCloseTo(1, 4);
    }
  });

  it('the clip of each entry turns a part of it, and truncation next to nothing', () => {
    const whole = (name: string) => measured.places.find(({ clip, first }) => clip === name && first === 0);
    expect(whole('entry')?.alignment.high).toBeLessThan(0.9);
    expect(whole('entry')?.inverted.value).toBeGreaterThan(0);
    expect(whole('top 20')?.alignment.value).toBeGreaterThan(0.99);
    expect(whole('entry')?.divergence).toEqual(whole('none')?.divergence);
  });

  it('has a verdict over the answers of all questions', () => {
    const verdicts = Object.fromEntries(measured.outcomes.map(({ clip, verdict }) => [clip, verdict]));
    expect(verdicts).toMatchObject({ none: 'harmless', 'top 20': 'harmless' });
    expect(measured.outcomes.map(({ answers }) => answers)).toEqual([24, 24, 24]);
  });

  it('places and cells cover every token once', () => {
    const [all, ...parts] = measured.places.filter(({ clip }) => clip === 'none');
    expect(parts.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(all?.tokens);
    const cells = measured.cells.filter(({ clip }) => clip === 'none');
    for (const { teacher, student } of cells) expect(Math.max(teacher, student)).toBeLessThan(1);
    expect(cells.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(all?.tokens ?? 0);
  });
});
