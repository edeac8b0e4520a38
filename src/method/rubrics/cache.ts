/**
 * Keeps generated rubrics on disk, one JSON row for each question. A row is found again by its question, the model that
 * wrote it, the seed, and the exact prompt with its sampling settings. A run that is started again therefore asks only
 * for what is missing.
 */

import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { makeFolder } from '../../base/records/atomic';
import { appendLines, cutLines } from '../../base/records/lines';
import type { RubricRow } from '../../base/records/rows';

/** A row of rubrics.jsonl with the rest of its key. */
export interface CachedRubric extends RubricRow {
  readonly model: string;
  /** SHA-256 of the prompt text and the sampling settings, first 16 hexadecimal digits. */
  readonly prompt_hash: string;
}

/** What all rubrics of one generation have in common. */
export interface CacheKey {
  /** Identifies the weights, e.g. a model's path with its adapter and step. */
  readonly model: string;
  readonly seed: number;
  /** Sampling settings, any JSON value. */
  readonly sampling: unknown;
}

export interface RubricCache {
  find(questionId: string, prompt: string): RubricRow | undefined;
  add(row: RubricRow, prompt: string): void;
  close(): void;
}

/**
 * Opens a cache file, which is created with the first row. Drops a last line that a crash cut off; throws `InputError`
 * with the line number for any other unreadable line.
 */
export function openRubricCache(path: string, { model, seed, sampling }: CacheKey): RubricCache {
  const keyOf = (questionId: string, promptHash: string): string => JSON.stringify([questionId, promptHash]);
  const known = new Map<string, RubricRow>();
  for (const { model: writer, prompt_hash, ...row } of cutLines<CachedRubric>(path, () => true))
    if (writer === model && row.seed === seed) known.set(keyOf(row.question_id, prompt_hash), row);
  const hash = (prompt: string): string =>
    createHash('sha256')
      .update(JSON.stringify([prompt, sampling]))
      .digest('hex')
      .slice(0, 16);
  makeFolder(dirname(path));
  const file = appendLines(path);
  return {
    find: (questionId, prompt) => known.get(keyOf(questionId, hash(prompt))),
    add: (row, prompt) => {
      const promptHash = hash(prompt);
      file.append({ ...row, seed, model, prompt_hash: promptHash } satisfies CachedRubric);
      known.set(keyOf(row.question_id, promptHash), { ...row, seed });
    },
    close: file.close,
  };
}
