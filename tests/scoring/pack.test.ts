import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LanguageModel } from '../../src/engine/model/model';
import { disposeTree } from '../../src/engine/tensors/tree';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { divergenceSpec } from '../../src/method/losses/spec';
import { commonPrefix, criterionSequences, layOutCriteria, toDevice } from '../../src/method/scoring/align';
import { packRows } from '../../src/method/scoring/pack';
import type { Sequence, View } from '../../src/method/scoring/sequence';
import { toMicroBatch } from '../../src/method/train/batch';
import { type BatchGradients, gradientStep, type MicroBatch } from '../../src/method/train/step';
import { openFixture, randomTokens } from '../model/tiny';
import { expectClose, largest } from '../parity/reference';

const prompt = (length: number, seed: number): number[] => randomTokens(length, { seed });
const behind = (promptTokens: number[], lengths: readonly number[]): Sequence[] =>
  lengths.map((length, i) => ({ promptTokens, completionTokens: randomTokens(length, { seed: 50 + i }) }));

/** Tokens of the sequence that predicts the n-th completion token, as its place sees them: what is shared, then its own. */
function seenAt(view: View, n: number): number[] {
  const [, width] = view.shape;
  const place = view.rows[n] as number;
  const [from, to, start] = (view.packing as NonNullable<View['packing']>).spans.subarray(place * 3, place * 3 + 3);
  const row = Math.floor(place / width) * width;
  const range = (a: number, b: number): number[] => [...view.ids.subarray(row + a, row + b)];
  return [...range(from as number, to as number), ...range(start as number, (place % width) + 1)];
}

describe('packed rows', () => {
  const families = [
    ...behind(prompt(20, 1), [5, 9, 1, 12]),
    ...behind(prompt(6, 2), [3, 0]),
    ...behind(prompt(2, 3), [7]),
  ];
  const mixed = [6, 0, 3, 1, 5, 2, 4].map((i) => families[i] as Sequence);

  it('show each token what stands before it in its own sequence, at its own position', () => {
    const view = packRows(mixed, 1e6) as View;
    let n = 0;
    for (const { promptTokens, completionTokens } of mixed)
      for (let t = 0; t < completionTokens.length; t++, n++) {
        expect(seenAt(view, n)).toEqual([...promptTokens, ...completionTokens.slice(0, t)]);
        expect(view.packing?.positions[view.rows[n] as number]).toBe(promptTokens.length + t - 1);
      }
    expect(view.packing?.limit).toBeGreaterThanOrEqual(32);
  });

  it('show it the same where prompts share their first tokens only', () => {
    const [question, other] = [prompt(20, 1), prompt(7, 2)];
    const branches = [prompt(9, 3), prompt(3, 4), []].flatMap((own, i) =>
      behind([...question, ...own], [5, 1, 12].slice(i)).map((sequence) => ({ ...sequence, shared: question.length })),
    );
    const sequences: Sequence[] = [...branches, ...behind(other, [4]), ...behind(question, [6])];
    const view = packRows(sequences, 1e6) as View;
    let n = 0;
    for (const { promptTokens, completionTokens } of sequences)
      for (let t = 0; t < completionTokens.length; t++, n++) {
        expect(seenAt(view, n)).toEqual([...promptTokens, ...completionTokens.slice(0, t)]);
        expect(view.packing?.positions[view.rows[n] as number]).toBe(promptTokens.length + t - 1);
      }
    const copies = Array.from(view.ids.join().matchAll(new RegExp(question.join(), 'g')));
    expect(copies).toHaveLength(1);
  });

  it('hold a prompt once, and are only made when they are smaller', () => {
    const view = packRows(behind(prompt(40, 4), [8, 8, 8, 8]), 4 * 64) as View;
    expect(view.shape).toEqual([1, 96]);
    expect(packRows(behind(prompt(40, 4), [8, 8, 8, 8]), 96)).toBeUndefined();
    const unlike = [1, 2].flatMap((seed) => behind(prompt(40, seed), [24]));
    expect(packRows(unlike, 2 * 64)).toBeUndefined();
  });

  it('split a family that would grow too long for attention', () => {
    const view = packRows(behind(prompt(200, 5), Array(12).fill(300)), 1e6) as View;
    expect(view.shape[1]).toBeLessThanOrEqual(1024);
    expect(view.shape[0]).toBe(6);
  });
});

