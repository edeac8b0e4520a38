/**
 * A local server that speaks the part of the hub's protocol that downloads need: revision, tree, resolve with redirects to a second
 * server that holds large files, ranges, digests, permission.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
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

/** One download: what was asked for, and whether the large files' server was the one. */
export interface Download {
  readonly path: string;
  readonly range: string | undefined;
  readonly token: string | undefined;
  readonly large: boolean;
}

/** A running hub with one repository. */
export interface Hub {
  readonly url: string;
  readonly commit: string;
  readonly behaviour: Behaviour;
  /** The downloads so far. */
  readonly requests: Download[];
  close(): Promise<void>;
}

export interface HubContent {
  readonly type?: 'model' | 'dataset';
  readonly repo?: string;
}

type Files = Readonly<Record<string, Uint8Array>>;

/** Large files are those under `lfs/`, and weights. */
const isLarge = (path: string): boolean => path.startsWith('lfs/') || /\.(safetensors|gguf)$/.test(path);
const sha1 = (content: Uint8Array): string =>
  createHash('sha1').update(`blob ${content.byteLength}\0`).update(content).digest('hex');
const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Starts it with files by path; `main` is the one branch, `v1` a tag. */
export async function startHub(files: Files, { type = 'dataset', repo = 'owner/set' }: HubContent = {}): Promise<Hub> {
  const commit = createHash('sha1')
    .update(JSON.stringify(Object.entries(files)))
    .digest('hex');
  const behaviour: Behaviour = { cuts: [], wrongDigest: false };
  const requests: Download[] = [];
  const isRevision = (name: string): boolean => ['main', 'HEAD', 'v1', commit].includes(name);
  const api = `/api/${type}s/${repo}/`;
  const content = `${type === 'model' ? '' : '/datasets'}/${repo}/resolve/`;
  const store = createServer((request, response) => {
    const path = pathOf(request).slice(1);
    send(request, response, { path, content: files[path] as Uint8Array, behaviour, requests, large: true });
  });
  const server = createServer((request, response) => {
    const path = pathOf(request);
    const [kind, revision = ''] = path.slice(api.length).split('/');
    if (behaviour.refuse !== undefined) return answer(response, behaviour.refuse, { error: 'Access is restricted' });
    if (path.startsWith(api) && isRevision(revision) && kind === 'revision')
      return answer(response, 200, { _id: '1', id: repo, sha: commit, siblings: siblings(files), private: false });
    if (path.startsWith(api) && isRevision(revision) && kind === 'tree')
      return answer(response, 200, tree(files, behaviour.wrongDigest));
    const [asked = '', ...rest] = path.startsWith(content) ? path.slice(content.length).split('/') : [];
    const file = files[rest.join('/')];
    if (!isRevision(asked))
      return answer(response, 404, { error: 'Repository not found' }, { 'x-error-code': 'RepoNotFound' });
    response.setHeader('x-repo-commit', commit);
    if (!file) return answer(response, 404, { error: 'Entry not found' }, { 'x-error-code': 'EntryNotFound' });
    if (!isLarge(rest.join('/')))
      return send(request, response, { path: rest.join('/'), content: file, behaviour, requests, large: false });
    response.writeHead(302, {
      location: `${addressOf(store)}/${rest.join('/')}`,
      'x-linked-etag': `"${sha256(file)}"`,
      'x-linked-size': file.byteLength,
    });
    response.end();
  });
  for (const each of [server, store]) await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    for (const each of [server, store]) {
      each.closeAllConnections();
      await new Promise<void>((resolve) => each.close(() => resolve()));
    }
  };
  return { url: addressOf(server), commit, behaviour, requests, close };
}

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const pathOf = ({ url = '' }: IncomingMessage): string => decodeURIComponent(url.split('?')[0] as string);

function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

const siblings = (files: Files): object[] => Object.keys(files).map((rfilename) => ({ rfilename }));

function tree(files: Files, wrong: boolean): object[] {
  return Object.entries(files).map(([path, content]) => {
    const size = content.byteLength;
    const digest = (real: string) => (wrong ? '0'.repeat(real.length) : real);
    const lfs = isLarge(path) ? { lfs: { oid: digest(sha256(content)), size, pointerSize: 130 } } : {};
    return { type: 'file', path, size, oid: digest(sha1(content)), ...lfs };
  });
}

interface Sending {
  readonly path: string;
  readonly content: Uint8Array;
  readonly behaviour: Behaviour;
  readonly requests: Download[];
  readonly large: boolean;
}

function send(request: IncomingMessage, response: ServerResponse, sending: Sending): void {
  const { path, content, behaviour, requests, large } = sending;
  const { range, authorization: token } = request.headers;
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const [from, to] = [Number(first), last === '' ? content.byteLength - 1 : Number(last)];
  const part = content.subarray(from, to + 1);
  response.writeHead(range === undefined ? 200 : 206, {
    etag: `"${large ? sha256(content) : sha1(content)}"`,
    'accept-ranges': 'bytes',
    'content-length': part.byteLength,
    ...(range !== undefined && { 'content-range': `bytes ${from}-${to}/${content.byteLength}` }),
  });
  // Clients ask for the head or the first byte to learn size and address; that is no download.
  if (request.method === 'HEAD' || range === 'bytes=0-0')
    return void response.end(request.method === 'HEAD' ? undefined : part);
  requests.push({ path, range, token, large });
  const cut = behaviour.cuts.shift();
  if (cut === undefined) return void response.end(part);
  response.write(part.subarray(0, cut), () => setTimeout(() => response.destroy(), 50));
}
