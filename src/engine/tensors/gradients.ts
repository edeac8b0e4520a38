/** Reverse-mode gradients with respect to a flat record of parameters. */
import { after } from './compile';
import { type Tensor, tf } from './tensorflow';
import { adoptTree, keepTree } from './tree';

/** Parameters by Hugging Face name. */
export type Params = Readonly<Record<string, Tensor>>;

/**
 * The gradient of loss(params).loss with respect to every parameter, and what `loss` returned as `aux`. A parameter
 * that the loss does not depend on gets zeros.
 */
export function valueAndGradients<T>(
  loss: (params: Params) => { loss: Tensor; aux: T },
  params: Params,
): { loss: Tensor; aux: T; gradients: Params } {
  const names = Object.keys(params);
  let aux: T | undefined;
  const run = tf.engine().gradients(
    () => {
      const result = loss(params);
      aux = keepTree(result.aux);
      return result.loss;
    },
    names.map((name) => params[name] as Tensor),
    undefined as never,
    true,
  );
  const gradients = names.map((name, i) => run.grads[i] ?? tf.zerosLike(params[name] as Tensor));
  return {
    loss: run.value,
    aux: adoptTree(aux as T),
    gradients: Object.fromEntries(names.map((name, i) => [name, gradients[i] as Tensor])),
  };
}

/**
 * Runs code inside an outer gradient. tfjs counts the nesting of gradients; at depth 0 it would discard the tape that
 * the outer gradient still needs.
 */
function withinGradient<T>(run: () => T): T {
  const { state } = tf.engine() as unknown as { state: { gradientDepth: number } };
  state.gradientDepth++;
  try {
    return run();
  } finally {
    state.gradientDepth--;
  }
}

/**
 * Computes f(x, params) but keeps only the arguments for the gradient; f is computed again in the backward pass (Chen
 * et al. 2016, arXiv 1604.06174).
 */
export function rematerialized(f: (x: Tensor, params: Params) => Tensor, x: Tensor, params: Params): Tensor {
  const names = Object.keys(params);
  const run = (inputs: readonly Tensor[]): Tensor =>
    f(inputs[0] as Tensor, Object.fromEntries(names.map((name, i) => [name, inputs[i + 1] as Tensor])));
  const op = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const inputs = args as Tensor[];
    save(inputs);
    return {
      value: run(inputs),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        // Waits for the output's gradient: otherwise TensorFlow would recognise the same computation twice and keep the
        // first one's memory.
        const again = saved.map((input, i) => (i === 0 ? after(input, dy) : input));
        const { grads } = withinGradient(() => tf.engine().gradients(() => run(again), again, dy, true));
        return grads.map((gradient, i) => gradient ?? tf.zerosLike(again[i] as Tensor));
      },
    };
  });
  return op(x, ...names.map((name) => params[name] as Tensor));
}
