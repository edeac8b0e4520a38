/** Initial values of parameters: whole models for pretraining, adapters for LoRA. */
import type { Params } from '../tensors/gradients';
import { createRandom, hashString, hashWords } from '../tensors/random';
import type { ModelConfig } from './config';
import { upload } from './load';
import { adapterRank } from './merge';
import { adaptedMatrices, parameterShapes } from './shapes';
import type { Adapter } from './transformer';

/**
 * Normally distributed numbers from a separate random stream, so that a parameter's initial values do not depend on the
 * others.
 */
function normals(size: number, std: number, seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: size }, () => random.normal() * std);
}

/**
 * Initial standard deviation of a parameter: scaled by fan-in, smaller for matrices that write into the residual
 * stream.
 */
function initialStd(config: ModelConfig, name: string, shape: readonly number[]): number {
  if (name === 'model.embed_tokens.weight') return 0.14;
  if (name === 'lm_head.weight') return 0.05;
  const residual = /o_proj|down_proj/.test(name) ? Math.sqrt(2 * config.layers) : 1;
  return 1 / Math.sqrt(shape[1] as number) / residual;
}

/** Random parameters of a whole model; norms are one, biases zero. @internal */
export function initializeParameters(config: ModelConfig, seed: number): Params {
  return Object.fromEntries(
    Object.entries(parameterShapes(config)).map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const values = name.endsWith('norm.weight')
        ? new Float32Array(size).fill(1)
        : name.endsWith('.bias')
          ? new Float32Array(size)
          : normals(size, initialStd(config, name, shape), hashWords(seed, hashString(name)));
      return [name, upload(values, shape)];
    }),
  );
}

/**
 * A new adapter: A is uniform like PEFT's Kaiming initialisation (variance 1 / (3 in)); B is zero, so that the adapter
 * has no effect yet. @internal
 */
export function initializeAdapter(
  config: ModelConfig,
  options: {
    readonly rank: number;
    readonly alpha: number;
    readonly targets: readonly string[];
    readonly seed: number;
  },
): Adapter {
  const shapes = parameterShapes(config);
  const entries = adaptedMatrices(config, options.targets).flatMap((matrix) => {
    const [out, inner] = shapes[`${matrix}.weight`] as [number, number];
    const random = createRandom(hashWords(options.seed, hashString(matrix)));
    const bound = 1 / Math.sqrt(inner);
    const a = Float32Array.from({ length: options.rank * inner }, () => (2 * random.next() - 1) * bound);
    return [
      [`${matrix}.lora_A.weight`, upload(a, [options.rank, inner])],
      [`${matrix}.lora_B.weight`, upload(new Float32Array(out * options.rank), [out, options.rank])],
    ] as const;
  });
  return { params: Object.fromEntries(entries), scale: options.alpha / options.rank };
}

/**
 * The adapter with other values of B, random ones that change the matrices it sits on by about `share` of their size: to see whether an
 * engine takes all of an adapter. The caller owns B; A is shared. @internal
 */
export function disturbedAdapter(
  adapter: Adapter,
  { share, seed }: { readonly share: number; readonly seed: number },
): Adapter {
  // Entries of A have the variance 1 / (3 in), and those of a matrix about 1 / in.
  const std = (share * Math.sqrt(3)) / (adapter.scale * Math.sqrt(adapterRank(adapter)));
  const params = Object.entries(adapter.params).map(([name, value]) => {
    if (!name.endsWith('.lora_B.weight')) return [name, value];
    return [name, upload(normals(value.size, std, hashWords(seed, hashString(name))), value.shape)];
  });
  return { ...adapter, params: Object.fromEntries(params) as Params };
}
