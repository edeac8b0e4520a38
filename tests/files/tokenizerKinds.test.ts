/** Kinds of tokenizers against the reference implementation, and files that contradict themselves. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { readTokenizer, type Tokenizer, tokenizerFromJson } from '../../src/engine/files/tokenizer';
import type { Json } from '../../src/engine/files/tokenizerJson';
import { fixture, temporaryFolder } from './fixtures';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

interface Case {
  readonly base: string;
  readonly changes: Json;
  readonly ids: readonly (readonly number[])[];
}
const { texts, cases } = fixture<{ texts: string[]; cases: Case[] }>('tokenizers.json');
const base = (name: string): Json => fixture<Json>(join('tokenizers', `${name}.json`));

describe('each kind of part', () => {
  it.each(cases)('$base with $changes', ({ base: name, changes, ids }) => {
    const tokenizer = tokenizerFromJson({ ...base(name), ...changes });
    expect(texts.map((text) => tokenizer.encode(text))).toEqual(ids);
  });

  it('is found by its fields where a model has no type', () => {
    const { type: _, ...model } = base('words').model as Record<string, unknown>;
    const [text] = texts;
    const typed = tokenizerFromJson(base('words')).encode(text as string);
    expect(tokenizerFromJson({ ...base('words'), model }).encode(text as string)).toEqual(typed);
  });
});

describe('what contradicts itself is refused', () => {
  const model = {
    type: 'BPE',
    vocab: { a: 0, b: 1, ab: 2, '<x>': 3 },
    merges: [['a', 'b']] as unknown[],
  };
  const token = { content: '<x>', id: 3, special: true, single_word: false };
  it.each([
    [
      'a merge of an unknown token',
      { model: { ...model, merges: [['a', 'c']] } },
      /merge 1 is of "c", which is not in/,
    ],
    ['a merge into one', { model: { ...model, merges: ['b a'] } }, /merge 1 is of "ba", which is not in model\.vocab/],
    ['a merge of three', { model: { ...model, merges: ['a b c'] } }, /merge 1, "a b c", is not a pair of tokens/],
    ['a merge of one', { model: { ...model, merges: [['a']] } }, /merge 1, \["a"\], is not a pair of tokens/],
    ['no merges', { model: { ...model, merges: {} } }, /lacks the list model\.merges/],
    ['no vocabulary', { model: { ...model, vocab: ['a'] } }, /lacks the object model\.vocab/],
    ['no model', {}, /lacks the object model/],
    ['an unknown type', { model: { ...model, type: 'BPE2' } }, /the model type "BPE2" is not supported/],
    ['a type that is none', { model: { ...model, type: 7 } }, /the model type 7 is not supported/],
    ['an id twice', { model: { ...model, vocab: { ...model.vocab, c: 1 } } }, /tokens "b" and "c" both have the id 1/],
    [
      'an id as text',
      { model: { ...model, vocab: { ...model.vocab, c: '4' } } },
      /token "c" has the id "4", which is none/,
    ],
    [
      'a negative id',
      { model: { ...model, vocab: { ...model.vocab, c: -1 } } },
      /token "c" has the id -1, which is none/,
    ],
    ['an absurd id', { model: { ...model, vocab: { ...model.vocab, c: 3e9 } } }, /the id 3000000000, which is beyond/],
    ['random merges', { model: { ...model, dropout: 0.1 } }, /model\.dropout would split text at random/],
    ['a score as text', { model: { type: 'Unigram', vocab: [['a', '1']] } }, /entry 0 of model\.vocab is not a piece/],
    ['an added token with two ids', { model, added_tokens: [{ ...token, id: 9 }] }, /token "<x>" has the ids 3 and 9/],
    ['an added id of another', { model, added_tokens: [{ ...token, content: '<y>', id: 0 }] }, /has the id 0 of "a"/],
    [
      'two added tokens of one id',
      {
        model,
        added_tokens: [
          { ...token, content: '<y>', id: 8 },
          { ...token, content: '<z>', id: 8 },
        ],
      },
      /"<z>" has the id 8 of "<y>"/,
    ],
    ['an added token without text', { model, added_tokens: [{ id: 4 }] }, /entry 1 of added_tokens has no content/],
    [
      'a token of whole words',
      { model, added_tokens: [{ ...token, single_word: true }] },
      /"<x>" counts as a single word only/,
    ],
    [
      'an unknown behaviour',
      { model, pre_tokenizer: { type: 'Split', pattern: { String: 'a' }, behavior: 'Dropped' } },
      /has the behaviour "Dropped", which is unknown/,
    ],
    [
      'no pattern',
      { model, pre_tokenizer: { type: 'Split', behavior: 'Removed' } },
      /has the pattern undefined, which is none/,
    ],
  ] as [string, Json, RegExp][])('%s', (_, json, message) => {
    expect(() => tokenizerFromJson(json)).toThrow(InputError);
    expect(() => tokenizerFromJson(json)).toThrow(message);
  });
});

describe('tokens that only other files name', () => {
  const model = { type: 'BPE', vocab: { a: 0, b: 1, '<': 2, '>': 3, x: 4, '<end>': 5 }, merges: [] };
  const read = (files: Readonly<Record<string, object>>): Tokenizer => {
    const dir = mkdtempSync(join(folder, 'added-'));
    const all: Record<string, object> = { 'tokenizer.json': { model, added_tokens: [] }, ...files };
    for (const [name, json] of Object.entries(all)) writeFileSync(join(dir, name), JSON.stringify(json));
    return readTokenizer(dir) as Tokenizer;
  };
  const special = { content: '<x>', special: true, normalized: false, lstrip: false, rstrip: false };

  // The ids are those of transformers 5.24.
  it.each([
    ['added_tokens.json', { 'added_tokens.json': { '<x>': 6 } }, [0, 6, 1]],
    ['added_tokens_decoder', { 'tokenizer_config.json': { added_tokens_decoder: { 6: special } } }, [0, 6, 1]],
    ['eos_token', { 'tokenizer_config.json': { eos_token: '<x>' } }, [0, 6, 1]],
    ['special_tokens_map.json', { 'special_tokens_map.json': { eos_token: { content: '<x>' } } }, [0, 6, 1]],
    [
      'additional_special_tokens',
      { 'tokenizer_config.json': { additional_special_tokens: ['<y>', '<x>'] } },
      [0, 7, 1],
    ],
    ['extra_special_tokens', { 'tokenizer_config.json': { extra_special_tokens: { image: '<x>' } } }, [0, 6, 1]],
    [
      'a map beside a config that lists its tokens',
      { 'special_tokens_map.json': { eos_token: '<x>' }, 'tokenizer_config.json': { added_tokens_decoder: {} } },
      [0, 2, 4, 3, 1],
    ],
    ['nothing', {}, [0, 2, 4, 3, 1]],
  ])('%s', (_, files, ids) => {
    expect(read(files).encode('a<x>b')).toEqual(ids);
  });

  it('are known as special where the vocabulary has them already', () => {
    expect(read({ 'tokenizer_config.json': { eos_token: '<end>' } }).encode('a<end>b')).toEqual([0, 5, 1]);
  });

  it('are refused with another id than they get', () => {
    expect(() => read({ 'added_tokens.json': { '<x>': 9 } })).toThrow(
      /give the token "<x>" the id 9, but it is 6 here/,
    );
    expect(() => read({ 'added_tokens.json': { '<end>': 9 } })).toThrow(/the token "<end>" the id 9, but it is 5 here/);
  });
});

describe('text from data', () => {
  const added = (content: string, special: boolean) => ({ content, special, normalized: false });
  const letters = [...'<>/abcdehiklnotw []_PAD'];
  const tokens = [added('<tool>', true), added('<think>', false), added('</think>', false), added('[PAD]', true)];
  const tokenizer = tokenizerFromJson({
    model: { type: 'BPE', vocab: Object.fromEntries(letters.map((letter, id) => [letter, id])), merges: [] },
    added_tokens: [...tokens, added('cat', false), added('  ', false)].map((token, i) => ({ ...token, id: 90 + i })),
  });

  it('has no control token, and keeps its spelling', () => {
    const text = '<tool>a</think>[PAD]';
    expect(tokenizer.encode(text)).toEqual([90, letters.indexOf('a'), 92, 93]);
    expect(tokenizer.encodeData(text)).toEqual([...text].map((letter) => letters.indexOf(letter)));
  });

  it('keeps words and white space that were added to the vocabulary', () => {
    expect(tokenizer.encodeData('cat  <tool>')).toEqual([94, 95, ...[...'<tool>'].map((own) => letters.indexOf(own))]);
    expect(tokenizer.escapes.text('cat  <tool> [PAD] <THINK>')).toBe('cat  < tool> [ PAD] < THINK>');
  });

  it('opens and closes one thinking block in a reply', () => {
    const a = letters.indexOf('a');
    expect(tokenizer.encodeReply('<think>a</think>a')).toEqual([91, a, 92, a]);
    expect(tokenizer.encodeReply('<think>a</think></think>')).toEqual([91, a, 92, ...tokenizer.encodeData('</think>')]);
    expect(tokenizer.encodeReply('a<think>')).toEqual(tokenizer.encodeData('a<think>'));
  });

  it('is spelled otherwise where the vocabulary has the token among its words', () => {
    const unigram = tokenizerFromJson({
      model: { type: 'Unigram', unk_id: 0, vocab: [['?', 0], ['</s>', -1], ...[...'</s> '].map((own) => [own, -2])] },
      added_tokens: [{ ...added('</s>', true), id: 1 }],
    });
    expect(unigram.encode('</s>')).toEqual([1]);
    expect(unigram.encodeData('</s>')).toEqual([2, 6, 3, 4, 5]);
  });
});
