/** The product's engine run on a reference batch, as its scoring and training run it. */

import { causalAttention } from '../../src/engine/model/attention';
import type { ModelConfig } from '../../src/engine/model/config';
import { ropeTables } from '../../src/engine/model/rope';
import { hiddenStates, logits, type Weights } from '../../src/engine/model/transformer';
import { compile } from '../../src/engine/tensors/compile';
import type { Params } from '../../src/engine/tensors/gradients';
import { int32 } from '../../src/engine/tensors/raw';
import { tf } from '../../src/engine/tensors/tensorflow';
import type { LossSpec } from '../../src/method/losses/spec';
import { layOut, toDevice } from '../../src/method/scoring/align';
import { countTokens, type Sequence, targetsOf } from '../../src/method/scoring/sequence';
import { type BatchGradients, gradientStep, type Student } from '../../src/method/train/step';

/** Right-padded ids, and where each row's completion starts and ends. */
export interface ReferenceBatch {
  readonly input_ids: number[][];
  readonly prompt_lengths: number[];
  readonly lengths: number[];
}

/** The batch's rows as prompts and completions. */
export const sequencesOf = ({ input_ids, prompt_lengths, lengths }: ReferenceBatch): Sequence[] =>
  input_ids.map((ids, row) => ({
    promptTokens: ids.slice(0, prompt_lengths[row]),
    completionTokens: ids.slice(prompt_lengths[row], lengths[row]),
  }));

/** Entries [B, T, V] of the rows' real positions, without the padding. */
export const withoutPadding = (values: Float32Array, { input_ids, lengths }: ReferenceBatch): number[] => {
  const row = values.length / input_ids.length;
  const width = row / (input_ids[0] as number[]).length;
  return lengths.flatMap((length, b) => [...values.subarray(b * row, b * row + length * width)]);
};

const forward = compile((config: ModelConfig, weights: Weights, ids: ReturnType<typeof int32>) => {
  const length = ids.shape[1] as number;
  const input = { ids, rope: ropeTables(config, length), attend: causalAttention(config, length) };
  return logits(config, weights, hiddenStates(config, weights, input));
}, 'reference_logits');

/** Logits of every position, [B * T * V]. */
export const allLogits = (config: ModelConfig, weights: Weights, { input_ids }: ReferenceBatch): Float32Array =>
  tf.tidy(() => {
    const ids = int32(input_ids.flat(), [input_ids.length, (input_ids[0] as number[]).length]);
    return forward(config, weights, ids).dataSync() as never;
  });

/** One compiled gradient step on the mean cross-entropy of the completion tokens; the caller frees the result. */
export function crossEntropyStep(config: ModelConfig, student: Student, batch: ReferenceBatch): BatchGradients {
  const sequences = sequencesOf(batch);
  const tokens = countTokens(sequences);
  const view = layOut(sequences, { maxPositions: config.maxPositions });
  const size = view.rows.length;
  const device = {
    student: toDevice(view),
    targets: int32(targetsOf(sequences, size)),
    weights: tf.tensor1d(Float32Array.from({ length: size }, (_, i) => (i < tokens ? 1 / tokens : 0))),
  };
  const spec: LossSpec = { kind: 'cross_entropy' };
  const result = gradientStep(config)(student, null, device, spec);
  tf.dispose(device as never);
  return result;
}

/** The values of a record of tensors by name. */
export const valuesOf = (params: Params): Map<string, Float32Array> =>
  new Map(Object.entries(params).map(([name, tensor]) => [name, tensor.dataSync() as Float32Array]));
