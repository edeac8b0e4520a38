/**
 * Downloads files of a repository into the cache that the hub's programs share (files/hubCache.ts). The client's own download into
 * that cache begins anew after a break and checks nothing, so the files are fetched here, through the client's ranges: a content
 * is downloaded under a temporary name, checked against the hub's digest, and renamed; an interrupted one resumes where it stopped.
 */
import { appendFileSync, existsSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { datasetInfo, downloadFile, HubApiError, type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub';
import { asWriteError, makeFolder, renameDurably, requireSpace } from '../../base/records/atomic';
import { InputError, throwIfAborted } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { lockFile } from '../../base/records/lock';
import { gitBlobId, sha256OfFile } from '../files/digest';
import { hubFolder } from '../files/hubCache';
import { writeFileAtomic } from '../files/jsonl';
import { type Connection, connect, type HubRepository, told } from './connection';

/** A file of a repository, by its path there. */
export type HubFile = Pick<ListFileEntry, 'path' | 'size' | 'lfs' | 'oid'>;

/** What to download. */
export interface SnapshotRequest extends OperationOptions {
  readonly repo: HubRepository;
  /** Branch, tag or commit; default: main. */
  readonly revision?: string;
  /** Chooses files among those of the repository; with `folder`, the snapshot that holds those chosen before, called until it adds none. */
  choose(files: readonly HubFile[], folder?: string): readonly string[];
}

/** A downloaded snapshot. */
export interface Snapshot {
  readonly folder: string;
  readonly commit: string;
  /** Paths of the chosen files within the folder. */
  readonly files: readonly string[];
}

const COMMIT = /^[0-9a-f]{40}$/;

/** Downloads what is chosen and not there yet. Every failure is an InputError of one sentence. */
export async function pullSnapshot(request: SnapshotRequest): Promise<Snapshot> {
  const { repo, revision = 'main', signal } = request;
  try {
    const connection = connect(repo, signal);
    const commit = await commitOf(connection, revision);
    const listed = await listOf(connection, commit);
    const cache = hubFolder(repo);
    const folder = join(cache, 'snapshots', commit);
    const chosen: string[] = [];
    const place = { connection, cache, commit };
    for (let wanted = request.choose(listed); wanted.length > 0; ) {
      await pullFiles(
        place,
        listed.filter(({ path }) => wanted.includes(path)),
        request,
      );
      chosen.push(...wanted);
      wanted = request.choose(listed, folder).filter((path) => !chosen.includes(path));
    }
    if (revision !== commit) writeFileAtomic(join(cache, 'refs', revision), commit);
    return { folder, commit, files: chosen };
  } catch (error) {
    throw told(error, repo, signal);
  }
}

async function commitOf({ repo, ...connection }: Connection, revision: string): Promise<string> {
  const asked = { ...connection, name: repo.name, revision, additionalFields: ['sha' as const] };
  const { sha } = repo.type === 'model' ? await modelInfo(asked) : await datasetInfo(asked);
  if (COMMIT.test(sha)) return sha;
  throw new InputError(`${connection.hubUrl} names no commit for ${repo.name}; check HF_ENDPOINT.`);
}

/** All files of a commit. A path that could leave its folder, or a digest that could, is refused. */
async function listOf(connection: Connection, commit: string): Promise<HubFile[]> {
  const found: HubFile[] = [];
  for await (const entry of listFiles({ ...connection, revision: commit, recursive: true }))
    if (entry.type === 'file') found.push(entry);
  const { name } = connection.repo;
  const escaping = found.find(({ path }) => path.startsWith('/') || /(?:^|[/\\])\.\.?(?:[/\\]|$)|\0/.test(path));
  if (escaping)
    throw new InputError(
      `${name} lists the file ${escaping.path}, whose path leads out of its folder; nothing was downloaded.`,
    );
  const nameless = found.find((file) => !/^[0-9a-f]{40,64}$/.test(digestOf(file)));
  if (nameless) throw new InputError(`${name} lists ${nameless.path} without a digest; nothing was downloaded.`);
  return found;
}

/** The name of a content in the cache: SHA-256 of large files, git's id of small ones. */
const digestOf = ({ lfs, oid }: HubFile): string => lfs?.oid ?? oid ?? '';

interface Place {
  readonly connection: Connection;
  readonly cache: string;
  readonly commit: string;
}

async function pullFiles(
  { connection, cache, commit }: Place,
  files: readonly HubFile[],
  { signal, onProgress }: OperationOptions,
) {
  const blobOf = (file: HubFile): string => join(cache, 'blobs', digestOf(file));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const missing = files.filter((file) => !existsSync(blobOf(file)));
  requireSpace(
    cache,
    missing.reduce((sum, file) => sum + file.size - sizeOf(partialOf(blobOf(file))), 0),
  );
  let done = 0;
  for (const file of files) {
    const report = (bytes: number) =>
      onProgress?.({
        stage: 'pull',
        done: Math.round((done + bytes) / 1e4) / 100,
        total: Math.round(total / 1e4) / 100,
        detail: `MB  ${file.path}`,
      });
    await pullContent({ ...connection, revision: commit }, file, { blob: blobOf(file), report, signal });
    link(join(cache, 'snapshots', commit, file.path), blobOf(file));
    done += file.size;
    report(0);
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
/** Python's client has names of its own here, which it does not resume. */
const partialOf = (blob: string): string => `${blob}.rcsd.incomplete`;

type AtCommit = Connection & { readonly revision: string };

interface ContentPull {
  readonly blob: string;
  readonly report: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/** Downloads one content; does nothing if it is already there with the right digest. */
async function pullContent(connection: AtCommit, file: HubFile, { blob, report, signal }: ContentPull): Promise<void> {
  if (existsSync(blob) && (await isIntact(blob, file, signal))) return;
  makeFolder(dirname(blob));
  const lock = lockFile(blob, 'rcsd pull');
  const partial = partialOf(blob);
  try {
    if (sizeOf(partial) > file.size) rmSync(partial);
    while (sizeOf(partial) < file.size || !existsSync(partial)) {
      throwIfAborted(signal);
      const from = sizeOf(partial);
      try {
        await appendRest(connection, file, { partial, from, report });
      } catch (error) {
        // A connection that broke after some bytes is resumed; one that brought nothing is given up.
        if (error instanceof HubApiError || error instanceof InputError || signal?.aborted || sizeOf(partial) <= from)
          throw error;
      }
    }
    if (await isIntact(partial, file, signal)) return renameDurably(partial, blob);
    rmSync(partial);
    throw new InputError(
      `${file.path} of ${connection.repo.name} arrived with a wrong checksum and was deleted; pull again.`,
    );
  } finally {
    lock.release();
  }
}

interface Rest {
  readonly partial: string;
  readonly from: number;
  readonly report: (bytes: number) => void;
}

async function appendRest(
  connection: AtCommit,
  { path, size }: HubFile,
  { partial, from, report }: Rest,
): Promise<void> {
  const blob = await downloadFile({ ...connection, path, xet: false });
  if (!blob) throw new InputError(`${connection.repo.name} no longer has ${path}; pull again.`);
  const append = (bytes: Uint8Array | string): void => {
    try {
      appendFileSync(partial, bytes);
    } catch (error) {
      throw asWriteError(error, partial);
    }
  };
  if (size === 0) append('');
  if (from >= size) return;
  let done = from;
  for await (const chunk of blob.slice(from, size).stream() as unknown as AsyncIterable<Uint8Array>) {
    append(chunk);
    done += chunk.byteLength;
    report(Math.min(done, size));
    if (done > size) return;
  }
  if (done < size) throw new Error(`the connection ended after ${done} of ${size} bytes`);
}

/** Whether a content has the size and digest that the hub lists. */
async function isIntact(path: string, file: HubFile, signal?: AbortSignal): Promise<boolean> {
  if (statSync(path).size !== file.size) return false;
  const digest = file.lfs ? await sha256OfFile(path, { signal }) : await gitBlobId(path);
  return digest === digestOf(file);
}

/** Puts a file of a snapshot where it belongs: a relative link, so that the cache can be moved. */
function link(path: string, blob: string): void {
  makeFolder(dirname(path));
  const target = relative(dirname(path), blob);
  try {
    const there = readlinkOf(path);
    if (there === target) return;
    rmSync(path, { force: true });
    symlinkSync(target, path);
  } catch (error) {
    throw asWriteError(error, path);
  }
}

function readlinkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
