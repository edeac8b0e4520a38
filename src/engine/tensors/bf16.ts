/**
 * Matrix products in bf16. Both factors are rounded (8 bits of precision, a relative error of about 4e-3 for each
 * entry). The result is fp32; where TensorFlow's own operations compute it, it is rounded to bf16 once before. tfjs has
 * no bf16 type, so bf16 values exist only as handles between two operations, or as pairs that take the place of one
 * fp32 number (pairs.ts).
 */
import { ownKernels, type Precision } from './hardware';
import { productSums } from './products';
import { type Attrs, bindingAttrs, DataType, rawOp } from './raw';
import { backend, type Tensor, type TensorHandle } from './tensorflow';

type Run = (op: string, inputs: readonly number[], attrs?: Attrs) => number;

/**
 * Runs a chain of operations on tensor handles and returns the last result as a tensor; the intermediate handles are
 * freed.
 */
export function onHandles(inputs: readonly Tensor[], chain: (run: Run, ...ids: number[]) => number): Tensor {
  const runtime = backend();
  const made = new Map<number, TensorHandle>();
  const result = chain(
    (op, ids, attrs = {}) => {
      const handle = runtime.binding.executeOp(op, bindingAttrs(op, attrs), ids, 1)[0] as TensorHandle;
      made.set(handle.id, handle);
      return handle.id;
    },
    ...runtime.getInputTensorIds(inputs),
  );
  for (const id of made.keys()) if (id !== result) runtime.binding.deleteTensor(id);
  return runtime.createOutputTensor(made.get(result) as TensorHandle);
}

export const TO_BF16 = { DstT: DataType.bfloat16 };
export const TO_FP32 = { DstT: DataType.float32 };

/** The product a b; either factor can be transposed. */
export function matrixProduct(
  a: Tensor,
  b: Tensor,
  attrs: { readonly transpose_a?: boolean; readonly transpose_b?: boolean },
  precision: Precision = 'fp32',
): Tensor {
  if (precision === 'fp32') return rawOp('MatMul', [a, b], attrs);
  // With a transposed left factor, as in gradients of whole matrices, TensorFlow's own product is faster.
  if (ownKernels() && !attrs.transpose_a) {
    const options = { transposeRight: attrs.transpose_b };
    return productSums([{ left: a, right: b, output: 0 }], options)[0] as Tensor;
  }
  return onHandles([a, b], (run, left, right) =>
    run('Cast', [run('MatMul', [run('Cast', [left], TO_BF16), run('Cast', [right], TO_BF16)], attrs)], TO_FP32),
  );
}
