import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initializeAdapter } from '../../src/engine/model/initialize';
import { type LanguageModel, withWeights } from '../../src/engine/model/model';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { divergenceSpec } from '../../src/method/losses/spec';
import { generate } from '../../src/method/rollout/generate';
import type { TrainingSequence } from '../../src/method/scoring/sequence';
import { toMicroBatch } from '../../src/method/train/batch';
import { gradientStep, type Student } from '../../src/method/train/step';
import { openFixture, randomTokens } from '../model/tiny';
import { expectClose, largest } from '../parity/reference';
import { eagerly } from '../tensors/eager';

const settings = profileDefaults('paper', 'rcsd').stage2;
const sequences: TrainingSequence[] = [5, 9].map((length, i) => ({
  studentPrompt: randomTokens(6 + i, { seed: i }),
  teacherPrompt: randomTokens(12 + i, { seed: 10 + i }),
  completionTokens: randomTokens(length, { seed: 20 + i }),
}));

describe.each(['llama-bias', 'qwen3'])('layers of %s that are computed again', (name) => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await openFixture(name);
  });
  afterAll(() => model.dispose());

  it.each([
    ['all weights', compiled],
    ['an adapter', compiled],
    ['an adapter', eagerly],
  ])('give %s the same gradients, and leave nothing behind', (what, how) => {
    const before = liveTensors();
    const adapter = initializeAdapter(model.config, { rank: 3, alpha: 6, targets: ['q_proj', 'down_proj'], seed: 1 });
    const student: Student =
      what === 'an adapter'
        ? { trainable: adapter.params, frozen: model.weights.params, adapterScale: adapter.scale }
        : { trainable: model.weights.params };
    const batch = toMicroBatch(sequences, new Float32Array(14).fill(1 / 14), model.config.maxPositions);
    const step = (rematerialize: boolean) =>
      how(() =>
        gradientStep(model.config)({ ...student, rematerialize }, model.weights, batch, divergenceSpec(settings)),
      );
    const [kept, again] = [step(false), step(true)];
    expectClose(again.loss.dataSync(), kept.loss.dataSync(), { tolerance: 1e-6, where: 'loss' });
    expect(Object.keys(again.gradients)).toEqual(Object.keys(kept.gradients));
    for (const [parameter, gradient] of Object.entries(again.gradients)) {
      const expected = kept.gradients[parameter]?.dataSync() ?? [];
      const tolerance = 1e-5 * Math.max(1, largest(expected));
      expectClose(gradient.dataSync(), expected, { tolerance, where: parameter });
    }
    disposeTree([kept, again, batch, adapter]);
    expect(liveTensors()).toEqual(before);
  });

  it('draw what layers draw that are kept', async () => {
    const requests = sequences.map(({ studentPrompt: promptTokens }, sample) => ({
      ...{ questionId: 'q', sample, promptTokens },
    }));
    const options = { temperature: 1, topK: 0, topP: 1, maxTokens: 8, seed: 3 };
    const again = withWeights(model, { ...model.weights, rematerialize: true });
    expect(await generate(again, requests, options)).toEqual(await generate(model, requests, options));
  });
});

function compiled<T>(run: () => T): T {
  return run();
}
