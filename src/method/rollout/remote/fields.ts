/** Reads what a user says about a server: which fields of a request have other names, which are added, and how it is asked. */

import { z } from 'zod';
import { InputError } from '../../../base/records/errors';
import { isObject } from '../../../base/records/values';
import { type EndpointSettings, endpointDefaults, STANDARD_FIELDS } from './settings';

/**
 * Reads `max_tokens:max_completion_tokens,seed:none`, where `none` leaves a field out; '' names nothing. Throws InputError,
 * which calls the setting `name`.
 */
export function renamedFields(text: string, name: string): EndpointSettings['fields'] {
  const parts = text.split(',').filter((part) => part.trim() !== '');
  const pairs = parts.map((part): [string, string | null] => {
    const [, field = '', sent = ''] = /^\s*(\w+)\s*:\s*(\w+)\s*$/.exec(part) ?? [];
    if ((STANDARD_FIELDS as readonly string[]).includes(field)) return [field, sent === 'none' ? null : sent];
    throw new InputError(
      `${name} must be a list of FIELD:NAME or FIELD:none, with fields out of ${STANDARD_FIELDS.join(', ')}; it has "${part.trim()}".`,
    );
  });
  return Object.fromEntries(pairs);
}

/** Reads a JSON object of further fields; '' is none. Throws InputError, which calls the setting `name`. */
export function extraFields(text: string, name: string): EndpointSettings['extra'] {
  const keys = [process.env.RCSD_API_KEY, process.env.OPENAI_API_KEY];
  if (keys.some((key) => key && text.includes(key)))
    throw new InputError(
      `${name} holds the API key, which would then be written to files; leave the key in the environment.`,
    );
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Reported below, together with other values that are not JSON objects.
  }
  throw new InputError(`${name} must be a JSON object such as {"top_k":20}; it is ${text}.`);
}

/** Throws InputError for a top_k, which is no standard field. */
export function refuseTopK(topK: number): void {
  if (topK > 0)
    throw new InputError(
      `top_k=${topK} is not part of the OpenAI protocol; leave it out, or give extra={"top_k":${topK}} to a server that knows it.`,
    );
}

const count = (min: number) => z.number().int().min(min);

/** The settings of a server under the names that the command line has for them. */
const NAMED = z
  .strictObject({
    protocol: z.enum(['chat', 'completions']),
    concurrency: count(1),
    retries: count(0),
    timeout: z.number().positive(),
    requests_per_minute: count(0),
    tokens_per_minute: count(0),
    cache: z.string().min(1),
    fields: z.string(),
    extra: z.record(z.string(), z.unknown()),
  })
  .partial();

/** Reads a JSON object such as `{"timeout":60,"cache":"none"}`. Throws InputError, which calls the setting `name`. */
export function namedEndpoint(text: string, name: string): EndpointSettings {
  const read = NAMED.safeParse(extraFields(text, name));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new InputError(
      `${name} may have ${Object.keys(NAMED.shape).join(', ')}; ${[...(issue?.path ?? []), issue?.message].join(': ')}.`,
    );
  }
  const { requests_per_minute, tokens_per_minute, fields, cache, ...same } = read.data;
  const defaults = endpointDefaults();
  return {
    ...defaults,
    ...same,
    requestsPerMinute: requests_per_minute ?? defaults.requestsPerMinute,
    tokensPerMinute: tokens_per_minute ?? defaults.tokensPerMinute,
    cache: cache === 'none' ? undefined : (cache ?? defaults.cache),
    fields: renamedFields(fields ?? '', name),
  };
}
