/** A real HTTP server that speaks the OpenAI protocol, with faults where a test wants them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as it arrived. */
export interface Seen {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly authorization?: string;
  readonly at: number;
}

/** Deals with a request instead of an answer. */
export type Fault = (response: ServerResponse, socket: Socket) => void;

/** A running server. */
export interface ProtocolServer {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly base: string;
  readonly seen: Seen[];
  /** The most requests that were on their way at once. */
  readonly most: () => number;
  close(): Promise<void>;
}

/** Faults by name. */
export const faults = {
  status:
    (status: number, json: object = {}, headers: Record<string, string> = {}): Fault =>
    (response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json));
    },
  text:
    (text: string): Fault =>
    (response) => {
      response.writeHead(200).end(text);
    },
  hang: (): Fault => () => {},
  cut: (): Fault => (_, socket) => socket.destroy(),
  cutInside: (): Fault => (response, socket) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"choices": [');
    setTimeout(() => socket.destroy(), 20);
  },
  endless: (): Fault => (response) => {
    const chunk = 'x'.repeat(2 ** 20);
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  },
} as const;

/** The text of an answer and why it ended. */
export interface ServedReply {
  readonly text: string;
  readonly finish?: string;
}

/** What a server does; `fault` may take the place of the answer to the request of that number (from 0). */
export interface ServerOptions {
  readonly fault?: (request: number, seen: Seen) => Fault | undefined;
  readonly delay?: number;
  /** A free one by default. */
  readonly port?: number;
  readonly reply?: (seen: Seen) => ServedReply;
}

/** The text of the last turn, or of the prompt. */
export function lastTurn({ body }: Seen): string {
  const messages = body.messages as { content: string }[] | undefined;
  return messages?.at(-1)?.content ?? String(body.prompt);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

const echo = (seen: Seen): ServedReply => ({ text: `${lastTurn(seen)} #${seen.body.seed}` });

/** Starts a server; by default it echoes the last turn with the seed behind it. */
export async function startServer(options: ServerOptions = {}): Promise<ProtocolServer> {
  const { fault, delay = 0, port = 0, reply = echo } = options;
  const seen: Seen[] = [];
  let running = 0;
  let most = 0;
  const answer = (one: Seen, response: ServerResponse) => {
    const { text, finish = 'stop' } = reply(one);
    const usage = { prompt_tokens: lastTurn(one).length, completion_tokens: text.length };
    const choice = one.path.endsWith('/chat/completions')
      ? { message: { role: 'assistant', content: text } }
      : { text };
    const json = { id: 'x', choices: [{ index: 0, ...choice, finish_reason: finish }], usage };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  };
  const server = createServer(async (request, response) => {
    most = Math.max(most, ++running);
    response.on('close', () => running--);
    const { authorization } = request.headers;
    const one = { path: request.url ?? '', body: await readBody(request), authorization, at: performance.now() };
    const number = seen.push(one) - 1;
    const wrong = fault?.(number, one);
    if (wrong) wrong(response, request.socket);
    else setTimeout(() => answer(one, response), delay);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    seen,
    most: () => most,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
