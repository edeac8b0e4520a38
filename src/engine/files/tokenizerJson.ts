/**
 * Rewrites tokenizer.json for the JavaScript tokenizers library. Where the library lacks something or differs from the
 * format's reference implementation, the file is restated in parts that both read alike, or refused by name.
 */

import { InputError } from '../../base/records/errors';
import { isObject } from '../../base/records/values';

export type Json = Readonly<Record<string, unknown>>;

/** GPT-2's pattern for words. */
export const GPT2_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** A pre-tokenizer that splits text into the matches of a pattern and what lies between them. */
export function splitBy(pattern: string): Json {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/** A pre-tokenizer that keeps the matches of a pattern and drops what lies between them. */
function keep(pattern: string): Json {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true };
}

/** Applies pre-tokenizers one after the other. */
export function sequenceOf(...pretokenizers: readonly Json[]): Json {
  return { type: 'Sequence', pretokenizers };
}

/** Turns bytes into the printable characters that byte-level vocabularies use. */
export const BYTES_ONLY: Json = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };

/** What the reference implementation takes for punctuation, and for letters of words; inside of brackets. */
const PUNCTUATION = '\\p{P}\\u0021-\\u002F\\u003A-\\u0040\\u005B-\\u0060\\u007B-\\u007E';
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200C\\u200D';

/**
 * A copy of tokenizer.json for the library, with absent parts filled in. The post-processor is left out: it adds
 * tokens, and none is added here. Throws InputError for parts that the library would read in another way.
 */
export function prepareTokenizerJson(json: Json, where: string): Json {
  return {
    added_tokens: [],
    decoder: null,
    ...json,
    post_processor: null,
    normalizer: restateNormalizer(json.normalizer ?? null),
    pre_tokenizer: restatePreTokenizer(json.pre_tokenizer ?? null, where),
    model: restateModel(json.model),
  };
}

/**
 * A word-level model is restated as a word-piece model whose continuation prefix never occurs: each word is in the
 * vocabulary as a whole, or is unknown.
 */
function restateModel(model: unknown): unknown {
  if (!isObject(model)) return model;
  const type = modelType(model);
  if (type === 'WordLevel')
    return { ...model, type: 'WordPiece', continuing_subword_prefix: '\0', max_input_chars_per_word: 1e9 };
  return { ...model, type };
}

/** The type of a model; where none is given, the one that the reference implementation finds by the fields. */
export function modelType(model: Json): unknown {
  if (model.type !== undefined) return model.type;
  if ('merges' in model) return 'BPE';
  if ('continuing_subword_prefix' in model) return 'WordPiece';
  return Array.isArray(model.vocab) ? 'Unigram' : 'WordLevel';
}

/** White space is Unicode's, and a sigma at the end of a word stays one. */
function restateNormalizer(part: unknown): unknown {
  if (!isObject(part)) return part;
  const replace = (pattern: string, content: string): Json => ({
    type: 'Replace',
    pattern: { Regex: pattern },
    content,
  });
  if (part.type === 'Sequence' && Array.isArray(part.normalizers))
    return { ...part, normalizers: part.normalizers.map(restateNormalizer) };
  if (part.type === 'Lowercase' || (part.type === 'BertNormalizer' && part.lowercase === true))
    return { type: 'Sequence', normalizers: [replace('\\u03A3', '\u03c3'), part] };
  if (part.type === 'Strip') {
    const sides = [
      part.strip_left === true && replace('\\A\\s+', ''),
      part.strip_right === true && replace('\\s+\\z', ''),
    ];
    return { type: 'Sequence', normalizers: sides.filter(Boolean) };
  }
  // The library gives the content to a function that has its own meaning for dollar signs.
  if (part.type === 'Replace' && typeof part.content === 'string')
    return { ...part, content: part.content.replaceAll('$', '$$$$') };
  return part;
}

/**
 * In the reference implementation, digits, words, punctuation and white space are Unicode's; JavaScript's classes
 * differ from that. The library translates them in `Split` patterns only, so the others become such patterns.
 */
