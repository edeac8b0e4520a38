/** A local server that speaks the part of the hub's protocol that downloads need: tree, resolve, ranges, permission. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the server behaves; change it between requests. */
export interface Behaviour {
  /** Bytes after which a download is cut off, one entry a download; none left: not at all. */
  cuts: number[];
  /** Listed digests are wrong. */
  wrongDigest: boolean;
  /** Status for everything, e.g. 401. */
  refuse?: number;
}

/** A running hub with one data set. */
export interface Hub {
  readonly url: string;
  readonly behaviour: Behaviour;
  /** Ranges of the downloads so far, and the tokens they came with. */
  readonly requests: { readonly range: string | undefined; readonly token: string | undefined }[];
  close(): Promise<void>;
}

/** Starts it with files by path; those under `lfs/` are listed as large ones, with SHA-256. */
export async function startHub(files: Readonly<Record<string, Uint8Array>>, repo = 'owner/set'): Promise<Hub> {
  const content = `/datasets/${repo}/resolve/main/`;
  const behaviour: Behaviour = { cuts: [], wrongDigest: false };
  const requests: Hub['requests'] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').split('?')[0] as string);
    if (behaviour.refuse !== undefined)
      answer(response, behaviour.refuse, { error: 'Access to dataset is restricted' });
    else if (path === `/api/datasets/${repo}/tree/main`) answer(response, 200, tree(files, behaviour.wrongDigest));
    else if (path.startsWith(content)) {
      const file = files[path.slice(content.length)];
      if (file) send(request, response, { content: file, behaviour, requests });
      else answer(response, 404, { error: 'Entry not found' });
    } else answer(response, 404, { error: 'Repository not found' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url, behaviour, requests, close };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function tree(files: Readonly<Record<string, Uint8Array>>, wrong: boolean): object[] {
  return Object.entries(files).map(([path, content]) => {
    const size = content.byteLength;
    const blob = createHash('sha1').update(`blob ${size}\0`).update(content).digest('hex');
    const sha256 = createHash('sha256').update(content).digest('hex');
    const digest = (real: string) => (wrong ? '0'.repeat(real.length) : real);
    const lfs = path.startsWith('lfs/') ? { lfs: { oid: digest(sha256), size, pointerSize: 130 } } : {};
    return { type: 'file', path, size, oid: digest(blob), ...lfs };
  });
}

interface Download {
  readonly content: Uint8Array;
  readonly behaviour: Behaviour;
  readonly requests: Hub['requests'];
}

function send(request: IncomingMessage, response: ServerResponse, { content, behaviour, requests }: Download): void {
  const range = request.headers.range;
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const [from, to] = [Number(first), last === '' ? content.byteLength - 1 : Number(last)];
  const part = content.subarray(from, to + 1);
  response.writeHead(range === undefined ? 200 : 206, {
    etag: '"1"',
    'content-length': part.byteLength,
    ...(range !== undefined && { 'content-range': `bytes ${from}-${to}/${content.byteLength}` }),
  });
  // The client asks for the first byte to learn size and address; that is no download.
  if (range === 'bytes=0-0') return void response.end(part);
  requests.push({ range, token: request.headers.authorization });
  const cut = behaviour.cuts.shift();
  if (cut === undefined) return void response.end(part);
  response.write(part.subarray(0, cut), () => setTimeout(() => response.destroy(), 50));
}
