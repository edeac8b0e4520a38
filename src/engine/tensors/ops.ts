/**
 * The transformer's operations, each with a hand-derived gradient that is checked against finite differences. Each runs
 * as one of the project's own kernels, or as a few of TensorFlow's own operations where those kernels cannot run.
 */
import { matrixProduct } from './bf16';
import { defineOp } from './define';
import { ownKernels, type Precision } from './hardware';
import { int32, rawOp, rawOps } from './raw';
import { type Tensor, tf } from './tensorflow';

/** Sums `dy` over the axes along which `like` was broadcast; shapes are aligned on the right. */
function sumTo(dy: Tensor, like: Tensor): Tensor {
  const offset = dy.rank - like.rank;
  const axes = dy.shape.flatMap((size, axis) => {
    const wanted = axis < offset ? 1 : like.shape[axis - offset];
    return wanted === 1 && size !== 1 ? [axis] : axis < offset ? [axis] : [];
  });
  return axes.length === 0 ? dy : tf.reshape(tf.sum(dy, axes), like.shape);
}

/**
 * Up to this many rows our kernel, which reads the matrix only once, is faster than a general product. In bf16 the
 * limit is lower, because the general product uses bf16 instructions.
 */
const FEW_ROWS = { fp32: 96, bf16: 24 };

export const isFewRows = (x: Tensor, precision: Precision): boolean =>
  (x.shape[0] as number) <= FEW_ROWS[precision] && ownKernels();

/** x times the transpose of each matrix [out, in], in fp32 or as bf16 pairs, by the kernel for few rows. Has no gradient. */
export const fewRowsLinear = (x: Tensor, matrices: readonly Tensor[], bf16: boolean): Tensor[] =>
  rawOps('RcsdFewRowsLinear', [x, ...matrices], { bf16 }, matrices.length);

const linearOp = defineOp<{ x: Tensor; w: Tensor }, { precision: Precision }>({
  name: 'Linear',
  inputs: ['x', 'w'],
  forward: ({ x, w }, { precision }) =>
    precision === 'fp32' && isFewRows(x, 'fp32')
      ? (fewRowsLinear(x, [w], false)[0] as Tensor)
      : matrixProduct(x, w, { transpose_b: true }, precision),
  backward: ({ dy, inputs: { x, w }, attrs: { precision } }) => ({
    x: () => matrixProduct(dy, w, {}, precision),
    w: () => matrixProduct(dy, x, { transpose_a: true }, precision),
  }),
});

/** x [N, in] times the transpose of w [out, in]: [N, out]. */
export const linear = (x: Tensor, w: Tensor, precision: Precision = 'fp32'): Tensor =>
  linearOp({ x, w }, { precision });

const batchMatMulOp = defineOp<{ a: Tensor; b: Tensor }, { transposeB: boolean }>({
  name: 'BatchMatMul',
  inputs: ['a', 'b'],
  forward: ({ a, b }, { transposeB }) => rawOp('BatchMatMulV2', [a, b], { adj_y: transposeB }),
  backward: ({ dy, inputs: { a, b }, attrs: { transposeB } }) => ({
    a: () => rawOp('BatchMatMulV2', [dy, b], { adj_y: !transposeB }),
    b: () =>
      transposeB ? rawOp('BatchMatMulV2', [dy, a], { adj_x: true }) : rawOp('BatchMatMulV2', [a, dy], { adj_x: true }),
  }),
});

/** Matrix product over the last two axes; all leading axes must be equal. `transposeB` takes b as [..., n, k]. */
export const batchMatMul = (a: Tensor, b: Tensor, transposeB = false): Tensor =>
  batchMatMulOp({ a, b }, { transposeB });

const gatherRowsOp = defineOp<{ table: Tensor; rows: Tensor }>({
  name: 'GatherRows',
  inputs: ['table', 'rows'],
  forward: ({ table, rows }) => rawOp('GatherV2', [table, rows, int32(0)]),
  backward: ({ dy, inputs: { table, rows } }) => ({
    table: () => rawOp('UnsortedSegmentSum', [dy, rows, int32(table.shape[0] as number)]),
  }),
});

/** Rows of `table` [R, D] at the indices int32 [...]: [..., D]. The indices must be in range. */
export const gatherRows = (table: Tensor, rows: Tensor): Tensor => gatherRowsOp({ table, rows });

const rmsScale = (x: Tensor, eps: number): Tensor => rawOp('Rsqrt', [tf.add(tf.mean(tf.square(x), -1, true), eps)]);

const rmsNormOp = defineOp<{ x: Tensor; weight: Tensor }, { eps: number }>({
  name: 'RmsNorm',
  inputs: ['x', 'weight'],
  forward: ({ x, weight }, { eps }) =>
    ownKernels() ? rawOp('RcsdRmsNorm', [x, weight], { eps }) : tf.mul(tf.mul(x, rmsScale(x, eps)), weight),
  backward: ({ dy, inputs: { x, weight }, attrs: { eps } }) => ({
    x: () => {
      if (ownKernels()) return rawOp('RcsdRmsNormGrad', [dy, x, weight], { eps });
      const scale = rmsScale(x, eps);
      const normed = tf.mul(x, scale);
      const g = tf.mul(dy, weight);
      return tf.mul(tf.sub(g, tf.mul(normed, tf.mean(tf.mul(g, normed), -1, true))), scale);
    },
    weight: () =>
      ownKernels()
        ? rawOp('RcsdRmsNormWeightGrad', [dy, x], { eps })
        : sumTo(tf.mul(dy, tf.mul(x, rmsScale(x, eps))), weight),
  }),
});

