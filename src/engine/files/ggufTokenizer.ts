/**
 * Builds the tokenizer that a GGUF file contains: byte-pair encoding from its tokens and merges, and its chat template.
 */
import { InputError } from '../../base/records/errors';
import { type Tokenizer, tokenizerFromJson } from './tokenizer';
import { BYTES_ONLY, GPT2_PATTERN, type Json, sequenceOf, splitBy } from './tokenizerJson';

/** How text is split before merging, by the name in `tokenizer.ggml.pre`. */
interface Splitter {
  readonly pieces: Json;
  readonly normalizer?: Json;
  /** A piece that is itself a token is taken as it is, without merges. */
  readonly ignoreMerges?: boolean;
}

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const LINES_AND_SPACES = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const UPPER = '\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}';
const LOWER = '\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}';

/**
 * Words with at most one leading non-letter, numbers matched by `digits`, punctuation with line ends, line ends,
 * spaces.
 */
function wordsAndNumbers(digits: string): string {
  return `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${LINES_AND_SPACES}`;
}

/** Tekken's pattern: a new word starts where lower case changes to upper case. */
const TEKKEN =
  `[^\\r\\n\\p{L}\\p{N}]?[${UPPER}]*[${LOWER}]+|[^\\r\\n\\p{L}\\p{N}]?[${UPPER}]+[${LOWER}]*|\\p{N}` +
  `| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${LINES_AND_SPACES}`;

/** What lies between line ends, words, punctuation, Chinese, Japanese and Korean characters; then single digits. */
const DEEPSEEK_CODER = ['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', '[一-龥ࠀ-一가-퟿]+', '\\p{N}'];
const DEEPSEEK_V3 = [
  '\\p{N}{1,3}',
  '[一-龥぀-ゟ゠-ヿ]+',
  `[!"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_\`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|${LINES_AND_SPACES}`,
];
/** llama.cpp's own, for files whose writer knew no better. */
const DEFAULT = [
  '[\\p{P}\\$\\+<=>\\^~\\|]+',
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)",
  '\\p{N}+',
  '[0-9][0-9][0-9]',
];

/** Splits by each pattern in turn. */
const by = (...patterns: readonly string[]): Splitter => ({ pieces: sequenceOf(...patterns.map(splitBy), BYTES_ONLY) });

const LLAMA3 = by(wordsAndNumbers('\\p{N}{1,3}'));
const LLAMA3_WHOLE: Splitter = { ...LLAMA3, ignoreMerges: true };
const GPT2 = by(GPT2_PATTERN);
const GPT2_DIGITS = by('\\p{N}', GPT2_PATTERN);
const QWEN2 = by(wordsAndNumbers('\\p{N}'));

/** Names that other files have for the same; of those that are the same, an export takes the first. */
const SPLITTERS: Readonly<Record<string, Splitter>> = {
  'gpt-2': GPT2,
  smollm: GPT2_DIGITS,
  'llama-bpe': LLAMA3_WHOLE,
  qwen2: { ...QWEN2, normalizer: { type: 'NFC' } },
  tekken: { ...by(TEKKEN), ignoreMerges: true },
  default: by(...DEFAULT),
  llama3: LLAMA3_WHOLE,
  'llama-v3': LLAMA3_WHOLE,
  falcon3: LLAMA3_WHOLE,
  dbrx: LLAMA3,
  'smaug-bpe': LLAMA3,
  olmo: GPT2,
  starcoder: GPT2_DIGITS,
  refact: GPT2_DIGITS,
  'command-r': GPT2_DIGITS,
  codeshell: GPT2_DIGITS,
  stablelm2: QWEN2,
  'deepseek-r1-qwen': QWEN2,
  'deepseek-coder': by(...DEEPSEEK_CODER),
  'deepseek-v3': by(...DEEPSEEK_V3),
};

/** The names in `tokenizer.ggml.pre` that can be read. */
export const PRE_TOKENIZERS = Object.keys(SPLITTERS);

/** Kinds of tokens in `tokenizer.ggml.token_type`. */
export const TOKEN_KINDS = { normal: 1, control: 3, userDefined: 4, unused: 5 } as const;

/**
 * Builds the tokenizer from a GGUF file's metadata; undefined if there is none. Throws InputError for unknown kinds,
 * which it names.
 */
export function ggufTokenizer(metadata: Json, where: string, date?: string): Tokenizer | undefined {
  const model = metadata['tokenizer.ggml.model'];
  if (model === undefined || model === 'no_vocab') return undefined;
  const pre = metadata['tokenizer.ggml.pre'];
  if (model !== 'gpt2')
    throw new InputError(
      `${where}: the tokenizer model ${String(model)} is not supported in GGUF; use a Hugging Face folder.`,
    );
  const splitter = typeof pre === 'string' && Object.hasOwn(SPLITTERS, pre) ? SPLITTERS[pre] : undefined;
  if (splitter === undefined)
    throw new InputError(
      `${where}: the pre-tokenizer ${String(pre)} is not supported; supported are ${PRE_TOKENIZERS.join(', ')}.`,
    );
  const tokens = metadata['tokenizer.ggml.tokens'];
  const merges = metadata['tokenizer.ggml.merges'];
  if (!isTexts(tokens) || !isTexts(merges))
    throw new InputError(`${where} lacks tokenizer.ggml.tokens or tokenizer.ggml.merges; use a Hugging Face folder.`);
  const types = metadata['tokenizer.ggml.token_type'];
  const tokenizerJson = {
    version: '1.0',
    added_tokens: addedTokens(tokens, Array.isArray(types) ? types : []),
    normalizer: splitter.normalizer ?? null,
    pre_tokenizer: splitter.pieces,
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    model: bytePairModel(tokens, merges, splitter.ignoreMerges ?? false),
  };
  return tokenizerFromJson(tokenizerJson, tokenizerConfig(metadata, tokens), { where, date });
}

function bytePairModel(tokens: readonly string[], merges: readonly string[], ignoreMerges: boolean): Json {
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return { type: 'BPE', byte_fallback: false, ignore_merges: ignoreMerges, vocab, merges: merges.map(pairOf) };
}

function pairOf(merge: string): [string, string] {
  const space = merge.indexOf(' ', 1);
  return [merge.slice(0, space), merge.slice(space + 1)];
}

/** Tokens that are recognised as a whole in the text. Control tokens are special; those that a user added are not. */
function addedTokens(tokens: readonly string[], types: readonly unknown[]): Json[] {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return tokens.flatMap((content, id) =>
    types[id] === TOKEN_KINDS.control || types[id] === TOKEN_KINDS.userDefined
      ? [{ id, content, ...plain, special: types[id] === TOKEN_KINDS.control }]
      : [],
  );
}

function tokenizerConfig(metadata: Json, tokens: readonly string[]): Json {
  const named = (key: string, name: string): Json => {
    const id = metadata[`tokenizer.ggml.${key}_token_id`];
    const token = typeof id === 'number' ? tokens[id] : undefined;
    return token === undefined ? {} : { [`${name}_token`]: token };
  };
  const template = metadata['tokenizer.chat_template'];
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    ...named('bos', 'bos'),
    ...named('eos', 'eos'),
    ...named('unknown', 'unk'),
    ...named('padding', 'pad'),
    ...(typeof template === 'string' && { chat_template: template }),
  };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
