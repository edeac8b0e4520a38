/** A language model as the rest of the laboratory holds it: configuration, tokenizer and weights on the device. */

import { InputError } from '../../base/records/errors';
import type { Tokenizer } from '../files/tokenizer';
import type { ModelConfig } from './config';
import type { Weights } from './transformer';

/** A loaded model. Its weights are TensorFlow tensors, kept out of the public types. */
export interface LanguageModel {
  readonly name: string;
  readonly config: ModelConfig;
  /** Undefined for a model that works by token ids alone. */
  readonly tokenizer: Tokenizer | undefined;
  /** @internal */
  readonly weights: Weights;
  /** Frees the weights. */
  dispose(): void;
}

/** The model's tokenizer. Throws InputError when it has none. */
export function requireTokenizer(model: LanguageModel): Tokenizer {
  if (model.tokenizer) return model.tokenizer;
  throw new InputError(`Model ${model.name} has no tokenizer.json, so it works by token ids only: give prompt_ids.`);
}

/** The same model with other weights, which stay the caller's. @internal */
export function withWeights(model: LanguageModel, weights: Weights): LanguageModel {
  return { ...model, weights, dispose: () => {} };
}
