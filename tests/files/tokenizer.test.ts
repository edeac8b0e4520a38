import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { openGguf } from '../../src/engine/files/gguf';
import { ggufTokenizer } from '../../src/engine/files/ggufTokenizer';
import { pullModel } from '../../src/engine/files/models';
import {
  type ChatMessage,
  incrementalDecoder,
  readTokenizer,
  type Tokenizer,
  tokenizerFromJson,
} from '../../src/engine/files/tokenizer';
import { fixture, type TextCase, temporaryFolder } from './fixtures';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const words = fixture<{ tokenizer: Record<string, unknown>; texts: TextCase[] }>('words.json');
const wordLevel = tokenizerFromJson(words.tokenizer);

describe('SmolLM2 from its GGUF, against the reference implementation', () => {
  const expected = fixture<{
    texts: TextCase[];
    chats: { messages: ChatMessage[]; add_generation_prompt: boolean; text: string }[];
  }>('smollm2.json');
  let tokenizer: Tokenizer;

  beforeAll(async () => {
    const { tokenizer: opened, weights } = await openGguf(await pullModel('smollm2-135m'));
    weights.close();
    tokenizer = opened as Tokenizer;
  });

  it.each(expected.texts)('encodes and decodes $text', ({ text, ids, decoded, plain }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(decoded);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(plain);
  });

  it.each(expected.chats)('renders $messages', ({ messages, add_generation_prompt, text }) => {
    expect(tokenizer.renderChat(messages, { addGenerationPrompt: add_generation_prompt })).toBe(text);
  });

  it.each(expected.texts)('decodes $text token by token to the same text', ({ ids, decoded }) => {
    const decoder = incrementalDecoder(tokenizer);
    const pieces = ids.map((id) => decoder.push(id));
    expect(pieces.join('') + decoder.end()).toBe(decoded);
    expect(pieces.some((piece) => piece.includes('\ufffd'))).toBe(false);
  });

  it('knows its size and its special tokens', () => {
    expect(tokenizer).toMatchObject({ vocabSize: 49152, bosToken: '<|im_start|>', eosToken: '<|im_end|>' });
    expect(tokenizer.tokenId('<|im_end|>')).toBe(2);
    expect(tokenizer.tokenId('no such token')).toBeUndefined();
  });
});

describe('a closed vocabulary of words', () => {
  it.each(words.texts)('encodes and decodes $text as the reference does', ({ text, ids, decoded, plain }) => {
    expect(wordLevel.encode(text)).toEqual(ids);
    expect(wordLevel.decode(ids)).toBe(decoded);
    expect(wordLevel.decode(ids, { skipSpecialTokens: true })).toBe(plain);
  });

  it('goes round with single spaces, token by token too', () => {
    const text = '<|user|> a cart moves <end> at 1 2 . Essential Criteria: a = 1 <end>';
    const ids = wordLevel.encode(text);
    expect(wordLevel.decode(ids)).toBe(text);
    const decoder = incrementalDecoder(wordLevel, { skipSpecialTokens: true });
    const pieces = ids.map((id) => decoder.push(id)).join('') + decoder.end();
    expect(pieces).toBe('a cart moves at 1 2 . Essential Criteria: a = 1');
    expect(pieces).toBe(wordLevel.decode(ids, { skipSpecialTokens: true }));
  });

  it('names the word it has no token for', () => {
    expect(() => wordLevel.encode('a boat moves')).toThrow(InputError);
    expect(() => wordLevel.encode('a boat moves')).toThrow(/has no token for "boat"/);
  });

  it('gives nothing for ids without a token', () => {
    expect(wordLevel.decode([3, 999, 4])).toBe('a cart');
    expect(wordLevel.decode([999])).toBe('');
    expect(wordLevel.encode('')).toEqual([]);
  });
});

