/**
 * Sends one request to a server and checks the answer. It uses Node's own http and https, because these follow no
 * redirect with the key, allow a timeout of any length, and let an answer be cut off when it grows too large.
 */
import { type Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { type Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { InputError } from '../../../base/records/errors';
import { isObject } from '../../../engine/files/jsonl';
import { shortText } from './text';

/**
 * A failure that may pass: the request can be tried again, after `afterSeconds` if the server said so; `status` is the
 * server's HTTP status.
 */
export class PassingFailure extends Error {
  override name = 'PassingFailure';
  readonly status?: number;
  readonly afterSeconds?: number;
  constructor(message: string, of: { readonly status?: number; readonly afterSeconds?: number } = {}) {
    super(message);
    Object.assign(this, of);
  }
}

/** Keeps connections open between requests. */
export interface Connections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** A POST request with a JSON body. */
export interface Post {
  readonly url: string;
  readonly body: object;
  readonly key?: string;
  readonly connections: Connections;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

/** The largest answer that is read. */
const MOST_BYTES = 16 * 2 ** 20;

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

async function readBounded(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new InputError(`sent more than ${MOST_BYTES / 2 ** 20} MiB, too much for an answer.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send({ url, body, key, connections, signal }: Post, limit: AbortSignal): Promise<Answer> {
  const data = Buffer.from(JSON.stringify(body));
  const isSecure = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? requestHttps : requestHttp)(
      url,
      {
        method: 'POST',
        agent: isSecure ? connections.https : connections.http,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        headers: {
          'content-type': 'application/json',
          'content-length': data.length,
          accept: 'application/json',
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
        },
      },
      (message) => {
        const done = (text: string) => resolve({ status: message.statusCode ?? 0, headers: message.headers, text });
        readBounded(message).then(done, reject);
      },
    );
    sent.on('error', reject);
    sent.end(data);
  });
}

/**
 * Sends a request and returns the JSON object of the answer. Throws PassingFailure or InputError; neither contains the
 * key.
 */
export async function post(wanted: Post): Promise<Record<string, unknown>> {
  const limit = AbortSignal.timeout(wanted.timeoutSeconds * 1000);
  const answer = await send(wanted, limit).catch((error: NodeJS.ErrnoException) => {
    if (wanted.signal?.aborted) throw error;
    if (error instanceof InputError) throw new InputError(`${wanted.url} ${error.message}`);
    if (limit.aborted) throw new PassingFailure(`no answer within ${wanted.timeoutSeconds} s`);
    throw new PassingFailure(connectionTrouble(error));
  });
  const json = parseObject(answer.text);
  if (answer.status < 200 || answer.status > 299) throw refusal(wanted, answer, json);
  if (!json) throw new PassingFailure(`an answer that is not JSON: "${shortText(answer.text, wanted.key)}"`);
  return json;
}

function connectionTrouble({ code, message }: NodeJS.ErrnoException): string {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'no server listens there',
    ENOTFOUND: 'the host is not known',
    EAI_AGAIN: 'the host is not known',
    ECONNRESET: 'the connection was cut',
    EPIPE: 'the connection was cut',
  };
  return words[code ?? ''] ?? `the connection failed (${shortText(code ?? message)})`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The error for an answer whose status is not 200 to 299. */
function refusal(
  { url, key }: Post,
  { status, headers, text }: Answer,
  json: Record<string, unknown> | undefined,
): Error {
  const inner = isObject(json?.error) ? json.error : (json ?? {});
  const said =
    typeof inner.message === 'string' ? inner.message : typeof inner.detail === 'string' ? inner.detail : text;
  const reason = `${status}${said.trim() === '' ? '' : `: ${shortText(said, key)}`}`;
  if (inner.code === 'insufficient_quota')
    return new InputError(`${url} says that the account's quota is used up (${reason}); add to it or use another key.`);
  if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500)
    return new PassingFailure(reason, { status, afterSeconds: retryAfter(headers) });
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
  if (inner.code === 'context_length_exceeded' || /context (length|window|size)|maximum context/i.test(said))
    return new InputError(
      `${url}: prompt and answer together are longer than the model's context (${reason}); lower max_tokens.`,
    );
  return new InputError(`${url} refuses the request (${reason}); correct the setting that it names.`);
}

/**
 * Seconds to wait, from the headers `retry-after-ms` or `retry-after` (which may also be a date); undefined without
 * them.
 */
function retryAfter(headers: IncomingMessage['headers']): number | undefined {
  const milliseconds = Number(headers['retry-after-ms'] ?? Number.NaN);
  if (milliseconds >= 0) return milliseconds / 1000;
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const seconds = Number.isNaN(Number(text)) ? (Date.parse(text) - Date.now()) / 1000 : Number(text);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