/** Root-mean-square norm over the last axis, times weight [D]. */
export const rmsNorm = (x: Tensor, weight: Tensor, eps: number): Tensor => rmsNormOp({ x, weight }, { eps });

/** Swaps the two halves of the last axis. */
const swapHalves = (x: Tensor): Tensor =>
  rawOp('Roll', [x, int32([(x.shape[x.rank - 1] as number) / 2]), int32([x.rank - 1])]);

const rotateOp = defineOp<{ x: Tensor; cos: Tensor; sin: Tensor }>({
  name: 'Rotate',
  inputs: ['x', 'cos', 'sin'],
  forward: ({ x, cos, sin }) =>
    ownKernels()
      ? rawOp('RcsdRotate', [x, cos, sin], { inverse: false })
      : tf.add(tf.mul(x, cos), tf.mul(swapHalves(x), sin)),
  backward: ({ dy, inputs: { cos, sin } }) => ({
    x: () =>
      ownKernels()
        ? rawOp('RcsdRotate', [dy, cos, sin], { inverse: true })
        : tf.add(tf.mul(dy, cos), swapHalves(tf.mul(dy, sin))),
  }),
});

/**
 * Rotary embedding of x [B, T, H, d], with cos and sin [B or 1, T or 1, 1, d]; the first half of sin contains the minus
 * sign of rotate-half.
 */
export const rotate = (x: Tensor, cos: Tensor, sin: Tensor): Tensor => rotateOp({ x, cos, sin });

const swigluOp = defineOp<{ gate: Tensor; up: Tensor }>({
  name: 'Swiglu',
  inputs: ['gate', 'up'],
  forward: ({ gate, up }) =>
    ownKernels() ? rawOp('RcsdSwiglu', [gate, up]) : tf.mul(tf.mul(gate, tf.sigmoid(gate)), up),
  backward: ({ dy, inputs: { gate, up } }) => {
    if (ownKernels()) {
      const [dgate, dup] = rawOps('RcsdSwigluGrad', [dy, gate, up], {}, 2) as [Tensor, Tensor];
      return { gate: () => dgate, up: () => dup };
    }
    const sigmoid = tf.sigmoid(gate);
    const silu = tf.mul(gate, sigmoid);
    return {
      gate: () => tf.mul(tf.mul(dy, up), tf.add(sigmoid, tf.mul(silu, tf.sub(1, sigmoid)))),
      up: () => tf.mul(dy, silu),
    };
  },
});

/** silu(gate) * up, elementwise. */
export const swiglu = (gate: Tensor, up: Tensor): Tensor => swigluOp({ gate, up });

const maskedSoftmaxOp = defineOp<{ scores: Tensor; mask: Tensor }>({
  name: 'MaskedSoftmax',
  inputs: ['scores', 'mask'],
  forward: ({ scores, mask }) => rawOp('Softmax', [tf.add(scores, mask)]),
  backward: ({ dy, y }) => ({
    scores: () => tf.mul(y, tf.sub(dy, tf.sum(tf.mul(dy, y), -1, true))),
  }),
});

/** Softmax over the last axis of scores plus an additive mask, which is broadcast. */
export const maskedSoftmax = (scores: Tensor, mask: Tensor): Tensor => maskedSoftmaxOp({ scores, mask });

const attentionOp = defineOp<{ q: Tensor; k: Tensor; v: Tensor }, { window: number; spans: readonly Tensor[] }>({
  name: 'Attention',
  inputs: ['q', 'k', 'v'],
  forward: ({ q, k, v }, { window, spans }) => rawOp('RcsdAttention', [q, k, v, ...spans], { window, N: spans.length }),
  backward: ({ dy, inputs: { q, k, v }, attrs: { window, spans } }) => {
    const attrs = { window, N: spans.length };
    const [dq, dk, dv] = rawOps('RcsdAttentionGrad', [q, k, v, dy, ...spans], attrs, 3) as [Tensor, Tensor, Tensor];
    return { q: () => dq, k: () => dk, v: () => dv };
  },
});

/**
 * Causal attention of scaled queries [B, T, H, d] over keys and values [B, T, KV, d]: [B, T, H, d]. `window` is the
 * number of latest positions that are seen, 0 for all. For rows of several sequences, `spans` int32 [B, T, 3] says what
 * each position sees: start and end of the shared prompt, and the start of its own sequence. Needs our own kernels;
 * attention scores are not kept for the gradient.
 */
export const attention = (q: Tensor, k: Tensor, v: Tensor, options: { window: number; spans?: Tensor }): Tensor =>
  attentionOp({ q, k, v }, { window: options.window, spans: options.spans ? [options.spans] : [] });
