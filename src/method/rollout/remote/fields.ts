/** Reads what a user says about the fields of a request: which have other names, and which are added. */
import { InputError } from '../../../base/records/errors';
import { isObject } from '../../../engine/files/jsonl';
import { type EndpointSettings, STANDARD_FIELDS } from './settings';

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
