/**
 * Turns text into token ids and back, and renders chat templates. Encoding recognises special tokens in the text and
 * adds none. Decoding returns exactly the tokens' text, without the cosmetic clean-up of spaces that some
 * configurations ask for.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer as TokenizerEngine } from '@huggingface/tokenizers';
import { TEMPLATE_DATE } from '../../base/config/templateDate';
import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import { isObject } from '../../base/records/values';
import { chatTemplate, type TemplateValues } from '../jinja/template';
import { missingAddedTokens, SPECIAL_NAMES, tokenText } from './addedTokens';
import { type Escapes, escapes } from './escape';
import { readJsonFile, readTextFile } from './jsonl';
import { checkTokenizer } from './tokenizerCheck';
import { type Json, prepareTokenizerJson } from './tokenizerJson';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface DecodeOptions {
  readonly skipSpecialTokens?: boolean;
}

/** `enableThinking` is passed to the template only if given. */
export interface ChatOptions {
  readonly addGenerationPrompt?: boolean;
  readonly enableThinking?: boolean;
}

/** A model's vocabulary and chat format. */
export interface Tokenizer {
  /** The highest token id plus one. */
  readonly vocabSize: number;
  readonly bosToken?: string;
  readonly eosToken?: string;
  /** The Jinja source, if the model has a template. */
  readonly chatTemplate: string | undefined;
  /** Respells text from data for prompts, so that none of the tokens that control the model comes out of it. */
  readonly escapes: Escapes;
  /** Token ids of a text, with control tokens recognised. Throws InputError for a word outside a closed vocabulary. */
  encode(text: string): number[];
  /** Token ids of text from data, in which nothing becomes a control token. Throws InputError where it cannot be helped. */
  encodeData(text: string): number[];
  /** The same for a reply from data, whose thinking block at the start keeps its two tags as the tokens they are. */
  encodeReply(text: string): number[];
  /** Text of token ids. Ids without a token (padding of the embedding matrix) give no text. */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  /** The id of one token; undefined if it is not in the vocabulary. */
  tokenId(token: string): number | undefined;
  /** Renders a conversation. Throws InputError when there is no template, or when the template refuses the messages. */
  renderChat(messages: readonly ChatMessage[], options?: ChatOptions): string;
  /** The contents of tokenizer.json and tokenizer_config.json, from which the tokenizer was made. */
  readonly source: { readonly tokenizerJson: Json; readonly tokenizerConfig: Json };
}

/** Reads the tokenizer of a model folder; undefined if there is no tokenizer.json. `date` is today's for templates. */
export function readTokenizer(dir: string, date?: string): Tokenizer | undefined {
  const path = join(dir, 'tokenizer.json');
  if (!existsSync(path)) return undefined;
  const optional = (name: string): Json => (existsSync(join(dir, name)) ? readJsonFile(join(dir, name)) : {});
  const own = optional('tokenizer_config.json');
  // As in transformers: where the config lists the added tokens, the files of older versions are not read.
  const config: Record<string, unknown> = isObject(own.added_tokens_decoder)
    ? { ...own }
    : { ...own, ...optional('special_tokens_map.json') };
  if (!isObject(own.added_tokens_decoder))
    config.added_tokens_decoder = decoderOf(optional('added_tokens.json'), config);
  const template = join(dir, 'chat_template.jinja');
  if (existsSync(template)) config.chat_template = readTextFile(template);
  return tokenizerFromJson(readJsonFile(path), config, { where: path, date });
}

/** The content of added_tokens.json, ids by token, in the form of the newer field. */
function decoderOf(ids: Json, config: Json): Json {
  const special = new Set(SPECIAL_NAMES.map((name) => tokenText(config[name])));
  return Object.fromEntries(
    Object.entries(ids).map(([content, id]) => {
      const isSpecial = special.has(content);
      return [String(id), { content, special: isSpecial, normalized: !isSpecial }];
    }),
  );
}

/** `where` names the files in messages. */
export interface TokenizerPlace {
  readonly where?: string;
  readonly date?: string;
}