describe('chat templates, against transformers', () => {
  interface Case {
    template: string;
    messages: ChatMessage[];
    settings: { add_generation_prompt: boolean; enable_thinking?: boolean };
    text?: string;
    error?: string;
  }
  const { templates, cases } = fixture<{ templates: Record<string, string>; cases: Case[] }>('templates.json');
  const config = { bos_token: { content: '<s>' }, eos_token: '</s>' };

  it.each(cases)('$template $settings $messages', ({ template, messages, settings, text, error }) => {
    const tokenizer = tokenizerFromJson(words.tokenizer, { ...config, chat_template: templates[template] });
    const { add_generation_prompt: addGenerationPrompt, enable_thinking: enableThinking } = settings;
    const render = () => tokenizer.renderChat(messages, { addGenerationPrompt, enableThinking });
    if (error === undefined) expect(render()).toBe(text);
    else
      expect(render).toThrow(new InputError(`The chat template of tokenizer.json fails on these messages: ${error}`));
  });

  const hi: ChatMessage[] = [{ role: 'user', content: 'hi' }];

  it('takes the default of a list of templates', () => {
    const list = [
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: '{{ messages[0].content }}' },
    ];
    expect(tokenizerFromJson(words.tokenizer, { chat_template: list }).renderChat(hi)).toBe('hi');
    expect(tokenizerFromJson(words.tokenizer, { chat_template: list.slice(0, 1) }).renderChat(hi)).toBe('tools');
  });

  it('prefers the file chat_template.jinja, and says when there is no template', () => {
    const dir = join(folder, 'templates');
    cpSync(writeTokenizer(words.tokenizer), dir, { recursive: true });
    expect(() => readTokenizer(dir)?.renderChat(hi)).toThrow(/has no chat template; give the prompt as text/);
    writeFileSync(join(dir, 'tokenizer_config.json'), JSON.stringify({ chat_template: 'from the config' }));
    expect(readTokenizer(dir)?.renderChat(hi)).toBe('from the config');
    writeFileSync(join(dir, 'chat_template.jinja'), 'from the file');
    expect(readTokenizer(dir)?.renderChat(hi)).toBe('from the file');
  });

  it('refuses a template that does not parse, when it is used', () => {
    const broken = tokenizerFromJson(words.tokenizer, { chat_template: '{% for %}' });
    expect(() => broken.renderChat(hi)).toThrow(/The chat template of tokenizer.json fails on these messages/);
  });
});

describe('reading a tokenizer', () => {
  it('gives undefined where there is none and refuses what is not one', () => {
    expect(readTokenizer(folder)).toBeUndefined();
    expect(() => readTokenizer(writeTokenizer({ model: { type: 'Guess' } }))).toThrow(
      /tokenizer\.json does not describe a usable tokenizer: .*Guess/,
    );
  });

  it("takes all of Unicode's numbers for digits", () => {
    const digits = { type: 'Digits', individual_digits: true };
    const pre_tokenizer = { type: 'Sequence', pretokenizers: [digits, { type: 'WhitespaceSplit' }] };
    const model = { type: 'WordLevel', vocab: { '½': 0, '٣': 1, x: 2 } };
    expect(tokenizerFromJson({ pre_tokenizer, model }).encode('x½٣x')).toEqual([2, 0, 1, 2]);
  });

  it('does not take a byte order mark for white space', () => {
    const pre_tokenizer = { type: 'ByteLevel', add_prefix_space: false, use_regex: true };
    const model = { type: 'BPE', vocab: { Ġ: 0, ï: 1, '»': 2, '¿': 3, x: 4, Ġï: 5 }, merges: [['Ġ', 'ï']] };
    expect(tokenizerFromJson({ pre_tokenizer, model }).encode(' \ufeffx')).toEqual([5, 2, 3, 4]);
  });

  it('takes pieces that are tokens as they are where the pre-tokenizer says so', () => {
    const metadata = {
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.tokens': ['a', 'b', 'ab'],
      'tokenizer.ggml.merges': [],
    };
    const encode = (pre: string) => ggufTokenizer({ ...metadata, 'tokenizer.ggml.pre': pre }, 'x.gguf')?.encode('ab');
    expect(encode('llama-bpe')).toEqual([2]);
    expect(encode('qwen2')).toEqual([0, 1]);
    expect(ggufTokenizer({}, 'x.gguf')).toBeUndefined();
  });
});

function writeTokenizer(json: unknown): string {
  const dir = mkdtempSync(join(folder, 'tokenizer-'));
  writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(json));
  return dir;
}
