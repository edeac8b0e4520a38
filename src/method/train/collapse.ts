/** When a run is beyond help: its numbers broke, or its divergence or length has run away for many steps in a row. */
import type { StageSettings } from '../../base/config/configs';
import type { MetricsRow } from '../../base/records/rows';
import { isBroken, WINDOW } from './warnings';

/** Steps in a row that must be astray: a spike that the student recovers from lasts a step or two. */
export const COLLAPSE_STEPS = 8;
/** The divergence of a healthy run falls (the quickstart's to a third); this many times the first steps' is no noise ... */
const DIVERGENCE_RATIO = 5;
/** ... once it is as large as this, in nats a token: below, the two still agree on most tokens, and small first values do not count. */
const DIVERGENCE_NATS = 0.5;
/** Lengths "at the cap" ... */
const AT_CAP = 0.95;
/** ... of a student that was not there from the start, */
const BELOW_CAP = 0.8;
/** with this many times the first divergence: long answers that the teacher likes are none of our business. */
const RISING_RATIO = 2;

/** Two digits, without an exponent. */
const compact = (value: number): string => String(Number(value.toPrecision(2)));

/** The least value of a counter in the first steps: a mean would hide a run that is lost at once. */
function firstValue(rows: readonly MetricsRow[], name: string): number {
  const values = rows.slice(0, WINDOW).map((row) => row[name]);
  return Math.min(...values.filter((value) => typeof value === 'number'));
}

/** What is wrong at the last of the rows, in words; undefined when nothing is. */
function astray(rows: readonly MetricsRow[], { sampling }: StageSettings): string | undefined {
  const now = rows.at(-1)?.['divergence/true'];
  if (typeof now !== 'number') return undefined;
  const first = firstValue(rows, 'divergence/true');
  const times = compact(now / first);
  if (now > DIVERGENCE_NATS && now > DIVERGENCE_RATIO * first)
    return `the divergence from the teacher is ${compact(now)} nats a token, ${times} times that of the first steps`;
  const length = rows.at(-1)?.['completions/mean_length'] ?? 0;
  const firstLength = firstValue(rows, 'completions/mean_length');
  const ranAway = length >= AT_CAP * sampling.max_tokens && firstLength < BELOW_CAP * sampling.max_tokens;
  return ranAway && now > RISING_RATIO * first
    ? `completions grew from ${firstLength.toFixed(0)} tokens to the limit of ${sampling.max_tokens}, and their divergence from the teacher ${times}-fold`
    : undefined;
}

/** How a run stands at its last row. */
export interface Soundness {
  /** Steps in a row, up to the last, that were astray; 0 is sound, and a checkpoint worth keeping. */
  readonly astray: number;
  /** Why the run should end now. */
  readonly collapse?: string;
}

/** Judges a run by the rows of its steps so far. */
export function soundness(rows: readonly MetricsRow[], settings: StageSettings): Soundness {
  if (isBroken(rows)) return { astray: 1, collapse: 'loss or gradient is not a finite number' };
  const reason = astray(rows, settings);
  let count = reason === undefined ? 0 : 1;
  while (count > 0 && count < COLLAPSE_STEPS && astray(rows.slice(0, -count), settings) !== undefined) count++;
  return count < COLLAPSE_STEPS ? { astray: count } : { astray: count, collapse: `for ${count} steps, ${reason}` };
}
