/** The type of a loaded language model: configuration, tokenizer, and weights on the device. */

import { InputError } from '../../base/records/errors';
import type { Tokenizer } from '../files/tokenizer';
import type { ModelConfig } from './config';
import type { Weights } from './transformer';

/** Its weights are TensorFlow tensors, which are kept out of the public types. */
export interface LanguageModel {
  readonly name: string;
  readonly config: ModelConfig;
  /** Undefined for a model that works with token ids only. */
  readonly tokenizer: Tokenizer | undefined;
  /** @internal */
  readonly weights: Weights;
  /** Frees the weights. */
  dispose(): void;
}

/** The model's tokenizer. Throws InputError if it has none. */
export function requireTokenizer(model: LanguageModel): Tokenizer {
  if (model.tokenizer) return model.tokenizer;
  throw new InputError(`Model ${model.name} has no tokenizer.json, so it works with token ids only: give prompt_ids.`);
}

/** The same model with other weights; the caller keeps ownership of these. @internal */
export function withWeights(model: LanguageModel, weights: Weights): LanguageModel {
  return { ...model, weights, dispose: () => {} };
}
