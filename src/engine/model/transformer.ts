/**
 * A decoder-only transformer for Llama, Qwen2, Qwen3 and Mistral: RMSNorm, rotary positions, grouped-query attention,
 * SwiGLU. Pure functions of a flat record of parameters under their Hugging Face names (matrices [out, in]). The same
 * code serves training, scoring and decoding, which differ only in the `Attend` function that they pass.
 */
import { type Params, rematerialized } from '../tensors/gradients';
import { ownKernels, type Precision } from '../tensors/hardware';
import { gatherRows, linear, rmsNorm, rotate, swiglu } from '../tensors/ops';
import { gatherPairs, type Matrix, pairsLinear } from '../tensors/pairs';
import { projectAll } from '../tensors/products';
import { type Tensor, tf } from '../tensors/tensorflow';
import type { ModelConfig } from './config';
import type { RopeTables } from './rope';

/**
 * Low-rank matrices added to the base weights: `<matrix>.lora_A.weight` [r, in] and `<matrix>.lora_B.weight` [out, r].
 */
export interface Adapter {
  readonly params: Params;
  /** alpha / rank. */
  readonly scale: number;
}

/** The weights of one policy; without the adapter, those of the base model. */
export interface Weights {
  readonly params: Params;
  readonly adapter?: Adapter;
  /** Number format of matrix products with these weights; default fp32. */
  readonly precision?: Precision;
  /** Keep only each layer's input for the gradient and compute the layer again: less memory, a third more work. */
  readonly rematerialize?: boolean;
  /** Frozen matrices as bf16 pairs, by name. They are read instead of those in `params`, which need not have them, and have no gradient. */
  readonly pairs?: Params;
}

/** From a layer's queries [B, T, H, d], keys and values [B, T, KV, d] to the output of its attention [B, T, H, d]. */
export type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor) => Tensor;

function parameter(params: Params, name: string): Tensor {
  const value = params[name];
  if (!value) throw new Error(`the model has no parameter ${name}`);
  return value;
}

/** Multiplies x [N, in] by each named matrix and adds its bias and its adapter, where it has them; [N, out] each. */
function project(weights: Weights, x: Tensor, names: readonly string[]): Tensor[] {
  const { params, pairs, adapter, precision = 'fp32' } = weights;
  const fused = ownKernels() && !pairs && adapter !== undefined && precision === 'bf16';
  const products = fused
    ? projectAll(
        x,
        names.map((name) => ({ w: parameter(params, `${name}.weight`), adapter: adapterOf(weights, name) })),
        adapter.scale,
      )
    : baseProducts(weights, x, names).map((product, i) => addAdapter(weights, x, product, names[i] as string));
  return products.map((product, i) => {
    const bias = params[`${names[i]}.bias`];
    return bias ? tf.add(product, bias) : product;
  });
}

function adapterOf({ adapter }: Weights, name: string): { a: Tensor; b: Tensor } | undefined {
  const a = adapter?.params[`${name}.lora_A.weight`];
  const b = adapter?.params[`${name}.lora_B.weight`];
  return a && b && { a, b };
}

function addAdapter(weights: Weights, x: Tensor, product: Tensor, name: string): Tensor {
  const over = adapterOf(weights, name);
  if (!over) return product;
  const { precision, adapter } = weights;
  return tf.add(product, linear(tf.mul(linear(x, over.a, precision), adapter?.scale ?? 1), over.b, precision));
}

const projectOne = (weights: Weights, x: Tensor, name: string): Tensor => project(weights, x, [name])[0] as Tensor;

/** The products with the base matrices, without bias and adapter. */
function baseProducts({ params, pairs, precision }: Weights, x: Tensor, names: readonly string[]): Tensor[] {
  const frozen = names.map((name) => pairs?.[`${name}.weight`]);
  if (frozen.every((matrix) => matrix !== undefined)) return pairsLinear(x, frozen as Tensor[], precision);
  return names.map((name, i) => {
    const matrix = frozen[i];
    return matrix
      ? (pairsLinear(x, [matrix], precision)[0] as Tensor)
      : linear(x, parameter(params, `${name}.weight`), precision);
  });
}

