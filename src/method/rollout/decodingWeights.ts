/**
 * Weights in the form in which decoding reads them for every token: adapters are merged into their matrices and, in
 * bf16, the matrices are stored as packed pairs, which halves the memory to read. Sums stay fp32, and processors
 * without bf16 instructions can use it too.
 */
import type { ModelConfig } from '../../engine/model/config';
import { adaptedModules, mergedMatrix } from '../../engine/model/merge';
import { perConfig } from '../../engine/model/perConfig';
import { headName, type Weights } from '../../engine/model/transformer';
import { toPairs } from '../../engine/tensors/bf16';
import { compile } from '../../engine/tensors/compile';
import type { Params } from '../../engine/tensors/gradients';
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

const isPackable = (name: string, { shape }: Tensor): boolean =>
  /(_proj|lm_head|embed_tokens)\.weight$/.test(name) && (shape[1] as number) % 2 === 0;

/** What decoding needs beside the unchanged weights. */
const prepareFor = perConfig((config: ModelConfig) =>
  compile((weights: Weights): { params: Params; pairs: Params } => {
    const merged = merge(weights);
    if (weights.precision !== 'bf16') return { params: merged, pairs: {} };
    const read = Object.entries({ ...weights.params, ...merged }).filter(
      ([name, value]) => isPackable(name, value) && (name !== 'model.embed_tokens.weight' || name === headName(config)),
    );
    return { params: {}, pairs: Object.fromEntries(read.map(([name, value]) => [name, toPairs(value)])) };
  }, 'merge'),
);

/** A policy's weights for decoding; `dispose` frees the tensors that were made for it. @internal */
export function decodingWeights(config: ModelConfig, weights: Weights): { weights: Weights; dispose(): void } {
  if (!weights.adapter && weights.precision !== 'bf16') return { weights, dispose: () => {} };
  const { params, pairs } = prepareFor(config)(weights);
  return {
    weights: { params: { ...weights.params, ...params }, pairs },
    dispose: () => disposeTree([params, pairs]),
  };
}
