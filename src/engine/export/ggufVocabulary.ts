/**
 * A tokenizer as GGUF has it: tokens, kinds, merges, and the name of the way in which text is split before merging. GGUF
 * knows such ways by name alone, so the name is found by trial: it is the one under which a reader of the file encodes
 * texts of every kind as the tokenizer does.
 */
import { InputError } from '../../base/records/errors';
import { isObject } from '../../base/records/values';
import { tokenText } from '../files/addedTokens';
import { ggufTokenizer, PRE_TOKENIZERS, TOKEN_KINDS } from '../files/ggufTokenizer';
import type { Tokenizer } from '../files/tokenizer';
import { type Json, modelType } from '../files/tokenizerJson';
import { type GgufMetadata, plainMetadata } from './ggufFile';

/** Texts in which the published ways to split differ: words, numbers, white space, signs, scripts, marks, code. */
const TRIALS: readonly string[] = [
  'The quick brown fox jumps over the lazy dog.',
  "I'm, you're, we've; THEY'LL say I'D do it, IT'S 's 'T don't",
  '1 12 123 1234 12345 123456 3.14159 1,000,000 2e-5 x2y3 ² ½ ٣٤٥ 一二',
  '  two  spaces   three\tand\t\ttabs \n\nlines\r\n \n  end  ',
  'camelCaseWords HTTPServer aB ABc éÉé Ünïcödé naïve façade Ωmega',
  'signs!? (brackets) [x] {y} <z> a/b\\c #1 $5 100% @me ... --- === ???\n//\n',
  'def f(x):\n    return x**2  # a comment\n\tif (a<=b) && !c { d += 1; }',
  'Привет, мир! 你好，世界。こんにちは 안녕 مرحبا नमस्ते สวัสดี',
  '😀👩‍🔬🇩🇪 é e\u0301 \u200b\u00a0\u3000x \u2028 “quoted” – — …',
  '$\\frac{1}{2} \\cdot x_{i}^{2} \\le 10^{-3}$ H₂O CO2 ΔG = -RT ln K',
];

/** Added tokens are tried one by one, up to so many. */
const MOST_ADDED = 300;

/** What `vocabularyMetadata` is told beside the tokenizer. */
export interface VocabularyPlace {
  /** Rows of the embedding; ids without a token are padding. */
  readonly rows: number;
  /** Tokens that end a completion, the turn's first. */
  readonly ends: readonly number[];
  /** The model, in messages. */
  readonly where: string;
}

/** Metadata of a model that works with token ids only. */
export const noVocabulary: GgufMetadata = { 'tokenizer.ggml.model': { type: 'string', value: 'no_vocab' } };

/** The tokenizer's metadata. Throws InputError where GGUF cannot hold it. */
export function vocabularyMetadata(tokenizer: Tokenizer, place: VocabularyPlace): GgufMetadata {
  const { where } = place;
  const { tokenizerJson } = tokenizer.source;
  const model = tokenizerJson.model as Json;
  const isByteLevel = JSON.stringify([tokenizerJson.pre_tokenizer, tokenizerJson.decoder]).includes('"ByteLevel"');
  if (modelType(model) !== 'BPE' || model.byte_fallback === true || !isByteLevel)
    throw new InputError(
      `The tokenizer of ${where} is not byte-level BPE, which alone can be written to GGUF; export it with --format merged.`,
    );
  const metadata = fieldsOf(tokenizer, place);
  const texts = [...TRIALS, ...addedTexts(tokenizerJson)];
  const pre = PRE_TOKENIZERS.find((name) => encodesAlike(tokenizer, metadata, { name, texts }));
  if (pre !== undefined) return withPre(metadata, pre);
  throw new InputError(
    `The tokenizer of ${where} splits text in a way that none of GGUF's names stands for (${PRE_TOKENIZERS.join(', ')}); export it with --format merged.`,
  );
}

