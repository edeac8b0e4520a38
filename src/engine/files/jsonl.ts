/**
 * Reads JSON and JSON Lines with errors that name file and line, and writes JSON Lines so that a file appears only when
 * complete.
 */

import { readFileSync } from 'node:fs';
import { writeAtomically } from '../../base/records/atomic';
import { InputError } from '../../base/records/errors';
import { escapeUnprintable } from '../../base/records/printable';
import { isObject } from '../../base/records/values';

export { writeFileAtomic } from '../../base/records/atomic';

const NEWLINE = 10;

/**
 * Reads a file with one JSON value on each line; blank lines are skipped. `check` turns a value into a `T` or throws;
 * its second argument is the place (`file.jsonl line 3`) for the message.
 */
export function readJsonl<T>(path: string, check: (row: unknown, where: string) => T): T[] {
  return parseJsonl(readBytes(path), path, check);
}

/** The same for bytes that were already read; `name` stands for the file in messages. */
export function parseJsonl<T>(bytes: Uint8Array, name: string, check: (row: unknown, where: string) => T): T[] {
  const rows: T[] = [];
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const where = `${name} line ${++line}`;
    const text = decodeUtf8(bytes.subarray(start, end), where);
    if (text.trim() !== '') rows.push(check(parseJson(text, where), where));
    start = end + 1;
  }
  return rows;
}

/**
 * Writes one JSON value to a line. The file appears only when all rows are written. `-` is standard output, which gets
 * every row at once.
 */
export function writeJsonl(path: string, rows: Iterable<unknown>): void {
  // A terminal may be behind the standard output.
  if (path === '-') for (const row of rows) process.stdout.write(`${escapeUnprintable(JSON.stringify(row))}\n`);
  else
    writeAtomically(path, (append) => {
      for (const row of rows) append(`${JSON.stringify(row)}\n`);
    });
}

/**
 * Reads a file that contains one JSON object. Throws InputError when it is missing, malformed or contains something
 * else.
 */
export function readJsonFile(path: string): Record<string, unknown> {
  const value = parseJson(decodeUtf8(readBytes(path), path), path);
  if (isObject(value)) return value;
  throw new InputError(`${path} contains ${describe(value)}, but a JSON object is needed.`);
}

/** Reads a text file as UTF-8. Throws InputError when it cannot be read. */
export function readTextFile(path: string): string {
  return decodeUtf8(readBytes(path), path);
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** Parses one JSON value. Throws InputError naming the place. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where} is not valid JSON (${(error as Error).message}); correct or remove it.`);
  }
}

/** Decodes UTF-8 text without its byte order mark. Throws InputError for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${where} is not UTF-8 text; convert the file to UTF-8.`);
  }
}

const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

/** Refuses what Git leaves in the place of a large file that was not fetched. `start` is how the file begins. */
export function refusePointer(start: Uint8Array, path: string): void {
  if (Buffer.from(start.subarray(0, LFS_POINTER.length)).toString('latin1') !== LFS_POINTER) return;
  throw new InputError(`${path} is only a Git LFS pointer to the file; get the file itself with: git lfs pull`);
}

/** Reads a file. Throws InputError when that fails, and where the file is not there but a pointer to it. */
export function readBytes(path: string): Buffer {
  const bytes = readRaw(path);
  refusePointer(bytes, path);
  return bytes;
}

function readRaw(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder',
      EACCES: 'permission is denied',
      ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
    };
    throw new InputError(`Cannot read ${path}: ${reasons[code ?? ''] ?? (error as Error).message}; check the path.`);
  }
}
