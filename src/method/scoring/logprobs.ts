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
import { type SamplingOptions, samplingLogprobsOf } from '../rollout/sampling';
import { type DeviceView, layOut, perSequence, sizeOf, toDevice } from './align';
import { type BatchOptions, inBatches } from './batches';
import { readingOf, readOut } from './hidden';
import { countTokens, type Sequence, targetsOf } from './sequence';

const scorerFor = perConfig((config) =>
  compile((weights: Weights, view: DeviceView, targets: Tensor, { temperature = 1, sampler }: Distributions) => {
    const inputs = { targets, weights: tf.onesLike(tf.cast(targets, 'float32')) };
    const loss: LogitLoss = (logits, given) => {
      const { metrics, ...own } = crossEntropy(temperature === 1 ? logits : tf.div(logits, temperature), given);
      const more = sampler && { sampling: samplingLogprobsOf(logits, given.targets, sampler) };
      return { ...own, metrics: { ...metrics, ...more } };
    };
    const { metrics } = overVocabulary(readOut(config, weights, readingOf(config, view)), inputs, { loss });
    const { value, entropy, sampling } = metrics as Readonly<Record<string, Tensor>>;
    return { logprobs: tf.neg(value as Tensor), entropy: entropy as Tensor, ...(sampling && { sampling }) };
  }, 'score'),
);

/** One sequence's scores: log-probability and entropy of the distribution (nats) for each completion token. */
export interface CompletionScores {
  readonly logprobs: readonly number[];
  readonly entropy: readonly number[];
  /** With a `sampler`: the log-probability under its distribution, minus infinity for a token that it never draws. */
  readonly sampling?: readonly number[];
}

/** Log-probabilities and entropies are taken at `temperature`, default 1. */
interface Distributions {
  readonly temperature?: number;
  /** How the tokens were drawn. */
  readonly sampler?: SamplingOptions;
}

export interface ScoringOptions extends BatchOptions, Distributions {}

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
      scoreBatch(model, batch, options).map((result) => ({
        result,
        numbers: [result.logprobs, result.entropy],
      })),
    );
  });
  return [...scores];
}

function scoreBatch(
  model: LanguageModel,
  sequences: readonly Sequence[],
  { temperature = 1, sampler }: Distributions,
): CompletionScores[] {
  const tokens = countTokens(sequences);
  if (tokens === 0) return sequences.map(() => ({ logprobs: [], entropy: [], ...(sampler && { sampling: [] }) }));
  const view = layOut(sequences, { maxPositions: model.config.maxPositions });
  const numbers = tf.tidy(() => {
    const targets = int32(targetsOf(sequences, view.rows.length));
    const how = { temperature, ...(sampler && { sampler }) };
    const scores = scorerFor(model.config)(model.weights, toDevice(view), targets, how);
    return Object.entries(scores).map(([name, values]) => [name, values.dataSync()]) as never;
  }) as [keyof CompletionScores, Float32Array][];
  const own = numbers.map(([name, values]) => [name, perSequence(sequences, values)] as const);
  return sequences.map(
    (_, i) => Object.fromEntries(own.map(([name, rows]) => [name, rows[i]])) as unknown as CompletionScores,
  );
}
