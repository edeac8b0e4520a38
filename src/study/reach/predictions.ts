/**
 * The predictions of the study of reach, written before any of its runs, and how each is judged by the rows. Shares are
 * of greedy answers that state the right rule, unless a prediction says otherwise; levels are designed p0. With several
 * bases the means decide.
 */
import { DOSE_PREDICTIONS } from './dosePredictions';
import { LOSS_PREDICTIONS } from './lossPredictions';
import type { Reach } from './measured';
import type { Prediction } from './outcome';

export const PREDICTIONS: readonly Prediction[] = [...LOSS_PREDICTIONS, ...DOSE_PREDICTIONS].sort(
  (a, b) => Number.parseInt(a.id, 10) - Number.parseInt(b.id, 10),
);

export type Verdict = 'held' | 'refuted' | 'not measured';

/** A judged prediction. */
export interface Judged {
  readonly verdict: Verdict;
  readonly numbers: Readonly<Record<string, number>>;
}

/** Judges a prediction by the rows; one whose numbers are not all there is not measured. */
export function judge({ outcome }: Prediction, reach: Reach): Judged {
  const { numbers, holds } = outcome(reach);
  const known = Object.entries(numbers).filter((entry): entry is [string, number] => entry[1] !== undefined);
  const all = Object.fromEntries(known);
  if (known.length === 0 || known.length < Object.keys(numbers).length)
    return { verdict: 'not measured', numbers: all };
  return { verdict: holds(all) ? 'held' : 'refuted', numbers: all };
}
