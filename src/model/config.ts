/** What the transformer needs to know of a Hugging Face `config.json`. */

/** Rotary embedding: base and, for Llama 3, the frequency-dependent scaling. */
export interface RopeConfig {
  readonly theta: number;
  readonly scaling?: {
    readonly factor: number;
    readonly lowFreqFactor: number;
    readonly highFreqFactor: number;
    readonly originalMaxPositions: number;
  };
}

/** Shape of one decoder-only model of the Llama / Qwen2 / Qwen3 / Mistral family. */
export interface ModelConfig {
  readonly architecture: 'llama' | 'qwen2' | 'qwen3' | 'mistral';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly rmsNormEps: number;
  readonly rope: RopeConfig;
  readonly maxPositions: number;
  /** Output head shares the embedding matrix. */
  readonly tiedEmbeddings: boolean;
  /** Biases on the q, k and v projections (Qwen2), and on the output projection (Llama's `attention_bias`). */
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  /** Biases on the three MLP projections (Llama's `mlp_bias`). */
  readonly mlpBias: boolean;
  /** RMS norms on each head's queries and keys (Qwen3). */
  readonly qkNorm: boolean;
  /** Number of latest positions a query may see (Mistral), null for all. */
  readonly slidingWindow: number | null;
  /** Token ids that end a completion. */
  readonly eosTokenIds: readonly number[];
  /** The JSON as it stood in the file, written back on saving. */
  readonly source: Readonly<Record<string, unknown>>;
}
