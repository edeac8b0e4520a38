import { describe, expect, it } from 'vitest';
import { openModel } from '../../src/engine/model/load';
import type { LanguageModel } from '../../src/engine/model/model';
import type { Adapter } from '../../src/engine/model/transformer';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { allLogits, crossEntropyStep, type ReferenceBatch, valuesOf, withoutPadding } from './engine';
import { difference, expectClose, fixture, largest, readArrays, readReference } from './reference';

interface Reference {
  base: string;
  loss: number;
}

const open = ({ base }: Reference, adapter: string): Promise<LanguageModel> =>
  openModel(fixture('models', base), { adapter: fixture('adapters', adapter) });

describe.each(['all-projections', 'rslora', 'attention-only'])('the PEFT adapter %s', (name) => {
  const reference = readReference<Reference>('references', `lora-${name}.json`);
  const batch = readReference<ReferenceBatch>('references', `${reference.base}.json`);
  const arrays = readArrays('references', `lora-${name}.safetensors`);
  const logitsOf = (key: string): number[] => withoutPadding(arrays.get(key) as Float32Array, batch);

  it('gives the logits of PEFT, laid over the base and merged', async () => {
    const model = await open(reference, name);
    const actual = withoutPadding(allLogits(model.config, model.weights, batch), batch);
    expectClose(actual, logitsOf('logits'), { tolerance: 1e-4, where: 'overlay' });
    expectClose(actual, logitsOf('logits.merged'), { tolerance: 1e-4, where: 'merged' });
    model.dispose();
  });

  it('is the base model when it is off', async () => {
    const model = await open(reference, name);
    const base = readArrays('references', `${reference.base}.safetensors`).get('logits') as Float32Array;
    const off = allLogits(model.config, { params: model.weights.params }, batch);
    expectClose(withoutPadding(off, batch), withoutPadding(base, batch), { tolerance: 1e-4, where: 'adapter off' });
    expect(difference(withoutPadding(off, batch), logitsOf('logits'))).toBeGreaterThan(1);
    model.dispose();
  });

  it('stays near PEFT in bf16', async () => {
    const model = await open(reference, name);
    const { params, scale } = model.weights.adapter as Adapter;
    const expected = logitsOf('logits');
    const actual = withoutPadding(allLogits(model.config, { ...model.weights, precision: 'bf16' }, batch), batch);
    expectClose(actual, expected, { tolerance: 0.02 * largest(expected), where: 'logits' });
    const student = {
      trainable: params,
      frozen: model.weights.params,
      adapterScale: scale,
      precision: 'bf16',
    } as const;
    const step = crossEntropyStep(model.config, student, batch);
    expectClose(step.loss.dataSync(), [reference.loss], { tolerance: 0.01 * reference.loss, where: 'loss' });
    for (const [parameter, gradient] of valuesOf(step.gradients)) {
      const exact = arrays.get(`gradient.${parameter}`) as Float32Array;
      expectClose(gradient, exact, { tolerance: 0.05 * largest(exact), where: parameter });
    }
    model.dispose();
  });

  it('gives its loss and the gradients of A and B', async () => {
    const model = await open(reference, name);
    const { params, scale } = model.weights.adapter as Adapter;
    const student = { trainable: params, frozen: model.weights.params, adapterScale: scale };
    const step = crossEntropyStep(model.config, student, batch);
    expectClose(step.loss.dataSync(), [reference.loss], { tolerance: 1e-5 * reference.loss, where: 'loss' });
    const gradients = valuesOf(step.gradients);
    expect(gradients.size).toBe([...arrays.keys()].filter((key) => key.startsWith('gradient.')).length);
    for (const [parameter, gradient] of gradients) {
      const expected = arrays.get(`gradient.${parameter}`) as Float32Array;
      expectClose(gradient, expected, { tolerance: 1e-4 * largest(expected), where: parameter });
    }
    model.dispose();
  });
});

describe.each(['dora', 'dora-rslora', 'saved-head', 'saved-embedding', 'dora-saved-norms'])(
  'the PEFT adapter %s, which is put into the weights',
  (name) => {
    const reference = readReference<Reference>('references', `lora-${name}.json`);
    const batch = readReference<ReferenceBatch>('references', `${reference.base}.json`);
    const arrays = readArrays('references', `lora-${name}.safetensors`);
    const logitsOf = (key: string): number[] => withoutPadding(arrays.get(key) as Float32Array, batch);

    it('gives the logits of PEFT, and the base model those of the base', async () => {
      const before = liveTensors();
      const model = await open(reference, name);
      expect(model.weights.adapter).toBeUndefined();
      const actual = withoutPadding(allLogits(model.config, model.weights, batch), batch);
      expectClose(actual, logitsOf('logits'), { tolerance: 1e-4, where: 'PEFT' });
      const base = readArrays('references', `${reference.base}.safetensors`).get('logits') as Float32Array;
      expect(difference(actual, withoutPadding(base, batch))).toBeGreaterThan(1);
      model.dispose();
      expect(liveTensors()).toEqual(before);
    });

    it('is near PEFT with its weights in bf16', async () => {
      const model = await openModel(fixture('models', reference.base), {
        adapter: fixture('adapters', name),
        weights: 'bf16',
      });
      const expected = logitsOf('logits');
      const actual = withoutPadding(allLogits(model.config, model.weights, batch), batch);
      expectClose(actual, expected, { tolerance: 0.02 * largest(expected), where: 'logits' });
      model.dispose();
    });
  },
);
