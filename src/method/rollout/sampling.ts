/**
 * Drawing the next token inside the graph. Each row gets one uniform number from the host, a pure function of (seed, question,
 * sample, position), and inverts the cumulative distribution of what temperature, top-k and top-p leave; so a sample's text
 * does not depend on the batch it is drawn in. Order of the filters as in transformers: temperature, top-k, top-p.
 */
import { ownKernels } from '../../engine/tensors/hardware';
import { int32, rawOp, rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';

/** How tokens are drawn; temperature 0 is greedy, topK 0 and topP 1 filter nothing. */
export interface SamplingOptions {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
}

/** Bisection steps for the nucleus threshold: its error is below 2^-30 of the largest probability. */
const BISECTIONS = 30;

/** Keeps p [B, V] where it is at least the k-th largest of its row, else 0. */
function keepTopK(p: Tensor, k: number): Tensor {
  const [batch, vocabulary] = p.shape as [number, number];
  if (k <= 0 || k >= vocabulary) return p;
  const [largest] = rawOps('TopKV2', [p, int32(k)], { sorted: true }, 2) as [Tensor, Tensor];
  const least = tf.slice(largest, [0, k - 1], [batch, 1]);
  return tf.mul(p, tf.cast(tf.greaterEqual(p, least), 'float32'));
}

/** Keeps the smallest set of largest entries whose mass reaches topP of the row's; found by bisection, without a sort. */
function keepTopP(p: Tensor, topP: number): Tensor {
  if (topP >= 1) return p;
  const enough = tf.mul(tf.sum(p, -1, true), topP);
  let low = tf.zerosLike(enough);
  let high = tf.max(p, -1, true);
  const kept = (threshold: Tensor): Tensor => tf.mul(p, tf.cast(tf.greaterEqual(p, threshold), 'float32'));
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = tf.mul(tf.add(low, high), 0.5);
    const reaches = tf.greaterEqual(tf.sum(kept(middle), -1, true), enough);
    low = tf.where(reaches, middle, low);
    high = tf.where(reaches, high, middle);
  }
  return kept(low);
}

/** Unnormalised probabilities [B, V] after temperature and filters, the largest being 1. @internal */
export function filteredWeights(logits: Tensor, { temperature, topK, topP }: SamplingOptions): Tensor {
  const scaled = temperature === 1 ? logits : tf.div(logits, temperature);
  const weights = tf.exp(tf.sub(scaled, tf.max(scaled, -1, true)));
  return keepTopP(keepTopK(weights, topK), topP);
}

/** One entry a row: values [B, V] at columns int32 [B]. */
function pickColumn(values: Tensor, columns: Tensor): Tensor {
  const at = rawOp('GatherV2', [values, tf.expandDims(columns, 1), int32(1)], { batch_dims: 1 });
  return tf.squeeze(at, [1]);
}

/** What is drawn, [B] each. */
interface Draws {
  readonly tokens: Tensor;
  readonly logprobs: Tensor;
  readonly samplingLogprobs: Tensor;
}

/**
 * One token a row from logits [B, V] and uniform numbers (0, 1] [B]; with its log-probability under the model at temperature 1
 * and under the distribution it was drawn from. @internal
 */
export function sampleTokens(logits: Tensor, uniform: Tensor, options: SamplingOptions): Draws {
  return ownKernels() ? drawTokens(logits, uniform, options) : stockDrawTokens(logits, uniform, options);
}

function drawTokens(logits: Tensor, uniform: Tensor, { temperature, topK, topP }: SamplingOptions): Draws {
  const attrs = { temperature, top_k: topK, top_p: topP };
  const drawn = rawOps('RcsdSample', [logits, uniform], attrs, 3) as [Tensor, Tensor, Tensor];
  const [tokens, logprobs, samplingLogprobs] = drawn;
  return { tokens, logprobs, samplingLogprobs };
}

function stockDrawTokens(logits: Tensor, uniform: Tensor, options: SamplingOptions): Draws {
  const logprobsAll = tf.sub(logits, tf.logSumExp(logits, -1, true));
  if (options.temperature === 0) {
    const tokens = rawOp('ArgMax', [logits, int32(1)], { output_type: 3 });
    return { tokens, logprobs: pickColumn(logprobsAll, tokens), samplingLogprobs: tf.zerosLike(uniform) };
  }
  const weights = filteredWeights(logits, options);
  const cumulative = tf.cumsum(weights, 1);
  const total = tf.slice(cumulative, [0, (logits.shape[1] as number) - 1], [-1, 1]);
  // The first entry whose cumulative mass reaches u * total; u > 0 keeps filtered-out entries from being drawn.
  const below = tf.less(cumulative, tf.mul(tf.expandDims(uniform, 1), total));
  const tokens = tf.cast(tf.sum(tf.cast(below, 'int32'), 1), 'int32');
  const samplingLogprobs = tf.log(tf.div(pickColumn(weights, tokens), tf.squeeze(total, [1])));
  return { tokens, logprobs: pickColumn(logprobsAll, tokens), samplingLogprobs };
}
