/**
 * Long work on rows that may be interrupted: what is done stands in OUTPUT.partial, and the same command
 * goes on from there.
 */

import { existsSync, rmSync } from 'node:fs';
import { InputError, throwIfAborted } from '../../../base/records/errors';
import type { OperationOptions } from '../../../base/records/events';
import { requireSameInputs } from '../../../base/records/inputs';
import { appendLines, cutLines } from '../../../base/records/lines';
import { lockFile } from '../../../base/records/lock';
import type { Inputs } from '../../../base/records/rows';
import { sha256Of } from '../../../engine/files/digest';
import { sayingWhatIsKept } from './stopped';

/** The work and its input. */
export interface Work extends OperationOptions {
  readonly stage: string;
  /** The output file; with `-` nothing is kept. */
  readonly output: string;
  /** Distinguishes this work from other work with the same output file. */
  readonly fingerprint: string;
  /** Contents of the models and files that decide the rows. */
  readonly inputs: Inputs;
  /** The number of input rows, how many are processed at once, and how many output rows each of them gives. */
  readonly rows: number;
  readonly piece: number;
  readonly each: number;
  /** Whether rows of a piece depend on each other in their last digits: a piece that is not whole is then done again. */
  readonly together?: boolean;
  /** Output rows of the input rows from `start` up to, but not including, `end`. */
  readonly of: (start: number, end: number) => Promise<readonly object[]>;
  /** Hears what a user should know, in sentences. */
  readonly say: (sentence: string) => void;
  /** Writes the output; what is finished is kept until this has returned. */
  readonly write: (rows: readonly object[]) => void;
}

/** Tells work from other work by everything that decides its rows. */
export const fingerprintOf = (parts: readonly unknown[]): string => sha256Of(JSON.stringify(parts));

const keptOf = (output: string): string =>
  output === '-'
    ? 'nothing of it is kept; with --output FILE what is finished is, and the same command goes on'
    : `what is finished is in ${output}.partial, and the same command goes on`;

/** Does the work, writes its output and returns all output rows. */
export const workOff = (work: Work): Promise<readonly object[]> =>
  sayingWhatIsKept(keptOf(work.output), async () => {
    if (work.output !== '-') return workInFile(work, `${work.output}.partial`);
    const rows = await computeRows(work, [], undefined);
    work.write(rows);
    return rows;
  });

/** Keeps the rows in the partial file until the output is written: a disk that has no room for it loses nothing. */
async function workInFile(work: Work, partial: string): Promise<readonly object[]> {
  const lock = lockFile(partial, 'rcsd');
  try {
    if (lock.takenOver !== undefined) work.say(lock.takenOver);
    const rows = await computeRows(work, earlierRows(partial, work), partial);
    try {
      work.write(rows);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`${error.message.replace(/\.$/, '')} (${keptOf(work.output)}).`);
    }
    rmSync(partial, { force: true });
    return rows;
  } finally {
    lock.release();
  }
}

/** The rows so far and those that are missing, which are appended to the partial file. */
async function computeRows(work: Work, rows: object[], partial: string | undefined): Promise<readonly object[]> {
  const { rows: total, piece, each, of, stage, signal, onProgress } = work;
  const writer = partial === undefined ? undefined : appendLines(partial);
  // Begun with the first row: work that fails before it leaves nothing that would hold back the corrected command.
  const begin = (): void => {
    if (partial !== undefined && !existsSync(partial)) writer?.append({ work: work.fingerprint, inputs: work.inputs });
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
  return rows;
}

interface Head {
  readonly work?: string;
  /** Absent in the files of earlier versions. */
  readonly inputs?: Inputs;
}

/** The rows of an interrupted run, without those of an incomplete input row or piece. Throws InputError when they belong to other work. */
function earlierRows(partial: string, work: Work): object[] {
  if (!existsSync(partial)) return [];
  const { fingerprint, rows: total, piece, each, together } = work;
  let seen = 0;
  const inputs = Math.floor(Math.max(0, cutLines(partial, () => true).length - 1) / each);
  const complete = (together && inputs < total ? inputs - (inputs % piece) : inputs) * each;
  const [head, ...rows] = cutLines<Head>(partial, () => seen++ <= complete);
  if (head === undefined || rows.length === 0) {
    rmSync(partial);
    return [];
  }
  if (head.work !== fingerprint)
    throw new InputError(
      `${partial} is left from a run with other rows or settings; repeat that run, or remove the file.`,
    );
  const sentence = requireSameInputs(head.inputs, work.inputs, { where: partial, instead: 'remove the file' });
  if (sentence !== undefined) work.say(sentence);
  return rows;
}