/** Makes a tokenizer from the contents of tokenizer.json and tokenizer_config.json. */
export function tokenizerFromJson(
  stated: Json,
  tokenizerConfig: Json = {},
  { where = 'tokenizer.json', date = TEMPLATE_DATE }: TokenizerPlace = {},
): Tokenizer {
  if (tokenizerConfig.split_special_tokens === true)
    throw new InputError(`${where}: split_special_tokens is set in tokenizer_config.json, which is not supported.`);
  const vocabulary = checkTokenizer(stated, where);
  const added = missingAddedTokens(stated, tokenizerConfig, { vocabulary, where });
  const tokenizerJson = { ...stated, added_tokens: [...((stated.added_tokens ?? []) as Json[]), ...added] };
  const engine = createEngine(tokenizerJson, where);
  const special = namedTokens(tokenizerConfig);
  const template = findChatTemplate(tokenizerConfig, where);
  const render = template === undefined ? undefined : chatTemplate(template, where);
  const ids = [...vocabulary.values(), ...added.map(({ id }) => id as number)];
  return {
    vocabSize: ids.reduce((highest, id) => Math.max(highest, id), -1) + 1,
    bosToken: special.bos_token,
    eosToken: special.eos_token,
    chatTemplate: template,
    source: { tokenizerJson, tokenizerConfig },
    ...encoders(engine, tokenizerJson, where),
    decode: (tokens, { skipSpecialTokens = false } = {}) => {
      const known = tokens.filter((id) => engine.id_to_token(id) !== undefined);
      const settings = { skip_special_tokens: skipSpecialTokens, clean_up_tokenization_spaces: false };
      return known.length === 0 ? '' : engine.decode(known, settings);
    },
    tokenId: (token) => engine.token_to_id(token),
    renderChat: (messages, { addGenerationPrompt = false, enableThinking } = {}) => {
      if (render === undefined)
        throw new InputError(`${where} has no chat template; give the prompt as text instead of messages.`);
      const values: TemplateValues = {
        ...special,
        messages,
        add_generation_prompt: addGenerationPrompt,
        ...(enableThinking !== undefined && { enable_thinking: enableThinking }),
      };
      return render(values, date);
    },
  };
}

/**
 * Decodes a completion while it grows. `push` takes a token and returns the text that is now certain, and holds back
 * the bytes of an unfinished character; `end` returns the rest. All pieces joined are the `decode` of all tokens.
 */
export function incrementalDecoder(tokenizer: Tokenizer, options: DecodeOptions = {}) {
  let pending: number[] = [];
  let shown = '';
  return {
    push(id: number): string {
      pending.push(id);
      const text = tokenizer.decode(pending, options);
      const piece = text.slice(shown.length);
      if (piece === '' || piece.endsWith('\ufffd')) return '';
      // Keeps the last visible token as context, because what joins two tokens (a space between words) depends on both.
      pending = pending.slice(-1);
      shown = tokenizer.decode(pending, options);
      return piece;
    },
    end: (): string => tokenizer.decode(pending, options).slice(shown.length),
  };
}

/**
 * The text that each token adds to the completion. Joined they are its `decode`, except for bytes of an unfinished
 * character.
 */
export function textPieces(tokenizer: Tokenizer, ids: readonly number[]): string[] {
  const decoder = incrementalDecoder(tokenizer);
  return ids.map((id) => decoder.push(id));
}

/** The text that a token adds behind others. (A word's leading space shows only behind a token.) */
export const textBehind = (tokenizer: Tokenizer, before: readonly number[], id: number): string =>
  textPieces(tokenizer, [...before.slice(-1), id]).at(-1) ?? '';

