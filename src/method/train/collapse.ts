/** Decides when a run has collapsed: its divergence or length has run away for many steps in a row. */
import type { StageSettings } from '../../base/config/configs';
import type { MetricsRow } from '../../base/records/rows';
import { WINDOW } from './warnings';

/** How many steps in a row must be astray. A spike that the student recovers from lasts a step or two. */
export const COLLAPSE_STEPS = 8;
/**
 * A divergence above this multiple of the first steps' is no noise: in a healthy run it falls (in the quickstart to a
 * third).
 */
const DIVERGENCE_RATIO = 5;
/**
 * A divergence below this, in nats a token, is never a collapse: the two models still agree on most tokens, and the
 * first values may be tiny.
 */
const DIVERGENCE_NATS = 0.5;
/** From this share of max_tokens on, completions count as being at the limit ... */
const AT_CAP = 0.95;
/** ... if they were below this share of it in the first steps ... */
const BELOW_CAP = 0.8;
/**
 * ... and if the divergence exceeds this multiple of the first steps'. Long answers alone are no collapse while the
 * teacher still agrees with them.
 */
const RISING_RATIO = 2;

/** Two significant digits, without an exponent. */
const compact = (value: number): string => String(Number(value.toPrecision(2)));

/** The smallest value of a counter in the first steps. A mean would not show a run that is lost at once. */
function firstValue(rows: readonly MetricsRow[], name: string): number {
  const values = rows.slice(0, WINDOW).map((row) => row[name]);
  return Math.min(...values.filter((value) => typeof value === 'number'));
}

/** What is wrong at the last of the rows, as a clause; undefined when nothing is. */
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
    ? `completions grew from ${firstLength.toFixed(0)} tokens to the limit of ${sampling.max_tokens}, and their divergence from the teacher grew ${times}-fold`
    : undefined;
}

/** The state of a run at its last row. */
export interface Soundness {
  /** How many of the last steps in a row were astray. Only at 0 is a checkpoint worth keeping. */
  readonly astray: number;
  /** Why the run should end now; absent while it should go on. */
  readonly collapse?: string;
}

/** Judges a run by the rows of its steps so far. */
export function soundness(rows: readonly MetricsRow[], settings: StageSettings): Soundness {
  const reason = astray(rows, settings);
  let count = reason === undefined ? 0 : 1;
  while (count > 0 && count < COLLAPSE_STEPS && astray(rows.slice(0, -count), settings) !== undefined) count++;
  return count < COLLAPSE_STEPS ? { astray: count } : { astray: count, collapse: `for ${count} steps, ${reason}` };
}
