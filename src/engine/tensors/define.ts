/**
 * Defines operations with hand-written gradients and registers them with tfjs's autodiff. The backward pass returns one
 * function for each input, called only if that gradient is needed: frozen inputs (the base weights under LoRA) cost
 * nothing.
 */
import { backend, type Tensor, tf } from './tensorflow';

type Named = Record<string, Tensor>;

/**
 * An operation: forward on named inputs; backward from the output's gradient to one function for each differentiable
 * input.
 */
export interface OpDefinition<I extends Named, A> {
  readonly name: string;
  readonly inputs: readonly (keyof I & string)[];
  forward(inputs: I, attrs: A): Tensor;
  backward(context: { dy: Tensor; inputs: I; y: Tensor; attrs: A }): { [K in keyof I]?: () => Tensor };
}

/** Makes the operation callable; it is registered with tfjs on first use. */
export function defineOp<I extends Named, A = Record<string, never>>(
  definition: OpDefinition<I, A>,
): (inputs: I, attrs?: A) => Tensor {
  const kernelName = `Rcsd${definition.name}`;
  let registered = false;
  const register = (): void => {
    backend();
    tf.registerKernel({
      kernelName,
      backendName: tf.getBackend(),
      kernelFunc: ({ inputs, attrs }) => tf.tidy(() => definition.forward(inputs as unknown as I, attrs as A)),
    });
    tf.registerGradient({
      kernelName,
      inputsToSave: [...definition.inputs],
      outputsToSave: [true],
      gradFunc: (dy, saved, attrs) => {
        const inputs = Object.fromEntries(definition.inputs.map((name, i) => [name, saved[i]])) as I;
        const y = saved[definition.inputs.length] as Tensor;
        return definition.backward({ dy: dy as Tensor, inputs, y, attrs: attrs as unknown as A }) as Named &
          Record<string, () => Tensor>;
      },
    });
    registered = true;
  };
  return (inputs, attrs) => {
    if (!registered) register();
    return tf.engine().runKernel(kernelName, inputs, (attrs ?? {}) as Record<string, never>) as Tensor;
  };
}
