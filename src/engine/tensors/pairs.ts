/**
 * Frozen matrices in bf16. tfjs has no such type, so that two numbers that follow each other in a row lie in the place of one fp32
 * number: a matrix [N, K] (K even) is a tensor [N, K / 2], which nothing but the functions here may read. Products widen its
 * numbers on the way; under precision fp32 everything else is fp32, so that they are those of the widened matrix up to the order
 * of their sums.
 */
import { matrixProduct, onHandles, TO_BF16, TO_FP32 } from './bf16';
import { after } from './compile';
import { ownKernels, type Precision } from './hardware';
import { fewRowsLinear, isFewRows, linear } from './ops';
import { DataType, int32, rawOp } from './raw';
import { backend, type Tensor, tf } from './tensorflow';

/** A matrix [out, in] as fp32 numbers, or a frozen one as bf16 pairs [out, in / 2]. */
export type Matrix = Tensor | { readonly pairs: Tensor };

/** Rounds a matrix [N, K], K even, to bf16 pairs. */
export function toPairs(matrix: Tensor): Tensor {
  const [rows, columns] = matrix.shape as [number, number];
  return tf.tidy(() =>
    onHandles([matrix, int32([rows, columns / 2, 2])], (run, id, shape) =>
      run('Bitcast', [run('Reshape', [run('Cast', [id], TO_BF16), shape])], { type: DataType.float32 }),
    ),
  );
}

/** The fp32 numbers of pairs [..., K / 2]: [..., K]. */
function fromPairs(pairs: Tensor): Tensor {
  const shape = [...pairs.shape.slice(0, -1), 2 * (pairs.shape.at(-1) as number)];
  return tf.tidy(() =>
    onHandles([pairs, int32(shape)], (run, id, size) =>
      run('Reshape', [run('Cast', [run('Bitcast', [id], { type: DataType.bfloat16 })], TO_FP32), size]),
    ),
  );
}

/** Rows of a table of pairs [R, D / 2] at the indices int32 [N], as fp32 numbers [N, D]. Has no gradient. */
export const gatherPairs = (table: Tensor, rows: Tensor): Tensor =>
  fromPairs(rawOp('GatherV2', [table, rows, int32(0)]));

/** x times a frozen matrix or its transpose, by the operations of TensorFlow. */
function stockProduct(x: Tensor, pairs: Tensor, transpose: boolean, precision: Precision): Tensor {
  // Of two equal conversions TensorFlow would make one and keep its result from the forward to the backward pass.
  if (precision === 'fp32') return matrixProduct(x, fromPairs(after(pairs, x)), { transpose_b: transpose });
  const [rows, half] = pairs.shape as [number, number];
  return tf.tidy(() =>
    onHandles([x, pairs, int32([rows, 2 * half])], (run, left, right, shape) => {
      const matrix = run('Reshape', [run('Bitcast', [right], { type: DataType.bfloat16 }), shape]);
      return run('Cast', [run('MatMul', [run('Cast', [left], TO_BF16), matrix], { transpose_b: transpose })], TO_FP32);
    }),
  );
}

/** x [M, in] times the transpose of a frozen matrix [out, in], or [M, out] times the matrix itself. Has no gradient. */
const product = (x: Tensor, pairs: Tensor, transpose: boolean, precision: Precision): Tensor =>
  precision === 'fp32' && ownKernels()
    ? rawOp('RcsdWidened', [x, pairs], { transpose })
    : stockProduct(x, pairs, transpose, precision);

const registered = new Set<string>();

/** Registers a kernel for this number of matrices, because tfjs must know which outputs a gradient needs. */
function kernelFor(matrices: number): string {
  const kernelName = `RcsdPairsLinear${matrices}`;
  if (registered.has(kernelName)) return kernelName;
  registered.add(kernelName);
  const precisionOf = (attrs: unknown): Precision => (attrs as { precision: Precision }).precision;
  tf.registerKernel({
    kernelName,
    backendName: tf.getBackend(),
    kernelFunc: ({ inputs, attrs }) => {
      const [x, ...pairs] = inputs as unknown as [Tensor, ...Tensor[]];
      return tf.tidy(() =>
        isFewRows(x, 'bf16')
          ? fewRowsLinear(x, pairs, true)
          : pairs.map((each) => product(x, each, true, precisionOf(attrs))),
      );
    },
  });
  tf.registerGradient({
    kernelName,
    inputsToSave: Array.from({ length: matrices }, (_, i) => String(i + 1)),
    gradFunc: (dys, pairs, attrs) => {
      // tfjs passes the gradient of a single output without an array around it.
      const all = Array.isArray(dys) ? dys : [dys];
      const parts = () => all.map((dy, i) => product(dy, pairs[i] as Tensor, false, precisionOf(attrs)));
      return { 0: () => tf.addN(parts()) };
    },
  });
  return kernelName;
}

/** x [N, in] times the transpose of each frozen matrix [out, in]: [N, out] each. Only x has a gradient. */
export function pairsLinear(x: Tensor, matrices: readonly Tensor[], precision: Precision = 'fp32'): Tensor[] {
  backend();
  const inputs = [x, ...matrices] as never;
  return tf.engine().runKernel(kernelFor(matrices.length), inputs, { precision } as never) as unknown as Tensor[];
}

/** x [N, in] times the transpose of a matrix [out, in]: [N, out]. */
export const timesTransposed = (x: Tensor, matrix: Matrix, precision?: Precision): Tensor =>
  'pairs' in matrix ? (pairsLinear(x, [matrix.pairs], precision)[0] as Tensor) : linear(x, matrix, precision);

/** y [N, out] times a matrix [out, in]: [N, in]. Has no gradient. */
export const timesMatrix = (y: Tensor, matrix: Matrix, precision: Precision = 'fp32'): Tensor =>
  'pairs' in matrix ? product(y, matrix.pairs, false, precision) : matrixProduct(y, matrix, {}, precision);
