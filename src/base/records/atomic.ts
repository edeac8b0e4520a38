/**
 * Files and folders that are either wholly there or not at all: written beside their place, then renamed. They are on the
 * disk before they get their name, so that a loss of power leaves the old one or the new one.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { InputError } from './errors';

/** Appends bytes (or UTF-8 text) to the file being written. */
export type Append = (data: string | Uint8Array) => void;

/** Writes a file piece by piece; it appears under `path` only when `fill` has returned. Makes the folder if needed. */
export function writeAtomically(path: string, fill: (append: Append) => void): void {
  const isFile = !isDevice(path);
  const partial = isFile ? partialName(path) : path;
  try {
    makeFolders(dirname(path));
    const fd = openSync(partial, 'w');
    try {
      fill((data) => writeAll(fd, typeof data === 'string' ? Buffer.from(data) : data));
      if (isFile) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (isFile) renameDurably(partial, path);
  } catch (error) {
    if (isFile && existsSync(partial)) rmSync(partial);
    throw asWriteError(error, path);
  }
}

/** Whether a path is a device or a pipe, which takes what is written and cannot be replaced. */
function isDevice(path: string): boolean {
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    return there !== undefined && !there.isFile() && !there.isDirectory();
  } catch {
    // What keeps a path from being looked at also keeps it from being written, which says so.
    return false;
  }
}

/** Writes a whole file at once, atomically. */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  writeAtomically(path, (append) => append(data));
}

/** Fills a folder beside `path` and renames it there, replacing an older one; on failure nothing is left behind. */
export async function writeFolderAtomic(path: string, fill: (folder: string) => void | Promise<void>): Promise<void> {
  const partial = partialName(path);
  const replaced = `${partial}.old`;
  try {
    makeFolders(partial);
    await fill(partial);
    syncTree(partial);
    if (existsSync(path)) renameSync(path, replaced);
    renameDurably(partial, path);
  } catch (error) {
    if (existsSync(replaced) && !existsSync(path)) renameSync(replaced, path);
    if (existsSync(partial)) rmSync(partial, { recursive: true });
    throw asWriteError(error, path);
  }
  rmSync(replaced, { recursive: true, force: true });
}

/** The process id keeps two runs that write the same place from sharing one partial file. */
function partialName(path: string): string {
  return `${path}.${process.pid}.partial`;
}

/** Writes all bytes, from `position` on if it is given: one call of the system may write less than it was given. */
export function writeAll(fd: number, data: Uint8Array, position?: number): void {
  for (let done = 0; done < data.length; )
    done += writeSync(fd, data, done, data.length - done, position === undefined ? null : position + done);
}

/** Renames, and returns when the new name is on the disk. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Codes of file systems that cannot promise anything about a folder, and of folders that may be written but not listed. */
const NO_PROMISE: readonly string[] = ['EINVAL', 'ENOTSUP', 'EISDIR', 'EBADF', 'EACCES'];

/** Returns when the names of a folder's entries are on the disk, where the file system can promise that. */
export function syncFolder(folder: string): void {
  try {
    syncFile(folder);
  } catch (error) {
    if (!NO_PROMISE.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Returns when everything in a folder is on the disk. */
export function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else if (entry.isFile()) syncFile(path);
  }
  syncFolder(folder);
}

function syncFile(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes a folder and those above it. Throws InputError where it cannot be. */
export function makeFolder(path: string): void {
  try {
    makeFolders(path);
  } catch (error) {
    throw asWriteError(error, path);
  }
}

/** One folder after the other: Node's own recursive call never returns where a file system makes none, as /proc. */
function makeFolders(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const above = dirname(path);
  if (above !== path) makeFolders(above);
  try {
    mkdirSync(path);
    syncFolder(above);
  } catch (error) {
    // Another process may have made it in between.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Makes a folder if need be and writes in it once. Throws InputError where that cannot be done: better before long work than after. */
export function requireWritable(folder: string): void {
  makeFolder(folder);
  const probe = partialName(join(folder, 'probe'));
  try {
    closeSync(openSync(probe, 'w'));
    rmSync(probe);
  } catch (error) {
    throw asWriteError(error, folder);
  }
}

/** Throws InputError where the disk under a folder has no room for so many bytes. */
export function requireSpace(folder: string, bytes: number): void {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  if (bavail * bsize >= bytes) return;
  const gigabytes = (size: number): string => `${(size / 1e9).toFixed(2)} GB`;
  throw new InputError(
    `${folder} needs ${gigabytes(bytes)}, and its disk has ${gigabytes(bavail * bsize)} left; free some or choose another place.`,
  );
}

/** Turns the system's refusals (disk full, no permission, ...) into one sentence that names the file; other errors pass through. */
export function asWriteError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const reasons: Record<string, string> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EFBIG: 'the file would be too large',
    EIO: 'the disk fails',
    EACCES: 'permission is denied',
    EPERM: 'permission is denied',
    EROFS: 'the disk is read-only',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is a file',
    EEXIST: 'a part of its path is a file',
    ENOENT: 'no folder can be made there',
    ENAMETOOLONG: 'a name in its path is too long',
  };
  const reason = code === undefined ? undefined : reasons[code];
  return reason === undefined
    ? error
    : new InputError(`Cannot write ${path}: ${reason}; free or choose another place.`);
}
