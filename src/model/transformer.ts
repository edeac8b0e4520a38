/**
 * One decoder-only transformer for Llama, Qwen2, Qwen3 and Mistral: RMSNorm, rotary positions, grouped-query attention,
 * SwiGLU. Pure functions of a flat record of parameters under their Hugging Face names ([out, in] matrices), written once
 * for training, scoring and decoding: `Attend` is what differs.
 */
import type { Params } from '../tensors/gradients';
import type { Precision } from '../tensors/hardware';
import { gatherRows, linear, rmsNorm, rotate, swiglu } from '../tensors/ops';
import { type Tensor, tf } from '../tensors/tensorflow';
import type { ModelConfig } from './config';
import type { RopeTables } from './rope';

/** Low-rank adapters laid over the base weights: `<matrix>.lora_A.weight` [r, in] and `<matrix>.lora_B.weight` [out, r]. */
export interface Adapter {
  readonly params: Params;
  /** alpha / rank. */
  readonly scale: number;
}

/** The weights of one policy; without the adapter it is the base model. */
export interface Weights {
  readonly params: Params;
  readonly adapter?: Adapter;
  /** Number format of the matrix products with these weights, fp32 unless said. */
  readonly precision?: Precision;
}

/** Queries [B, T, H, d], keys and values [B, T, KV, d] of one layer to the attention's output [B, T, H, d]. */
export type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor) => Tensor;

function parameter(params: Params, name: string): Tensor {
  const value = params[name];
  if (!value) throw new Error(`the model has no parameter ${name}`);
  return value;
}

/** x [N, in] through the named matrix, with its bias and its adapter where there is one: [N, out]. */
function project(weights: Weights, x: Tensor, name: string): Tensor {
  const { precision } = weights;
  let y = linear(x, parameter(weights.params, `${name}.weight`), precision);
  const bias = weights.params[`${name}.bias`];
  if (bias) y = tf.add(y, bias);
  const a = weights.adapter?.params[`${name}.lora_A.weight`];
  const b = weights.adapter?.params[`${name}.lora_B.weight`];
  if (!weights.adapter || !a || !b) return y;
  return tf.add(y, tf.mul(linear(linear(x, a, precision), b, precision), weights.adapter.scale));
}

function attention(config: ModelConfig, weights: Weights, x: Tensor, context: LayerContext): Tensor {
  const { batch, length, rope, attend, layer } = context;
  const name = `model.layers.${layer}.self_attn`;
  const heads = (part: 'q' | 'k' | 'v', count: number): Tensor =>
    tf.reshape(project(weights, x, `${name}.${part}_proj`), [batch, length, count, config.headDim]);
  let q = heads('q', config.heads);
  let k = heads('k', config.kvHeads);
  if (config.qkNorm) {
    q = rmsNorm(q, parameter(weights.params, `${name}.q_norm.weight`), config.rmsNormEps);
    k = rmsNorm(k, parameter(weights.params, `${name}.k_norm.weight`), config.rmsNormEps);
  }
  q = rotate(q, rope.cosQ, rope.sinQ);
  k = rotate(k, rope.cos, rope.sin);
  const out = attend(layer, q, k, heads('v', config.kvHeads));
  return project(weights, tf.reshape(out, [batch * length, config.heads * config.headDim]), `${name}.o_proj`);
}

interface LayerContext {
  readonly batch: number;
  readonly length: number;
  readonly rope: RopeTables;
  readonly attend: Attend;
  readonly layer: number;
}

function decoderLayer(config: ModelConfig, weights: Weights, x: Tensor, context: LayerContext): Tensor {
  const name = `model.layers.${context.layer}`;
  const norm = (value: Tensor, which: string): Tensor =>
    rmsNorm(value, parameter(weights.params, `${name}.${which}.weight`), config.rmsNormEps);
  const attended = tf.add(x, attention(config, weights, norm(x, 'input_layernorm'), context));
  const mlpInput = norm(attended, 'post_attention_layernorm');
  const gated = swiglu(
    project(weights, mlpInput, `${name}.mlp.gate_proj`),
    project(weights, mlpInput, `${name}.mlp.up_proj`),
  );
  return tf.add(attended, project(weights, gated, `${name}.mlp.down_proj`));
}

/** Token ids [B, T] to the final hidden states [B * T, D] (after the last norm). */
export function hiddenStates(
  config: ModelConfig,
  weights: Weights,
  input: { ids: Tensor; rope: RopeTables; attend: Attend },
): Tensor {
  const [batch, length] = input.ids.shape as [number, number];
  let x = gatherRows(parameter(weights.params, 'model.embed_tokens.weight'), tf.reshape(input.ids, [batch * length]));
  for (let layer = 0; layer < config.layers; layer++) {
    x = decoderLayer(config, weights, x, { batch, length, rope: input.rope, attend: input.attend, layer });
  }
  return rmsNorm(x, parameter(weights.params, 'model.norm.weight'), config.rmsNormEps);
}

/** Name of the output head's matrix [V, D]: the embedding itself when tied. */
export function headName(config: ModelConfig): string {
  return config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
}

/** Hidden states [N, D] to logits [N, V]. */
export function logits(config: ModelConfig, weights: Weights, hidden: Tensor): Tensor {
  return project(weights, hidden, headName(config).replace(/\.weight$/, ''));
}
