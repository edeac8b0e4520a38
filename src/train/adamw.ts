/** AdamW (Loshchilov and Hutter) with decoupled decay of every parameter and a clip of the global gradient norm, as PyTorch's. */
import { compile } from '../tensors/compile';
import type { Params } from '../tensors/gradients';
import { type Tensor, tf } from '../tensors/tensorflow';

/** First and second moments by parameter name. */
export interface Moments {
  readonly m: Params;
  readonly v: Params;
}

/** The numbers of one update; `step` counts from 1. */
export interface AdamWOptions {
  readonly learningRate: number;
  readonly step: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** 0 for none. */
  readonly maxGradNorm: number;
}

/** Zero moments for the given parameters. @internal */
export function zeroMoments(params: Params): Moments {
  const zeros = (): Params => Object.fromEntries(Object.entries(params).map(([name, p]) => [name, tf.zerosLike(p)]));
  return { m: zeros(), v: zeros() };
}

/** Square root of the sum of squares of all entries. @internal */
export function globalNorm(gradients: Params): Tensor {
  return tf.sqrt(tf.addN(Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)))));
}

/** Gradients scaled so that their global norm is at most `limit` (0 for no limit), and the norm before. @internal */
export function clipByGlobalNorm(gradients: Params, limit: number): { gradients: Params; norm: Tensor } {
  const norm = globalNorm(gradients);
  if (limit <= 0) return { gradients, norm };
  const scale = tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1);
  return { gradients: mapParams(gradients, (gradient) => tf.mul(gradient, scale)), norm };
}

/** The record with every tensor replaced. @internal */
export function mapParams(params: Params, change: (value: Tensor, name: string) => Tensor): Params {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, change(value, name)]));
}

/** The scalars that change from step to step travel as tensors, so that one graph serves all steps. */
export interface AdamWScalars {
  readonly learningRate: Tensor;
  /** 1 - beta^step for both moments. */
  readonly correction1: Tensor;
  readonly correction2: Tensor;
}

/** What does not change from step to step. */
export type AdamWConstants = Pick<AdamWOptions, 'beta1' | 'beta2' | 'epsilon' | 'weightDecay'>;

/** The scalars of an update on the device; the caller owns them. @internal */
export function adamWScalars({ learningRate, step, beta1, beta2 }: Omit<AdamWOptions, 'maxGradNorm'>): AdamWScalars {
  return {
    learningRate: tf.scalar(learningRate),
    correction1: tf.scalar(1 - beta1 ** step),
    correction2: tf.scalar(1 - beta2 ** step),
  };
}

/** The update rule itself, for use inside a compiled function. @internal */
export function adamWRule(
  { params, gradients, moments }: { readonly params: Params; readonly gradients: Params; readonly moments: Moments },
  scalars: AdamWScalars,
  { beta1, beta2, epsilon, weightDecay }: AdamWConstants,
): { params: Params; moments: Moments } {
  const g = (name: string): Tensor => gradients[name] as Tensor;
  const m = mapParams(moments.m, (old, name) => tf.add(tf.mul(old, beta1), tf.mul(g(name), 1 - beta1)));
  const v = mapParams(moments.v, (old, name) => tf.add(tf.mul(old, beta2), tf.mul(tf.square(g(name)), 1 - beta2)));
  const rootCorrection2 = tf.sqrt(scalars.correction2);
  const rate = tf.div(scalars.learningRate, scalars.correction1);
  const next = mapParams(params, (old, name) => {
    const denominator = tf.add(tf.div(tf.sqrt(v[name] as Tensor), rootCorrection2), epsilon);
    const decayed = weightDecay === 0 ? old : tf.mul(old, tf.sub(1, tf.mul(scalars.learningRate, weightDecay)));
    return tf.sub(decayed, tf.mul(rate, tf.div(m[name] as Tensor, denominator)));
  });
  return { params: next, moments: { m, v } };
}

type Constants = AdamWConstants & { readonly maxGradNorm: number };

const update = compile(
  (params: Params, gradients: Params, moments: Moments, scalars: AdamWScalars, constants: Constants) => {
    const clipped = clipByGlobalNorm(gradients, constants.maxGradNorm);
    return { ...adamWRule({ params, gradients: clipped.gradients, moments }, scalars, constants), norm: clipped.norm };
  },
  'adamw',
);

/** One update; the results are the caller's, the arguments stay his. `norm` is the gradient's global norm before the clip. @internal */
export function adamw(
  params: Params,
  gradients: Params,
  moments: Moments,
  options: AdamWOptions,
): { params: Params; moments: Moments; norm: Tensor } {
  const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = options;
  const constants = { beta1, beta2, epsilon, weightDecay, maxGradNorm };
  const scalars = adamWScalars(options);
  const result = update(params, gradients, moments, scalars, constants);
  tf.dispose(scalars as never);
  return result;
}
