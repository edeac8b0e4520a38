/** Per-token log-probabilities of given completions (natural logarithms). */

import { crossEntropy } from '../losses/crossEntropy';
import { type LogitLoss, overVocabulary } from '../losses/tokenLoss';
import type { LanguageModel } from '../model/model';
import { perConfig } from '../model/perConfig';
import type { Weights } from '../model/transformer';
import { throwIfAborted } from '../records/errors';
import { type OperationOptions, yieldToEvents } from '../records/events';
import { compile } from '../tensors/compile';
import { int32 } from '../tensors/raw';
import { type Tensor, tf } from '../tensors/tensorflow';
import {
  batchesByLength,
  countTokens,
  type DeviceView,
  layOut,
  perSequence,
  type Sequence,
  targetsOf,
  toDevice,
} from './align';
import { readingOf, readOut } from './hidden';

const scorerFor = perConfig((config) =>
  compile((weights: Weights, view: DeviceView, targets: Tensor, temperature: number) => {
    const inputs = { targets, weights: tf.onesLike(tf.cast(targets, 'float32')) };
    const loss: LogitLoss = (logits, given) =>
      crossEntropy(temperature === 1 ? logits : tf.div(logits, temperature), given);
    const { metrics } = overVocabulary(readOut(config, weights, readingOf(config, view)), inputs, { loss });
    return { logprobs: tf.neg(metrics.value as Tensor), entropy: metrics.entropy as Tensor };
  }, 'score'),
);

/** One sequence's scores: a log-probability and the distribution's entropy (nats) for each completion token. */
export interface CompletionScores {
  readonly logprobs: readonly number[];
  readonly entropy: readonly number[];
}

/** Scoring's batches have about `batchTokens` padded tokens; the distributions are those at `temperature`, 1 unless said. */
export interface ScoringOptions extends OperationOptions {
  readonly batchTokens?: number;
  readonly temperature?: number;
}

/** Scores every sequence; results come in the order given. */
export function scoreCompletions(
  model: LanguageModel,
  sequences: readonly Sequence[],
  options: ScoringOptions = {},
): Promise<CompletionScores[]> {
  return inBatches(sequences, options, (batch) => scoreBatch(model, batch, options.temperature ?? 1));
}

/** Runs `score` over batches of sequences of like length; results come in the order given. @internal */
export async function inBatches<T>(
  sequences: readonly Sequence[],
  { batchTokens, signal, onProgress }: ScoringOptions,
  score: (batch: readonly Sequence[]) => readonly T[],
): Promise<T[]> {
  const results: T[] = [];
  const lengths = sequences.map(({ promptTokens, completionTokens }) => promptTokens.length + completionTokens.length);
  let done = 0;
  for (const batch of batchesByLength(lengths, batchTokens)) {
    throwIfAborted(signal);
    score(batch.map((i) => sequences[i] as Sequence)).forEach((result, k) => {
      results[batch[k] as number] = result;
    });
    done += batch.length;
    onProgress?.({ stage: 'score', done, total: sequences.length });
    await yieldToEvents();
  }
  return results;
}

function scoreBatch(model: LanguageModel, sequences: readonly Sequence[], temperature: number): CompletionScores[] {
  const tokens = countTokens(sequences);
  if (tokens === 0) return sequences.map(() => ({ logprobs: [], entropy: [] }));
  const view = layOut(sequences, { maxPositions: model.config.maxPositions });
  const [logprobs, entropy] = tf.tidy(() => {
    const targets = int32(targetsOf(sequences, view.rows.length));
    const scores = scorerFor(model.config)(model.weights, toDevice(view), targets, temperature);
    return [scores.logprobs.dataSync(), scores.entropy.dataSync()] as never;
  }) as [Float32Array, Float32Array];
  const own = { logprobs: perSequence(sequences, logprobs), entropy: perSequence(sequences, entropy) };
  return sequences.map((_, i) => ({ logprobs: own.logprobs[i] as number[], entropy: own.entropy[i] as number[] }));
}
