/**
 * Muon (Jordan et al. 2024) for the inner matrices of a model: momentum, made nearly orthogonal by five Newton-Schulz
 * steps. TensorFlow's own operations process the matrices of one shape as one batch, our own kernel one by one.
 */
import type { Params } from '../../engine/tensors/gradients';
import { ownKernels } from '../../engine/tensors/hardware';
import { batchMatMul } from '../../engine/tensors/ops';
import { rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { mapParams } from './adamw';

const STEPS = 5;
const [A, B, C] = [3.4445, -4.775, 2.0315];

/**
 * Nearly orthogonal matrices with the same singular vectors as the given ones, [K, rows, columns] with rows <= columns.
 */
function newtonSchulz(matrices: Tensor): Tensor {
  let x = tf.div(matrices, tf.add(tf.sqrt(tf.sum(tf.square(matrices), [1, 2], true)), 1e-7));
  for (let i = 0; i < STEPS; i++) {
    const gram = batchMatMul(x, x, true);
    const mix = tf.add(tf.mul(gram, B), tf.mul(batchMatMul(gram, gram), C));
    x = tf.add(tf.mul(x, A), batchMatMul(mix, x));
  }
  return x;
}

/** Makes every matrix of the record nearly orthogonal. @internal */
export function orthogonalize(matrices: Params): Params {
  const wide = mapParams(matrices, (m) => ((m.shape[0] as number) > (m.shape[1] as number) ? tf.transpose(m) : m));
  const shapes = new Map<string, string[]>();
  for (const [name, m] of Object.entries(wide))
    shapes.set(m.shape.join(), [...(shapes.get(m.shape.join()) ?? []), name]);
  const result: Record<string, Tensor> = {};
  for (const names of shapes.values()) {
    const solved = tf.unstack(newtonSchulz(tf.stack(names.map((name) => wide[name] as Tensor))));
    names.forEach((name, i) => {
      const flipped = wide[name] !== matrices[name];
      result[name] = flipped ? tf.transpose(solved[i] as Tensor) : (solved[i] as Tensor);
    });
  }
  return result;
}

/** Settings of one Muon update; `learningRate` is a scalar tensor. */
export interface MuonOptions {
  readonly learningRate: Tensor;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** Matrices, their momenta, gradients, and the factor that clips the gradients. */
export interface MuonInputs {
  readonly params: Params;
  readonly gradients: Params;
  readonly momenta: Params;
  readonly scale: Tensor;
}

/**
 * One update with Nesterov momentum, scaled by sqrt(max(1, rows / columns)). Our own kernel writes the momenta in
 * place. @internal
 */
export function muon(inputs: MuonInputs, options: MuonOptions): { params: Params; momenta: Params } {
  return (ownKernels() ? fusedRule : stockRule)(inputs, options);
}

type Rule = typeof muon;

const fusedRule: Rule = ({ params, gradients, momenta, scale }, { learningRate, momentum, weightDecay }) => {
  const names = Object.keys(params);
  const tensors = [params, gradients, momenta].flatMap((record) => names.map((name) => record[name] as Tensor));
  const attrs = { N: names.length, momentum, weight_decay: weightDecay, steps: STEPS, coefficients: [A, B, C] };
  const next = rawOps('RcsdMuon', [...tensors, learningRate, scale], attrs, names.length);
  return { params: Object.fromEntries(names.map((name, i) => [name, next[i] as Tensor])), momenta };
};

const stockRule: Rule = ({ params, gradients, momenta, scale }, { learningRate, momentum, weightDecay }) => {
  const clipped = mapParams(params, (_, name) => tf.mul(gradients[name] as Tensor, scale));
  const next = mapParams(momenta, (old, name) => tf.add(tf.mul(old, momentum), clipped[name] as Tensor));
  const directions = orthogonalize(mapParams(next, (m, name) => tf.add(tf.mul(m, momentum), clipped[name] as Tensor)));
  const updated = mapParams(params, (old, name) => {
    const [rows, columns] = old.shape as [number, number];
    const step = tf.mul(directions[name] as Tensor, Math.sqrt(Math.max(1, rows / columns)));
    const decayed = tf.mul(old, tf.sub(1, tf.mul(learningRate, weightDecay)));
    return tf.sub(decayed, tf.mul(step, learningRate));
  });
  return { params: updated, momenta: next };
};