function restatePreTokenizer(part: unknown, where: string): unknown {
  if (!isObject(part)) return part;
  switch (part.type) {
    case 'Sequence':
      return Array.isArray(part.pretokenizers)
        ? { ...part, pretokenizers: part.pretokenizers.map((inner) => restatePreTokenizer(inner, where)) }
        : part;
    case 'Digits':
      return splitBy(part.individual_digits === true ? '\\p{N}' : '\\p{N}+');
    case 'Whitespace':
      return keep(`[${WORD}]+|[^${WORD}\\s]+`);
    case 'WhitespaceSplit':
      return keep('\\S+');
    case 'BertPreTokenizer':
      return sequenceOf(keep('\\S+'), splitBy(`[${PUNCTUATION}]`));
    case 'Punctuation':
      return split(`[${PUNCTUATION}]`, { behavior: part.behavior ?? 'Isolated', invert: false, where });
    case 'CharDelimiterSplit':
      return split(literal(String(part.delimiter)), { behavior: 'Removed', invert: false, where });
    case 'FixedLength':
      return keep(`[\\s\\S]{1,${Number(part.length ?? 5)}}`);
    case 'Split':
      return split(patternOf(part.pattern, where), { behavior: part.behavior, invert: part.invert === true, where });
    case 'Metaspace':
      return metaspace(part);
    case 'ByteLevel':
      return byteLevel(part);
    default:
      return part;
  }
}

function byteLevel(part: Json): Json {
  if (part.use_regex === false) return part;
  const prefix: Json[] =
    part.add_prefix_space === true ? [{ type: 'Replace', pattern: { Regex: '\\A[^ ]' }, content: ' $&' }] : [];
  return sequenceOf(...prefix, splitBy(GPT2_PATTERN), { ...part, use_regex: false, add_prefix_space: false });
}

/** Older files say `add_prefix_space` instead of the scheme. Words are split before each replacement unless told not to. */
function metaspace(part: Json): Json {
  const prepend = part.prepend_scheme ?? (part.add_prefix_space === false ? 'never' : 'always');
  const replaced = { ...part, str_rep: part.replacement, prepend_scheme: prepend };
  if (part.split === false) return replaced;
  const before = literal(String(part.replacement ?? '\u2581'));
  return sequenceOf(replaced, keep(mergedWithNext(before)));
}

function patternOf(pattern: unknown, where: string): string {
  if (isObject(pattern) && typeof pattern.Regex === 'string') return pattern.Regex;
  if (isObject(pattern) && typeof pattern.String === 'string') return literal(pattern.String);
  throw new InputError(`${where}: the pre-tokenizer Split has the pattern ${JSON.stringify(pattern)}, which is none.`);
}

/** A pattern for exactly this text. */
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

const END = '(?![\\s\\S])';
const mergedWithPrevious = (pattern: string): string => `[\\s\\S]*?(?:${pattern})|[\\s\\S]+`;
const mergedWithNext = (pattern: string): string =>
  `(?:${pattern})[\\s\\S]*?(?=(?:${pattern})|${END})|[\\s\\S]+?(?=(?:${pattern})|${END})`;

/**
 * Every way to split by a pattern, in the two that the library does right: keep the matches, or keep all. Inverted, the
 * parts between the matches are what is split by.
 */
function split(
  pattern: string,
  { behavior, invert, where }: { readonly behavior: unknown; readonly invert: boolean; readonly where: string },
): Json {
  const kinds = {
    isolated: () => splitBy(pattern),
    contiguous: () => splitBy(`(?:${pattern})+`),
    removed: () => (invert ? keep(pattern) : { ...splitBy(withoutCaptures(pattern)), behavior: 'Removed' }),
    mergedwithprevious: () => keep(invert ? mergedWithNext(pattern) : mergedWithPrevious(pattern)),
    mergedwithnext: () => keep(invert ? mergedWithPrevious(pattern) : mergedWithNext(pattern)),
  };
  const name = typeof behavior === 'string' ? behavior.toLowerCase() : '';
  if (Object.hasOwn(kinds, name)) return kinds[name as keyof typeof kinds]();
  throw new InputError(
    `${where}: the pre-tokenizer Split has the behaviour ${JSON.stringify(behavior)}, which is unknown.`,
  );
}

/** The same pattern with groups that only group: a split would give what the others capture back as pieces. */
function withoutCaptures(pattern: string): string {
  let inClass = 0;
  return pattern.replace(/\\[\s\S]|\[|\]|\((?!\?)|\(\?<(?![=!])[^>]*>/g, (part) => {
    if (part === '[') inClass++;
    if (part === ']') inClass = Math.max(0, inClass - 1);
    return part.startsWith('(') && inClass === 0 ? '(?:' : part;
  });
}
