/** Reverse-mode gradients over a flat record of parameters, with auxiliary results. */
import { type Tensor, tf } from './tensorflow';
import { adoptTree, keepTree } from './tree';

/** Parameters by Hugging Face name. */
export type Params = Readonly<Record<string, Tensor>>;

/**
 * The gradient of loss(params).loss with respect to every parameter, and whatever else `loss` returned as `aux`.
 * A parameter the loss does not depend on gets zeros.
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
