/** Refuses a tokenizer.json that contradicts itself, before its parts are used. */

import { InputError } from '../../base/records/errors';
import { isObject } from '../../base/records/values';
import { type Json, modelType } from './tokenizerJson';

/** The largest id of a token; what lies beyond would be a mistake, and lists of tokens have a place for each id. */
const MAX_ID = 2 ** 24;

/** Ids by text, of the model and of the added tokens. */
export type Vocabulary = ReadonlyMap<string, number>;

/** Checks the parts that belong together and returns the whole vocabulary. Throws InputError with what does not fit. */
export function checkTokenizer(json: Json, where: string): Vocabulary {
  const { model } = json;
  if (!isObject(model)) throw new InputError(`${where} lacks the object model.`);
  const type = modelType(model);
  if (typeof type !== 'string' || !['BPE', 'WordPiece', 'WordLevel', 'Unigram'].includes(type))
    throw new InputError(
      `${where} does not describe a usable tokenizer: the model type ${JSON.stringify(type)} is not supported; supported are BPE, WordPiece, WordLevel, Unigram.`,
    );
  const vocab = type === 'Unigram' ? piecesOf(model, where) : wordsOf(model, where);
  if (type === 'BPE') checkMerges(model, vocab, where);
  return withAdded(json.added_tokens ?? [], vocab, where);
}

const isId = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

function checkId(id: unknown, token: string, where: string): number {
  if (!isId(id))
    throw new InputError(
      `${where}: the token ${JSON.stringify(token)} has the id ${JSON.stringify(id)}, which is none.`,
    );
  if (id <= MAX_ID) return id;
  throw new InputError(
    `${where}: the token ${JSON.stringify(token)} has the id ${id}, which is beyond any vocabulary.`,
  );
}

function wordsOf({ vocab }: Json, where: string): Map<string, number> {
  if (!isObject(vocab)) throw new InputError(`${where} lacks the object model.vocab, which gives each token its id.`);
  const tokens = new Map<number, string>();
  const ids = new Map<string, number>();
  for (const [token, value] of Object.entries(vocab)) {
    const id = checkId(value, token, where);
    const other = tokens.get(id);
    if (other !== undefined)
      throw new InputError(
        `${where}: the tokens ${JSON.stringify(other)} and ${JSON.stringify(token)} both have the id ${id}.`,
      );
    tokens.set(id, token);
    ids.set(token, id);
  }
  return ids;
}

/** The pieces of a unigram model, whose places in the list are their ids. */
function piecesOf({ vocab, unk_id: unknown }: Json, where: string): Map<string, number> {
  const isPiece = (piece: unknown): piece is [string, number] =>
    Array.isArray(piece) && typeof piece[0] === 'string' && typeof piece[1] === 'number';
  if (!Array.isArray(vocab)) throw new InputError(`${where} lacks the list model.vocab of pieces and their scores.`);
  const bad = vocab.findIndex((piece) => !isPiece(piece));
  if (bad >= 0) throw new InputError(`${where}: entry ${bad} of model.vocab is not a piece with its score.`);
  if (unknown != null && !(isId(unknown) && unknown < vocab.length))
    throw new InputError(`${where}: model.unk_id ${JSON.stringify(unknown)} is not a place in model.vocab.`);
  return new Map((vocab as [string, number][]).map(([piece], id) => [piece, id]));
}

function checkMerges({ merges, ...model }: Json, vocab: Vocabulary, where: string): void {
  if (!Array.isArray(merges)) throw new InputError(`${where} lacks the list model.merges.`);
  const prefix = model.continuing_subword_prefix;
  if (prefix != null && prefix !== '')
    throw new InputError(`${where}: model.continuing_subword_prefix of a BPE model is not supported.`);
  if (model.dropout != null && model.dropout !== 0)
    throw new InputError(`${where}: model.dropout would split text at random; set it to null.`);
  for (const [i, merge] of merges.entries()) {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    const isPair =
      Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === 'string' && part);
    if (!isPair) throw new InputError(`${where}: merge ${i + 1}, ${JSON.stringify(merge)}, is not a pair of tokens.`);
    const [left, right] = parts as [string, string];
    const lost = [left, right, left + right].find((token) => !vocab.has(token));
    if (lost !== undefined)
      throw new InputError(`${where}: merge ${i + 1} is of ${JSON.stringify(lost)}, which is not in model.vocab.`);
  }
}

/** The vocabulary with the added tokens. An id may have one token, and a token one id. */
function withAdded(added: unknown, vocab: Vocabulary, where: string): Vocabulary {
  if (!Array.isArray(added)) throw new InputError(`${where}: added_tokens must be a list.`);
  const all = new Map(vocab);
  const taken = new Map([...vocab].map(([token, id]) => [id, token]));
  for (const [i, entry] of added.entries()) {
    const { content, id: value, single_word: single } = isObject(entry) ? entry : ({} as Json);
    if (typeof content !== 'string' || content === '')
      throw new InputError(`${where}: entry ${i + 1} of added_tokens has no content.`);
    const id = checkId(value, content, where);
    const known = all.get(content);
    if (known !== undefined && known !== id)
      throw new InputError(`${where}: the token ${JSON.stringify(content)} has the ids ${known} and ${id}.`);
    const other = taken.get(id);
    if (other !== undefined && other !== content)
      throw new InputError(
        `${where}: the added token ${JSON.stringify(content)} has the id ${id} of ${JSON.stringify(other)}.`,
      );
    if (single === true)
      throw new InputError(
        `${where}: the added token ${JSON.stringify(content)} counts as a single word only (single_word), which is not supported.`,
      );
    all.set(content, id);
    taken.set(id, content);
  }
  return all;
}
