/**
 * Keeps generated rubrics on disk, one JSON row for each question. A row is found again by its question, the model that
 * wrote it, the seed, and the exact prompt with its sampling settings. A run that is started again therefore asks only
 * for what is missing.
 */

import { dirname } from 'node:path';
import { makeFolder } from '../../base/records/atomic';
import { appendLines, cutLines } from '../../base/records/lines';
import type { RubricRow } from '../../base/records/rows';
import { sha256Of } from '../../engine/files/digest';

/** A row of rubrics.jsonl with the rest of its key. */
export interface CachedRubric extends RubricRow {
  readonly model: string;
  /** SHA-256 of the writer's weights and tokenizer, first 16 hexadecimal digits; absent in the rows of earlier versions. */
  readonly writer?: string;
  /** SHA-256 of the prompt text and the sampling settings, first 16 hexadecimal digits. */
  readonly prompt_hash: string;
}

/** What all rubrics of one generation have in common. */
export interface CacheKey {
  /** What the writer is called. */
  readonly model: string;
  /** SHA-256 of its weights and tokenizer. */
  readonly writer: string;
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
 * Opens a cache file, which is created with the first row. Rows that other weights of the same name wrote are not found, which is
 * told in a sentence; so is that an earlier version did not record who wrote a row. Drops a last line that a crash cut off; throws
 * `InputError` with the line number for any other unreadable line.
 */
export function openRubricCache(
  path: string,
  { model, writer, seed, sampling }: CacheKey,
  say: (sentence: string) => void = () => {},
): RubricCache {
  const keyOf = (questionId: string, promptHash: string): string => JSON.stringify([questionId, promptHash]);
  const own = writer.slice(0, 16);
  const named = cutLines<CachedRubric>(path, () => true).filter((row) => row.model === model && row.seed === seed);
  const known = new Map<string, RubricRow>();
  for (const { model: _, writer: by = own, prompt_hash, ...row } of named)
    if (by === own) known.set(keyOf(row.question_id, prompt_hash), row);
  const unnamed = named.filter((row) => row.writer === undefined).length;
  const others = named.filter((row) => row.writer !== undefined && row.writer !== own).length;
  if (unnamed > 0)
    say(
      `${unnamed} rubrics in ${path} are from an earlier version, which did not record the weights that wrote them; they are taken.`,
    );
  if (others > 0)
    say(
      `${others} rubrics in ${path} were written by other weights or another tokenizer than ${model} has now; they are not taken.`,
    );
  const hash = (prompt: string): string => sha256Of(JSON.stringify([prompt, sampling])).slice(0, 16);
  makeFolder(dirname(path));
  const file = appendLines(path);
  return {
    find: (questionId, prompt) => known.get(keyOf(questionId, hash(prompt))),
    add: (row, prompt) => {
      const promptHash = hash(prompt);
      file.append({ ...row, seed, model, writer: own, prompt_hash: promptHash } satisfies CachedRubric);
      known.set(keyOf(row.question_id, promptHash), { ...row, seed });
    },
    close: file.close,
  };
}