function attention(config: ModelConfig, weights: Weights, x: Tensor, context: LayerContext): Tensor {
  const { batch, length, rope, attend, layer } = context;
  const name = `model.layers.${layer}.self_attn`;
  const projected = project(
    weights,
    x,
    ['q', 'k', 'v'].map((part) => `${name}.${part}_proj`),
  );
  const [plainQ, plainK, v] = projected.map((y) => tf.reshape(y, [batch, length, -1, config.headDim])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const normed = (y: Tensor, part: 'q' | 'k'): Tensor =>
    config.qkNorm ? rmsNorm(y, parameter(weights.params, `${name}.${part}_norm.weight`), config.rmsNormEps) : y;
  const q = rotate(normed(plainQ, 'q'), rope.cosQ, rope.sinQ);
  const k = rotate(normed(plainK, 'k'), rope.cos, rope.sin);
  const out = tf.reshape(attend(layer, q, k, v), [batch * length, config.heads * config.headDim]);
  return projectOne(weights, keepRows(out, context), `${name}.o_proj`);
}

interface LayerContext {
  readonly batch: number;
  readonly length: number;
  readonly rope: RopeTables;
  readonly attend: Attend;
  readonly layer: number;
  /** Which rows of [B * T] to compute after the layer's attention; default all. */
  readonly rows?: Tensor;
}

const keepRows = (x: Tensor, { rows }: LayerContext): Tensor => (rows ? gatherRows(x, rows) : x);

function decoderLayer(config: ModelConfig, weights: Weights, x: Tensor, context: LayerContext): Tensor {
  const name = `model.layers.${context.layer}`;
  const norm = (value: Tensor, which: string): Tensor =>
    rmsNorm(value, parameter(weights.params, `${name}.${which}.weight`), config.rmsNormEps);
  const attended = tf.add(keepRows(x, context), attention(config, weights, norm(x, 'input_layernorm'), context));
  const mlpInput = norm(attended, 'post_attention_layernorm');
  const [gate, up] = project(weights, mlpInput, [`${name}.mlp.gate_proj`, `${name}.mlp.up_proj`]) as [Tensor, Tensor];
  return tf.add(attended, projectOne(weights, swiglu(gate, up), `${name}.mlp.down_proj`));
}

function rematerializedLayer(config: ModelConfig, weights: Weights, x: Tensor, context: LayerContext): Tensor {
  const { params, adapter } = weights;
  const own = ([name]: [string, Tensor]): boolean => name.startsWith(`model.layers.${context.layer}.`);
  const base = Object.entries(params).filter(own);
  const laidOver = Object.entries(adapter?.params ?? {}).filter(own);
  const run = (input: Tensor, all: Params): Tensor => {
    const part = (entries: readonly [string, Tensor][]): Params =>
      Object.fromEntries(entries.map(([name]) => [name, all[name] as Tensor]));
    const layer = {
      ...weights,
      params: part(base),
      ...(adapter && { adapter: { ...adapter, params: part(laidOver) } }),
    };
    return decoderLayer(config, layer, input, context);
  };
  return rematerialized(run, x, Object.fromEntries([...base, ...laidOver]));
}

const EMBEDDING = 'model.embed_tokens.weight';

function embed({ params, pairs }: Weights, ids: Tensor): Tensor {
  const frozen = params[EMBEDDING] ? undefined : pairs?.[EMBEDDING];
  return frozen ? gatherPairs(frozen, ids) : gatherRows(parameter(params, EMBEDDING), ids);
}

/**
 * From token ids [B, T] to the final hidden states (after the last norm): of all positions [B * T, D], or of the
 * positions in `rows` int32 [N] only, [N, D]; then the last layer computes only these.
 */
export function hiddenStates(
  config: ModelConfig,
  weights: Weights,
  { ids, rows, ...input }: { ids: Tensor; rope: RopeTables; attend: Attend; rows?: Tensor },
): Tensor {
  const [batch, length] = ids.shape as [number, number];
  let x = embed(weights, tf.reshape(ids, [batch * length]));
  for (let layer = 0; layer < config.layers; layer++) {
    const last = layer === config.layers - 1;
    const context = { batch, length, ...input, layer, ...(last && { rows }) };
    x = weights.rematerialize
      ? rematerializedLayer(config, weights, x, context)
      : decoderLayer(config, weights, x, context);
  }
  return rmsNorm(x, parameter(weights.params, 'model.norm.weight'), config.rmsNormEps);
}

/** Name of the output head's matrix [V, D]; that of the embedding when tied. */
export function headName(config: ModelConfig): string {
  return config.tiedEmbeddings ? EMBEDDING : 'lm_head.weight';
}

/** The output head [V, D]. */
export function headMatrix(config: ModelConfig, { params, pairs }: Weights): Matrix {
  const name = headName(config);
  const frozen = pairs?.[name];
  return frozen ? { pairs: frozen } : parameter(params, name);
}

export function logits(config: ModelConfig, weights: Weights, hidden: Tensor): Tensor {
  return projectOne(weights, hidden, headName(config).replace(/\.weight$/, ''));
}