const withPre = (metadata: GgufMetadata, value: string): GgufMetadata => ({
  'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
  'tokenizer.ggml.pre': { type: 'string', value },
  ...metadata,
});

function encodesAlike(
  tokenizer: Tokenizer,
  metadata: GgufMetadata,
  { name, texts }: { readonly name: string; readonly texts: readonly string[] },
): boolean {
  const read = ggufTokenizer(plainMetadata(withPre(metadata, name)), name) as Tokenizer;
  return texts.every((text) => read.encode(text).join() === tokenizer.encode(text).join());
}

/** Each added token between words and beside spaces, where what it swallows would show. */
const addedTexts = ({ added_tokens: added }: Json): string[] =>
  (added as Json[]).slice(0, MOST_ADDED).map(({ content }) => `a${content as string}b ${content as string} c`);

function fieldsOf(tokenizer: Tokenizer, { rows, ends, where }: VocabularyPlace): GgufMetadata {
  const { tokenizerJson, tokenizerConfig } = tokenizer.source;
  const model = tokenizerJson.model as Json;
  if (tokenizer.vocabSize > rows)
    throw new InputError(
      `The tokenizer of ${where} has ${tokenizer.vocabSize} tokens, but the embedding has only ${rows} rows; export it with --format merged.`,
    );
  const tokens = Array.from({ length: rows }, (_, id) => `[PAD${id}]`);
  const kinds = tokens.map((): number => TOKEN_KINDS.unused);
  const put = (id: number, token: string, kind: number): void => {
    tokens[id] = token;
    kinds[id] = kind;
  };
  for (const [token, id] of Object.entries(model.vocab as Record<string, number>)) put(id, token, TOKEN_KINDS.normal);
  for (const { id, content, special } of tokenizerJson.added_tokens as Json[])
    put(id as number, content as string, special === true ? TOKEN_KINDS.control : TOKEN_KINDS.userDefined);
  const id = (token: string | undefined): number | undefined =>
    token === undefined ? undefined : tokenizer.tokenId(token);
  const own = id(tokenizer.eosToken) ?? ends[0];
  const named = {
    bos: id(tokenizer.bosToken),
    eos: own,
    eot: ends.find((end) => end !== own),
    padding: id(tokenText(tokenizerConfig.pad_token)),
    unknown: id(tokenText(tokenizerConfig.unk_token)),
  };
  return {
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.token_type': { type: 'int32s', value: kinds },
    'tokenizer.ggml.merges': {
      type: 'strings',
      value: (model.merges as (string | [string, string])[]).map((pair) =>
        Array.isArray(pair) ? pair.join(' ') : pair,
      ),
    },
    ...Object.fromEntries(
      Object.entries(named).flatMap(([name, value]) =>
        value === undefined ? [] : [[`tokenizer.ggml.${name}_token_id`, { type: 'uint32', value }] as const],
      ),
    ),
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: addsBos(tokenizer) },
    'tokenizer.ggml.add_eos_token': { type: 'bool', value: false },
    ...(tokenizer.chatTemplate !== undefined && {
      'tokenizer.chat_template': { type: 'string', value: tokenizer.chatTemplate },
    }),
  };
}

/** Whether other programs put the begin token before a text, by the file beside or the post-processor. */
function addsBos({ bosToken, source: { tokenizerJson, tokenizerConfig } }: Tokenizer): boolean {
  if (bosToken === undefined) return false;
  if (typeof tokenizerConfig.add_bos_token === 'boolean') return tokenizerConfig.add_bos_token;
  const processors = [tokenizerJson.post_processor].flatMap((part) =>
    isObject(part) && Array.isArray(part.processors) ? (part.processors as unknown[]) : [part],
  );
  return processors.some((part) => {
    const [first] = isObject(part) && Array.isArray(part.single) ? (part.single as unknown[]) : [];
    return isObject(first) && isObject(first.SpecialToken) && first.SpecialToken.id === bosToken;
  });
}
