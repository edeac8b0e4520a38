/** Whole stages on a tiny model: what is learned from, what is saved, and that nothing piles up. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pretrainTable } from '../../src/base/config/pretrain';
import { openModel } from '../../src/engine/model/load';
import { requireTokenizer } from '../../src/engine/model/model';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { sft } from '../../src/method/algorithms/sft';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { thinkingMask } from '../../src/method/train/rollouts';
import { runPretraining } from '../../src/run/experiments/pretrain';
import {
  atStep,
  checkpointOf,
  examples,
  expectSameTensors,
  FULL,
  LORA,
  readFile,
  recordOf,
  runStage,
  scienceRuns,
} from './stage';

const { path: folder, model, place } = scienceRuns();

describe('an adapter', () => {
  it('is saved in PEFT’s layout and reloads to the same log-probabilities, over an unchanged base', async () => {
    const { model: base, trained } = await runStage(place('lora'), { lora: LORA });
    const reloaded = await openModel(model, { adapter: checkpointOf(place('lora').path, 6) });
    const { encode } = requireTokenizer(base);
    const sequence = {
      promptTokens: encode('<|user|> What is it ? <|solve|> <|assistant|>'),
      completionTokens: [9, 30, 7],
    };
    const scores = async (policy: typeof base) => (await scoreCompletions(policy, [sequence]))[0]?.logprobs;
    expect(await scores(reloaded)).toEqual(await scores(trained));
    expect(await scores(reloaded)).not.toEqual(await scores(base));
    const onDisk = readFile(model, 'model.safetensors');
    for (const [name, tensor] of Object.entries(trained.weights.params))
      expect(tensor.dataSync()).toEqual(onDisk[name]);
    for (const opened of [reloaded, trained, base]) opened.dispose();
  });
});

describe('what is learned from', () => {
  it('SFT lowers the cross-entropy of the solutions', async () => {
    const { model: base, trained } = await runStage(place('sft'), { algorithm: sft, settings: { steps: 12 } });
    const losses = recordOf(place('sft').path).metrics.map((row) => (row as { loss: number }).loss);
    expect(losses[11]).toBeLessThan((losses[0] as number) * 0.8);
    trained.dispose();
    base.dispose();
  });

  it('SFT refuses questions without a solution, by name', async () => {
    const [first] = examples();
    if (!first) throw new Error('no example');
    const { solution: _, ...question } = first.question;
    const run = runStage(place('no solution'), { algorithm: sft, examples: [{ question }] });
    await expect(run).rejects.toThrow(`Question ${question.id} has no solution to learn from`);
  });

  it('leaves out the thinking where the settings say so', () => {
    const tokenizer = { encode: () => [5, 6] };
    expect(thinkingMask([1, 5, 6, 2, 3], tokenizer)).toEqual([false, false, false, true, true]);
    expect(thinkingMask([1, 5, 2, 6], tokenizer)).toBeNull();
  });
});

describe('pretraining', () => {
  const config = {
    ...pretrainTable.defaults,
    steps: 24,
    batch_tokens: 512,
    layers: 1,
    hidden_size: 16,
    heads: 2,
    intermediate_size: 24,
    warmup_steps: 2,
    checkpoint_every: 8,
  };

  it('lowers the loss, and a stopped run ends in the same weights as an uninterrupted one', async () => {
    const straight = await runPretraining({ ...config, output: join(folder, 'straight') });
    const abort = new AbortController();
    const stopped = { ...config, output: join(folder, 'stopped') };
    const run = runPretraining(stopped, { signal: abort.signal, onProgress: atStep(13, () => abort.abort()) });
    await expect(run).rejects.toThrow('Stopped on request');
    const resumed = await runPretraining(stopped);
    expectSameTensors(readFile(resumed.model, 'model.safetensors'), readFile(straight.model, 'model.safetensors'));
    const opened = await openModel(straight.model);
    expect(opened.config.eosTokenIds).toEqual([1]);
    opened.dispose();
    expect(straight.loss).toBeLessThan(Math.log(352));
  });
});

it('keeps tensors and handles flat over many steps', async () => {
  const counts: string[] = [];
  const record = () => counts.push(JSON.stringify(liveTensors()));
  const watch = { onProgress: ({ stage }: { stage: string }) => stage !== 'generate' && record() };
  const { model: base, trained } = await runStage(place('flat'), { lora: FULL, settings: { steps: 30 } }, watch);
  trained.dispose();
  base.dispose();
  expect(new Set(counts.slice(5)).size).toBe(1);
});
