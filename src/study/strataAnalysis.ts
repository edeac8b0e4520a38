/**
 * The statistics of the second part (docs/strata.md), computed from the rows. The unit is the template: its score in a
 * stratum is its mean over questions, seeds and the bases in whose worlds it has that stratum. Shares are 0 to 1.
 */
import { mean } from 'simple-statistics';
import { loadTask } from '../questions/load';
import { factsOf, type Stratum } from '../questions/tasks/microscience';
import { studentQuantile } from '../results/evaluation/distributions';
import type { Estimate } from '../results/evaluation/intervals';
import { passAtK } from '../results/evaluation/statistics';
import { type Measure, overUnits, pValue, sharesOf } from './analysis';
import type { StudyRow } from './row';

/** The strata whose templates take turns. */
export const ROTATED: readonly Stratum[] = ['modal', 'minority', 'gated', 'silent'];

/** Where a question stands in the design of its world. */
export interface Place {
  readonly template: string;
  readonly stratum: Stratum;
  /** In worlds that record it. */
  readonly phrasing?: number;
}

const known = new Map<string, readonly Place[]>();

/** The place of each held-out question of a world, in the order of a row's digits. */
function placesOf(world: string | number): readonly Place[] {
  const name = String(world);
  const found = known.get(name);
  if (found) return found;
  const places = loadTask(`microscience:${name}`).test.flatMap((question): Place[] => {
    const { template, stratum } = factsOf(question);
    const phrasing = question.metadata?.phrasing;
    return stratum ? [{ template, stratum, ...(typeof phrasing === 'number' && { phrasing }) }] : [];
  });
  known.set(name, places);
  return places;
}

/** The mean score over the questions whose place holds, of all rows; undefined where there are none. */
export function shareWhere(
  rows: readonly StudyRow[],
  holds: (place: Place) => boolean,
  measure: Measure = 'rule',
): number | undefined {
  const found = rows.flatMap((row) => {
    const places = placesOf(row.world);
    return sharesOf(row, measure).filter((_, i) => holds(places[i] as Place));
  });
  return found.length > 0 ? mean(found) : undefined;
}

/** The score of each template in the worlds in which it has the stratum. */
function templateScores(rows: readonly StudyRow[], stratum: Stratum, measure: Measure): Map<string, number> {
  const scores = new Map<string, number[]>();
  for (const row of rows) {
    const places = placesOf(row.world);
    for (const [i, share] of sharesOf(row, measure).entries()) {
      const place = places[i];
      if (place?.stratum === stratum) scores.set(place.template, [...(scores.get(place.template) ?? []), share]);
    }
  }
  return new Map([...scores].map(([template, own]) => [template, mean(own)]));
}

/** The mean score in a stratum over templates, with Student's interval; undefined without rows. */
export function stratumLevel(
  rows: readonly StudyRow[],
  stratum: Stratum,
  measure: Measure = 'rule',
): Estimate | undefined {
  const estimate = overUnits([...templateScores(rows, stratum, measure).values()]);
  return estimate && { ...estimate, low: Math.max(0, estimate.low), high: Math.min(1, estimate.high) };
}

/**
 * The one-sided upper 95 % limit of a score in a stratum: Student's over templates, and at least three over the number of
 * questions, the limit of a cell without a single success.
 */
export function upperLimit(rows: readonly StudyRow[], stratum: Stratum, measure: Measure = 'rule'): number | undefined {
  const level = overUnits([...templateScores(rows, stratum, measure).values()]);
  if (!level) return undefined;
  const questions = rows.reduce(
    (sum, row) => sum + placesOf(row.world).filter((place) => place.stratum === stratum).length,
    0,
  );
  return Math.max(level.value + studentQuantile(0.95, level.n - 1) * level.standardError, 3 / questions);
}

/** A difference of `a` and `b` by template, and how likely such a one is if there is none. */
export interface Contrast extends Estimate {
  /** Two-sided, by Student's t with one degree of freedom less than there are templates. */
  readonly p: number;
}

/** `a` less `b` in a stratum, template by template, over the bases and seeds that both have. */
function effects(a: readonly StudyRow[], b: readonly StudyRow[], stratum: Stratum): Map<string, number> {
  const both = (own: readonly StudyRow[], other: readonly StudyRow[]) =>
    own.filter((row) => other.some(({ base, seed }) => base === row.base && seed === row.seed));
  const [mine, theirs] = [both(a, b), both(b, a)].map((rows) => templateScores(rows, stratum, 'rule')) as [
    Map<string, number>,
    Map<string, number>,
  ];
  return new Map(
    [...mine].flatMap(([template, value]) => {
      const other = theirs.get(template);
      return other === undefined ? [] : [[template, value - other] as const];
    }),
  );
}

function contrastOf(values: readonly number[]): Contrast | undefined {
  const estimate = overUnits(values);
  if (!estimate) return undefined;
  const { value, standardError, n } = estimate;
  return { ...estimate, p: pValue(value, standardError, n - 1) };
}

/** The effect of `a` over `b` in one stratum. */
export const effectIn = (a: readonly StudyRow[], b: readonly StudyRow[], stratum: Stratum): Contrast | undefined =>
  contrastOf([...effects(a, b, stratum).values()]);

/**
 * The effect of `a` over `b` in one stratum less that in another: paired over the templates that were in both. Undefined
 * where fewer than two were, as in a single rotation.
 */
export function interaction(
  [a, b]: readonly [readonly StudyRow[], readonly StudyRow[]],
  [here, there]: readonly [Stratum, Stratum],
): Contrast | undefined {
  const [own, other] = [effects(a, b, here), effects(a, b, there)];
  return contrastOf(
    [...own].flatMap(([template, value]) => {
      const less = other.get(template);
      return less === undefined ? [] : [value - less];
    }),
  );
}

/** The mean p of the right rule in a stratum, over its templates; undefined where the row has none. */
export function trueRuleIn({ true_rule: byTemplate, world }: StudyRow, stratum: Stratum): number | undefined {
  const own = new Set(placesOf(world).flatMap((place) => (place.stratum === stratum ? place.template : [])));
  const values = Object.entries(byTemplate ?? {}).flatMap(([template, p]) => (own.has(template) ? p : []));
  return values.length > 0 ? mean(values) : undefined;
}

/** pass@k of the right rule over a row's questions of a stratum. */
export function rulePassIn({ pass, world }: StudyRow, stratum: Stratum): number | undefined {
  const places = placesOf(world);
  const own = (pass?.rule ?? []).filter((_, i) => places[i]?.stratum === stratum);
  return pass && own.length > 0 ? mean(own.map((right) => passAtK(pass.samples, right, pass.samples))) : undefined;
}
