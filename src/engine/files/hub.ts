/**
 * Downloads files of a data set from the Hugging Face hub. A file is downloaded under a temporary name, checked against
 * the hub's digest, and renamed. An interrupted download resumes where it stopped. The access token comes from HF_TOKEN
 * and is sent to the hub only.
 */
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { downloadFile, HubApiError, type ListFileEntry, listFiles } from '@huggingface/hub';
import { InputError, InterruptedError, throwIfAborted } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { gitBlobId, sha256OfFile } from './digest';

/** What to download. `*` in `files` stands for any characters. */
export interface HubRequest extends OperationOptions {
  readonly repo: string;
  readonly files: readonly string[];
  /** Target folder; files keep their folders on the hub. */
  readonly folder: string;
  readonly revision?: string;
}

interface Connection {
  readonly repo: { readonly type: 'dataset'; readonly name: string };
  readonly hubUrl: string;
  readonly revision?: string;
  readonly accessToken?: string;
  readonly fetch: typeof fetch;
}

const endpoint = (): string => (process.env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/+$/, '');

/**
 * Downloads the files that the patterns match and returns their paths on the hub. Every failure is an InputError of one
 * sentence.
 */
export async function pullFromHub(request: HubRequest): Promise<string[]> {
  const { repo, files, folder, signal } = request;
  const accessToken = process.env.HF_TOKEN?.trim() || undefined;
  if (accessToken !== undefined && !accessToken.startsWith('hf_'))
    throw new InputError(
      'HF_TOKEN does not contain an access token of the hub, which begins with hf_; correct or unset it.',
    );
  const connection: Connection = {
    repo: { type: 'dataset', name: repo },
    hubUrl: endpoint(),
    ...(request.revision !== undefined && { revision: request.revision }),
    ...(accessToken !== undefined && { accessToken }),
    fetch: (url, init) => fetch(url, { ...init, signal }),
  };
  try {
    const wanted = await wantedFiles(connection, files);
    const total = wanted.reduce((sum, { size }) => sum + size, 0);
    let done = 0;
    for (const entry of wanted) {
      const report = (bytes: number) =>
        request.onProgress?.({ stage: 'pull', done: done + bytes, total, detail: entry.path });
      await pullFile(connection, entry, { target: join(folder, entry.path), report, signal });
      done += entry.size;
    }
    return wanted.map(({ path }) => path);
  } catch (error) {
    throw told(error, repo, signal);
  }
}

async function wantedFiles(connection: Connection, patterns: readonly string[]): Promise<ListFileEntry[]> {
  const matchers = patterns.map((pattern) => {
    const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${source.join('.*')}$`);
  });
  const found: ListFileEntry[] = [];
  for await (const entry of listFiles({ ...connection, recursive: true }))
    if (entry.type === 'file' && matchers.some((matcher) => matcher.test(entry.path))) found.push(entry);
  const { name } = connection.repo;
  const escaping = found.find(({ path }) => path.startsWith('/') || /(?:^|[/\\])\.\.(?:[/\\]|$)/.test(path));
  if (escaping)
    throw new InputError(
      `${name} lists the file ${escaping.path}, whose path leads out of its folder; it was not downloaded.`,
    );
  if (found.length > 0) return found;
  throw new InputError(
    `${name} on ${connection.hubUrl} has no file ${patterns.join(' or ')}; download it by hand and add it.`,
  );
}

interface FilePull {
  readonly target: string;
  readonly report: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/** Downloads one file to `target`; does nothing if it is already there with the right digest. */
async function pullFile(
  connection: Connection,
  entry: ListFileEntry,
  { target, report, signal }: FilePull,
): Promise<void> {
  const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);
  if (existsSync(target) && (await isIntact(target, entry))) return report(entry.size);
  const partial = `${target}.partial`;
  mkdirSync(dirname(target), { recursive: true });
  if (sizeOf(partial) > entry.size) rmSync(partial);
  while (sizeOf(partial) < entry.size || !existsSync(partial)) {
    throwIfAborted(signal);
    const from = sizeOf(partial);
    try {
      await appendRest(connection, entry, { partial, from, report });
    } catch (error) {
      // A connection that broke after some bytes is resumed; one that brought nothing is given up.
      if (error instanceof HubApiError || signal?.aborted || sizeOf(partial) <= from) throw error;
    }
  }
  if (await isIntact(partial, entry)) return renameSync(partial, target);
  rmSync(partial);
  throw new InputError(
    `${entry.path} of ${connection.repo.name} arrived with a wrong checksum and was deleted; pull again.`,
  );
}

interface Rest {
  readonly partial: string;
  readonly from: number;
  readonly report: (bytes: number) => void;
}

async function appendRest(
  connection: Connection,
  { path, size }: ListFileEntry,
  { partial, from, report }: Rest,
): Promise<void> {
  const blob = await downloadFile({ ...connection, path, xet: false });
  if (!blob) throw new InputError(`${connection.repo.name} no longer has ${path}; pull again.`);
  if (size === 0) appendFileSync(partial, '');
  if (from >= size) return;
  let done = from;
  for await (const chunk of blob.slice(from, size).stream() as unknown as AsyncIterable<Uint8Array>) {
    appendFileSync(partial, chunk);
    done += chunk.byteLength;
    report(Math.min(done, size));
    if (done > size) return;
  }
  if (done < size) throw new Error(`the connection ended after ${done} of ${size} bytes`);
}

/** Whether a file has the size and digest that the hub lists: SHA-256 for large files, git's id for small ones. */
async function isIntact(path: string, { size, lfs, oid }: ListFileEntry): Promise<boolean> {
  if (statSync(path).size !== size) return false;
  return lfs ? (await sha256OfFile(path)) === lfs.oid : (await gitBlobId(path)) === oid;
}

/** Turns an error into one sentence that never contains the token. */
function told(error: unknown, repo: string, signal?: AbortSignal): unknown {
  if (error instanceof InputError || error instanceof InterruptedError) return error;
  if (signal?.aborted)
    return new InterruptedError(
      'Stopped on request; what was downloaded is kept, and the next pull resumes from there.',
    );
  const hub = endpoint();
  if (!(error instanceof HubApiError)) {
    const { message, cause } = error as Error & { cause?: { code?: string } };
    return new InputError(
      `${hub} cannot be reached or broke off (${cause?.code ?? message}); check the network and HF_ENDPOINT, then pull again to resume.`,
    );
  }
  if (error.statusCode === 401 || error.statusCode === 403)
    return new InputError(
      `The hub gives access to ${repo} only with permission; accept its terms at ${hub}/datasets/${repo} and put an access token of yours into HF_TOKEN.`,
    );
  if (error.statusCode === 404)
    return new InputError(`${hub} has no data set ${repo}; download the files by hand and add them.`);
  return new InputError(`${hub} answered with status ${error.statusCode} for ${repo}; pull again later.`);
}
