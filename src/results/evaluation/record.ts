/**
 * The output folder of a running evaluation: its settings, and the answers as they come, so that it can be stopped and
 * resumed.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireWritable, writeFileAtomic } from '../../base/records/atomic';
import { difference } from '../../base/records/differences';
import { InputError } from '../../base/records/errors';
import { appendLines, cutLines } from '../../base/records/lines';
import { readObject, samplesFile } from '../../base/records/runReader';
import type { Precision } from '../../engine/tensors/hardware';

/** One line of answers_TASK.jsonl: an answer as it was drawn. */
export interface AnswerRow {
  /** The question's id. */
  readonly id: string;
  readonly sample: number;
  /** Which decoding of a ladder it belongs to (`decodingName`); absent where there is one decoding. */
  readonly decoding?: string;
  readonly text: string;
  readonly tokens: number;
  readonly prompt_tokens: number;
  /** `failed` where a server gave no usable reply; the text is empty, and is not graded. */
  readonly finish_reason: 'stop' | 'length' | 'failed';
  /** Why it failed. */
  readonly failure?: string;
  /** Taken from the cache of replies, without computation or cost. */
  readonly cached?: true;
}

/** What identifies a kept row: a question, the number of the sample and the decoding if there are several. */
export interface KeptRow {
  readonly id: string;
  readonly sample?: number;
  readonly decoding?: string;
}

/** The kinds of rows that an evaluation keeps of one task. */
export type Kept = 'answers' | 'judgements' | 'loglikelihoods';

/** The rows of one task; on disk if there is a folder. */
export interface RowLog<T extends KeptRow> {
  has(id: string, sample?: number, decoding?: string): boolean;
  add(rows: readonly T[]): void;
  count(): number;
  row(id: string, sample?: number, decoding?: string): T;
  close(): void;
}

/** Whether a folder has rows of a kind, of any task. */
export const hasRows = (folder: string, kept: Kept): boolean =>
  existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(`${kept}_`));

const isBegun = (folder: string): boolean => hasRows(folder, 'answers') || hasRows(folder, 'loglikelihoods');

/** A folder and those above it that do not exist yet, the innermost first. */
function missingFolders(folder: string): string[] {
  return existsSync(folder) ? [] : [folder, ...missingFolders(dirname(folder))];
}

/**
 * Begins an evaluation in a folder, or resumes one. `settings` are frozen in evaluation.json as soon as there is a row;
 * `understand` adds to an older program's file what that program did where it names nothing. Throws InputError where the folder
 * cannot be written to, or contains an evaluation with other settings; it names the first that differs. The function that it
 * returns takes back what it wrote, if there is still no row.
 */
export function openEvaluation(
  folder: string,
  settings: object,
  understand: (begun: Readonly<Record<string, unknown>>) => object = (begun) => begun,
): () => void {
  const made = missingFolders(folder);
  const file = join(folder, 'evaluation.json');
  const begun = readObject(file);
  if (!begun && existsSync(join(folder, 'results.json')))
    throw new InputError(`${folder} contains results, but not the settings behind them; choose another --output.`);
  if (begun && isBegun(folder)) {
    const other = difference(understand(begun), JSON.parse(JSON.stringify(settings)));
    if (other)
      throw new InputError(`${folder} contains an evaluation with other settings (${other}); choose another --output.`);
  }
  requireWritable(folder);
  writeFileAtomic(file, `${JSON.stringify(settings, null, 2)}\n`);
  return () => {
    if (isBegun(folder)) return;
    rmSync(file, { force: true });
    for (const place of made) {
      if (!existsSync(place) || readdirSync(place).length > 0) return;
      rmdirSync(place);
    }
  };
}

/** The number format with which the evaluation in a folder began; undefined if there is none, or behind a server. */
export function begunPrecision(folder: string): Precision | undefined {
  const precision = readObject(join(folder, 'evaluation.json'))?.precision;
  return precision === 'fp32' || precision === 'bf16' ? precision : undefined;
}

/** Opens the rows in KEPT_TASK.jsonl of a folder or, without a folder, in memory. Drops a line that a crash cut off. */
export function openRows<T extends KeptRow>(
  folder: string | undefined,
  { task, kept }: { readonly task: string; readonly kept: Kept },
): RowLog<T> {
  const path = folder === undefined ? undefined : samplesFile(folder, task).replace(/samples_(?=[^/]*$)/, `${kept}_`);
  const byKey = new Map<string, T>();
  const keyOf = (id: string, sample = 0, decoding = ''): string => JSON.stringify([id, sample, decoding]);
  const remember = (row: T) => byKey.set(keyOf(row.id, row.sample, row.decoding), row);
  if (path !== undefined) cutLines<T>(path, () => true).forEach(remember);
  const file = path === undefined ? undefined : appendLines(path);
  return {
    has: (id, sample, decoding) => byKey.has(keyOf(id, sample, decoding)),
    add: (rows) => {
      for (const row of rows) {
        remember(row);
        file?.append(row);
      }
    },
    count: () => byKey.size,
    row: (id, sample, decoding) => byKey.get(keyOf(id, sample, decoding)) as T,
    close: () => file?.close(),
  };
}
