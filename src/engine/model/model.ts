/** The type of a loaded language model: configuration, tokenizer, and weights on the device. */

import { InputError } from '../../base/records/errors';
import type { Tokenizer } from '../files/tokenizer';
import type { ModelConfig } from './config';
import type { Ranks } from './ranks';
import type { Weights } from './transformer';

/** Its weights are TensorFlow tensors, which are kept out of the public types. */
export interface LanguageModel {
  readonly name: string;
  readonly config: ModelConfig;
  /** Undefined for a model that works with token ids only. */
  readonly tokenizer: Tokenizer | undefined;
  /** @internal */
  readonly weights: Weights;
  /** The processes that hold it too and take their part in sampling, scoring and learning; undefined for this one alone. @internal */
  readonly ranks?: Ranks;
  /** Frees the weights. */
  dispose(): void;
}

/** The model's tokenizer. Throws InputError if it has none. */
export function requireTokenizer(model: LanguageModel): Tokenizer {
  if (model.tokenizer) return model.tokenizer;
  throw new InputError(`Model ${model.name} has no tokenizer.json, so it works with token ids only: give prompt_ids.`);
}

/**
 * The token that ends the model's turn, which completions from data end with: the end token of its tokenizer; otherwise
 * the one of its end tokens that its chat template writes behind a reply, or else the first that generation_config.json
 * or config.json names. Throws InputError where nothing names one.
 */
export function endOfTurn({ name, config, tokenizer }: LanguageModel): number {
  const named = tokenizer?.eosToken === undefined ? undefined : tokenizer.tokenId(tokenizer.eosToken);
  const end = named ?? (tokenizer && templateEnd(tokenizer, config.eosTokenIds)) ?? config.eosTokenIds[0];
  if (end !== undefined) return end;
  throw new InputError(
    `Model ${name} names no end token, so that nothing could end a completion; add eos_token to its tokenizer_config.json.`,
  );
}

function templateEnd({ chatTemplate, renderChat, encode }: Tokenizer, ends: readonly number[]): number | undefined {
  if (chatTemplate === undefined || ends.length < 2) return undefined;
  const turns = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b' },
  ] as const;
  return encode(renderChat(turns)).findLast((id) => ends.includes(id));
}

/** The number formats of a model, as records keep them; its matrices are in fp32 unless they say otherwise. @internal */
export const formatsOf = ({ weights: { precision, pairs } }: LanguageModel) => ({
  precision,
  ...(pairs && { weights: 'bf16' as const }),
});

/** The same model with other weights; the caller keeps ownership of these. @internal */
export function withWeights(model: LanguageModel, weights: Weights): LanguageModel {
  return { ...model, weights, dispose: () => {} };
}