describe('the teachers of one criterion each', () => {
  const question = prompt(20, 1);
  const answers = [
    {
      prompts: [4, 7, 2].map((length, i) => [...question, ...prompt(length, 10 + i)]),
      completionTokens: prompt(5, 20),
    },
    { prompts: [[...question, ...prompt(3, 14)]], completionTokens: prompt(9, 21) },
    { prompts: [6, 6].map((length, i) => [...question, ...prompt(length, 16 + i)]), completionTokens: prompt(1, 22) },
  ];

  it('share the first tokens that all prompts of an answer have', () => {
    expect(
      commonPrefix([
        [1, 2, 3],
        [1, 2, 4, 5],
        [1, 2],
      ]),
    ).toBe(2);
    expect(commonPrefix([[1, 2, 3]])).toBe(3);
    expect(commonPrefix([[1], [2]])).toBe(0);
    const shared = criterionSequences(answers).map((sequence) => sequence.shared);
    expect(shared).toEqual([20, 20, 20, 23, 20, 20]);
  });

  it('stand behind each other, one row for each token of the answers', () => {
    const view = layOutCriteria(answers, { maxPositions: 64 });
    const width = view.rows.length / view.teachers;
    expect([view.teachers, width]).toEqual([3, 32]);
    const seen = (place: number) => seenAt({ ...view, rows: Int32Array.of(place) }, 0);
    let n = 0;
    for (const { prompts, completionTokens } of answers)
      for (let t = 0; t < completionTokens.length; t++, n++)
        for (let k = 0; k < 3; k++) {
          const promptTokens = prompts[k];
          expect(view.present[k * width + n]).toBe(promptTokens ? 1 : 0);
          if (promptTokens)
            expect(seen(view.rows[k * width + n] as number)).toEqual([
              ...promptTokens,
              ...completionTokens.slice(0, t),
            ]);
        }
    // The padding has the first teacher alone.
    expect([...view.present].reduce((a, b) => a + b, 0)).toBe(3 * 5 + 9 + 2 + (width - n));
  });
});

describe.each(['llama-tied', 'qwen3', 'mistral'])('a gradient step of %s', (name) => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await openFixture(name);
  });
  afterAll(() => model.dispose());

  it('is the same over packed rows as over a row for each sequence', () => {
    const settings = profileDefaults('paper', 'rcsd').stage2;
    const [studentPrompt, teacherPrompt] = [prompt(17, 6), prompt(40, 7)];
    const sequences = behind(studentPrompt, [9, 4, 1, 11]).map(({ completionTokens }) => ({
      studentPrompt,
      teacherPrompt,
      completionTokens,
    }));
    const weights = new Float32Array(25).fill(1 / 25);
    const { maxPositions } = model.config;
    const packed = toMicroBatch(sequences, weights, maxPositions);
    expect(packed.student.packing).toBeDefined();
    expect(packed.teacher?.packing).toBeDefined();
    const apart = sequences.map((sequence, i) => {
      const before = sequences.slice(0, i).reduce((sum, { completionTokens }) => sum + completionTokens.length, 0);
      const own = weights.subarray(before, before + sequence.completionTokens.length);
      return toMicroBatch([sequence], own, maxPositions);
    });
    const run = (batch: MicroBatch): BatchGradients =>
      gradientStep(model.config)({ trainable: model.weights.params }, model.weights, batch, divergenceSpec(settings));
    const together = run(packed);
    const parts = apart.map(run);
    const sums = (pick: (result: BatchGradients) => ArrayLike<number>): number[] => {
      const all = parts.map((part) => [...Array.from(pick(part))]);
      return (all[0] as number[]).map((_, i) => all.reduce((sum, values) => sum + (values[i] as number), 0));
    };
    expectClose(
      together.loss.dataSync(),
      sums(({ loss }) => loss.dataSync()),
      { tolerance: 1e-5, where: 'loss' },
    );
    for (const [parameter, gradient] of Object.entries(together.gradients)) {
      const expected = sums(({ gradients }) => gradients[parameter]?.dataSync() ?? []);
      const tolerance = 1e-5 * Math.max(1, largest(expected));
      expectClose(gradient.dataSync(), expected, { tolerance, where: parameter });
    }
    disposeTree([packed, apart, together, parts]);
  });
});

it('leaves a view of rows that are not shared as it is on the device', () => {
  const view = { ids: new Int32Array(4), shape: [1, 4] as const, rows: new Int32Array(1) };
  const device = toDevice(view);
  expect(device.packing).toBeUndefined();
  disposeTree(device);
});
