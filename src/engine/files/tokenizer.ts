/**
 * Turns text into token ids and back, and renders chat templates. Encoding recognises special tokens in the text and
 * adds none. Decoding returns exactly the tokens' text, without the cosmetic clean-up of spaces that some
 * configurations ask for.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { Template } from '@huggingface/jinja';
import { Tokenizer as TokenizerEngine } from '@huggingface/tokenizers';
import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import { isObject, readJsonFile, readTextFile } from './jsonl';
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
  /** Token ids of a text. Throws InputError for a word outside a closed vocabulary. */
  encode(text: string): number[];
  /** Text of token ids. Ids without a token (padding of the embedding matrix) give no text. */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  /** The id of one token; undefined if it is not in the vocabulary. */
  tokenId(token: string): number | undefined;
  /** Renders a conversation. Throws InputError when there is no template, or when the template refuses the messages. */
  renderChat(messages: readonly ChatMessage[], options?: ChatOptions): string;
  /** The contents of tokenizer.json and tokenizer_config.json, from which the tokenizer was made. */
  readonly source: { readonly tokenizerJson: Json; readonly tokenizerConfig: Json };
}

/** Reads the tokenizer of a model folder; undefined if there is no tokenizer.json. */
export function readTokenizer(dir: string): Tokenizer | undefined {
  const path = join(dir, 'tokenizer.json');
  if (!existsSync(path)) return undefined;
  const optional = (name: string): Json => (existsSync(join(dir, name)) ? readJsonFile(join(dir, name)) : {});
  const config: Record<string, unknown> = {
    ...optional('special_tokens_map.json'),
    ...optional('tokenizer_config.json'),
  };
  const template = join(dir, 'chat_template.jinja');
  if (existsSync(template)) config.chat_template = readTextFile(template);
  return tokenizerFromJson(readJsonFile(path), config, path);
}

/** Makes a tokenizer from the contents of tokenizer.json and tokenizer_config.json; `where` names them in messages. */
export function tokenizerFromJson(
  tokenizerJson: Json,
  tokenizerConfig: Json = {},
  where = 'tokenizer.json',
): Tokenizer {
  checkIds(tokenizerJson, where);
  const engine = createEngine(tokenizerJson, tokenizerConfig, where);
  const special = tokenTexts(tokenizerConfig);
  const chatTemplate = findChatTemplate(tokenizerConfig);
  const ids = [...engine.get_vocab().values()];
  return {
    vocabSize: ids.reduce((highest, id) => Math.max(highest, id), -1) + 1,
    bosToken: special.bos_token,
    eosToken: special.eos_token,
    chatTemplate,
    source: { tokenizerJson, tokenizerConfig },
    encode: (text) => encode(engine, text, where),
    decode: (tokens, { skipSpecialTokens = false } = {}) => {
      const known = tokens.filter((id) => engine.id_to_token(id) !== undefined);
      const settings = { skip_special_tokens: skipSpecialTokens, clean_up_tokenization_spaces: false };
      return known.length === 0 ? '' : engine.decode(known, settings);
    },
    tokenId: (token) => engine.token_to_id(token),
    renderChat: (messages, { addGenerationPrompt = false, enableThinking } = {}) =>
      renderTemplate(chatTemplate, where, {
        ...special,
        messages,
        add_generation_prompt: addGenerationPrompt,
        ...(enableThinking !== undefined && { enable_thinking: enableThinking }),
      }),
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

/** The largest id of a token: the library makes a list with a place for each id below it. */
const MAX_ID = 2 ** 24;

function checkIds({ model, added_tokens: added }: Json, where: string): void {
  const vocabulary = isObject(model) && isObject(model.vocab) ? Object.values(model.vocab) : [];
  const addedIds = Array.isArray(added) ? added.map((token: unknown) => isObject(token) && token.id) : [];
  const isId = (id: unknown): boolean => Number.isInteger(id) && (id as number) >= 0 && (id as number) <= MAX_ID;
  const bad = [...vocabulary, ...addedIds].findIndex((id) => !isId(id));
  if (bad < 0) return;
  const shown = shownValue([...vocabulary, ...addedIds][bad]);
  throw new InputError(`${where}: a token has the id ${shown}; ids are whole numbers from 0 to ${MAX_ID}.`);
}

function createEngine(tokenizerJson: Json, tokenizerConfig: Json, where: string): TokenizerEngine {
  try {
    return new TokenizerEngine(prepareTokenizerJson(tokenizerJson), tokenizerConfig);
  } catch (error) {
    throw new InputError(`${where} does not describe a usable tokenizer: ${(error as Error).message}`);
  }
}

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

/**
 * The special tokens by name (`eos_token` ...). In the file, each is a string, or an object with its text in `content`.
 */
function tokenTexts(config: Json): Record<string, string> {
  const names = ['bos_token', 'eos_token', 'pad_token', 'unk_token'];
  const entries = names.map((name) => {
    const value = config[name];
    return [name, isObject(value) ? value.content : value] as const;
  });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/**
 * Finds the chat template. `chat_template` is the source, or a list of named templates, of which `default` (or the only
 * one) is used.
 */
function findChatTemplate(config: Json): string | undefined {
  const value = config.chat_template;
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const named = (value as unknown[]).filter(isObject);
  const chosen = named.find((entry) => entry.name === 'default') ?? (named.length === 1 ? named[0] : undefined);
  return typeof chosen?.template === 'string' ? chosen.template : undefined;
}

function renderTemplate(source: string | undefined, where: string, values: Json): string {
  if (source === undefined)
    throw new InputError(`${where} has no chat template; give the prompt as text instead of messages.`);
  STAGE.render = () => new Template(source).render({ ...values });
  try {
    return runInContext('render()', STAGE, { timeout: RENDER_LIMIT }) as string;
  } catch (error) {
    throw new InputError(`The chat template of ${where} fails on these messages: ${(error as Error).message}`);
  }
}

/** Milliseconds that a chat template may take, a thousand times what one needs. A template is a program, and may have loops without end. */
const RENDER_LIMIT = 1500;
/** Only what is called through another context has a time limit. */
const STAGE = createContext({ render: (): string => '' });
