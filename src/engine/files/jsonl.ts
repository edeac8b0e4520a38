/** JSON and JSON Lines: read with errors that name file and line, written beside and renamed. */
import { readFileSync } from 'node:fs';
import { writeAtomically } from '../../base/records/atomic';
import { InputError } from '../../base/records/errors';

export { writeFileAtomic } from '../../base/records/atomic';

const NEWLINE = 10;

/**
 * Reads one JSON value a line of a file; blank lines are skipped. `check` turns a value into a `T` or throws, and is given
 * the place (`file.jsonl line 3`) for its message.
 */
export function readJsonl<T>(path: string, check: (row: unknown, where: string) => T): T[] {
  return parseJsonl(readBytes(path), path, check);
}

/** The same for bytes already read; `name` stands for the file in messages. */
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

/** Writes one JSON value a line, as the rows come; a file appears only when all are written. `-` is standard output. */
export function writeJsonl(path: string, rows: Iterable<unknown>): void {
  if (path === '-') for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else
    writeAtomically(path, (append) => {
      for (const row of rows) append(`${JSON.stringify(row)}\n`);
    });
}

/** Reads a file that holds one JSON object. Throws InputError when it is missing, malformed or something else. */
export function readJsonFile(path: string): Record<string, unknown> {
  const value = parseJson(decodeUtf8(readBytes(path), path), path);
  if (isObject(value)) return value;
  throw new InputError(`${path} holds ${describe(value)} where a JSON object is needed.`);
}

/** True for a JSON object (not null, not an array). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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

/** Text of bytes: drops a byte order mark, refuses bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${where} is not UTF-8 text; convert the file to UTF-8.`);
  }
}

/** Bytes of a file. Throws InputError when it cannot be read. */
export function readBytes(path: string): Buffer {
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
