/** Adds an adapter to the matrices of its model for good: W + scale B A. */
import type { WeightSource } from '../files/weights';
import { rawOp } from '../tensors/raw';
import { type Tensor, tf } from '../tensors/tensorflow';
import type { Adapter } from './transformer';

/** The modules (without `.weight`) that an adapter changes. */
export const adaptedModules = ({ params }: Pick<Adapter, 'params'>): string[] =>
  Object.keys(params).flatMap((name) => name.match(/^(.*)\.lora_A\.weight$/)?.[1] ?? []);

/** The rank of an adapter. */
export const adapterRank = ({ params }: Pick<Adapter, 'params'>): number =>
  Object.entries(params).find(([name]) => name.endsWith('.lora_A.weight'))?.[1].shape[0] ?? 0;

/** The matrix `base` of a module with the adapter's part in it. @internal */
export function mergedMatrix(base: Tensor, module: string, { params, scale }: Adapter): Tensor {
  const [a, b] = ['A', 'B'].map((side) => params[`${module}.lora_${side}.weight`] as Tensor) as [Tensor, Tensor];
  return tf.add(base, tf.mul(rawOp('MatMul', [b, a]), scale));
}

/** The weights of a model with an adapter in them; one matrix at a time is in memory. The caller keeps both. @internal */
export function mergedSource(weights: WeightSource, adapter: Adapter | undefined): WeightSource {
  if (!adapter) return weights;
  const modules = new Set(adaptedModules(adapter));
  return {
    ...weights,
    read: (name) => {
      const values = weights.read(name);
      const module = name.replace(/\.weight$/, '');
      if (!modules.has(module)) return values;
      return tf.tidy(() => {
        const base = tf.tensor(values, [...weights.shape(name)]);
        return mergedMatrix(base, module, adapter).dataSync() as never;
      }) as unknown as Float32Array;
    },
  };
}
