/**
 * AdamW (Loshchilov and Hutter) as PyTorch computes it, with decoupled decay of every parameter and a clip of the
 * global gradient norm.
 */
import { compile } from '../../engine/tensors/compile';
import type { Params } from '../../engine/tensors/gradients';
import { ownKernels } from '../../engine/tensors/hardware';
import { rawOp, rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';

/** First and second moments by parameter name. */
export interface Moments {
  readonly m: Params;
  readonly v: Params;
}

/** Settings of one update; `step` counts from 1. */
export interface AdamWOptions {
  readonly learningRate: number;
  readonly step: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** 0 means no clip. */
  readonly maxGradNorm: number;
}

/** @internal */
export function zeroMoments(params: Params): Moments {
  const zeros = (): Params => Object.fromEntries(Object.entries(params).map(([name, p]) => [name, tf.zerosLike(p)]));
  return { m: zeros(), v: zeros() };
}

/** Square root of the sum of squares of all gradient entries. @internal */
export function globalNorm(gradients: Params): Tensor {
  const all = Object.values(gradients);
  const sum = ownKernels() ? rawOp('RcsdSquareSum', all) : tf.addN(all.map((gradient) => tf.sum(tf.square(gradient))));
  return tf.sqrt(sum);
}

/**
 * `scale` brings the gradients' global norm down to `limit` (0 for no limit); `norm` is the norm before that. @internal
 */
export function globalNormClip(gradients: Params, limit: number): { scale: Tensor; norm: Tensor } {
  const norm = globalNorm(gradients);
  return { norm, scale: limit <= 0 ? tf.onesLike(norm) : tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1) };
}

/** Applies `change` to every tensor of the record. @internal */
export function mapParams(params: Params, change: (value: Tensor, name: string) => Tensor): Params {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, change(value, name)]));
}

/** Numbers that change from step to step. They are passed as tensors, so that one graph serves all steps. */
export interface AdamWScalars {
  readonly learningRate: Tensor;
  /** 1 - beta^step for each of the two moments. */
  readonly correction1: Tensor;
  readonly correction2: Tensor;
}

/** Settings that stay the same from step to step. */
export type AdamWConstants = Pick<AdamWOptions, 'beta1' | 'beta2' | 'epsilon' | 'weightDecay'>;

/** The numbers of an update on the device; the caller owns them. @internal */
export function adamWScalars({ learningRate, step, beta1, beta2 }: Omit<AdamWOptions, 'maxGradNorm'>): AdamWScalars {
  return {
    learningRate: tf.scalar(learningRate),
    correction1: tf.scalar(1 - beta1 ** step),
    correction2: tf.scalar(1 - beta2 ** step),
  };
}

/** Parameters, their moments, gradients, and the factor that clips the gradients. */
export interface AdamWInputs {
  readonly params: Params;
  readonly moments: Moments;
  readonly gradients: Params;
  readonly scale: Tensor;
}

/** The update rule, for use inside a compiled function. Our own kernel writes the moments in place. @internal */
export function adamWRule(
  inputs: AdamWInputs,
  scalars: AdamWScalars,
  constants: AdamWConstants,
): { params: Params; moments: Moments } {
  return (ownKernels() ? fusedRule : stockRule)(inputs, scalars, constants);
}

type Rule = typeof adamWRule;

const fusedRule: Rule = ({ params, gradients, moments, scale }, scalars, constants) => {
  const { beta1, beta2, epsilon, weightDecay: weight_decay } = constants;
  const { learningRate, correction1, correction2 } = scalars;
  const names = Object.keys(params);
  const tensors = [params, gradients, moments.m, moments.v].flatMap((record) =>
    names.map((name) => record[name] as Tensor),
  );
  const complements = { complement1: 1 - beta1, complement2: 1 - beta2 };
  const attrs = { N: names.length, beta1, beta2, ...complements, epsilon, weight_decay };
  const next = rawOps('RcsdAdamW', [...tensors, learningRate, correction1, correction2, scale], attrs, names.length);
  return { params: Object.fromEntries(names.map((name, i) => [name, next[i] as Tensor])), moments };
};

const stockRule: Rule = ({ params, gradients, moments, scale }, scalars, { beta1, beta2, epsilon, weightDecay }) => {
  const clipped = mapParams(params, (_, name) => tf.mul(gradients[name] as Tensor, scale));
  const m = mapParams(clipped, (g, name) => tf.add(tf.mul(moments.m[name] as Tensor, beta1), tf.mul(g, 1 - beta1)));
  const v = mapParams(clipped, (g, name) =>
    tf.add(tf.mul(moments.v[name] as Tensor, beta2), tf.mul(tf.square(g), 1 - beta2)),
  );
  const rate = tf.div(scalars.learningRate, scalars.correction1);
  const next = mapParams(params, (p, name) => {
    const denominator = tf.add(tf.div(tf.sqrt(v[name] as Tensor), tf.sqrt(scalars.correction2)), epsilon);
    const decayed = weightDecay === 0 ? p : tf.mul(p, tf.sub(1, tf.mul(scalars.learningRate, weightDecay)));
    return tf.sub(decayed, tf.mul(rate, tf.div(m[name] as Tensor, denominator)));
  });
  return { params: next, moments: { m, v } };
};

type Constants = AdamWConstants & { readonly maxGradNorm: number };

const update = compile(
  (params: Params, gradients: Params, moments: Moments, scalars: AdamWScalars, constants: Constants) => {
    const { scale, norm } = globalNormClip(gradients, constants.maxGradNorm);
    const next = adamWRule({ params, gradients, moments, scale }, scalars, constants);
    return { params: next.params, norm, ...(next.moments !== moments && { moments: next.moments }) };
  },
  'adamw',
);

/**
 * One update. Takes ownership of the moments and returns the next ones (the same tensors where our own kernel runs);
 * parameters and gradients stay the caller's. `norm` is the gradients' global norm before the clip. @internal
 */
export function adamw(
  params: Params,
  gradients: Params,
  moments: Moments,
  options: AdamWOptions,
): { params: Params; moments: Moments; norm: Tensor } {
  const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = options;
  const constants = { beta1, beta2, epsilon, weightDecay, maxGradNorm };
  const scalars = adamWScalars(options);
  const { moments: fresh, ...next } = update(params, gradients, moments, scalars, constants);
  disposeTree(fresh ? [scalars, moments] : scalars);
  return { ...next, moments: fresh ?? moments };
}
