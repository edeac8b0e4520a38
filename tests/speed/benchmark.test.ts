import { beforeAll, describe, expect, test } from 'vitest';
import type { SpeedConfig } from '../../src/base/config/generated/otherConfigs';
import { SPEED_STAGES, speedTable } from '../../src/base/config/speed';
import { openModel } from '../../src/engine/model/load';
import { createRandom } from '../../src/engine/tensors/random';
import type { Rollout } from '../../src/method/rollout/rollout';
import type { GrpoStep } from '../../src/study/speed/grpo';
import { measureMachine, measureStage, type PeakRecord } from '../../src/study/speed/measure';
import { shapeOf, stageOf } from '../../src/study/speed/stages';
import { updateFlops } from '../../src/study/speed/work';
import { ADAPTER, LAYER, tiny } from '../model/counted';
import { scienceConfig } from '../model/tiny';

describe('the arithmetic, counted by hand', () => {
  test('a GRPO step reads a prompt once for its four completions, sampling and learning alike', () => {
    const { work, longest } = stageOf('grpo', { ...toy, groups: 2, prompt_tokens: 3, grpo_tokens: 2, rank: 3 }, tiny);
    expect(longest).toBe(5);
    expect(work.tokens).toBe(2 * 4 * 2);
    // 2 prompts of 3 and 8 completions of 2, whose last token is never read: 14 tokens, 2 x 6 + 8 x 4 seen, 16 rows of logits.
    const forward = 2 * 14 * 2 * (LAYER + ADAPTER) + 4 * 2 * 4 * 44 + 2 * 10 * 4 * 16;
    const backward = 2 * 14 * 2 * (LAYER + 2 * ADAPTER) + 8 * 2 * 4 * 44 + 2 * 10 * 4 * 16;
    expect(work.flops).toBe(2 * forward + backward + 16 * 2 * ADAPTER);
  });

  test('the update counts the trained parameters', () => expect(updateFlops(10)).toBe(160));
});

const toy: SpeedConfig = {
  ...speedTable.defaults,
  model: 'microscience',
  batch_size: 4,
  microbatch_size: 2,
  prompt_tokens: 12,
  teacher_tokens: 30,
  completion_tokens: 10,
  rank: 4,
  questions: 3,
  choice_tokens: 2,
  groups: 3,
  grpo_tokens: 6,
  repeats: 2,
};

