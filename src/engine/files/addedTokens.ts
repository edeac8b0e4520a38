/**
 * The added tokens of a tokenizer: those of tokenizer.json and, as transformers adds them, those that only the files
 * beside it name.
 */

import { InputError } from '../../base/records/errors';
import { isObject } from '../../base/records/values';
import type { Vocabulary } from './tokenizerCheck';
import type { Json } from './tokenizerJson';

/** The fields of tokenizer_config.json that name a special token; templates see them under these names. */
export const SPECIAL_NAMES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;

const LISTS = ['additional_special_tokens', 'extra_special_tokens'] as const;

/** The text of a token, which files give as it is or in an object. */
export function tokenText(value: unknown): string | undefined {
  const text = isObject(value) ? value.content : value;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/**
 * The entries for `added_tokens` of tokenizer.json that are missing there. A token of the vocabulary that is named as
 * special gets its id; a new one gets the next, as in transformers, which knows no gaps. Throws InputError where a file
 * states another id.
 */
export function missingAddedTokens(json: Json, config: Json, place: { vocabulary: Vocabulary; where: string }): Json[] {
  const { vocabulary, where } = place;
  const present = new Set(((json.added_tokens ?? []) as Json[]).map(({ content }) => content));
  let next = [...vocabulary.values()].reduce((highest, id) => Math.max(highest, id), -1) + 1;
  return wanted(config).flatMap(({ id: stated, ...token }) => {
    const { content } = token;
    const known = vocabulary.get(content);
    if (present.has(content) && (stated === undefined || stated === known)) return [];
    present.add(content);
    const id = known ?? next++;
    if (stated !== undefined && stated !== id)
      throw new InputError(
        `${where}: the files beside it give the token ${JSON.stringify(content)} the id ${stated}, but it is ${id} here; get all files of the tokenizer from one place.`,
      );
    return [{ ...token, id }];
  });
}

interface Wanted {
  readonly content: string;
  readonly special: boolean;
  readonly normalized: boolean;
  /** As a file states it. */
  readonly id?: number;
}

function wanted(config: Json): Wanted[] {
  const stated = Object.entries(isObject(config.added_tokens_decoder) ? config.added_tokens_decoder : {})
    .map(([id, token]) => ({ ...plainToken(token), ...(isObject(token) ? token : {}), id: Number(id) }))
    .sort((a, b) => a.id - b.id);
  const lists = LISTS.flatMap((name) => {
    const value = config[name];
    return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  });
  const named = [...SPECIAL_NAMES.map((name) => config[name]), ...lists].map((token) => plainToken(token));
  return [...stated, ...named].filter((token): token is Wanted => token.content !== undefined);
}

/** A special token without further settings. */
function plainToken(value: unknown) {
  return { content: tokenText(value), special: true, normalized: false };
}
