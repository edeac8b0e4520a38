/**
 * Tells the failures of a server apart: those that may pass, those of one request alone, and those that end the work. Servers
 * and the services in front of them differ in where an error stands: beside a status, or inside an answer with status 200.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { InputError } from '../../../base/records/errors';
import { isObject } from '../../../base/records/values';
import { shortText } from './text';

/**
 * A failure that may pass: the request can be tried again, after `afterSeconds` if the server said so. `status` is the
 * server's HTTP status; `inReply` tells that the server did its part, and its reply cannot be used.
 */
export class PassingFailure extends Error {
  override name = 'PassingFailure';
  readonly status?: number;
  readonly afterSeconds?: number;
  readonly inReply?: boolean;
  constructor(
    message: string,
    of: { readonly status?: number; readonly afterSeconds?: number; readonly inReply?: boolean } = {},
  ) {
    super(message);
    Object.assign(this, of);
  }
}

/** A request that the server will not answer, however often it is sent, while others may be answered. */
export class RequestFailure extends Error {
  override name = 'RequestFailure';
}

/** Where a request went, for messages; `key` is taken out of whatever the server says. */
export interface Sent {
  readonly url: string;
  readonly key?: string;
}

/** What a server says went wrong. */
interface Complaint {
  readonly said: string;
  readonly code?: unknown;
}

/** The complaint in an answer; undefined where it has none. */
function complaintIn(json: Record<string, unknown>): Complaint | undefined {
  const { error } = json;
  if (typeof error === 'string' && error !== '') return { said: error };
  if (isObject(error) && (error.message || error.code)) {
    const { message, metadata, code, type } = error;
    // A service in front of others repeats here what the server behind it said.
    const raw = isObject(metadata) && typeof metadata.raw === 'string' ? `: ${metadata.raw}` : '';
    return { said: `${typeof message === 'string' ? message : JSON.stringify(error)}${raw}`, code: code ?? type };
  }
  // An answer with choices may have a message beside them, which then is no complaint.
  if (Array.isArray(json.choices) && json.choices.length > 0) return undefined;
  const said = [json.message, json.detail].find((text) => typeof text === 'string');
  if (said !== undefined) return { said: String(said), code: json.code };
  return json.object === 'error' ? { said: JSON.stringify(json) } : undefined;
}

const isTooLong = ({ said, code }: Complaint): boolean =>
  code === 'context_length_exceeded' ||
  // Too many tokens a minute are another matter.
  (code !== 429 &&
    /context[ _-]?(length|window|size|limit)|maximum (model|sequence|input|prompt) length|max(imum)?[_ ]model[_ ]len|(prompt|input|request) (is |are )?too (long|large)|`?inputs`? (tokens \+|must have less)|(token count|number of tokens)[^.]* exceed|reduce the length|too many tokens/i.test(
      said,
    ));

const isFiltered = ({ said, code }: Complaint): boolean =>
  ['content_filter', 'content_policy_violation', 'data_inspection_failed'].includes(String(code)) ||
  /content (filter|management policy)|requires moderation|flagged|inappropriate content/i.test(said);

/** The statuses with which servers refuse a request that is too long, beside the usual ones for a malformed one. */
const LONG_STATUSES = [400, 413, 422, 500];

/** Whether a server may answer the same request well a little later. */
export const isPassing = (status: number): boolean => [408, 409, 425, 429].includes(status) || status >= 500;

/** The error for an answer whose status is not 200 to 299. */
export function refusal(
  { url, key }: Sent,
  { status, headers, text }: { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string },
  json: Record<string, unknown> | undefined,
): Error {
  const complaint = (json && complaintIn(json)) ?? { said: text };
  const reason = `${status}${complaint.said.trim() === '' ? '' : `: ${shortText(complaint.said, key)}`}`;
  if (status === 402 || complaint.code === 'insufficient_quota')
    return new InputError(`${url} says that the account's quota is used up (${reason}); add to it or use another key.`);
  if (status === 413 || (LONG_STATUSES.includes(status) && isTooLong(complaint)))
    return new RequestFailure(`prompt and answer together are longer than the model's context (${reason})`);
  if ((status === 400 || status === 403) && isFiltered(complaint))
    return new RequestFailure(`the server's filter refuses the prompt (${reason})`);
  if (isPassing(status)) return new PassingFailure(reason, { status, afterSeconds: retryAfter(headers) });
  if (status === 401 || status === 403)
    return new InputError(
      `${url} refuses the key (${reason}); set OPENAI_API_KEY or RCSD_API_KEY to one that it knows.`,
    );
  if (status === 404)
    return new InputError(
      `${url} has no such path or model (${reason}); correct the address or the name behind the #.`,
    );
  if (status >= 300 && status < 400)
    return new InputError(`${url} redirects to another address (${status}); give the final address.`);
  return new InputError(
    `${url} refuses the request (${reason}); correct the setting that it names, or rename or leave out its field by the option fields.`,
  );
}

/** The error that stands inside an answer with status 200, or inside a choice of it; undefined where there is none. */
export function errorInside({ url, key }: Sent, json: Record<string, unknown>): Error | undefined {
  const complaint = complaintIn(json);
  if (!complaint) return undefined;
  const { said, code } = complaint;
  const reason = `an error inside an answer: ${code === undefined ? '' : `${code}: `}${shortText(said, key)}`;
  if (isTooLong(complaint)) return new RequestFailure(reason);
  if ([401, 402].includes(Number(code)) || code === 'insufficient_quota')
    return new InputError(`${url} refuses the account (${reason}); use another key, or add to the account.`);
  return new PassingFailure(reason, { inReply: true });
}

/** Larger numbers of seconds are no pause but a moment, in seconds since 1970. */
const LONGEST_PAUSE_MEANT = 1e9;

/**
 * Seconds to wait, from the headers `retry-after-ms` or `retry-after` (which may also be a date); undefined without
 * them.
 */
function retryAfter(headers: IncomingHttpHeaders): number | undefined {
  const milliseconds = Number(headers['retry-after-ms'] ?? Number.NaN);
  if (milliseconds >= 0) return milliseconds / 1000;
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const number = Number(text);
  const moment = Number.isNaN(number) ? Date.parse(text) : number > LONGEST_PAUSE_MEANT ? number * 1000 : undefined;
  const seconds = moment === undefined ? number : (moment - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
