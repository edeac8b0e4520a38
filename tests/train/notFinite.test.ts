/** NaN and infinity end what draws, scores or learns, in a sentence that names the sample; nothing is drawn or recorded from them. */
import { cpSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pretrainTable } from '../../src/base/config/pretrain';
import { CollapseError, NotFiniteError } from '../../src/base/records/errors';
import { openRun } from '../../src/base/records/runReader';
import { writeCheckpoint } from '../../src/engine/files/huggingface';
import { openModel, upload } from '../../src/engine/model/load';
import { type LanguageModel, withWeights } from '../../src/engine/model/model';
import { liveTensors, type Tensor } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { grpo } from '../../src/method/algorithms/grpo';
import type { Reward } from '../../src/method/rewards/reward';
import { generate } from '../../src/method/rollout/generate';
import { scoreChoices } from '../../src/method/scoring/choices';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { teacherVariation } from '../../src/method/scoring/variation';
import { tensorsOf } from '../../src/method/train/checkpoint';
import { corpusBatches } from '../../src/method/train/corpusBatches';
import { initialPretrainState, pretrain } from '../../src/method/train/pretrain';
import { microscienceViews, strataWorld } from '../../src/questions/tasks/microscience';
import { openFixture, scienceConfig } from '../model/tiny';
import { checkpointOf, examples, LORA, runStage, type StageChanges, scienceRuns, stageSettings } from './stage';

/** The model with one number of a parameter replaced; the caller disposes the copy's tensor with the model's own. */
function spoilt(model: LanguageModel, name: string, at: number, by = Number.NaN): LanguageModel {
  const parameter = model.weights.params[name] as Tensor;
  const values = parameter.dataSync().slice();
  values[at] = by;
  const params = { ...model.weights.params, [name]: upload(values as Float32Array, parameter.shape) };
  return withWeights(model, { ...model.weights, params });
}

/** A token whose embedding is spoilt; other prompts do not meet it. */
const BAD = 40;
const poisoned = (model: LanguageModel): LanguageModel =>
  spoilt(model, 'model.embed_tokens.weight', BAD * model.config.hiddenSize + 3);

const sequences = [
  [5, 6, 7],
  [8, BAD, 9],
  [10, 11],
].map((promptTokens) => ({
  promptTokens,
  completionTokens: [12, 13, 14],
}));

/** Without a tied head, which would spoil every logit. */
const UNTIED = ['llama-bias', 'llama3-rope-scaling', 'qwen3', 'mistral'] as const;

describe.each(UNTIED)('a row of %s that is not finite', (name) => {
  it.each([0, 1])('ends drawing at temperature %i, by the name of its prompt', async (temperature) => {
    const model = poisoned(await openFixture(name));
    const requests = sequences.map(({ promptTokens }, i) => ({ questionId: `q${i}`, sample: 4, promptTokens }));
    const options = { temperature, topK: 0, topP: 1, maxTokens: 2, seed: 1 };
    const before = liveTensors();
    const drawing = generate(model, requests, options);
    await expect(drawing).rejects.toThrow(/^Prompt of q1: the logits of token 1 of sample 4 are not finite/);
    await expect(drawing).rejects.toMatchObject({ exitCode: 2 });
    expect(liveTensors()).toEqual(before);
    const others = requests.filter((_, i) => i !== 1);
    expect(await generate(model, others, options)).toHaveLength(2);
    model.dispose();
  });

  it('ends scoring of every kind, by the name of the sequence and of no other', async () => {
    const model = poisoned(await openFixture(name));
    const before = liveTensors();
    const nameOf = (i: number): string => `line ${i + 1}`;
    await expect(scoreCompletions(model, sequences, { nameOf })).rejects.toThrow(/^line 2: the scores /);
    await expect(scoreCompletions(model, sequences)).rejects.toThrow(/^Completion 2 of 3: /);
    await expect(scoreChoices(model, sequences, [3, 4], { nameOf })).rejects.toThrow(/^line 2: /);
    const both = sequences.map(({ promptTokens, completionTokens }) => ({
      ...{ student: [5, 6], reference: [5, 6], other: promptTokens, completionTokens },
    }));
    await expect(teacherVariation(model, both, { nameOf })).rejects.toThrow(/^line 2: /);
    expect(liveTensors()).toEqual(before);
    model.dispose();
  });
});

it('one head that is not finite spoils every token, and an infinite one too', async () => {
  const model = await openFixture('qwen3');
  for (const by of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const bad = spoilt(model, 'model.layers.0.self_attn.k_proj.weight', 0, by);
    await expect(scoreCompletions(bad, sequences)).rejects.toBeInstanceOf(NotFiniteError);
    disposeTree(bad.weights.params['model.layers.0.self_attn.k_proj.weight']);
  }
  model.dispose();
});

