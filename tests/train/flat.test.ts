/** Nothing that is called over and over may leave a tensor, a handle of the addon or a graph behind. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initializeAdapter } from '../../src/engine/model/initialize';
import { openModel } from '../../src/engine/model/load';
import type { LanguageModel } from '../../src/engine/model/model';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { divergenceSpec } from '../../src/method/losses/spec';
import { decoderFor } from '../../src/method/rollout/decoder';
import { generate } from '../../src/method/rollout/generate';
import { scoreGuidance } from '../../src/method/scoring/guidance';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import type { TrainingSequence } from '../../src/method/scoring/sequence';
import { createTeacher } from '../../src/method/scoring/teacher';
import { batchGradients, toMicroBatch } from '../../src/method/train/batch';
import {
  applyUpdate,
  gradientStep,
  initialState,
  type Student,
  studentWeights,
  type TrainState,
} from '../../src/method/train/step';
import { randomTokens, temporaryFolder, writeScienceModel } from '../model/tiny';
import { expectClose, largest } from '../parity/reference';
import { eagerly } from '../tensors/eager';

const folder = temporaryFolder();
let model: LanguageModel;
beforeAll(async () => {
  const opened = await openModel(await writeScienceModel(join(folder.path, 'model')));
  // Without end tokens every turn decodes in the same sizes.
  model = { ...opened, config: { ...opened.config, eosTokenIds: [] } };
});
afterAll(() => {
  model.dispose();
  folder.remove();
});

const settings = { ...profileDefaults('microscience', 'rcsd').stage2, microbatch_size: 2 };
const LORA = { rank: 2, alpha: 4, targets: ['q_proj', 'up_proj'], seed: 1 };

const sequences = (): TrainingSequence[] =>
  [3, 8, 5].map((length, i) => ({
    studentPrompt: randomTokens(4 + i, { seed: i }),
    teacherPrompt: randomTokens(20 + i, { seed: 10 + i }),
    completionTokens: randomTokens(length, { seed: 20 + i }),
  }));

/** One turn of everything that training does, from a state to the next. */
async function turn(
  student: Student,
  state: TrainState,
  teacher: ReturnType<typeof createTeacher>,
): Promise<TrainState> {
  const current = { ...model, weights: studentWeights({ ...student, trainable: state.trainable }) };
  const requests = [0, 1, 2].map((sample) => ({ questionId: 'q', sample, promptTokens: randomTokens(9, { seed: 5 }) }));
  const sampling = { temperature: 1, topK: 5, topP: 0.9, maxTokens: 30, seed: state.updates % 2 };
  const rollouts = await generate(current, requests, sampling);
  await scoreCompletions(current, rollouts);
  const [{ studentPrompt, teacherPrompt = [], completionTokens }] = sequences() as [TrainingSequence];
  scoreGuidance({ student: current, teacher: model }, { studentPrompt, teacherPrompt, completionTokens }, settings);
  const { gradients } = await batchGradients({
    config: model.config,
    student: { ...student, trainable: state.trainable },
    teacher: studentWeights({ ...student, trainable: teacher.trainable(state.trainable) }),
    sequences: sequences(),
    settings,
    loss: divergenceSpec(settings),
  });
  const next = applyUpdate(state, gradients, { optimizer: settings.optimizer, learningRate: 1e-3 }).state;
  teacher.afterUpdate(next.updates, next.trainable);
  if (state.updates > 0) disposeTree(state.trainable);
  return next;
}

describe.each(['all weights', 'an adapter'])('training %s', (what) => {
  it('20 times over keeps tensors, handles and traces as they were', async () => {
    const start = liveTensors();
    const adapter = what === 'an adapter' ? initializeAdapter(model.config, LORA) : undefined;
    const trainable = adapter ? adapter.params : model.weights.params;
    const student: Student = adapter
      ? { trainable, frozen: model.weights.params, adapterScale: adapter.scale }
      : { trainable };
    const teacher = createTeacher('ema', trainable, { emaDecay: 0.9, snapshotEvery: 1 });
    let state = initialState(trainable);
    for (let i = 0; i < 4; i++) state = await turn(student, state, teacher);
    const [before, traces] = [liveTensors(), decoderFor(model.config).step.stats.traces];
    for (let i = 0; i < 20; i++) {
      state = await turn(student, state, teacher);
      expect([i, liveTensors()]).toEqual([i, before]);
    }
    expect(gradientStep(model.config).stats.traces).toBeLessThanOrEqual(4);
    expect(decoderFor(model.config).step.stats.traces).toBe(traces);
    teacher.dispose();
    disposeTree([state.trainable, state.moments]);
    if (adapter) disposeTree(adapter);
    expect(liveTensors()).toEqual(start);
  });
});

it('300 turns take no more memory than the first 100', { timeout: 120_000 }, async () => {
  const adapter = initializeAdapter(model.config, LORA);
  const student: Student = {
    trainable: adapter.params,
    frozen: model.weights.params,
    adapterScale: adapter.scale,
  };
  const teacher = createTeacher('fixed', adapter.params, { emaDecay: 0.9, snapshotEvery: 1 });
  let state = initialState(adapter.params);
  const after = async (turns: number): Promise<{ live: object; memory: number }> => {
    for (let i = 0; i < turns; i++) state = await turn(student, state, teacher);
    return { live: liveTensors(), memory: process.memoryUsage().rss };
  };
  const early = await after(100);
  const late = await after(200);
  expect(late.live).toEqual(early.live);
  // A tensor of the smallest size leaked at each of the thousands of calls would be more.
  expect(late.memory - early.memory).toBeLessThan(64 * 2 ** 20);
  teacher.dispose();
  disposeTree([state.trainable, state.moments, adapter]);
});

describe('a gradient step', () => {
  it.each(['all weights', 'an adapter'])('of %s is the same compiled as op by op', (what) => {
    const adapter = initializeAdapter(model.config, LORA);
    const student: Student =
      what === 'an adapter'
        ? { trainable: adapter.params, frozen: model.weights.params, adapterScale: adapter.scale }
        : { trainable: model.weights.params };
    const batch = toMicroBatch(sequences(), new Float32Array(16).fill(1 / 16), model.config.maxPositions);
    const run = () =>
      gradientStep(model.config)(student, { params: model.weights.params }, batch, divergenceSpec(settings));
    const [compiled, eager] = [run(), eagerly(run)];
    const read = ({ loss, metrics, gradients }: ReturnType<typeof run>) =>
      Object.entries({ loss, ...metrics, ...gradients }).map(([name, tensor]) => [name, tensor.dataSync()] as const);
    const expected = new Map(read(eager));
    for (const [name, values] of read(compiled)) {
      const other = expected.get(name) ?? [];
      expectClose(values, other, { tolerance: 1e-5 * Math.max(1, largest(other)), where: name });
    }
    disposeTree([compiled, eager, batch, adapter]);
  });
});
