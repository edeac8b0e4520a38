/** The output folder of an evaluation while it goes on: its settings, and the answers as they come, so that it can be stopped. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
  readonly text: string;
  readonly tokens: number;
  readonly prompt_tokens: number;
  readonly finish_reason: 'stop' | 'length';
  /** From the cache of replies: nothing was computed or paid. */
  readonly cached?: true;
}

/** What tells kept rows apart: a question, and one of its samples where it has several. */
export interface KeptRow {
  readonly id: string;
  readonly sample?: number;
}

/** What an evaluation keeps of one task as it comes. */
export type Kept = 'answers' | 'judgements' | 'loglikelihoods';

/** The rows of one task, on the disk where there is a folder. */
export interface RowLog<T extends KeptRow> {
  has(id: string, sample?: number): boolean;
  add(rows: readonly T[]): void;
  /** How many there are. */
  count(): number;
  /** One that is there. */
  row(id: string, sample?: number): T;
  close(): void;
}

/**
 * Begins an evaluation in a folder, or goes on with one. `settings` are frozen in evaluation.json; `before` is what one of
 * schema_version 1 did where it names nothing. Throws InputError where the
 * folder cannot be written to, or holds an evaluation with other settings, naming the first that differs.
 */
export function openEvaluation(folder: string, settings: object, before: object = {}): void {
  const file = join(folder, 'evaluation.json');
  const begun = readObject(file);
  if (!begun && existsSync(join(folder, 'results.json')))
    throw new InputError(`${folder} holds results without the settings behind them; choose another --output.`);
  if (begun) {
    const old = begun.schema_version === 1 ? { ...begun, ...before } : begun;
    const other = difference(old, JSON.parse(JSON.stringify(settings)));
    if (other)
      throw new InputError(`${folder} holds an evaluation with other settings (${other}); choose another --output.`);
  }
  requireWritable(folder);
  writeFileAtomic(file, `${JSON.stringify(settings, null, 2)}\n`);
}

/** The number format that the evaluation in a folder began with; undefined without one, or behind a server. */
export function begunPrecision(folder: string): Precision | undefined {
  const precision = readObject(join(folder, 'evaluation.json'))?.precision;
  return precision === 'fp32' || precision === 'bf16' ? precision : undefined;
}

/** The rows kept in a folder, in KEPT_TASK.jsonl, or, without one, in memory. A line that a crash cut off is dropped. */
export function openRows<T extends KeptRow>(
  folder: string | undefined,
  { task, kept }: { readonly task: string; readonly kept: Kept },
): RowLog<T> {
  const path = folder === undefined ? undefined : samplesFile(folder, task).replace(/samples_(?=[^/]*$)/, `${kept}_`);
  const byKey = new Map<string, T>();
  const keyOf = (id: string, sample = 0): string => JSON.stringify([id, sample]);
  const remember = (row: T) => byKey.set(keyOf(row.id, row.sample), row);
  if (path !== undefined) cutLines<T>(path, () => true).forEach(remember);
  const file = path === undefined ? undefined : appendLines(path);
  return {
    has: (id, sample) => byKey.has(keyOf(id, sample)),
    add: (rows) => {
      for (const row of rows) {
        remember(row);
        file?.append(row);
      }
    },
    count: () => byKey.size,
    row: (id, sample) => byKey.get(keyOf(id, sample)) as T,
    close: () => file?.close(),
  };
}