describe('training', () => {
  const { place, complete, model: science } = scienceRuns();
  const failing = (name: string, changes: StageChanges): Promise<Error> =>
    runStage(place(name), changes).then(
      () => Promise.reject(new Error('the run went on')),
      (error: Error) => error,
    );
  const { optimizer } = stageSettings();
  /** Updates so large that the weights overflow. */
  const wild = { ...optimizer, learning_rate: 1e30, warmup_steps: 1, schedule: 'constant' as const, max_grad_norm: 0 };

  it.each([
    ['all weights', {}],
    ['an adapter', { lora: LORA }],
  ])(
    'of %s that breaks its own numbers stops, whatever the settings, and names sample and checkpoint',
    async (how, more) => {
      for (const collapseStop of [true, false]) {
        const name = `wild ${how} ${collapseStop}`;
        const error = await failing(name, { ...more, collapseStop, checkpointEvery: 1, settings: { optimizer: wild } });
        expect(error).toBeInstanceOf(CollapseError);
        const { path } = place(name);
        const done = openRun(path).metrics().length;
        expect(error.message).toMatch(new RegExp(`^The run collapsed and was ended at step ${done + 1}: `));
        expect(error.message).toMatch(/Question \S+, sample \d|Prompt of \S+/);
        expect(error.message).toContain(`the last good checkpoint is ${checkpointOf(path, done)}`);
        for (const row of openRun(path).metrics()) expect(row.loss).not.toBeNull();
      }
    },
  );

  it('whose teacher alone reads what is spoilt is bad input, and names the completion', async () => {
    const model = await openModel(science);
    // The word that opens the privileged text, which no prompt of a student has.
    const [example] = examples();
    const question = example?.question as NonNullable<typeof example>['question'];
    const encode = (request: Parameters<typeof microscienceViews.render>[0]): number[] =>
      model.tokenizer?.encode(microscienceViews.render(request)) ?? [];
    const untold = new Set(examples().flatMap((each) => encode({ question: each.question, purpose: 'answer' })));
    const told = encode({ question, purpose: 'answer', rubric: example?.rubric });
    const word = told.find((token) => !untold.has(token)) as number;
    const bad = spoilt(model, 'model.embed_tokens.weight', word * model.config.hiddenSize);
    const { path } = place('poisoned model');
    await writeCheckpoint(path, { configJson: model.config.source, tensors: tensorsOf(bad.weights.params) });
    for (const file of ['tokenizer.json', 'tokenizer_config.json']) cpSync(`${science}/${file}`, `${path}/${file}`);
    disposeTree([bad.weights.params['model.embed_tokens.weight'], model.weights]);
    const error = await runStage({ ...place('teacher'), model: path }).then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error).toBeInstanceOf(NotFiniteError);
    expect(error).toMatchObject({ exitCode: 2 });
  });

  it('records and shows as missing what could not be measured', async () => {
    const silent: Reward = { name: 'silent', weight: 1, score: async (all) => all.map(() => null) };
    const shown: unknown[] = [];
    const changes = {
      algorithm: (settings: Parameters<typeof grpo>[0]) => grpo(settings, [silent]),
      settings: { steps: 2, grpo: { ...stageSettings().grpo, num_generations: 2 } },
    };
    const run = await complete('silent', changes, {
      onProgress: ({ metrics }) => metrics && shown.push(metrics.reward),
    });
    for (const row of run.metrics())
      expect(row).toMatchObject({
        ...{ reward: null, reward_std: null, 'rewards/silent/mean': null, 'rewards/silent/std': null },
        ...{ 'rewards/silent/unscored': 1, loss: 0 },
      });
    expect(shown).toEqual([null, null]);
  });
});

it('pretraining stops at the step that breaks it, before it is saved', async () => {
  const config = { ...pretrainTable.defaults, layers: 1, hidden_size: 16, heads: 2, intermediate_size: 24, steps: 9 };
  const model = scienceConfig();
  const saved: number[] = [];
  const work = pretrain({
    ...{ config: { ...config, batch_tokens: 512, warmup_steps: 1, adamw_learning_rate: 1e38 }, model },
    start: { step: 0, state: initialPretrainState(model, 1) },
    batchAt: corpusBatches(strataWorld(), { seed: 7, batchTokens: 512, endToken: 1 }),
    onStep: async ({ step, state }) => {
      const finite = Object.values(state.params).every((x) => x.dataSync().every(Number.isFinite));
      if (finite) saved.push(step);
    },
  });
  await expect(work).rejects.toThrow(/^Loss or gradient of step \d+ is not a finite number/);
  expect(saved.length).toBeLessThan(9);
});
