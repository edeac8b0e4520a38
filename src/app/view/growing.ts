/** JSON Lines that another process goes on writing, read as far as they are: each row once, and any row again by its number. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A file's rows, reduced to what is kept in memory of them. */
export interface Growing<T> {
  readonly rows: readonly T[];
  /** How many times the file was cut (by a resumed run) and read anew. */
  readonly generation: number;
  /** Lines that hold no JSON object. */
  readonly damaged: number;
  /** Reads what was added. A file that is not there has no rows. */
  refresh(): void;
  /** The whole line behind a row. Throws where the file has changed meanwhile. */
  line(row: number): Readonly<Record<string, unknown>>;
}

const BLOCK = 1 << 22;
const NEWLINE = 10;

/** Follows a file; `reduce` makes any number of rows of a line. */
export function growing<T>(
  path: string,
  reduce: (line: Readonly<Record<string, unknown>>) => readonly T[],
): Growing<T> {
  const rows: T[] = [];
  const places: { readonly from: number; readonly length: number }[] = [];
  let [end, generation, damaged] = [0, 0, 0];
  const take = (bytes: Buffer, from: number): void => {
    const line = parsed(bytes);
    if (!line) {
      damaged++;
      return;
    }
    for (const row of reduce(line)) {
      rows.push(row);
      places.push({ from, length: bytes.length });
    }
  };
  const refresh = (): void =>
    withFile(path, (fd) => {
      const { size } = fstatSync(fd);
      if (size < end) {
        rows.length = places.length = end = damaged = 0;
        generation++;
      }
      let rest = Buffer.alloc(0);
      let at = end;
      while (at < size) {
        const block = Buffer.alloc(Math.min(BLOCK, size - at));
        at += readSync(fd, block, 0, block.length, at);
        rest = Buffer.concat([rest, block]);
        let start = 0;
        for (let stop = rest.indexOf(NEWLINE); stop >= 0; stop = rest.indexOf(NEWLINE, start)) {
          if (stop > start) take(rest.subarray(start, stop), end);
          end += stop + 1 - start;
          start = stop + 1;
        }
        rest = rest.subarray(start);
      }
    });
  return {
    rows,
    get generation() {
      return generation;
    },
    get damaged() {
      return damaged;
    },
    refresh,
    line: (row) => {
      const { from, length } = places[row] as (typeof places)[number];
      const bytes = Buffer.alloc(length);
      withFile(path, (fd) => readSync(fd, bytes, 0, length, from));
      const line = parsed(bytes);
      if (!line) throw new Error(`${path} was changed while it was read`);
      return line;
    },
  };
}

function parsed(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function withFile(path: string, work: (fd: number) => void): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    work(fd);
  } finally {
    closeSync(fd);
  }
}
