/** Counts how many questions have a valid rubric, and stops the run if there are too few. */

import { InputError } from '../../base/records/errors';
import type { Rubric } from '../../base/records/rubric';

/** All counts are numbers of questions. */
export interface RubricYield {
  readonly questions: number;
  /** Questions with a valid rubric, from the first or a later attempt. */
  readonly valid: number;
  /** Questions whose first text was invalid and that were asked again. */
  readonly retried: number;
  /** Of these, the questions that then got a valid rubric. */
  readonly recovered: number;
  /** Questions left without a rubric. */
  readonly dropped: number;
  /** How many questions each reason dropped. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Rubrics in the order of their questions, and the counts of the rest. */
export interface RubricSet {
  readonly rubrics: readonly Rubric[];
  readonly counts: RubricYield;
}

/** Counts reasons, the most frequent first. */
export function countReasons(reasons: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}

/**
 * Throws `InputError` with the numbers when less than the share `minValid` (0 to 1) of the questions have a valid
 * rubric.
 */
export function checkRubricYield(counts: RubricYield, minValid: number): void {
  if (counts.valid > 0 && counts.valid >= minValid * counts.questions) return;
  const share = counts.questions === 0 ? 0 : (100 * counts.valid) / counts.questions;
  const reasons = Object.entries(counts.reasons).map(([reason, count]) => `${count} x ${reason}`);
  const why = reasons.length > 0 ? ` (${reasons.join(', ')})` : '';
  throw new InputError(
    `Only ${counts.valid} of ${counts.questions} questions (${share.toFixed(1)} %) have a valid rubric, ` +
      `${(100 * minValid).toFixed(1)} % are needed${why}: train stage I longer, raise rubric_sampling.max_tokens, ` +
      'lower rubric_min_valid, or use rubric_source=reference.',
  );
}
