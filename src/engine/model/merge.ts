/** Adds an adapter to the matrices of its model for good: W + scale B A. */
import type { WeightSource } from '../files/weights';
import { floatToBfloat } from '../quants/halves';
import { rawOp } from '../tensors/raw';
import { type Tensor, tf } from '../tensors/tensorflow';
import type { Adapter } from './transformer';

/** The modules (without `.weight`) that an adapter changes. */
export const adaptedModules = ({ params }: Pick<Adapter, 'params'>): string[] =>
  Object.keys(params).flatMap((name) => name.match(/^(.*)\.lora_A\.weight$/)?.[1] ?? []);

/** The rank of an adapter. */
export const adapterRank = ({ params }: Pick<Adapter, 'params'>): number =>
  Object.entries(params).find(([name]) => name.endsWith('.lora_A.weight'))?.[1].shape[0] ?? 0;

/** What an adapter file changes. */
export interface AdapterChange {
  readonly adapter: Adapter;
  /** DoRA: the length of each row of a module's changed matrix, by module. */
  readonly magnitudes: ReadonlyMap<string, Float32Array>;
  /** Tensors in the place of the model's, by name. */
  readonly saved: ReadonlyMap<string, Float32Array>;
  /** Whether a saved embedding is the head of tied embeddings too; otherwise the head stays as it was. */
  readonly tiesSaved: boolean;
}

/** Whether a change is more than low-rank matrices beside the weights, so that it can only be put into them. */
export const needsMerging = ({ magnitudes, saved }: AdapterChange): boolean => magnitudes.size + saved.size > 0;

/** The matrix `base` of a module with the adapter's part in it. @internal */
export function mergedMatrix(base: Tensor, module: string, { params, scale }: Adapter): Tensor {
  const [a, b] = ['A', 'B'].map((side) => params[`${module}.lora_${side}.weight`] as Tensor) as [Tensor, Tensor];
  return tf.add(base, tf.mul(rawOp('MatMul', [b, a]), scale));
}

/** The rows of a matrix, made as long as the magnitudes say: m (W + scale B A) / |W + scale B A|, as PEFT computes DoRA. */
function withMagnitudes(matrix: Tensor, magnitudes: Float32Array): Tensor {
  const lengths = tf.sqrt(tf.sum(tf.square(matrix), 1, true));
  return tf.mul(matrix, tf.div(tf.tensor(magnitudes, [magnitudes.length, 1]), lengths));
}

const EMBEDDING = 'model.embed_tokens.weight';
const HEAD = 'lm_head.weight';

/** The weights of a model with an adapter in them; one matrix at a time is in memory. The caller keeps both. @internal */
export function mergedSource(weights: WeightSource, change: AdapterChange | undefined): WeightSource {
  if (!change) return weights;
  const { adapter, magnitudes, saved, tiesSaved } = change;
  const modules = new Set(adaptedModules(adapter));
  // A saved embedding leaves a tied head as it was, and a head that is saved is the model's own.
  const keepsHead = saved.has(EMBEDDING) && !saved.has(HEAD) && !tiesSaved && !weights.names.includes(HEAD);
  const moduleOf = (name: string): string => name.replace(/\.weight$/, '');
  const origin = (name: string): string => (name === HEAD && !weights.names.includes(HEAD) ? EMBEDDING : name);
  const changed = (name: string): boolean => saved.has(name) || modules.has(moduleOf(name)) || origin(name) !== name;
  const read = (name: string): Float32Array => {
    const replaced = saved.get(name);
    if (replaced) return replaced;
    const values = weights.read(origin(name));
    const module = moduleOf(name);
    if (!modules.has(module)) return values;
    return tf.tidy(() => {
      const merged = mergedMatrix(tf.tensor(values, [...weights.shape(name)]), module, adapter);
      const lengths = magnitudes.get(module);
      return (lengths ? withMagnitudes(merged, lengths) : merged).dataSync() as never;
    }) as unknown as Float32Array;
  };
  return {
    ...weights,
    names: [...new Set([...weights.names, ...saved.keys(), ...(keepsHead ? [HEAD] : [])])].filter(
      // A copy of the embedding that was stored as the head is not its copy any more.
      (name) => !(name === HEAD && tiesSaved && saved.has(EMBEDDING) && !saved.has(HEAD)),
    ),
    shape: (name) => weights.shape(origin(name)),
    isFloat: (name) => weights.isFloat(origin(name)),
    read,
    isBf16: (name) => !changed(name) && weights.isBf16(name),
    readBf16: (name) => (changed(name) ? floatToBfloat(read(name)) : weights.readBf16(name)),
  };
}
