/**
 * JSON Lines that grow while a run goes on. Each row is handed to the system at once and is whole or absent: a row that a
 * crash or a full disk broke off is no loss and never runs into the next one.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { asWriteError, syncFolder, writeAll, writeFileAtomic } from './atomic';
import { InputError } from './errors';

/** A file being appended to; it is opened at the first row. */
export interface LineWriter {
  append(row: object): void;
  /** Returns when all rows are on the disk, and survive a loss of power. Throws InputError that names the file if that fails. */
  sync(): void;
  /** The same, and closes the file. */
  close(): void;
}

const NEWLINE = 10;

/**
 * Appends rows to a file. Numbers that are not finite become null. What the file ends in is mended first: a row without its
 * newline gets it, a broken one is cut off. Throws InputError that names the file where it cannot be written.
 */
export function appendLines(path: string): LineWriter {
  let file: { readonly fd: number; synced: boolean } | undefined;
  const named = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw asWriteError(error, path);
    }
  };
  const open = (): { readonly fd: number; synced: boolean } => {
    mendEnd(path);
    return { fd: openSync(path, 'a'), synced: false };
  };
  const sync = (): void => {
    if (!file || file.synced) return;
    fsyncSync(file.fd);
    syncFolder(dirname(path));
    file.synced = true;
  };
  return {
    append: (row) =>
      named(() => {
        file ??= open();
        file.synced = false;
        appendWhole(file.fd, Buffer.from(`${JSON.stringify(row)}\n`));
      }),
    sync: () => named(sync),
    close: () => {
      try {
        named(sync);
      } finally {
        if (file) closeSync(file.fd);
        file = undefined;
      }
    },
  };
}

/** Appends all bytes or, where the disk has no room for them, none. */
function appendWhole(fd: number, bytes: Uint8Array): void {
  const { size } = fstatSync(fd);
  try {
    writeAll(fd, bytes);
  } catch (error) {
    ftruncateSync(fd, size);
    throw error;
  }
}

/** Lets the file end in a newline. */
function mendEnd(path: string): void {
  const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 };
  if (size === 0) return;
  const fd = openSync(path, 'r+');
  try {
    const last = Buffer.alloc(1);
    readSync(fd, last, 0, 1, size - 1);
    if (last[0] === NEWLINE) return;
    const bytes = readIfPresent(path);
    const start = bytes.lastIndexOf(NEWLINE) + 1;
    if (parseObject(bytes.toString('utf8', start))) writeAll(fd, Buffer.from('\n'), size);
    else ftruncateSync(fd, start);
  } finally {
    closeSync(fd);
  }
}

/** Rows of a growing file; `torn` tells that the last line was cut off and left out. */
export interface Lines<T> {
  readonly rows: readonly T[];
  readonly torn: boolean;
}

/**
 * Reads rows; a missing file has none. An unreadable line without a newline behind it is what a crash leaves: it is dropped
 * and told in `torn`. Any other bad line throws InputError with its number.
 */
export function readLines<T extends object>(path: string): Lines<T> {
  const bytes = readIfPresent(path);
  const rows: T[] = [];
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const text = bytes.toString('utf8', start, newline < 0 ? bytes.length : newline);
    line++;
    const row = parseObject(text);
    if (row) rows.push(row as T);
    else if (newline < 0) return { rows, torn: true };
    else if (text.trim() !== '')
      throw new InputError(
        `${path} line ${line} is not a JSON object; put a line break between rows that ran together, or else remove the line.`,
      );
    if (newline < 0) break;
    start = newline + 1;
  }
  return { rows, torn: false };
}

/** Keeps the rows that `keep` accepts; whatever is appended then begins a line of its own. */
export function cutLines<T extends object>(path: string, keep: (row: T) => boolean): readonly T[] {
  const { rows } = readLines<T>(path);
  const kept = rows.filter(keep);
  if (kept.length < rows.length) writeFileAtomic(path, kept.map((row) => `${JSON.stringify(row)}\n`).join(''));
  else mendEnd(path);
  return kept;
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readIfPresent(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw new InputError(`${path} cannot be read (${(error as Error).message}).`);
  }
}
