/**
 * How likely a model finds each of a few given tokens at the places of a completion. A judge's verdict is read from
 * these numbers.
 */

import type { LanguageModel } from '../../engine/model/model';
import { perConfig } from '../../engine/model/perConfig';
import type { Weights } from '../../engine/model/transformer';
import { compile } from '../../engine/tensors/compile';
import { timesTransposed } from '../../engine/tensors/pairs';
import { int32, rawOp } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { logSoftmax } from '../losses/distributions';
import { type DeviceView, layOut, sizeOf, toDevice } from './align';
import { type BatchOptions, inBatches } from './batches';
import { readingOf, readOut } from './hidden';
import type { Sequence } from './sequence';

const readerFor = perConfig((config) =>
  compile((weights: Weights, view: DeviceView, choices: Tensor) => {
    const { hidden, head, precision } = readOut(config, weights, readingOf(config, view));
    return rawOp('GatherV2', [logSoftmax(timesTransposed(hidden, head, precision)), choices, int32(1)]);
  }, 'choices'),
);

/**
 * Log-probabilities of the tokens `choices` at each completion token of each sequence. Computes full logits: meant for
 * completions of few tokens.
 */
export function scoreChoices(
  model: LanguageModel,
  sequences: readonly Sequence[],
  choices: readonly number[],
  options: BatchOptions = {},
): Promise<number[][][]> {
  return inBatches({ stage: 'score', items: sequences, sizeOf }, options, (batch) => {
    const view = layOut(batch, { maxPositions: model.config.maxPositions });
    const read = tf.tidy(
      () => readerFor(model.config)(model.weights, toDevice(view), int32(choices)).dataSync() as never,
    ) as Float32Array;
    let at = 0;
    return batch.map(({ completionTokens }) => {
      const result = completionTokens.map(() => {
        at += choices.length;
        return [...read.subarray(at - choices.length, at)];
      });
      return { result, numbers: choices.map((_, choice) => result.map((own) => own[choice] as number)) };
    });
  });
}
