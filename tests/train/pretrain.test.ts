import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pretrainTable } from '../../src/base/config/pretrain';
import { InterruptedError } from '../../src/base/records/errors';
import type { ModelConfig } from '../../src/engine/model/config';
import { initializeParameters } from '../../src/engine/model/initialize';
import { bucketLength } from '../../src/engine/tensors/buckets';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { latestCheckpoint } from '../../src/method/train/checkpoint';
import { corpusBatches } from '../../src/method/train/corpusBatches';
import { initialPretrainState, type PretrainStepEvent, pretrain } from '../../src/method/train/pretrain';
import { strataWorld, worldFromSeed } from '../../src/questions/tasks/microscience';
import { runPretraining } from '../../src/run/experiments/pretrain';
import { openFixture, scienceConfig, temporaryFolder } from '../model/tiny';
import { expectClose } from '../parity/reference';
import { atStep, checkpointOf, expectSameTensors, readFile } from './stage';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const SMALL = { layers: 1, hidden_size: 16, heads: 2, intermediate_size: 24, batch_tokens: 512, warmup_steps: 2 };
const CORPUS = { seed: 7, batchTokens: 512, endToken: 1 };

describe('the batches of the corpus', () => {
  it('are a function of seed, world and step alone', () => {
    const at = corpusBatches(strataWorld(), CORPUS);
    const steps = [0, 3, 250, 1, 3, 0];
    const seen = steps.map((step) => JSON.stringify(at(step)));
    steps.forEach((step, i) => {
      const first = steps.indexOf(step);
      expect(seen[i]).toBe(seen[first]);
    });
    expect(new Set(seen).size).toBe(4);
    expect(JSON.stringify(corpusBatches(strataWorld(), CORPUS)(250))).toBe(seen[2]);
    expect(JSON.stringify(corpusBatches(strataWorld(), { ...CORPUS, seed: 8 })(0))).not.toBe(seen[0]);
    expect(JSON.stringify(corpusBatches(worldFromSeed(5), CORPUS)(0))).not.toBe(seen[0]);
  });

  it('hold no more padded tokens than asked for, in sequences of like length that end', () => {
    const at = corpusBatches(strataWorld(), CORPUS);
    for (let step = 0; step < 60; step++) {
      const batch = at(step);
      const widths = new Set(batch.map(({ tokens }) => bucketLength(tokens.length)));
      expect(widths.size).toBe(1);
      expect(batch.length * ([...widths][0] as number)).toBeLessThanOrEqual(512);
      for (const { tokens, promptLength } of batch) {
        expect(tokens.at(-1)).toBe(1);
        expect(promptLength).toBeGreaterThan(0);
        expect(promptLength).toBeLessThan(tokens.length);
      }
    }
  });
});

describe('pretraining', () => {
  const config = { ...pretrainTable.defaults, ...SMALL, steps: 6 };

  /** Losses of the steps and the final parameters. */
  async function run(
    model: ModelConfig,
    from: { step: number; state: Parameters<typeof pretrain>[0]['start']['state'] },
    to = 6,
  ) {
    const events: Omit<PretrainStepEvent, 'state'>[] = [];
    const abort = new AbortController();
    const onStep = async ({ state: _, ...event }: PretrainStepEvent): Promise<void> => {
      events.push(event);
    };
    const batchAt = corpusBatches(strataWorld(), CORPUS);
    const state = await pretrain(
      { config: { ...config, steps: to }, model, start: from, batchAt, onStep },
      { signal: abort.signal },
    );
    return { events, state };
  }

  it('reports the mean cross-entropy of completion tokens, as scoring has it', async () => {
    const model = scienceConfig();
    const { events, state } = await run(model, { step: 0, state: initialPretrainState(model, 3) }, 1);
    const fixture = await openFixture('llama-tied');
    const params = initializeParameters(model, 3);
    const untrained = { ...fixture, config: model, weights: { params } };
    const batch = corpusBatches(
      strataWorld(),
      CORPUS,
    )(0).map(({ tokens, promptLength }) => ({
      promptTokens: tokens.slice(0, promptLength),
      completionTokens: tokens.slice(promptLength),
    }));
    const logprobs = (await scoreCompletions(untrained, batch)).flatMap((scores) => scores.logprobs);
    const mean = -logprobs.reduce((a, b) => a + b, 0) / logprobs.length;
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ step: 1, tokens: logprobs.length });
    expectClose([events[0]?.loss ?? 0], [mean], { tolerance: 1e-4, where: 'loss' });
    disposeTree([state, params]);
    fixture.dispose();
  });

  it('changes every parameter and leaves nothing behind but its state', async () => {
    const model = scienceConfig();
    const before = liveTensors();
    const { state } = await run(model, { step: 0, state: initialPretrainState(model, 3) });
    const start = initializeParameters(model, 3);
    for (const [name, value] of Object.entries(state.params)) {
      expect([name, value.dataSync()]).not.toEqual([name, start[name]?.dataSync()]);
    }
    expect(Object.keys(state.params)).toEqual(Object.keys(start));
    disposeTree([state, start]);
    expect(liveTensors()).toEqual(before);
  });

  it('saves the step it is stopped at, and goes on from there', async () => {
    const stopped = { ...config, checkpoint_every: 100, output: join(folder.path, 'stopped') };
    const before = liveTensors();
    const abort = new AbortController();
    const onProgress = atStep(4, () => abort.abort());
    const stop = runPretraining(stopped, { signal: abort.signal, onProgress });
    await expect(stop).rejects.toBeInstanceOf(InterruptedError);
    expect(latestCheckpoint(stopped.output)).toEqual({ step: 4, path: checkpointOf(stopped.output, 4) });
    expect(liveTensors()).toEqual(before);
    const done: number[] = [];
    const resumed = await runPretraining(stopped, { onProgress: ({ done: step }) => done.push(step) });
    expect(done).toEqual([5, 6]);
    const straight = await runPretraining({ ...stopped, output: join(folder.path, 'straight') });
    expectSameTensors(readFile(resumed.model, 'model.safetensors'), readFile(straight.model, 'model.safetensors'));
    expect(resumed.loss).toBe(straight.loss);
    expect(liveTensors()).toEqual(before);
  });
});
