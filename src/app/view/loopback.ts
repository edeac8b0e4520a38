/** Serves pages to this machine alone. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InputError } from '../../base/records/errors';

/** What is answered: a status, a type with its encoding, and the content. */
export type Reply = readonly [status: number, type: string, content: string | Uint8Array];
export const plain = (status: number, text: string): Reply => [status, 'text/plain; charset=utf-8', text];

export interface Serving {
  /** `http://127.0.0.1:PORT/` */
  readonly address: string;
  close(): Promise<void>;
}

/** Starts serving what `replyTo` says of a path; port 0 takes a free one. Throws InputError where the port is taken. */
export async function serveHere(
  port: number,
  replyTo: (path: string, request: IncomingMessage) => Reply,
): Promise<Serving> {
  const server = createServer((request, response) => {
    const [status, type, content] = refused(request) ?? replyTo((request.url ?? '/').replace(/[?#].*$/s, ''), request);
    response.writeHead(status, {
      'content-type': type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
  await listen(server, port);
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Another name for this address (a page that had its own name point here) is refused, and so is all but reading. */
function refused({ socket, headers, method }: IncomingMessage): Reply | undefined {
  const { port } = socket.address() as AddressInfo;
  if (![`127.0.0.1:${port}`, `localhost:${port}`].includes(headers.host ?? '')) return plain(403, 'Forbidden');
  return method === 'GET' || method === 'HEAD' ? undefined : plain(405, 'Only GET');
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' || error.code === 'EACCES'
          ? new InputError(`--port ${port} cannot be used (${error.code}); choose another, or leave it out.`)
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
