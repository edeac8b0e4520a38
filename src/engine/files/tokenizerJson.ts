/**
 * What the JavaScript tokenizers library leaves out of, or reads otherwise than, the format's reference implementation,
 * restated in parts that both understand alike.
 */
import { isObject } from './jsonl';

/** The contents of a JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** GPT-2's word pattern. */
export const GPT2_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** A pre-tokenizer that makes each match of a pattern, and what lies between matches, a piece of its own. */
export function splitBy(pattern: string): Json {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/** Pre-tokenizers in a row. */
export function sequenceOf(...pretokenizers: readonly Json[]): Json {
  return { type: 'Sequence', pretokenizers };
}

/** Turns bytes into the printable characters that byte-level vocabularies are written in. */
export const BYTES_ONLY: Json = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };

/** A copy of tokenizer.json for the library, with absent parts filled in. */
export function prepareTokenizerJson(json: Json): Json {
  return {
    added_tokens: [],
    normalizer: null,
    post_processor: null,
    decoder: null,
    ...json,
    pre_tokenizer: restatePreTokenizer(json.pre_tokenizer ?? null),
    model: restateModel(json.model),
  };
}

/**
 * A word-level model is a word-piece model whose continuation prefix nothing starts with: each word is in the vocabulary as a
 * whole, or unknown. Models without a type but with merges are byte-pair models.
 */
function restateModel(model: unknown): unknown {
  if (!isObject(model)) return model;
  if (model.type === 'WordLevel')
    return { ...model, type: 'WordPiece', continuing_subword_prefix: '\0', max_input_chars_per_word: 1000 };
  return model.type === undefined && 'merges' in model ? { ...model, type: 'BPE' } : model;
}

/**
 * In the reference, digits are all of Unicode's numbers and white space is Unicode's; JavaScript's `\d` and `\s` are not. The
 * library translates them in `Split` patterns only.
 */
function restatePreTokenizer(part: unknown): unknown {
  if (!isObject(part)) return part;
  if (part.type === 'Sequence' && Array.isArray(part.pretokenizers))
    return { ...part, pretokenizers: part.pretokenizers.map(restatePreTokenizer) };
  if (part.type === 'Digits') return splitBy(part.individual_digits === true ? '\\p{N}' : '\\p{N}+');
  if (part.type === 'ByteLevel' && part.use_regex !== false && part.add_prefix_space !== true)
    return sequenceOf(splitBy(GPT2_PATTERN), { ...part, use_regex: false });
  return part;
}
