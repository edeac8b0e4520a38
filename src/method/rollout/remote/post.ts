/**
 * Sends one request to a server and checks the answer. It uses Node's own http and https, because these follow no
 * redirect with the key, allow a timeout of any length, and let an answer be cut off when it grows too large.
 */

import { type Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { type Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { InputError } from '../../../base/records/errors';
import { isObject } from '../../../base/records/values';
import { PassingFailure, refusal, type Sent } from './failures';
import { shortText } from './text';

/** Keeps connections open between requests. */
export interface Connections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** A POST request with a JSON body, or a GET request without one. */
export interface Post extends Sent {
  readonly body?: object;
  readonly connections: Connections;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

/** The largest answer that is read. */
const MOST_BYTES = 16 * 2 ** 20;

export interface Answer {
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
  const data = body && Buffer.from(JSON.stringify(body));
  const isSecure = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? requestHttps : requestHttp)(
      url,
      {
        method: data ? 'POST' : 'GET',
        agent: isSecure ? connections.https : connections.http,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        headers: {
          ...(data && { 'content-type': 'application/json', 'content-length': data.length }),
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

/** Whether the server did what it was asked. */
export const isGood = ({ status }: Answer): boolean => status >= 200 && status < 300;

/** Sends a request and returns the answer, whatever its status. Throws PassingFailure, or InputError for one that is too large. */
export async function exchange(wanted: Post): Promise<Answer> {
  const limit = AbortSignal.timeout(wanted.timeoutSeconds * 1000);
  return send(wanted, limit).catch((error: NodeJS.ErrnoException) => {
    if (wanted.signal?.aborted) throw error;
    if (error instanceof InputError) throw new InputError(`${wanted.url} ${error.message}`);
    if (limit.aborted) throw new PassingFailure(`no answer within ${wanted.timeoutSeconds} s`);
    throw new PassingFailure(connectionTrouble(error));
  });
}

/**
 * Sends a request and returns the JSON object of the answer. Throws PassingFailure, RequestFailure or InputError; none of
 * them contains the key.
 */
export async function post(wanted: Post): Promise<Record<string, unknown>> {
  const answer = await exchange(wanted);
  const json = parseObject(answer.text);
  if (!isGood(answer)) throw refusal(wanted, answer, json);
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
  if (code?.startsWith('HPE_')) return 'the answer breaks off';
  return words[code ?? ''] ?? `the connection failed (${shortText(code ?? message)})`;
}

/** The JSON object that a text is; undefined where it is none. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    // Some servers put a byte order mark in front.
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
