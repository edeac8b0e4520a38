/** Per-token log-probabilities of given completions (natural logarithms). */

import type { LanguageModel } from '../../engine/model/model';
import { perConfig } from '../../engine/model/perConfig';
import { shared } from '../../engine/model/ranks';
import type { Weights } from '../../engine/model/transformer';
import { compile } from '../../engine/tensors/compile';
import { int32 } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { crossEntropy } from '../losses/crossEntropy';
import { type LogitLoss, overVocabulary } from '../losses/tokenLoss';
import { type DeviceView, layOut, perSequence, sizeOf, toDevice } from './align';
import { type BatchOptions, inBatches } from './batches';
import { readingOf, readOut } from './hidden';
import { countTokens, type Sequence, targetsOf } from './sequence';

const scorerFor = perConfig((config) =>
  compile((weights: Weights, view: DeviceView, targets: Tensor, temperature: number) => {
    const inputs = { targets, weights: tf.onesLike(tf.cast(targets, 'float32')) };
    const loss: LogitLoss = (logits, given) =>
      crossEntropy(temperature === 1 ? logits : tf.div(logits, temperature), given);
    const { metrics } = overVocabulary(readOut(config, weights, readingOf(config, view)), inputs, { loss });
    return { logprobs: tf.neg(metrics.value as Tensor), entropy: metrics.entropy as Tensor };
  }, 'score'),
);

/** One sequence's scores: log-probability and entropy of the distribution (nats) for each completion token. */
export interface CompletionScores {
  readonly logprobs: readonly number[];
  readonly entropy: readonly number[];
}

/** Distributions are taken at `temperature`, default 1. */
export interface ScoringOptions extends BatchOptions {
  readonly temperature?: number;
}

/** Scores every sequence; results come in the order of the sequences. */
export async function scoreCompletions(
  model: LanguageModel,
  sequences: readonly Sequence[],
  options: ScoringOptions = {},
): Promise<CompletionScores[]> {
  const items = sequences.map((sequence, i) => ({ sequence, name: options.nameOf?.(i) }));
  const scores = await shared(model.ranks, { items, deal: 'blocks' }, (own) => {
    const named = { ...options, ...(options.nameOf && { nameOf: (i: number) => own[i]?.name ?? '' }) };
    return inBatches({ stage: 'score', items: own.map(({ sequence }) => sequence), sizeOf }, named, (batch) =>
      scoreBatch(model, batch, options.temperature ?? 1).map((result) => ({
        result,
        numbers: [result.logprobs, result.entropy],
      })),
    );
  });
  return [...scores];
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