describe('the stages on the embedded model', () => {
  let machine: PeakRecord;
  beforeAll(async () => {
    machine = await measureMachine(toy);
  });

  test('the peak is the best of the products', () => {
    expect(machine.products.map(({ inner, out }) => [inner, out])).toEqual([
      [128, 128],
      [128, 256],
      [256, 128],
      [128, 342],
    ]);
    expect(machine.flops_per_second).toBe(Math.max(...machine.products.map((product) => product.flops_per_second)));
    expect(machine.flops_per_second).toBeGreaterThan(1e8);
  });

  test.each([...SPEED_STAGES, 'decode-3', 'vocabulary-500'])('%s runs and is held against the peak', async (name) => {
    const record = await measureStage(name, toy);
    expect(record.stage).toBe(name);
    expect(record.seconds).toHaveLength(2);
    expect(record.cpu_seconds).toHaveLength(2);
    expect(Math.min(record.first_seconds, record.opening_seconds, ...record.seconds)).toBeGreaterThan(0);
    const [least, most] = [Math.min(...record.seconds), Math.max(...record.seconds)];
    expect(record.median_seconds).toBeGreaterThanOrEqual(least);
    expect(record.median_seconds).toBeLessThanOrEqual(most);
    expect(record.flops_per_second / machine.flops_per_second).toBeGreaterThan(0);
    expect(record.flops_per_second / machine.flops_per_second).toBeLessThan(1.2);
    expect(record.peak_rss_bytes).toBeGreaterThan(record.working_bytes);
    expect(record.tokens_per_second === null).toBe(/^(update|adamw)/.test(name));
  });

  test('completions have their full length, whatever the model would end', async () => {
    const model = await openModel('microscience');
    const config = { ...model.config, eosTokenIds: [] };
    const { call, before } = stageOf('rollout', toy, config).prepare({
      config: toy,
      model: { ...model, config },
      options: {},
    });
    before?.();
    const rollouts = (await call()) as Rollout[];
    expect(rollouts.map(({ promptTokens }) => promptTokens.length)).toEqual(Array(4).fill(12));
    expect(rollouts.map(({ completionTokens }) => completionTokens.length)).toEqual(Array(4).fill(10));
    model.dispose();
  });

  test('GRPO compares four full completions of each prompt and moves the policy', async () => {
    const model = await openModel('microscience');
    const config = { ...model.config, eosTokenIds: [] };
    const { call } = stageOf('grpo', toy, config).prepare({ config: toy, model: { ...model, config }, options: {} });
    const step = (await call()) as GrpoStep;
    expect(step.learned.map(({ completionTokens }) => completionTokens.length)).toEqual(Array(12).fill(6));
    const prompts = step.learned.map(({ promptTokens }) => promptTokens.join());
    expect(new Set(prompts).size).toBe(3);
    for (let start = 0; start < 12; start += 4) {
      expect(new Set(prompts.slice(start, start + 4)).size).toBe(1);
      const advantages = step.learned.slice(start, start + 4).map(({ assessment }) => assessment.advantage ?? 0);
      expect(advantages.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0);
      // Scaled by the group's own deviation with n - 1.
      expect(advantages.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(3, 1);
    }
    expect(step.records).toHaveLength(1);
    expect(step.records[0]?.gradNorm).toBeGreaterThan(0);
    // An adapter starts at zero, so the first update is the first difference that a log-probability can show.
    const again = ((await call()) as GrpoStep).learned;
    expect(again.map(({ logprobs }) => logprobs[0])).not.toEqual(step.learned.map(({ logprobs }) => logprobs[0]));
    model.dispose();
  });

  test('the vocabulary of a growth stage is its own, and its head counts', () => {
    const shape = scienceConfig();
    expect(shapeOf('step', shape)).toBe(shape);
    expect(shapeOf('vocabulary-500', shape)).toMatchObject({ vocabSize: 500, layers: 1 });
    const work = (size: number) => stageOf(`vocabulary-${size}`, toy, shapeOf(`vocabulary-${size}`, shape)).work.flops;
    // Three products with the head for each token: both forward passes, and the gradient of the hidden states.
    expect(work(700) - work(500)).toBe(3 * 2 * 200 * shape.hiddenSize * 4 * 10);
  });

  test('sequences that the model cannot take are refused before anything is measured', async () => {
    await expect(measureStage('teacher', { ...toy, teacher_tokens: 290 })).rejects.toThrow(
      'teacher needs sequences of 300 tokens',
    );
  });

  test('an aborted measurement stops', async () => {
    const signal = AbortSignal.abort();
    await expect(measureStage('student', toy, { signal })).rejects.toThrow('Stopped on request');
  });
});

/** benchmarks/lib.mjs, which is plain JavaScript. */
interface CompareLibrary {
  ratioOf(ratios: readonly number[]): { n: number; value: number; low: number | null; high: number | null };
  summarize(runs: readonly object[]): {
    contender: string;
    median_seconds?: number;
    ratio: { value: number; n: number } | null;
    failure?: string;
  }[];
  contendersOf(stage: string, machine: { bf16: boolean; llama: boolean }): { name: string }[];
}

describe('the comparison', async () => {
  const library = (await import(`${'../../benchmarks/lib.mjs'}`)) as CompareLibrary;

  test('a ratio carries a t interval over rounds, which contains the truth as often as it says', () => {
    expect(library.ratioOf([2])).toEqual({ n: 1, value: expect.closeTo(2), low: null, high: null });
    const { value, low, high } = library.ratioOf([1, 2, 4]);
    expect(value).toBeCloseTo(2);
    // Logarithms 0, ln 2, 2 ln 2: deviation ln 2, two degrees of freedom.
    expect(high).toBeCloseTo(2 * 2 ** (4.303 / Math.sqrt(3)), 4);
    expect((low as number) * (high as number)).toBeCloseTo(4);
    const random = createRandom(1);
    const covered = Array.from({ length: 2000 }, () => {
      const interval = library.ratioOf(Array.from({ length: 4 }, () => 3 * Math.exp(0.2 * random.normal())));
      return (interval.low as number) < 3 && 3 < (interval.high as number);
    }).filter(Boolean).length;
    expect(covered / 2000).toBeGreaterThan(0.935);
    expect(covered / 2000).toBeLessThan(0.965);
  });

  test('rounds are paired, and a contender that failed says why', () => {
    const record = (seconds: number) => ({
      seconds: [seconds],
      median_seconds: seconds,
      first_seconds: seconds,
      tokens: 8,
      peak_rss_bytes: 1,
      working_bytes: 1,
    });
    const runs = [1, 10].flatMap((slow, i) => [
      { stage: 'step', contender: 'a', round: i, record: record(slow) },
      { stage: 'step', contender: 'b', round: i, record: record(2 * slow) },
      { stage: 'step', contender: 'c', round: i, failure: 'no such package' },
    ]);
    const [a, b, c] = library.summarize(runs);
    expect(a).toMatchObject({ contender: 'a', median_seconds: 5.5, ratio: null });
    expect(b?.ratio).toMatchObject({ n: 2, value: expect.closeTo(2), low: expect.closeTo(2) });
    expect(c).toEqual({ stage: 'step', contender: 'c', failure: 'no such package' });
  });

  test('both sides are offered bf16 where the processor has it', () => {
    const names = (bf16: boolean) => library.contendersOf('step', { bf16, llama: false }).map(({ name }) => name);
    expect(names(false).some((name) => name.includes('bf16'))).toBe(false);
    expect(names(true)).toEqual(expect.arrayContaining(['rcsd bf16', 'transformers bf16', 'TRL SDFTTrainer bf16']));
    expect(names(true)[0]).toBe('rcsd fp32');
    const grpo = library.contendersOf('grpo', { bf16: true, llama: false }).map(({ name }) => name);
    expect(grpo).toEqual(['rcsd fp32', 'rcsd bf16', 'TRL GRPOTrainer fp32', 'TRL GRPOTrainer bf16']);
  });
});
