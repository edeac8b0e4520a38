/** AdamW (Loshchilov and Hutter) with decoupled decay of every parameter and a clip of the global gradient norm, as PyTorch's. */
import { compile } from '../tensors/compile';
import type { Params } from '../tensors/gradients';
import { ownKernels } from '../tensors/hardware';
import { rawOps } from '../tensors/raw';
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

/** The factor that brings the gradients' global norm down to `limit` (0 for no limit), and the norm before. @internal */
export function globalNormClip(gradients: Params, limit: number): { scale: Tensor; norm: Tensor } {
  const norm = globalNorm(gradients);
  return { norm, scale: limit <= 0 ? tf.onesLike(norm) : tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1) };
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

/** Parameters with their moments, and gradients with the factor that clips them. */
export interface AdamWInputs {
  readonly params: Params;
  readonly moments: Moments;
  readonly gradients: Params;
  readonly scale: Tensor;
}

type Updated = readonly [param: Tensor, m: Tensor, v: Tensor];

/** The update rule itself, for use inside a compiled function. @internal */
export function adamWRule(
  { params, gradients, moments, scale }: AdamWInputs,
  scalars: AdamWScalars,
  constants: AdamWConstants,
): { params: Params; moments: Moments } {
  const rule = ownKernels() ? fusedRule : stockRule;
  const updated = Object.keys(params).map((name) => {
    const [p, g, m, v] = [params, gradients, moments.m, moments.v].map((record) => record[name] as Tensor);
    return [name, rule([p, g, m, v] as [Tensor, Tensor, Tensor, Tensor], { ...scalars, scale }, constants)] as const;
  });
  const column = (index: 0 | 1 | 2): Params => Object.fromEntries(updated.map(([name, row]) => [name, row[index]]));
  return { params: column(0), moments: { m: column(1), v: column(2) } };
}

type Rule = (
  tensors: readonly [p: Tensor, g: Tensor, m: Tensor, v: Tensor],
  scalars: AdamWScalars & { readonly scale: Tensor },
  constants: AdamWConstants,
) => Updated;

const fusedRule: Rule = (tensors, { learningRate, correction1, correction2, scale }, constants) => {
  const { beta1, beta2, epsilon, weightDecay: weight_decay } = constants;
  const inputs = [...tensors, learningRate, correction1, correction2, scale];
  const complements = { complement1: 1 - beta1, complement2: 1 - beta2 };
  const attrs = { beta1, beta2, ...complements, epsilon, weight_decay };
  return rawOps('RcsdAdamW', inputs, attrs, 3) as [Tensor, Tensor, Tensor];
};

const stockRule: Rule = ([p, gradient, oldM, oldV], scalars, { beta1, beta2, epsilon, weightDecay }) => {
  const g = tf.mul(gradient, scalars.scale);
  const m = tf.add(tf.mul(oldM, beta1), tf.mul(g, 1 - beta1));
  const v = tf.add(tf.mul(oldV, beta2), tf.mul(tf.square(g), 1 - beta2));
  const denominator = tf.add(tf.div(tf.sqrt(v), tf.sqrt(scalars.correction2)), epsilon);
  const decayed = weightDecay === 0 ? p : tf.mul(p, tf.sub(1, tf.mul(scalars.learningRate, weightDecay)));
  const rate = tf.div(scalars.learningRate, scalars.correction1);
  return [tf.sub(decayed, tf.mul(rate, tf.div(m, denominator))), m, v];
};

type Constants = AdamWConstants & { readonly maxGradNorm: number };

const update = compile(
  (params: Params, gradients: Params, moments: Moments, scalars: AdamWScalars, constants: Constants) => {
    const { scale, norm } = globalNormClip(gradients, constants.maxGradNorm);
    return { ...adamWRule({ params, gradients, moments, scale }, scalars, constants), norm };
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
