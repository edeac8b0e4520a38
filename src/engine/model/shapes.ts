/** Names and shapes of a model's parameters, in the order of the forward pass, and which of them LoRA can adapt. */
import type { ModelConfig } from './config';

/** The projections that adapters may target. */
export const loraTargets = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

function layerShapes(config: ModelConfig, layer: number): [string, number[]][] {
  const { hiddenSize: d, intermediateSize: f, headDim, heads, kvHeads } = config;
  const name = `model.layers.${layer}`;
  const matrix = (part: string, [out, inner]: [number, number], bias: boolean): [string, number[]][] => [
    [`${name}.${part}.weight`, [out, inner]],
    ...(bias ? ([[`${name}.${part}.bias`, [out]]] as [string, number[]][]) : []),
  ];
  return [
    [`${name}.input_layernorm.weight`, [d]],
    ...matrix('self_attn.q_proj', [heads * headDim, d], config.qkvBias),
    ...matrix('self_attn.k_proj', [kvHeads * headDim, d], config.qkvBias),
    ...matrix('self_attn.v_proj', [kvHeads * headDim, d], config.qkvBias),
    ...matrix('self_attn.o_proj', [d, heads * headDim], config.outputBias),
    ...(config.qkNorm
      ? ([
          [`${name}.self_attn.q_norm.weight`, [headDim]],
          [`${name}.self_attn.k_norm.weight`, [headDim]],
        ] as [string, number[]][])
      : []),
    [`${name}.post_attention_layernorm.weight`, [d]],
    ...matrix('mlp.gate_proj', [f, d], config.mlpBias),
    ...matrix('mlp.up_proj', [f, d], config.mlpBias),
    ...matrix('mlp.down_proj', [d, f], config.mlpBias),
  ];
}

/** Shape of every parameter by Hugging Face name. */
export function parameterShapes(config: ModelConfig): Record<string, readonly number[]> {
  const { vocabSize, hiddenSize } = config;
  return Object.fromEntries([
    ['model.embed_tokens.weight', [vocabSize, hiddenSize]],
    ...Array.from({ length: config.layers }, (_, layer) => layerShapes(config, layer)).flat(),
    ['model.norm.weight', [hiddenSize]],
    ...(config.tiedEmbeddings ? [] : [['lm_head.weight', [vocabSize, hiddenSize]]]),
  ]);
}

/** Whether a parameter can be kept in bf16: the matrices, whose rows must be of even length. Norms and biases stay fp32. */
export const fitsPairs = (name: string, shape: readonly number[]): boolean =>
  /(_proj|lm_head|embed_tokens)\.weight$/.test(name) && (shape[1] as number) % 2 === 0;

export function countParameters(config: ModelConfig): number {
  const sizes = Object.values(parameterShapes(config)).map((shape) => shape.reduce((a, b) => a * b, 1));
  return sizes.reduce((a, b) => a + b, 0);
}

/** Names of the matrices (without `.weight`) that the given targets mean, layer by layer. */
export function adaptedMatrices(config: ModelConfig, targets: readonly string[]): string[] {
  return Object.keys(parameterShapes(config))
    .filter((name) => targets.some((target) => name.endsWith(`.${target}.weight`)))
    .map((name) => name.replace(/\.weight$/, ''));
}
