import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initializeAdapter, initializeParameters } from '../../src/engine/model/initialize';
import type { LanguageModel } from '../../src/engine/model/model';
import { adaptedMatrices, countParameters, loraTargets, parameterShapes } from '../../src/engine/model/shapes';
import type { Adapter, Weights } from '../../src/engine/model/transformer';
import type { Params } from '../../src/engine/tensors/gradients';
import { createRandom } from '../../src/engine/tensors/random';
import { liveTensors, type Tensor, tf } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { generate } from '../../src/method/rollout/generate';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { crossEntropyStep } from '../parity/engine';
import { difference, expectClose } from '../parity/reference';
import { openFixture, randomTokens } from './tiny';

const SETTINGS = { rank: 3, alpha: 12, targets: loraTargets, seed: 4 };
const SEQUENCE = { promptTokens: randomTokens(6, { seed: 1 }), completionTokens: randomTokens(20, { seed: 2 }) };

describe.each(['qwen2', 'llama-bias', 'mistral'])('an adapter on %s', (name) => {
  let model: LanguageModel;
  let adapter: Adapter;
  beforeAll(async () => {
    model = await openFixture(name);
    adapter = initializeAdapter(model.config, SETTINGS);
  });
  afterAll(() => {
    adapter && disposeTree(adapter);
    model.dispose();
  });

  const logprobs = async (weights: Weights): Promise<readonly number[]> =>
    (await scoreCompletions({ ...model, weights }, [SEQUENCE]))[0]?.logprobs ?? [];

  /** The adapter with B away from zero, as training leaves it; the caller frees it. */
  const trained = (): Adapter => {
    const random = createRandom(8);
    const params = Object.entries(adapter.params).map(([key, tensor]): [string, Tensor] => [
      key,
      tf.tensor(
        Float32Array.from(tensor.dataSync(), (value) => value + 0.2 * random.normal()),
        tensor.shape,
      ),
    ]);
    return { params: Object.fromEntries(params), scale: adapter.scale };
  };

  it('that is new changes nothing, to the last bit', async () => {
    const { params } = model.weights;
    expect(adapter.scale).toBe(4);
    expect(await logprobs({ params, adapter })).toEqual(await logprobs({ params }));
  });

  it('laid over the base is the base with scale B A added to its matrices', async () => {
    const { params } = model.weights;
    const overlay = trained();
    const merged: Params = Object.fromEntries(
      Object.entries(params).map(([key, weight]) => {
        const matrix = key.replace(/\.weight$/, '');
        const [a, b] = ['A', 'B'].map((part) => overlay.params[`${matrix}.lora_${part}.weight`]);
        return [
          key,
          a && b ? tf.tidy(() => tf.add(weight, tf.mul(tf.matMul(b as never, a as never), overlay.scale))) : weight,
        ];
      }),
    );
    const [base, over, inside] = [
      await logprobs({ params }),
      await logprobs({ params, adapter: overlay }),
      await logprobs({ params: merged }),
    ];
    expect(difference(over, base)).toBeGreaterThan(0.1);
    expectClose(over, inside, { tolerance: 1e-4, where: 'merged' });
    for (const [key, weight] of Object.entries(merged)) if (weight !== params[key]) weight.dispose();
    disposeTree(overlay);
  });

  it('draws completions, merged, that have its log-probabilities laid over the base', async () => {
    const overlay = trained();
    const before = liveTensors().tensors;
    const policy = { ...model, weights: { params: model.weights.params, adapter: overlay } };
    const request = { questionId: 'q', sample: 0, promptTokens: SEQUENCE.promptTokens };
    const drawn = await generate(policy, [request], { temperature: 1, topK: 0, topP: 1, maxTokens: 40, seed: 2 });
    const scores = await scoreCompletions(policy, drawn);
    expectClose(drawn[0]?.logprobs ?? [], scores[0]?.logprobs ?? [], { tolerance: 1e-4, where: 'drawn' });
    expect(liveTensors().tensors).toBe(before);
    disposeTree(overlay);
  });

  it('is all that a step changes: gradients of A and B alone, of every target in every layer', async () => {
    const overlay = trained();
    const before = Object.entries(model.weights.params).map(([key, weight]) => [key, weight.dataSync().slice()]);
    const batch = {
      input_ids: [[...SEQUENCE.promptTokens, ...SEQUENCE.completionTokens]],
      prompt_lengths: [6],
      lengths: [26],
    };
    const student = { trainable: overlay.params, frozen: model.weights.params, adapterScale: overlay.scale };
    const result = crossEntropyStep(model.config, student, batch);
    const matrices = adaptedMatrices(model.config, loraTargets);
    expect(matrices).toHaveLength(7 * model.config.layers);
    const names = matrices.flatMap((matrix) => [`${matrix}.lora_A.weight`, `${matrix}.lora_B.weight`]);
    expect(Object.keys(result.gradients)).toEqual(names);
    for (const gradient of Object.values(result.gradients)) expect(gradient.dataSync().some((g) => g !== 0)).toBe(true);
    expect(Object.entries(model.weights.params).map(([key, weight]) => [key, weight.dataSync()])).toEqual(before);
    disposeTree([result, overlay]);
  });
});

describe('fresh parameters', () => {
  it('depend on the seed, each by its own name, and have the shapes and sizes of the configuration', async () => {
    const { config, ...model } = await openFixture('llama-bias');
    const before = liveTensors();
    const [one, again, other] = [1, 1, 2].map((seed) => initializeParameters(config, seed)) as [Params, Params, Params];
    const read = (params: Params) => Object.entries(params).map(([name, tensor]) => [name, tensor.dataSync()] as const);
    expect(read(one)).toEqual(read(again));
    const shapes = parameterShapes(config);
    expect(Object.fromEntries(Object.entries(one).map(([name, tensor]) => [name, tensor.shape]))).toEqual(shapes);
    expect(countParameters(config)).toBe(Object.values(one).reduce((sum, tensor) => sum + tensor.size, 0));
    for (const [name, values] of read(one)) {
      const same = difference(values, other[name]?.dataSync() ?? []) === 0;
      if (name.endsWith('norm.weight')) expect([name, new Set(values)]).toEqual([name, new Set([1])]);
      else if (name.endsWith('.bias')) expect([name, new Set(values)]).toEqual([name, new Set([0])]);
      else expect([name, same]).toEqual([name, false]);
    }
    const [narrow, wide] = ['model.layers.0.self_attn.q_proj.weight', 'model.layers.1.self_attn.q_proj.weight'];
    expect(one[narrow as string]?.dataSync()).not.toEqual(one[wide as string]?.dataSync());
    disposeTree([one, again, other]);
    expect(liveTensors()).toEqual(before);
    model.dispose();
  });
});
