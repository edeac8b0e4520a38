import { describe, expect, it } from 'vitest';
import { tf } from '../../src/engine/tensors/tensorflow';
import { filteredWeights, type SamplingOptions } from '../../src/method/rollout/sampling';
import { readArrays, readReference } from './reference';

interface Case {
  logits: 'small' | 'large';
  temperature: number;
  top_k: number;
  top_p: number;
  kept: number[][];
}

const { cases } = readReference<{ cases: Case[] }>('sampling.json');
const arrays = readArrays('sampling.safetensors');

/** The token ids of each row that the filters leave. */
function keptTokens(name: string, rows: number, options: SamplingOptions): number[][] {
  const values = arrays.get(name) as Float32Array;
  const size = values.length / rows;
  const weights = tf.tidy(
    () => filteredWeights(tf.tensor2d(values, [rows, size]), options).dataSync() as never,
  ) as Float32Array;
  return Array.from({ length: rows }, (_, row) =>
    [...weights.subarray(row * size, (row + 1) * size)].flatMap((weight, token) => (weight > 0 ? [token] : [])),
  );
}

describe('the sampling filters', () => {
  it.each(cases)(
    'keep what transformers keeps: $logits logits, temperature $temperature, top-k $top_k, top-p $top_p',
    (row) => {
      const options = { temperature: row.temperature, topK: row.top_k, topP: row.top_p };
      expect(keptTokens(row.logits, row.kept.length, options)).toEqual(row.kept);
    },
  );
});
