/** Serves the viewer on this machine alone: its page, and the documents to whoever has the token. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InputError } from '../../base/records/errors';
import { browserFile } from '../../results/report/inspector/html';
import { INSPECTOR_STYLE } from '../../results/report/inspector/style';
import type { Documents } from './documents';

/** The page is the same for a server and for a bundle, whose data are scripts beside it; `base` says which. */
export const VIEW_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>rcsd view</title><link rel="icon" href="data:,"><link rel="stylesheet" href="view.css">
</head><body><div id="view"><p class="loading">Reading the runs …</p><noscript>The viewer needs scripts; rcsd report writes a page that does not.</noscript></div>
<script src="view.js"></script></body></html>
`;

/** The files of the page beside its data, with their types. Throws InputError where the package was not built. */
export const viewFiles = (): Readonly<Record<string, { readonly type: string; readonly text: string }>> => ({
  'index.html': { type: 'text/html', text: VIEW_PAGE },
  'view.js': { type: 'text/javascript', text: browserFile('view.js') },
  'view.css': { type: 'text/css', text: `${browserFile('view.css')}${INSPECTOR_STYLE}` },
});

/** A running viewer. */
export interface RunningView {
  /** The address to open, with the token. */
  readonly address: string;
  close(): Promise<void>;
}

/** Starts serving; port 0 takes a free one. Throws InputError where the port is taken. */
export async function serveView(documents: Documents, port: number): Promise<RunningView> {
  const token = randomBytes(24).toString('base64url');
  const files = viewFiles();
  const server = createServer((request, response) => answer({ request, response, files, token, documents }));
  await listen(server, port);
  const { port: own } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${own}/?token=${token}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly files: ReturnType<typeof viewFiles>;
  readonly token: string;
  readonly documents: Documents;
}

function answer(asked: Asked): void {
  const { request, response } = asked;
  const [status, type, text] = replyTo(asked);
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-resource-policy': 'same-origin',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

type Reply = readonly [status: number, type: string, text: string];
const plain = (status: number, text: string): Reply => [status, 'text/plain', text];

function replyTo({ request, files, token, documents }: Asked): Reply {
  // Another name for this address (a page that had its own name point here) is refused.
  const { port } = request.socket.address() as AddressInfo;
  if (![`127.0.0.1:${port}`, `localhost:${port}`].includes(request.headers.host ?? '')) return plain(403, 'Forbidden');
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Only GET');
  const path = (request.url ?? '/').replace(/[?#].*$/s, '');
  const [, file] = Object.entries(files).find(([own]) => path === (own === 'index.html' ? '/' : `/${own}`)) ?? [];
  if (file) return [200, file.type, file.text];
  const name = /^\/data\/([\w-]+)$/.exec(path)?.[1];
  if (name === undefined) return plain(404, 'Not found');
  if (!same(String(request.headers['x-rcsd-token'] ?? ''), token))
    return plain(403, 'The token of the address is needed');
  try {
    const document = name === 'overview' ? documents.overview(true) : documents.read(name);
    if (document === undefined) return plain(404, 'Not found');
    return [200, 'application/json', JSON.stringify(document)];
  } catch (error) {
    return plain(500, (error as Error).message);
  }
}

function same(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
