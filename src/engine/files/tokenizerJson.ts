/**
 * Rewrites tokenizer.json for the JavaScript tokenizers library. Where the library lacks something or differs from the
 * format's reference implementation, the file is restated in parts that both read alike.
 */
import { isObject } from './jsonl';

export type Json = Readonly<Record<string, unknown>>;

/** GPT-2's pattern for words. */
export const GPT2_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** A pre-tokenizer that splits text into the matches of a pattern and what lies between them. */
export function splitBy(pattern: string): Json {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/** Applies pre-tokenizers one after the other. */
export function sequenceOf(...pretokenizers: readonly Json[]): Json {
  return { type: 'Sequence', pretokenizers };
}

/** Turns bytes into the printable characters that byte-level vocabularies use. */
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
 * A word-level model is restated as a word-piece model whose continuation prefix never occurs: each word is in the
 * vocabulary as a whole, or is unknown. A model with merges but without a type is a byte-pair model.
 */
function restateModel(model: unknown): unknown {
  if (!isObject(model)) return model;
  if (model.type === 'WordLevel')
    return { ...model, type: 'WordPiece', continuing_subword_prefix: '\0', max_input_chars_per_word: 1000 };
  return model.type === undefined && 'merges' in model ? { ...model, type: 'BPE' } : model;
}

/**
 * In the reference implementation, digits and white space are Unicode's; JavaScript's `\d` and `\s` differ from that.
 * The library translates them in `Split` patterns only.
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
