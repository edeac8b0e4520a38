/**
 * The place of raw.ts in a page: the operations of TensorFlow that the engine names, in tfjs's terms. Where tfjs's WebAssembly is
 * wrong or slow, another way leads to the same numbers; a comment says so.
 */
import type { Attrs } from '../raw';
import { runKernel } from './kernels';
import { type Inputs, type Tensor, tf } from './tensorflow';

export type { Attrs } from '../raw';
export const DataType = { float32: 1, int32: 3, bool: 10, bfloat16: 14 } as const;

const numbers = (tensor: Tensor): number[] => [...tensor.dataSync()];
const number = (tensor: Tensor): number => tensor.dataSync()[0] as number;
const lastOf = (tensor: Tensor): number => tensor.shape.at(-1) as number;

/** Products of transposed sides run as a plain loop in tfjs; those of plain sides are XNNPACK's. */
const turned = (matrix: Tensor, turn: unknown): Tensor => (turn ? tf.transpose(matrix) : matrix);

/** Rows of `x` [B, N] at columns int32 [B, K]: tfjs's own gather with batch dimensions reads past the end. */
function pick(x: Tensor, columns: Tensor): Tensor {
  const [batch, count] = columns.shape as [number, number];
  const rows = tf.tile(tf.expandDims(tf.range(0, batch, 1, 'int32'), 1), [1, count]);
  return tf.gatherND(x, tf.stack([rows, columns], 2));
}

/** Sums the rows of `x` [..., D] by their segments; tfjs has it for processors of pages' own languages alone. */
function sumOfSegments(x: Tensor, segments: Tensor, count: number): Tensor {
  const belongs = tf.oneHot(tf.reshape(segments, [-1]) as never, count);
  return tf.matMul(tf.transpose(belongs), tf.reshape(x, [-1, lastOf(x)]) as never);
}

function roll(x: Tensor, shift: number, axis: number): Tensor {
  const length = x.shape[axis] as number;
  const part = (from: number, size: number): Tensor =>
    tf.slice(
      x,
      x.shape.map((_, i) => (i === axis ? from : 0)),
      x.shape.map((own, i) => (i === axis ? size : own)),
    );
  return tf.concat([part(length - shift, shift), part(0, length - shift)], axis);
}

/** Writes rows into a buffer that its caller goes on using: its data become those of the new tensor, as in a variable of tfjs. */
function overwrite(buffer: Tensor, rows: Tensor, values: Tensor): Tensor {
  const fresh = tf.tensorScatterUpdate(buffer, tf.expandDims(rows, 1), values);
  const engine = tf.engine() as unknown as { disposeTensor(x: Tensor): void; incRef(x: Tensor, backend: null): void };
  engine.disposeTensor(buffer);
  Object.assign(buffer, { dataId: fresh.dataId, isDisposedInternal: false });
  engine.incRef(buffer, null);
  return fresh;
}

/** -log p(target) and its gradient in the logits. */
function crossEntropy(logits: Tensor, targets: Tensor): Tensor[] {
  const own = tf.oneHot(targets as never, lastOf(logits));
  return [tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), own), -1)), tf.sub(tf.softmax(logits), own)];
}

function topK(x: Tensor, k: number): Tensor[] {
  const { values, indices } = tf.topk(x, k, true);
  return [values, indices];
}

type Operation = (inputs: Inputs, attrs: Attrs) => Tensor | Tensor[];

const OPERATIONS: Readonly<Record<string, Operation>> = {
  MatMul: ([a, b], { transpose_a, transpose_b }) => tf.matMul(turned(a, transpose_a), turned(b, transpose_b)),
  BatchMatMulV2: ([a, b], { adj_x, adj_y }) => tf.matMul(a, b, adj_x === true, adj_y === true),
  GatherV2: ([x, at, axis], { batch_dims }) =>
    batch_dims === 1 ? pick(x, at) : tf.gather(x, at as never, number(axis)),
  UnsortedSegmentSum: ([x, segments, count]) => sumOfSegments(x, segments, number(count)),
  Rsqrt: ([x]) => tf.rsqrt(x),
  Roll: ([x, shift, axis]) => roll(x, number(shift), number(axis)),
  Softmax: ([x]) => tf.softmax(x),
  LogSoftmax: ([x]) => tf.logSoftmax(x),
  ArgMax: ([x, axis]) => tf.argMax(x, number(axis)),
  TopKV2: ([x, k]) => topK(x, number(k)),
  SelectV2: ([condition, yes, no]) => tf.where(condition, yes, no),
  ScatterNd: ([at, values, shape]) => tf.scatterND(at as never, values, numbers(shape) as never),
  InplaceUpdate: ([buffer, rows, values]) => overwrite(buffer, rows, values),
  SparseSoftmaxCrossEntropyWithLogits: ([logits, targets]) => crossEntropy(logits, targets),
};

/** Runs one operation with several outputs. */
export function rawOps(op: string, inputs: readonly Tensor[], attrs: Attrs, _outputs: number): Tensor[] {
  const own = runKernel(op, inputs, attrs);
  if (own) return own;
  const run = OPERATIONS[op];
  if (!run) throw new Error(`a page has no operation ${op}`);
  return tf.tidy(() => [run(inputs as Inputs, attrs)].flat() as never) as Tensor[];
}

/** Runs one operation with a single output. */
export const rawOp = (op: string, inputs: readonly Tensor[], attrs: Attrs = {}): Tensor =>
  rawOps(op, inputs, attrs, 1)[0] as Tensor;

/** Attributes in the form of TensorFlow's addon, which a page does not have. */
export function bindingAttrs(): never {
  throw new Error('a page has no bf16');
}

/** An int32 vector or scalar on the device. */
export function int32(values: number | readonly number[] | Int32Array, shape?: number[]): Tensor {
  if (typeof values === 'number') return tf.scalar(values, 'int32');
  return tf.tensor(values instanceof Int32Array ? values : Int32Array.from(values), shape ?? [values.length], 'int32');
}
