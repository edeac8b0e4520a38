/** Matrices kept in bf16 against the same numbers kept in fp32: scores, gradients and draws are equal up to the order of sums. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint, writeCheckpoint } from '../../src/engine/files/huggingface';
import { initializeAdapter } from '../../src/engine/model/initialize';
import { openModel } from '../../src/engine/model/load';
import { type LanguageModel, withWeights } from '../../src/engine/model/model';
import { loraTargets } from '../../src/engine/model/shapes';
import { liveTensors, tf } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { divergenceSpec } from '../../src/method/losses/spec';
import { generate } from '../../src/method/rollout/generate';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import type { TrainingSequence } from '../../src/method/scoring/sequence';
import { toMicroBatch } from '../../src/method/train/batch';
import { gradientStep, type Student } from '../../src/method/train/step';
import { randomTokens, temporaryFolder } from '../model/tiny';
import { stock } from '../tensors/eager';
import { expectClose, fixture, largest } from './reference';

/** Two of them together have more rows than the kernel for few rows takes. */
const sequences: TrainingSequence[] = [19, 24, 5].map((length, i) => ({
  studentPrompt: randomTokens(16 + i, { seed: i }),
  teacherPrompt: randomTokens(20 + i, { seed: 10 + i }),
  completionTokens: randomTokens(length, { seed: 20 + i }),
}));
const given = sequences.map(({ studentPrompt: promptTokens, completionTokens }) => ({
  promptTokens,
  completionTokens,
}));

describe.each(['llama-tied', 'qwen3', 'llama-bias'])('%s kept in bf16', (name) => {
  const folder = temporaryFolder();
  let wide: LanguageModel;
  let kept: LanguageModel;

  beforeAll(async () => {
    const { configJson, weights } = await openCheckpoint(fixture('models', name));
    const tensors = weights.names.map((tensor) => ({
      name: tensor,
      shape: weights.shape(tensor),
      data: weights.read(tensor),
      dtype: 'BF16' as const,
    }));
    weights.close();
    await writeCheckpoint(join(folder.path, name), { configJson, tensors });
    wide = await openModel(join(folder.path, name));
    kept = await openModel(join(folder.path, name), { weights: 'bf16' });
  });
  afterAll(() => {
    wide.dispose();
    kept.dispose();
    folder.remove();
  });

  const scoresOf = async (model: LanguageModel): Promise<number[]> =>
    (await scoreCompletions(model, given)).flatMap(({ logprobs }) => logprobs);

  it('holds no matrix in fp32', () => {
    expect(Object.keys(kept.weights.params).filter((key) => /(_proj|embed_tokens|lm_head)\.weight$/.test(key))).toEqual(
      [],
    );
    expect(Object.keys(kept.weights.pairs ?? {}).length).toBeGreaterThan(7);
  });

  it('gives the same log-probabilities, by our kernels and by the stock operations', async () => {
    const expected = await scoresOf(wide);
    expectClose(await scoresOf(kept), expected, { tolerance: 2e-5, where: 'own' });
    // Another configuration, so that what is compiled for it is compiled anew.
    const again = { ...kept, config: { ...kept.config } };
    const twin = await stock(() => scoresOf(again));
    expectClose(twin, expected, { tolerance: 2e-5, where: 'stock' });
  });

  it.each([false, true])('gives an adapter the same gradients, layers computed again: %s', (rematerialize) => {
    const adapter = initializeAdapter(wide.config, { rank: 4, alpha: 8, targets: loraTargets, seed: 1 });
    const batch = toMicroBatch(sequences, new Float32Array(48).fill(1 / 48), wide.config.maxPositions);
    const loss = divergenceSpec(profileDefaults('paper', 'rcsd').stage2);
    const [expected, actual] = [wide, kept].map(({ config, weights }) => {
      const { params, pairs } = weights;
      const student: Student = { trainable: adapter.params, frozen: params, pairs, adapterScale: 2, rematerialize };
      return gradientStep(config)(student, weights, batch, loss);
    }) as [ReturnType<ReturnType<typeof gradientStep>>, ReturnType<ReturnType<typeof gradientStep>>];
    expectClose(actual.loss.dataSync(), expected.loss.dataSync(), { tolerance: 1e-5, where: 'loss' });
    for (const [parameter, gradient] of Object.entries(expected.gradients)) {
      const exact = gradient.dataSync();
      const tolerance = 1e-4 * largest(exact);
      expectClose(actual.gradients[parameter]?.dataSync() ?? [], exact, { tolerance, where: parameter });
    }
    expect(Object.values(expected.gradients).some((gradient) => largest(gradient.dataSync()) > 1e-5)).toBe(true);
    disposeTree([batch, adapter.params, expected, actual]);
  });

  it('draws with an adapter that is laid over it what it draws with one that is merged', async () => {
    const before = liveTensors();
    const adapter = initializeAdapter(wide.config, { rank: 4, alpha: 8, targets: loraTargets, seed: 1 });
    const params = Object.fromEntries(
      Object.entries(adapter.params).map(([key, value], seed) => [
        key,
        key.includes('lora_B') ? tf.randomNormal(value.shape, 0, 0.05, 'float32', seed) : tf.clone(value),
      ]),
    );
    const requests = sequences.map(({ studentPrompt: promptTokens }, sample) => ({
      ...{ questionId: 'q', sample, promptTokens },
    }));
    const options = { temperature: 1, topK: 0, topP: 1, maxTokens: 20, seed: 4 };
    const drawn = async ({ weights, ...model }: LanguageModel, scale: number) =>
      generate(withWeights({ ...model, weights }, { ...weights, adapter: { params, scale } }), requests, options);
    const [merged, laidOver, other] = [await drawn(wide, 2), await drawn(kept, 2), await drawn(kept, 0)];
    merged.forEach(({ completionTokens, logprobs }, i) => {
      expect(laidOver[i]?.completionTokens).toEqual(completionTokens);
      expectClose(laidOver[i]?.logprobs ?? [], logprobs, { tolerance: 1e-4, where: `sample ${i}` });
    });
    expect(other.map(({ logprobs }) => logprobs[0])).not.toEqual(laidOver.map(({ logprobs }) => logprobs[0]));
    disposeTree([adapter.params, params]);
    expect(liveTensors()).toEqual(before);
  });
});
