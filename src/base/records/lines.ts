/** JSON Lines that grow while a run goes on: each row is handed to the system at once, and a torn last line is no loss. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { writeFileAtomic } from './atomic';
import { InputError } from './errors';

/** A file being appended to; it is opened at the first row. */
export interface LineWriter {
  append(row: object): void;
  close(): void;
}

/** Appends rows to a file. Numbers that are not finite become null. */
export function appendLines(path: string): LineWriter {
  let fd: number | undefined;
  return {
    append: (row) => {
      fd ??= openSync(path, 'a');
      writeSync(fd, `${JSON.stringify(row)}\n`);
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
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
    const newline = bytes.indexOf(10, start);
    const text = bytes.toString('utf8', start, newline < 0 ? bytes.length : newline);
    line++;
    const row = parseObject(text);
    if (row) rows.push(row as T);
    else if (newline < 0) return { rows, torn: true };
    else if (text.trim() !== '') throw new InputError(`${path} line ${line} is not a JSON object; remove that line.`);
    if (newline < 0) break;
    start = newline + 1;
  }
  return { rows, torn: false };
}

/** Keeps the rows that `keep` accepts, and no torn line; nothing is written when all stay. */
export function cutLines<T extends object>(path: string, keep: (row: T) => boolean): readonly T[] {
  const { rows, torn } = readLines<T>(path);
  const kept = rows.filter(keep);
  if (torn || kept.length < rows.length) {
    writeFileAtomic(path, kept.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
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
