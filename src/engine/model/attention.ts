/** Causal grouped-query attention: over whole sequences, and over a cache of keys and values while decoding. */
import { ownKernels } from '../tensors/hardware';
import { attention, batchMatMul, maskedSoftmax } from '../tensors/ops';
import { int32, rawOp } from '../tensors/raw';
import { type Tensor, tf } from '../tensors/tensorflow';
import type { ModelConfig } from './config';
import type { Attend } from './transformer';

const MASKED = -1e9;

/** Additive mask [T, T]: position i sees the positions j <= i and, with a window, only those with i - j < window. */
function causalMask(length: number, window: number | null): Tensor {
  const mask = new Float32Array(length * length);
  for (let i = 0; i < length; i++) {
    for (let j = 0; j < length; j++) {
      if (j > i || (window !== null && i - j >= window)) mask[i * length + j] = MASKED;
    }
  }
  return tf.tensor2d(mask, [length, length]);
}

/**
 * Reshapes queries [B, T, H, d] to [B, KV, G * T, d]. The G query heads that share a key head are stacked, so that keys
 * need not be repeated.
 */
function groupQueries(config: ModelConfig, q: Tensor): Tensor {
  const [batch, length] = q.shape as [number, number];
  const rows = (config.heads / config.kvHeads) * length;
  return tf.reshape(tf.transpose(q, [0, 2, 1, 3]), [batch, config.kvHeads, rows, config.headDim]);
}

/** The inverse of `groupQueries`. */
function ungroup(config: ModelConfig, out: Tensor, length: number): Tensor {
  const batch = out.shape[0] as number;
  return tf.transpose(tf.reshape(out, [batch, config.heads, length, config.headDim]), [0, 2, 1, 3]);
}

/**
 * Softmax of scores [B, KV, R, S] plus a mask, times values [B, KV, S, d]. The mask [M, S] or [B, 1, M, S] is repeated
 * for each M of the R rows.
 */
function weigh(scores: Tensor, mask: Tensor, values: Tensor): Tensor {
  const [m, s] = mask.shape.slice(-2) as [number, number];
  const parts = tf.reshape(scores, [scores.shape[0] as number, -1, m, s]);
  return batchMatMul(tf.reshape(maskedSoftmax(parts, mask), scores.shape), values);
}

/** Keys and values of every layer from one forward pass, [B, T, KV, d] each. */
export type KeyValues = { readonly keys: Tensor; readonly values: Tensor }[];

/**
 * For rows that hold several sequences: which part of the row each position sees, int32 [B, T, 3]; see `attention` in
 * ops.ts.
 */
export type Spans = Tensor;

/** The same as an additive mask [B, 1, T, T], for TensorFlow's own operations. */
function spanMask(spans: Spans, length: number, window: number | null): Tensor {
  const column = (i: number): Tensor => tf.slice(spans, [0, 0, i], [-1, -1, 1]);
  const [prefixFrom, prefixTo, start] = [column(0), column(1), column(2)] as [Tensor, Tensor, Tensor];
  const positions = tf.range(0, length, 1, 'int32');
  const keys = tf.reshape(positions, [1, 1, length]);
  const end = tf.add(tf.reshape(positions, [1, length, 1]), int32(1));
  const latest = (from: Tensor, to: Tensor): Tensor => (window === null ? from : tf.maximum(from, tf.sub(to, window)));
  const within = (from: Tensor, to: Tensor): Tensor => tf.logicalAnd(tf.greaterEqual(keys, from), tf.less(keys, to));
  const shared = within(latest(prefixFrom, tf.add(prefixTo, tf.sub(end, start))), prefixTo);
  const hidden = tf.logicalNot(tf.logicalOr(shared, within(latest(start, end), end)));
  return tf.expandDims(tf.mul(tf.cast(hidden, 'float32'), MASKED), 1);
}

/** One mask for each different window of the model's layers; none where our own kernels need no mask. */
function perWindow(
  config: ModelConfig,
  make: (window: number | null) => Tensor,
): (layer: number) => Tensor | undefined {
  const windows = ownKernels() ? [] : config.slidingWindows;
  const masks = new Map([...new Set(windows)].map((window) => [window, make(window)]));
  return (layer) => masks.get(config.slidingWindows[layer] ?? null);
}

/**
 * Attention within rows of `length` positions, padded on the right. A row holds one sequence, or several as `spans`
 * says. Collects keys and values if asked to.
 */
export function causalAttention(
  config: ModelConfig,
  length: number,
  { collect, spans }: { readonly collect?: KeyValues; readonly spans?: Spans } = {},
): Attend {
  const maskFor = perWindow(config, (window) => (spans ? spanMask(spans, length, window) : causalMask(length, window)));
  return (layer, q, k, v) => {
    if (collect) collect[layer] = { keys: k, values: v };
    const mask = maskFor(layer);
    if (!mask) return attention(q, k, v, { window: config.slidingWindows[layer] ?? 0, spans });
    const keys = tf.transpose(k, [0, 2, 1, 3]);
    const scores = batchMatMul(groupQueries(config, q), keys, true);
    return ungroup(config, weigh(scores, mask, tf.transpose(v, [0, 2, 1, 3])), length);
  };
}

