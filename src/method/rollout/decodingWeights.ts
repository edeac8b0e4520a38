/**
 * Weights in the form in which decoding reads them for every token: adapters are merged into their matrices and, in
 * bf16, the matrices are stored as packed pairs, which halves the memory to read. Sums stay fp32, and processors
 * without bf16 instructions can use it too. Weights that are kept in bf16 are read as they are, since merged they would
 * be rounded anew: the adapter's product is added to theirs.
 */
import type { ModelConfig } from '../../engine/model/config';
import { adaptedModules, mergedMatrix } from '../../engine/model/merge';
import { perConfig } from '../../engine/model/perConfig';
import { fitsPairs } from '../../engine/model/shapes';
import { headName, type Weights } from '../../engine/model/transformer';
import { compile } from '../../engine/tensors/compile';
import type { Params } from '../../engine/tensors/gradients';
import { toPairs } from '../../engine/tensors/pairs';
import type { Tensor } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';

/** Base matrices with the adapter's product added, by name. Matrices without an adapter are not included. */
function merge({ params, adapter }: Weights): Params {
  if (!adapter) return {};
  return Object.fromEntries(
    adaptedModules(adapter).map((name) => [
      `${name}.weight`,
      mergedMatrix(params[`${name}.weight`] as Tensor, name, adapter),
    ]),
  );
}

/** What decoding needs beside the unchanged weights. */
const prepareFor = perConfig((config: ModelConfig) =>
  compile((weights: Weights): { params: Params; pairs: Params } => {
    const merged = merge(weights);
    if (weights.precision !== 'bf16') return { params: merged, pairs: {} };
    const read = Object.entries({ ...weights.params, ...merged }).filter(
      ([name, value]) =>
        fitsPairs(name, value.shape) && (name !== 'model.embed_tokens.weight' || name === headName(config)),
    );
    return { params: {}, pairs: Object.fromEntries(read.map(([name, value]) => [name, toPairs(value)])) };
  }, 'merge'),
);

/** A policy's weights for decoding; `dispose` frees the tensors that were made for it. @internal */
export function decodingWeights(config: ModelConfig, weights: Weights): { weights: Weights; dispose(): void } {
  if (weights.pairs || (!weights.adapter && weights.precision !== 'bf16')) return { weights, dispose: () => {} };
  const { params, pairs } = prepareFor(config)(weights);
  return {
    weights: { params: { ...weights.params, ...params }, pairs, precision: weights.precision },
    dispose: () => disposeTree([params, pairs]),
  };
}
