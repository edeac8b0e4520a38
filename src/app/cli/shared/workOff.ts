/** Long work on rows that may be interrupted: what is done stands in OUTPUT.partial, and the same command goes on from there. */
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../../base/records/atomic';
import { InputError, throwIfAborted } from '../../../base/records/errors';
import type { OperationOptions } from '../../../base/records/events';
import { appendLines, cutLines } from '../../../base/records/lines';
import { sayingWhatIsKept } from './stopped';

/** The work and its input. */
export interface Work extends OperationOptions {
  readonly stage: string;
  /** The output file; with `-` nothing is kept. */
  readonly output: string;
  /** Distinguishes this work from other work with the same output file. */
  readonly fingerprint: string;
  /** The number of input rows, how many are processed at once, and how many output rows each of them gives. */
  readonly rows: number;
  readonly piece: number;
  readonly each: number;
  /** Output rows of the input rows from `start` up to, but not including, `end`. */
  readonly of: (start: number, end: number) => Promise<readonly object[]>;
}

/** Tells work from other work by everything that decides its rows. */
export const fingerprintOf = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

const keptOf = (output: string): string =>
  output === '-'
    ? 'nothing of it is kept; with --output FILE what is finished is, and the same command goes on'
    : `what is finished is in ${output}.partial, and the same command goes on`;

/** All output rows. The caller writes the output and then calls `done`, which removes the partial file. */
export const workOff = (work: Work): Promise<{ readonly rows: readonly object[]; done(): void }> =>
  sayingWhatIsKept(keptOf(work.output), () => finish(work));

async function finish(work: Work): Promise<{ readonly rows: readonly object[]; done(): void }> {
  const { output, rows: total, piece, each, of, stage, signal, onProgress } = work;
  const partial = output === '-' ? undefined : `${output}.partial`;
  const rows: object[] = partial ? earlierRows(partial, work) : [];
  const writer = partial ? appendLines(partial) : undefined;
  // Begun with the first row: work that fails before it leaves nothing that would hold back the corrected command.
  const begin = (): void => {
    if (!partial || existsSync(partial)) return;
    makeFolder(dirname(partial));
    writer?.append({ work: work.fingerprint });
  };
  try {
    for (let start = rows.length / each; start < total; start += piece) {
      throwIfAborted(signal);
      onProgress?.({ stage, done: start, total });
      for (const row of await of(start, Math.min(total, start + piece))) {
        begin();
        rows.push(row);
        writer?.append(row);
      }
    }
    onProgress?.({ stage, done: total, total });
  } finally {
    writer?.close();
  }
  return { rows, done: () => partial && rmSync(partial, { force: true }) };
}

/**
 * The rows of an interrupted run, without those of an incomplete input row. Throws InputError when they belong to other
 * work.
 */
function earlierRows(partial: string, { fingerprint, each }: Work): object[] {
  if (!existsSync(partial)) return [];
  let seen = 0;
  const complete = Math.floor(Math.max(0, cutLines(partial, () => true).length - 1) / each) * each;
  const [head, ...rows] = cutLines<{ work?: string }>(partial, () => seen++ <= complete);
  if (head === undefined || rows.length === 0) rmSync(partial);
  if (head === undefined || rows.length === 0 || head.work === fingerprint) return rows;
  throw new InputError(
    `${partial} is left from a run with other rows or settings; repeat that run, or remove the file.`,
  );
}
