/** The plan of a run's memory: its parts, the rows that fit, and the format that it leaves the weights in. */
import { describe, expect, test } from 'vitest';
import { parseModelConfig } from '../../src/engine/model/config';
import { countParameters } from '../../src/engine/model/shapes';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import {
  chooseBatches,
  formatThatFits,
  formatToRead,
  type MemoryRequest,
  memoryBudget,
  planMemory,
  weightBytes,
} from '../../src/run/session/memory';

const GIB = 2 ** 30;

/** Qwen3-0.6B. */
const model = parseModelConfig(
  {
    ...{ model_type: 'qwen3', hidden_size: 1024, intermediate_size: 3072, num_hidden_layers: 28 },
    ...{ num_attention_heads: 16, num_key_value_heads: 8, head_dim: 128, vocab_size: 151936 },
    ...{ max_position_embeddings: 40960, rms_norm_eps: 1e-6, rope_theta: 1e6, tie_word_embeddings: true },
    ...{ hidden_act: 'silu', attention_bias: false, eos_token_id: 2 },
  },
  'qwen3',
);

const config = (...overrides: readonly string[]) =>
  resolveTrainConfig({
    overrides: [
      'profile=paper',
      'algorithm=opsd',
      'batch_size=2',
      'microbatch_size=2',
      'max_tokens=16',
      'evaluation.max_tokens=16',
      ...overrides,
    ],
  });
const request = (...overrides: readonly string[]): MemoryRequest => ({
  stages: [config(...overrides).stage2],
  lengths: { student: 64, teacher: 80 },
  wanted: { rollouts: 2, rubrics: 0, evaluation: 2 },
});
const planned = (format: 'fp32' | 'bf16', ...overrides: readonly string[]) => {
  const [own, asked] = [config(...overrides), request(...overrides)];
  const batches = chooseBatches(own, model, { ...asked, format });
  return { batches, ...planMemory({ ...own, batches }, model, { ...asked, format }) };
};

describe('the plan', () => {
  test('counts two bytes a weight in bf16, four in fp32', () => {
    expect(weightBytes(model, 'fp32')).toBe(4 * countParameters(model));
    const vectors = 28 * (2 * 1024 + 2 * 128) + 1024;
    expect(weightBytes(model, 'bf16')).toBe(2 * (countParameters(model) - vectors) + 4 * vectors);
  });

  test('is within a tenth of the peaks that were measured for Qwen3-0.6B', () => {
    expect(Math.abs(planned('bf16').peak / (2750788 * 1024) - 1)).toBeLessThan(0.1);
    expect(planned('bf16').moment).toBe('learning');
  });

  test('counts the merged matrices in fp32 alone, and the parts make the whole', () => {
    const [wide, kept] = [planned('fp32'), planned('bf16')];
    expect(wide.moment).toMatch(/^decoding/);
    expect(wide.parts['merged weights']).toBe(4 * 28 * (2 * 1024 * 2048 + 2 * 1024 * 1024 + 3 * 1024 * 3072));
    expect(Object.values(kept.parts).reduce((a, b) => a + b, 0)).toBe(kept.peak);
    expect(wide.peak - kept.peak).toBeGreaterThan(1.2e9);
  });

  test('takes less with layers computed again, and more for more positions', () => {
    const long = ['max_tokens=1024'];
    expect(planned('bf16', ...long, 'rematerialize=true').peak).toBeLessThan(planned('bf16', ...long).peak / 2);
    expect(planned('bf16', ...long).peak).toBeGreaterThan(planned('bf16').peak);
  });
});

describe('what is chosen', () => {
  test('are 256 and 128 rows where they fit, fewer where not, and those of the settings', () => {
    expect(planned('bf16', 'memory=1000').batches).toEqual({ rollouts: 256, rubrics: 128, evaluation: 256 });
    const tight = planned('bf16', 'memory=6', 'max_tokens=2048', 'evaluation.max_tokens=4096').batches;
    expect(tight.rollouts).toBeGreaterThan(tight.evaluation);
    expect(tight.evaluation).toBeGreaterThanOrEqual(1);
    expect(tight.rollouts).toBeLessThan(32);
    expect(planned('bf16', 'memory=6', 'batches.evaluation=77').batches.evaluation).toBe(77);
    expect(planned('bf16', 'memory=0.5').batches).toEqual({ rollouts: 1, rubrics: 1, evaluation: 1 });
  });

  test('is fp32 where the run fits, and bf16 where it does not', () => {
    const format = (...overrides: readonly string[]) =>
      formatThatFits(config(...overrides), model, request(...overrides));
    expect(format('memory=20')).toBe('fp32');
    expect(format('memory=4')).toBe('bf16');
    expect(format('memory=4', 'rank=0')).toBe('fp32');
    expect(formatToRead(model, { memory: 8 })).toBe('fp32');
    expect(formatToRead(model, { memory: 4 })).toBe('bf16');
  });

  test('is a budget of the given GiB, or of a part of the machine', () => {
    expect(memoryBudget({ memory: 20 })).toBe(20 * GIB);
    expect(memoryBudget({})).toBeGreaterThan(0.1 * GIB);
  });
});
