import { describe, expect, it } from 'vitest';
import type { OptimizerSettings } from '../../src/base/config/configs';
import { openModel } from '../../src/engine/model/load';
import type { LanguageModel } from '../../src/engine/model/model';
import { generate } from '../../src/method/rollout/generate';
import { applyUpdate, initialState, type TrainState } from '../../src/method/train/step';
import { FAMILIES } from '../model/tiny';
import { allLogits, crossEntropyStep, type ReferenceBatch, valuesOf, withoutPadding } from './engine';
import { expectClose, fixture, largest, readArrays, readReference } from './reference';

interface Reference extends ReferenceBatch {
  loss: number;
  losses: number[];
  gradient_norms: number[];
  final_tensors: string[];
  final_checksums: Record<string, { sum: number; norm: number }>;
  greedy: { ids: number[]; logprobs: number[] }[];
  adamw: { learning_rate: number; betas: [number, number]; eps: number; weight_decay: number; max_grad_norm: number };
}

const optimizerOf = ({ adamw }: Reference): OptimizerSettings => ({
  learning_rate: adamw.learning_rate,
  warmup_steps: 0,
  schedule: 'constant',
  weight_decay: adamw.weight_decay,
  adam_beta1: adamw.betas[0],
  adam_beta2: adamw.betas[1],
  adam_epsilon: adamw.eps,
  max_grad_norm: adamw.max_grad_norm,
});

/** Losses before each of five updates and after the last, gradient norms, and the final parameters. */
function trainFive(model: LanguageModel, reference: Reference) {
  const optimizer = optimizerOf(reference);
  let state: TrainState = initialState(model.weights.params);
  const losses: number[] = [];
  const norms: number[] = [];
  for (let step = 0; step <= 5; step++) {
    const { loss, gradients } = crossEntropyStep(model.config, { trainable: state.trainable }, reference);
    losses.push(loss.dataSync()[0] as number);
    if (step === 5) break;
    const updated = applyUpdate(state, gradients, { optimizer, learningRate: optimizer.learning_rate });
    norms.push(updated.gradNorm);
    state = updated.state;
  }
  return { losses, norms, final: valuesOf(state.trainable) };
}

describe.each(FAMILIES)('%s', (name) => {
  const reference = readReference<Reference>('references', `${name}.json`);
  const arrays = readArrays('references', `${name}.safetensors`);
  const array = (key: string): Float32Array => arrays.get(key) as Float32Array;
  const open = () => openModel(fixture('models', name));

  it('gives the logits of transformers', async () => {
    const model = await open();
    const actual = withoutPadding(allLogits(model.config, model.weights, reference), reference);
    expectClose(actual, withoutPadding(array('logits.float64'), reference), { tolerance: 1e-4, where: 'logits' });
    model.dispose();
  });

  it('continues greedily with a cache as transformers does without', async () => {
    const model = await open();
    const requests = reference.lengths.map((length, row) => ({
      questionId: `${row}`,
      sample: 0,
      promptTokens: (reference.input_ids[row] as number[]).slice(0, length),
    }));
    const rollouts = await generate(model, requests, { temperature: 0, topK: 0, topP: 1, maxTokens: 12, seed: 0 });
    reference.greedy.forEach(({ ids, logprobs }, row) => {
      expect(rollouts[row]?.completionTokens).toEqual(ids);
      expectClose(rollouts[row]?.logprobs ?? [], logprobs, { tolerance: 1e-4, where: `row ${row}` });
    });
    model.dispose();
  });

  it('gives its loss and gradients', async () => {
    const model = await open();
    const step = crossEntropyStep(model.config, { trainable: model.weights.params }, reference);
    expectClose(step.loss.dataSync(), [reference.loss], { tolerance: 1e-5 * reference.loss, where: 'loss' });
    const gradients = valuesOf(step.gradients);
    expect([...gradients.keys()].sort()).toEqual(Object.keys(reference.final_checksums).sort());
    for (const [parameter, gradient] of gradients) {
      const expected = array(`gradient.${parameter}`);
      expectClose(gradient, expected, { tolerance: 1e-4 * largest(expected), where: parameter });
    }
    model.dispose();
  });

  it('stays near them in bf16', async () => {
    const model = await open();
    const weights = { ...model.weights, precision: 'bf16' } as const;
    const expected = withoutPadding(array('logits.float64'), reference);
    const logits = withoutPadding(allLogits(model.config, weights, reference), reference);
    expectClose(logits, expected, { tolerance: 0.03 * largest(expected), where: 'logits' });
    expect(logits).not.toEqual(withoutPadding(allLogits(model.config, model.weights, reference), reference));
    const student = { trainable: model.weights.params, precision: 'bf16' } as const;
    const step = crossEntropyStep(model.config, student, reference);
    expectClose(step.loss.dataSync(), [reference.loss], { tolerance: 0.01 * reference.loss, where: 'loss' });
    for (const [parameter, gradient] of valuesOf(step.gradients)) {
      const exact = array(`gradient.${parameter}`);
      expectClose(gradient, exact, { tolerance: 0.05 * largest(exact), where: parameter });
    }
    model.dispose();
  });

  it('takes its five AdamW steps', async () => {
    const model = await open();
    const { losses, norms, final } = trainFive(model, reference);
    expectClose(losses, reference.losses, { tolerance: 1e-4, where: 'losses' });
    expectClose(norms, reference.gradient_norms, { tolerance: 1e-3, where: 'gradient norms' });
    for (const parameter of reference.final_tensors) {
      expectClose(final.get(parameter) ?? [], array(`final.${parameter}`), { tolerance: 1e-4, where: parameter });
    }
    for (const [parameter, { sum, norm }] of Object.entries(reference.final_checksums)) {
      const values = [...(final.get(parameter) ?? [])];
      const checks = [values.reduce((a, b) => a + b, 0), Math.hypot(...values)];
      expectClose(checks, [sum, norm], { tolerance: 1e-3, where: `checksum of ${parameter}` });
    }
    model.dispose();
  });
});