function createEngine(tokenizerJson: Json, where: string): TokenizerEngine {
  try {
    // Nothing of tokenizer_config.json: the library would read settings out of it that only slow tokenizers have.
    return new TokenizerEngine(prepareTokenizerJson(tokenizerJson, where), {});
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${where} does not describe a usable tokenizer: ${(error as Error).message}`);
  }
}

/** A word between signs, such as `<tool_call>` or `[INST]`. */
const MARK = /^[^\p{L}\p{M}\p{N}\s].*[\p{L}\p{N}].*[^\p{L}\p{M}\p{N}\s]$/su;

/**
 * Whether an added token controls the model: a special one does, and of the others those that are marks. The rest are
 * words, signs or white space that someone added to the vocabulary.
 */
const isControl = ({ content, special }: Json): boolean =>
  special === true ? (content as string).trim() !== '' : MARK.test(content as string);

function encoders(
  engine: TokenizerEngine,
  tokenizerJson: Json,
  where: string,
): Pick<Tokenizer, 'escapes' | 'encode' | 'encodeData' | 'encodeReply'> {
  const added = tokenizerJson.added_tokens as Json[];
  const control = added.filter(isControl);
  const controlIds = new Set(control.map(({ id }) => id as number));
  const others = added.filter((token) => !control.includes(token));
  const controlTokens = control.map(({ content }) => content as string);
  const own = escapes(controlTokens);
  let plain: TokenizerEngine | undefined;
  const encodeAll = (text: string): number[] => encode(engine, text, where);
  const encodeData = (text: string): number[] => {
    const ids = encodeAll(text);
    if (!ids.some((id) => controlIds.has(id))) return ids;
    plain ??= createEngine({ ...tokenizerJson, added_tokens: others }, where);
    // A vocabulary may have a control token among its words too; then only another spelling keeps it text.
    for (const again of [encode(plain, text, where), encode(plain, own.text(text), where)])
      if (!again.some((id) => controlIds.has(id))) return again;
    const token = engine.id_to_token(ids.find((id) => controlIds.has(id)) as number);
    throw new InputError(`A text contains ${JSON.stringify(token)}, a control token of ${where}; reword it.`);
  };
  return {
    escapes: own,
    encode: encodeAll,
    encodeData,
    encodeReply: (text) => {
      const thinks = THINKING.every((tag) => controlTokens.includes(tag));
      const [, open, inside, close, rest] = (thinks && /^(\s*<think>)([\s\S]*?)(<\/think>)([\s\S]*)$/.exec(text)) || [];
      if (open === undefined) return encodeData(text);
      return [
        ...encodeAll(open),
        ...encodeData(inside as string),
        ...encodeAll(close as string),
        ...encodeData(rest as string),
      ];
    },
  };
}

const THINKING = ['<think>', '</think>'] as const;

function encode(engine: TokenizerEngine, text: string, where: string): number[] {
  if (text === '') return [];
  const ids = idsOf(engine, text, where);
  if (ids.every((id) => id !== undefined)) return ids;
  const word = text
    .split(/\s+/)
    .find((part) => part !== '' && idsOf(engine, part, where).some((id) => id === undefined));
  throw new InputError(
    `The vocabulary of ${where} has no token for ${shownValue(word ?? text)}, and none for unknown words.`,
  );
}

function idsOf(engine: TokenizerEngine, text: string, where: string): (number | undefined)[] {
  try {
    return engine.encode(text, { add_special_tokens: false }).ids;
  } catch (error) {
    throw new InputError(`${where} does not describe a usable tokenizer: ${(error as Error).message}; get it again.`);
  }
}

/** The special tokens by name (`eos_token` ...), as templates see them. */
function namedTokens(config: Json): Partial<Record<(typeof SPECIAL_NAMES)[number], string>> {
  const entries = SPECIAL_NAMES.map((name) => [name, tokenText(config[name])] as const);
  return Object.fromEntries(entries.filter(([, text]) => text !== undefined));
}

/**
 * Finds the chat template. `chat_template` is the source, or a list of named templates, of which `default` (or the only
 * one) is used.
 */
function findChatTemplate(config: Json, where: string): string | undefined {
  const value = config.chat_template;
  if (value == null) return undefined;
  if (typeof value === 'string') return value;
  const named = (Array.isArray(value) ? (value as unknown[]) : []).filter(isObject);
  const chosen = named.find((entry) => entry.name === 'default') ?? (named.length === 1 ? named[0] : undefined);
  if (typeof chosen?.template === 'string') return chosen.template;
  const names = named.map(({ name }) => shownValue(name)).join(', ');
  throw new InputError(
    `${where}: chat_template is neither a text nor a list with a template named default${names && ` (it has ${names})`}; name one of them default.`,
  );
}