/** Keys and values of B sequences for each layer, with room for `capacity` positions: [B * KV * capacity, d]. */
export interface Cache {
  readonly keys: readonly Tensor[];
  readonly values: readonly Tensor[];
}

/**
 * Attention of one new token in each row against the cache. `positions` int32 [B] says where each row's token goes; its
 * key and value are written into the caller's buffers in place, so that the cache is never copied.
 */
export function cachedAttention(config: ModelConfig, cache: Cache, positions: Tensor, capacity: number): Attend {
  if (!ownKernels()) return stockCachedAttention(config, cache, positions, capacity);
  return (layer, q, k, v) => {
    const buffers = [cache.keys[layer] as Tensor, cache.values[layer] as Tensor];
    const attrs = { capacity, window: config.slidingWindows[layer] ?? 0 };
    return rawOp('RcsdCachedAttention', [q, k, v, ...buffers, positions], attrs);
  };
}

/** The same in TensorFlow's own operations, over the whole capacity with a mask. */
function stockCachedAttention(config: ModelConfig, cache: Cache, positions: Tensor, capacity: number): Attend {
  const batch = positions.shape[0] as number;
  const { kvHeads, headDim } = config;
  const firstRows = Int32Array.from({ length: batch * kvHeads }, (_, row) => row * capacity);
  const perHead = tf.reshape(tf.tile(tf.expandDims(positions, 1), [1, kvHeads]), [batch * kvHeads]);
  const rows = tf.add(int32(firstRows), perHead);
  const slots = tf.tensor2d(
    Int32Array.from({ length: capacity }, (_, i) => i),
    [1, capacity],
    'int32',
  );
  const at = tf.expandDims(positions, 1);
  const maskFor = perWindow(config, (window) => {
    const later = tf.greater(slots, at);
    const hidden = window === null ? later : tf.logicalOr(later, tf.lessEqual(slots, tf.sub(at, window)));
    return tf.reshape(tf.mul(tf.cast(hidden, 'float32'), MASKED), [batch, 1, 1, capacity]);
  });
  const write = (buffer: Tensor, value: Tensor): Tensor =>
    tf.reshape(rawOp('InplaceUpdate', [buffer, rows, tf.reshape(value, [batch * kvHeads, headDim])]), [
      batch,
      kvHeads,
      capacity,
      headDim,
    ]);
  return (layer, q, k, v) => {
    const keys = write(cache.keys[layer] as Tensor, k);
    const values = write(cache.values[layer] as Tensor, v);
    const scores = batchMatMul(groupQueries(config, q), keys, true);
    return ungroup(config, batchMatMul(maskedSoftmax(scores, maskFor(layer) as Tensor), values), 1);
  };
}

/**
 * Copies rows of a cache into one with `capacity` positions; row i of the result is row `from[i]` of the given cache.
 */
export function gatherCache(
  config: ModelConfig,
  cache: Cache,
  from: Tensor,
  shape: { capacity: number; next: number },
): Cache {
  const { kvHeads, headDim } = config;
  const move = (buffer: Tensor): Tensor => {
    const rows = rawOp('GatherV2', [tf.reshape(buffer, [-1, kvHeads * shape.capacity * headDim]), from, int32(0)]);
    return resize(tf.reshape(rows, [-1, kvHeads, shape.capacity, headDim]), shape.next);
  };
  return { keys: cache.keys.map(move), values: cache.values.map(move) };
}

/** Puts the rows of two caches below each other, each with room for `next` positions. */
export function joinCaches(
  config: ModelConfig,
  [first, second]: readonly [Cache, Cache],
  { capacities, next }: { readonly capacities: readonly [number, number]; readonly next: number },
): Cache {
  const { kvHeads, headDim } = config;
  const resized = (buffer: Tensor, capacity: number): Tensor =>
    resize(tf.reshape(buffer, [-1, kvHeads, capacity, headDim]), next);
  const join = (a: readonly Tensor[], b: readonly Tensor[]): Tensor[] =>
    a.map((buffer, layer) =>
      tf.concat([resized(buffer, capacities[0]), resized(b[layer] as Tensor, capacities[1])], 0),
    );
  return { keys: join(first.keys, second.keys), values: join(first.values, second.values) };
}

/** Keys or values of a forward pass [B, T, KV, d] as a cache buffer with room for `capacity` positions. */
export function toCacheBuffer(values: Tensor, capacity: number): Tensor {
  return resize(tf.transpose(values, [0, 2, 1, 3]), capacity);
}

/** Cuts S of [B, KV, S, d] to `capacity`, or fills it up with zeros; returns [B * KV * capacity, d]. */
function resize(buffer: Tensor, capacity: number): Tensor {
  const [batch, heads, length, dim] = buffer.shape as [number, number, number, number];
  const fitted =
    length >= capacity
      ? tf.slice(buffer, [0, 0, 0, 0], [batch, heads, capacity, dim])
      : tf.concat([buffer, tf.zeros([batch, heads, capacity - length, dim])], 2);
  return tf.reshape(fitted, [batch * heads * capacity, dim]);
}
