/** What the rows of the study of reach say, by cell and level of p0. Shares are 0 to 1, and means over rows. */
import { mean } from 'simple-statistics';
import type { DivergenceSettings } from '../../base/config/parts';
import { LEVELS } from '../../questions/tasks/microscience';
import { average } from '../analysis';
import { type StudyRow, type StudyRows, underDecoding } from '../row';
import { type Place, shareWhere, trueRuleIn } from '../strataAnalysis';
import { descended, fittedTravel } from './theory';

/** Names of the levels as strata, the rarest rules first. */
export const LEVEL_NAMES: readonly string[] = LEVELS.map(String);

/** Questions of a family's four templates come in turn, of seven families; the absent rules are two of one family. */
const TEMPLATES_EACH = 28;
const COMPLETIONS = { steps: 40, batch: 32 } as const;

/** The rows of some bases, asked by label. Undefined stands for what was not measured. */
export interface Reach {
  readonly rows: (label: string) => readonly StudyRow[];
  /** Share of greedy answers, or of those at temperature 1, that state the right rule at a level. */
  readonly greedy: (label: string, level: string) => number | undefined;
  readonly sampled: (label: string, level: string) => number | undefined;
  /** The same over greedy answers to other questions than a level's. */
  readonly greedyWhere: (label: string, holds: (place: Place) => boolean) => number | undefined;
  /** The right rule's probability by teacher forcing at the end of a cell's training. */
  readonly final: (label: string, level: string) => number | undefined;
  /** The same after so many steps of it, a multiple of 5; from step 40 on also of a longer training under the same settings. */
  readonly after: (label: string, level: string, step: number) => number | undefined;
  /** The same under a context of the untrained base; `none` gives p0. */
  readonly untrained: (context: string, level: string) => number | undefined;
  /** The untrained base's answers under a context, at temperature 1. */
  readonly told: (context: string, level: string) => number | undefined;
  readonly contexts: (label: string) => readonly StudyRow[];
}

const inStratum = (rows: readonly StudyRow[], level: string): number | undefined =>
  average(rows, ({ strata }) => strata?.[level]?.rule);

/** The rows of the bases that pass `chosen`. */
export function reachOf(open: StudyRows, chosen: (base: string) => boolean): Reach {
  const of = (experiment: string, label: string) => open.of(experiment, label).filter(({ base }) => chosen(base));
  const rows = (label: string) => ['reach', 'reach-alone', 'reach-dose'].flatMap((name) => of(name, label));
  const contexts = (label: string) => of('reach-contexts', label);
  return {
    rows,
    contexts,
    greedy: (label, level) => inStratum(underDecoding(rows(label), 'greedy'), level),
    sampled: (label, level) => inStratum(underDecoding(rows(label), 't1'), level),
    greedyWhere: (label, holds) => shareWhere(underDecoding(rows(label), 'greedy'), holds),
    final: (label, level) => average(rows(label), ({ trace }) => trace?.[level]?.at(-1)),
    after: (label, level, step) =>
      average(rows(step > COMPLETIONS.steps ? `${label}, 160 steps` : label), ({ trace }) => {
        const at = trace?.step.indexOf(step) ?? -1;
        return trace?.[level]?.[at];
      }),
    untrained: (context, level) => average(contexts(context), (row) => trueRuleIn(row, level)),
    told: (context, level) => inStratum(underDecoding(contexts(context), 't1'), level),
  };
}

/** The steps of a training of the usual length at which the right rule's probability is followed. */
export const TRACED_STEPS: readonly number[] = Array.from({ length: COMPLETIONS.steps / 5 + 1 }, (_, i) => 5 * i);

/**
 * The steps that a training needs to give the right rule of a level a probability of one half, on a straight line between two measurements;
 * infinite where 40 are too few, undefined where it was not followed.
 */
export function stepsToHalf(reach: Pick<Reach, 'after'>, label: string, level: string): number | undefined {
  const p = TRACED_STEPS.map((step) => reach.after(label, level, step));
  if (p.some((value) => value === undefined)) return undefined;
  const i = p.findIndex((value) => (value as number) >= 0.5);
  if (i <= 0) return i === 0 ? 0 : Number.POSITIVE_INFINITY;
  const [before, then] = [p[i - 1] as number, p[i] as number];
  return 5 * (i - 1 + (0.5 - before) / (then - before));
}

/** The bases of the plan's own size that have rows. */
export const reachBases = ({ all }: StudyRows): string[] =>
  [...new Set([...all.values()].map(({ base }) => base))].filter((base) => base.startsWith('reach-')).sort();

/** How many completions of one rule a training of so many steps draws. */
export const drawnOf = (steps: number = COMPLETIONS.steps): number => (steps * COMPLETIONS.batch) / TEMPLATES_EACH;

/** The mean of the numbers that were measured, undefined if one was not. */
export function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length && known.length > 0 ? mean(known) : undefined;
}

/** What theory expects: gradient descent on two logits over the length that fits forward KL, from each level's measured p0. */
export interface Expected {
  readonly travel: number;
  readonly p0: readonly number[];
  /** The probability by level, after so many steps of it; default: all, which is the 40 steps of forward KL. */
  readonly under: (loss: Partial<DivergenceSettings>, steps?: number) => readonly number[];
}

/** Undefined where a level's p0 or forward KL was not measured. */
export function expectedOf(reach: Reach): Expected | undefined {
  const pairs = LEVEL_NAMES.flatMap((level) => {
    const [p0, p] = [reach.untrained('none', level), reach.final('forward KL', level)];
    return p0 === undefined || p === undefined ? [] : [{ p0, p }];
  });
  if (pairs.length < LEVEL_NAMES.length) return undefined;
  const travel = fittedTravel({}, pairs);
  const p0 = pairs.map((pair) => pair.p0);
  return {
    travel,
    p0,
    under: (loss, steps = COMPLETIONS.steps) => descended(loss, p0, { travel: (steps / COMPLETIONS.steps) * travel }),
  };
}
