/** Several losses on the same tokens: their sum, each times a number of its own for every token. */
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import type { LogitLoss, TokenLoss } from './tokenLoss';

/** One loss of a mixture. */
export interface MixedLoss {
  readonly loss: LogitLoss;
  /** Name of the signal that weighs it at each token; without one it counts in full. */
  readonly weight?: string;
}

/** The weighted sum; what a loss adds with weights of its own stays as it is. Metrics are those of all; of two with one name, as `entropy`, the later loss's. @internal */
export function mixture(parts: readonly MixedLoss[]): LogitLoss {
  return (studentLogits, inputs) => {
    const weighted = parts.map(({ loss, weight }): TokenLoss => {
      const part = loss(studentLogits, inputs);
      if (weight === undefined) return part;
      const factor = inputs.signals?.[weight];
      if (!factor) throw new Error(`a mixture of losses needs the signal ${weight}`);
      return {
        ...part,
        values: tf.mul(part.values, factor),
        gradient: tf.mul(part.gradient, tf.expandDims(factor, 1)),
      };
    });
    const added = weighted.flatMap((part) => part.added ?? []);
    const all = (parts: readonly Tensor[]): Tensor => parts.reduce((a, b) => tf.add(a, b));
    const sum = (of: (part: TokenLoss) => Tensor): Tensor => all(weighted.map(of));
    return {
      values: sum(({ values }) => values),
      gradient: sum(({ gradient }) => gradient),
      ...(added.length > 0 && {
        added: { values: all(added.map(({ values }) => values)), gradient: all(added.map(({ gradient }) => gradient)) },
      }),
      metrics: Object.assign({}, ...weighted.map(({ metrics }) => metrics)),
    };
  };
}
