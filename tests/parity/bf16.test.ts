/** bf16 against fp32 on the same weights: by how much scores, gradients and drawn tokens may differ. Runs on every processor. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initializeAdapter } from '../../src/engine/model/initialize';
import type { LanguageModel } from '../../src/engine/model/model';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { divergenceSpec } from '../../src/method/losses/spec';
import { generate } from '../../src/method/rollout/generate';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import type { TrainingSequence } from '../../src/method/scoring/sequence';
import { toMicroBatch } from '../../src/method/train/batch';
import { gradientStep, type Student } from '../../src/method/train/step';
import { openFixture, randomTokens } from '../model/tiny';

const sequences: TrainingSequence[] = [9, 14, 5].map((length, i) => ({
  studentPrompt: randomTokens(6 + i, { seed: i }),
  teacherPrompt: randomTokens(20 + i, { seed: 10 + i }),
  completionTokens: randomTokens(length, { seed: 20 + i }),
}));

const inBf16 = (model: LanguageModel): LanguageModel => ({
  ...model,
  weights: { ...model.weights, precision: 'bf16' },
});

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** Cosine of the angle between two gradients, over all parameters. */
function cosine(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  const dot = (x: readonly ArrayLike<number>[], y: readonly ArrayLike<number>[]): number =>
    x.reduce((sum, values, k) => sum + Array.from(values).reduce((s, v, i) => s + v * (y[k]?.[i] ?? 0), 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe.each(['llama-tied', 'qwen3'])('bf16 on %s', (name) => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await openFixture(name);
  });
  afterAll(() => model.dispose());

  it('scores within hundredths of a nat, and not the same', async () => {
    const given = sequences.map(({ studentPrompt, completionTokens }) => ({
      promptTokens: studentPrompt,
      completionTokens,
    }));
    const [exact, rounded] = [await scoreCompletions(model, given), await scoreCompletions(inBf16(model), given)];
    const errors = exact.flatMap(({ logprobs }, i) =>
      logprobs.map((logprob, t) => Math.abs(logprob - (rounded[i]?.logprobs[t] ?? Number.NaN))),
    );
    expect(Math.max(...errors)).toBeLessThan(0.1);
    expect(mean(errors)).toBeLessThan(0.02);
    expect(mean(errors)).toBeGreaterThan(1e-5);
  });

  it('points gradients the same way', () => {
    const adapter = initializeAdapter(model.config, { rank: 4, alpha: 8, targets: ['q_proj', 'down_proj'], seed: 1 });
    const batch = toMicroBatch(sequences, new Float32Array(28).fill(1 / 28), model.config.maxPositions);
    const loss = divergenceSpec(profileDefaults('paper', 'rcsd').stage2);
    const students: Student[] = [
      { trainable: adapter.params, frozen: model.weights.params, adapterScale: adapter.scale },
      { trainable: model.weights.params },
    ];
    for (const student of students) {
      const [exact, rounded] = (['fp32', 'bf16'] as const).map((precision) =>
        gradientStep(model.config)({ ...student, precision }, { ...model.weights, precision }, batch, loss),
      );
      const numbers = (result: typeof exact): ArrayLike<number>[] =>
        Object.values(result?.gradients ?? {}).map((gradient) => gradient.dataSync());
      expect(cosine(numbers(exact), numbers(rounded))).toBeGreaterThan(0.99);
      expect(numbers(rounded)).not.toEqual(numbers(exact));
      disposeTree([exact, rounded]);
    }
    disposeTree([batch, adapter]);
  });

  it('draws tokens whose log-probabilities are those of the exact model within hundredths', async () => {
    const before = liveTensors();
    const requests = sequences.map(({ studentPrompt }, i) => ({
      questionId: `q${i}`,
      sample: 0,
      promptTokens: studentPrompt,
    }));
    const options = { temperature: 1, topK: 0, topP: 1, maxTokens: 30, seed: 4 };
    const drawn = await generate(inBf16(model), requests, options);
    expect(await generate(inBf16(model), requests, options)).toEqual(drawn);
    const scores = await scoreCompletions(model, drawn);
    const errors = drawn.flatMap(({ logprobs }, i) =>
      logprobs.map((logprob, t) => Math.abs(logprob - (scores[i]?.logprobs[t] ?? Number.NaN))),
    );
    expect(Math.max(...errors)).toBeLessThan(0.1);
    expect(liveTensors()).toEqual(before);
  });
});
