/** Digests that identify a file: to check a download, to recognise a data set, to know what a run was made from. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { InputError, throwIfAborted } from '../../base/records/errors';
import { type OperationOptions, yieldToEvents } from '../../base/records/events';

/** SHA-256 of bytes or UTF-8 text, in hexadecimal. */
export const sha256Of = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Bytes that are read at once, and the size from which on reading is worth a word. */
const PIECE = 2 ** 22;
const LARGE = 1e9;

/** The bytes of a file in pieces; each is valid until the next is asked for. Throws InputError where it cannot be read. */
function* piecesOf(path: string): Generator<Buffer> {
  const piece = Buffer.allocUnsafe(PIECE);
  try {
    const fd = openSync(path, 'r');
    try {
      for (let count = readSync(fd, piece); count > 0; count = readSync(fd, piece)) yield piece.subarray(0, count);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new InputError(`Cannot read ${path} (${(error as NodeJS.ErrnoException).code ?? error}); check the path.`);
  }
}

/** SHA-256 of a file as it lies on the disk at this moment, in hexadecimal; nothing else is done meanwhile. */
export function sha256OfFileNow(path: string): string {
  const hash = createHash('sha256');
  for (const piece of piecesOf(path)) hash.update(piece);
  return hash.digest('hex');
}

const known = new Map<string, string>();

/**
 * SHA-256 of a file, in hexadecimal. A file that did not change since this process read it is not read again. Reports the progress
 * with files above 1 GB.
 */
export async function sha256OfFile(path: string, options: OperationOptions = {}): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  const state = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  const digest = known.get(state) ?? (await digestOfFile(path, createHash('sha256'), options));
  known.set(state, digest);
  return digest;
}

/** Git's id of a file's content: SHA-1 over a header and the bytes. */
export const gitBlobId = (path: string): Promise<string> =>
  digestOfFile(path, createHash('sha1').update(`blob ${statSync(path).size}\0`), {});

async function digestOfFile(path: string, hash: Hash, { signal, onProgress }: OperationOptions): Promise<string> {
  const total = statSync(path).size;
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  let done = 0;
  for (const piece of piecesOf(path)) {
    throwIfAborted(signal);
    hash.update(piece);
    done += piece.length;
    if (total > LARGE)
      onProgress?.({ stage: `checksum of ${basename(path)}`, done: megabytes(done), total: megabytes(total) });
    await yieldToEvents();
  }
  return hash.digest('hex');
}
