/**
 * What each loss does at the place where a solution names its rule, reduced to two tokens: the right rule's and the
 * mistake's. The student gives the right one p0, the teacher more. A logit moves by minus the gradient, its *pull*, which
 * depends on both distributions and on nothing that was drawn. The project's own losses give the gradients.
 */
import type { DivergenceSettings } from '../../base/config/parts';
import { divergenceOf } from '../../method/losses/plain';

/** The probability that the teacher gives the right rule; about what a base that is told gives it. */
export const TEACHER = 0.9;

/** The losses that have a curve, by the labels of their cells. */
export const THEORY: Readonly<Record<string, Partial<DivergenceSettings>>> = {
  'forward KL': {},
  'reverse KL': { divergence: 'reverse_kl' },
  JSD: { divergence: 'jsd' },
  'forward KL, position clip .05': { clip: 0.05, clip_mode: 'position' },
  'forward KL, entry clip .05': { clip: 0.05, clip_mode: 'entry' },
};

const logits = (p: number): number[] => [Math.log(p), Math.log1p(-p)];

/** The pull on the right rule's logit, for each probability that the student gives it. */
export function pulls(loss: Partial<DivergenceSettings>, student: readonly number[], teacher = TEACHER): number[] {
  const rows = { student: student.map(logits), teacher: student.map(() => logits(teacher)) };
  return divergenceOf(rows, loss).gradient.map((row) => -(row[0] as number));
}

/** The log-odds that the pulls are tabulated at. */
const GRID = { from: -12, to: 6, step: 0.05 } as const;
/** Steps of the integration. */
const EULER = 400;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const logOdds = (p: number): number => Math.log(p / (1 - p));

/**
 * The right rule's probability after gradient descent on the two logits over a length `travel` (learning rate times
 * number of steps), from each of `start`. Both logits move by the same pull, in opposite directions.
 */
export function descended(
  loss: Partial<DivergenceSettings>,
  start: readonly number[],
  { travel, teacher = TEACHER }: { readonly travel: number; readonly teacher?: number },
): number[] {
  const count = Math.round((GRID.to - GRID.from) / GRID.step) + 1;
  const table = pulls(
    loss,
    Array.from({ length: count }, (_, i) => sigmoid(GRID.from + i * GRID.step)),
    teacher,
  );
  const pullAt = (odds: number): number => {
    const at = Math.min(Math.max((odds - GRID.from) / GRID.step, 0), count - 1.001);
    const [low, share] = [Math.floor(at), at % 1];
    return (1 - share) * (table[low] as number) + share * (table[low + 1] as number);
  };
  return start.map((p0) => {
    let odds = logOdds(p0);
    for (let i = 0; i < EULER; i++) odds += (2 * travel * pullAt(odds)) / EULER;
    return sigmoid(odds);
  });
}

/**
 * The travel with which a loss comes nearest to measured probabilities, by least squares over the log-odds. What one
 * loss needed can then be asked of the others.
 */
export function fittedTravel(
  loss: Partial<DivergenceSettings>,
  measured: readonly { readonly p0: number; readonly p: number }[],
): number {
  const sound = measured.filter(({ p0, p }) => p0 > 0 && p > 0 && p < 1);
  const missed = (travel: number): number =>
    descended(
      loss,
      sound.map(({ p0 }) => p0),
      { travel },
    ).reduce((sum, p, i) => sum + (logOdds(p) - logOdds(sound[i]?.p as number)) ** 2, 0);
  const tried = Array.from({ length: 61 }, (_, i) => 10 ** (-1 + i / 20));
  return tried.reduce((best, travel) => (missed(travel) < missed(best) ? travel : best));
}

/** How many completions of a rule are expected to be right where `drawn` of them are drawn: what a reward can see. */
export const expectedRight = (drawn: number, p0: number): number => drawn * p0;

/** The chance that one of them is. */
export const chanceOfRight = (drawn: number, p0: number): number => 1 - (1 - p0) ** drawn;

/**
 * The probability at which a student comes to rest between rubrics that name the rule in a share `q` of the questions
 * and others that leave it at p0: the mean of the two teachers for forward KL, their geometric mean for reverse KL.
 */
export function restAt(direction: 'forward' | 'reverse', q: number, p0: number, teacher = TEACHER): number {
  if (direction === 'forward') return q * teacher + (1 - q) * p0;
  return sigmoid(q * logOdds(teacher) + (1 - q) * logOdds(p0));
}
