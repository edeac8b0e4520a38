/**
 * Draws the next token inside the graph. Each row gets one uniform number from the host, which depends only on (seed,
 * question, sample, position), and inverts the cumulative distribution that temperature, top-k and top-p leave. A
 * sample's text therefore does not depend on the batch it is drawn in. Filters apply in the order of transformers:
 * temperature, top-k, top-p.
 */
import { ownKernels } from '../../engine/tensors/hardware';
import { int32, rawOp, rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';

/** How tokens are drawn. Temperature 0 is greedy; topK 0 and topP 1 filter nothing. */
export interface SamplingOptions {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
}

/** Bisection steps for the nucleus threshold; the error is below 2^-30 of the largest probability. */
const BISECTIONS = 30;

/** Keeps the entries of p [B, V] that are at least the k-th largest of their row, and sets the others to 0. */
function keepTopK(p: Tensor, k: number): Tensor {
  const [batch, vocabulary] = p.shape as [number, number];
  if (k <= 0 || k >= vocabulary) return p;
  const [largest] = rawOps('TopKV2', [p, int32(k)], { sorted: true }, 2) as [Tensor, Tensor];
  const least = tf.slice(largest, [0, k - 1], [batch, 1]);
  return tf.mul(p, tf.cast(tf.greaterEqual(p, least), 'float32'));
}

/**
 * Keeps, in each row, the smallest set of largest entries whose sum reaches topP of the row's sum. Bisection avoids a
 * sort.
 */
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

/** Unnormalised probabilities [B, V] after temperature and filters; the largest is 1. @internal */
export function filteredWeights(logits: Tensor, { temperature, topK, topP }: SamplingOptions): Tensor {
  const scaled = temperature === 1 ? logits : tf.div(logits, temperature);
  const weights = tf.exp(tf.sub(scaled, tf.max(scaled, -1, true)));
  return keepTopP(keepTopK(weights, topK), topP);
}

/** One entry from each row: of values [B, V], those at columns int32 [B]. */
function pickColumn(values: Tensor, columns: Tensor): Tensor {
  const at = rawOp('GatherV2', [values, tf.expandDims(columns, 1), int32(1)], { batch_dims: 1 });
  return tf.squeeze(at, [1]);
}

/**
 * Log-probabilities [B] of given tokens int32 [B] under the distribution that is drawn from, of logits [B, V]: minus infinity for one
 * that the filters leave out. The greedy choice is none; at temperature 0 they are those at temperature 1. @internal
 */
export function samplingLogprobsOf(logits: Tensor, tokens: Tensor, options: SamplingOptions): Tensor {
  const { temperature, topK, topP } = options;
  const plain = temperature === 0 || (topK <= 0 && topP >= 1);
  const weights = filteredWeights(logits, plain ? { temperature: temperature || 1, topK: 0, topP: 1 } : options);
  return tf.log(tf.div(pickColumn(weights, tokens), tf.sum(weights, -1)));
}

/** [B] each. */
interface Draws {
  readonly tokens: Tensor;
  readonly logprobs: Tensor;
  readonly samplingLogprobs: Tensor;
}

/**
 * Draws one token for each row, from logits [B, V] and uniform numbers in (0, 1] [B]. Also gives its log-probability
 * under the model at temperature 1 and under the distribution it was drawn from. @internal
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
  // Takes the first entry whose cumulative sum reaches u * total; as u > 0, an entry that was filtered out is never
  // drawn.
  const below = tf.less(cumulative, tf.mul(tf.expandDims(uniform, 1), total));
  const tokens = tf.cast(tf.sum(tf.cast(below, 'int32'), 1), 'int32');
  const samplingLogprobs = tf.log(tf.div(pickColumn(weights, tokens), tf.squeeze(total, [1])));
  return { tokens, logprobs: pickColumn(logprobsAll, tokens), samplingLogprobs };
}
