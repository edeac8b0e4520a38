/**
 * Turns the items of a rubric's JSON array into criteria. Different field names, importance and polarity are settled
 * here and nowhere else.
 */

import type { Criterion, Importance, Polarity } from '../../base/records/rubric';
import { sha256Of } from '../../engine/files/digest';

/** Weights above this are kept and reported as an issue. */
export const MAX_WEIGHT = 10;
const NUMERIC = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const IMPORTANCE = /^[\s*_#>[("'-]*(essential|important|optional|pitfall)s?\b/i;
const CATEGORY = /^[\s*_#>[("'-]*(?:essential|important|optional|pitfall)s?\b(?:\s+criteri(?:a|on))?[\s*_\])"':.-]*/i;
const AVOIDS =
  /^(?:(?:the|a|an|this)\s+)?(?:(?:final\s+)?(?:response|answer|solution|student|explanation)\s+)?(?:does\s+not|doesn['’]t|do\s+not|don['’]t|must\s+not|mustn['’]t|should\s+not|shouldn['’]t|never|avoid(?:s|ing)?|refrains?)\b/i;

/** The criteria read from a list of items, and one sentence for each irregularity. */
export interface CriteriaReading {
  readonly criteria: Criterion[];
  readonly issues: string[];
}

/**
 * Reads rubric items: objects with `description` (or `criterion`, `criteria`), `title`, `weight` (or `points`,
 * `score`), or plain strings. Items without a description are dropped; duplicates and large weights are kept. All of
 * this is reported.
 */
export function readCriteria(items: readonly unknown[]): CriteriaReading {
  const criteria: Criterion[] = [];
  const issues: string[] = [];
  const seen = new Map<string, number>();
  items.forEach((item, index) => {
    const place = `item ${index + 1}`;
    const fields = typeof item === 'string' ? { description: item } : ((item ?? {}) as Record<string, unknown>);
    const description = firstText(fields.description, fields.criterion, fields.criteria);
    if (description === undefined) {
      issues.push(`${place}: no description, dropped`);
      return;
    }
    const key = description.toLowerCase().replace(/\s+/g, ' ').trim();
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, index + 1);
    else issues.push(`${place}: same description as item ${earlier}`);
    const weight = readWeight(fields, place, issues);
    const title = firstText(fields.title) ?? `Criterion ${index + 1}`;
    const criterion = makeCriterion({ index, title, description, weight });
    if (criterion.polarity === null)
      issues.push(`${place}: called ${criterion.importance} but has weight ${weight}, so its polarity is undecided`);
    criteria.push(criterion);
  });
  return { criteria, issues };
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value.trim() !== '');
}

function readWeight(fields: Record<string, unknown>, place: string, issues: string[]): number {
  const given = [fields.weight, fields.points, fields.score].filter((value) => value !== undefined && value !== null);
  const weight = given.map(toNumber).find((value) => value !== undefined);
  if (weight === undefined) {
    if (given.length > 0) issues.push(`${place}: weight ${shorten(given[0])} is not a number, taken as 1`);
    return 1;
  }
  if (Math.abs(weight) > MAX_WEIGHT)
    issues.push(`${place}: weight ${weight} lies outside -${MAX_WEIGHT}..${MAX_WEIGHT}`);
  return weight;
}

function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && NUMERIC.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function shorten(value: unknown): string {
  const text =
    typeof value === 'object' ? `of type ${Array.isArray(value) ? 'array' : 'object'}` : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

interface CriterionParts {
  readonly index: number;
  readonly title: string;
  readonly description: string;
  readonly weight: number;
}

function makeCriterion({ index, title, description, weight }: CriterionParts): Criterion {
  const importance = importanceOf(description) ?? importanceOf(title) ?? (weight < 0 ? 'pitfall' : null);
  const hash = sha256Of(`${index}\n${title}\n${description}`).slice(0, 8);
  const polarity = polarityOf(importance, description, weight);
  return { id: `c${index + 1}-${hash}`, title, description, weight, importance, polarity };
}

/** The category at the start of a description or title (`Essential Criteria: ...`). */
export function importanceOf(text: string): Importance | undefined {
  return IMPORTANCE.exec(text)?.[1]?.toLowerCase() as Importance | undefined;
}

/** A description without the category at its start. */
export const withoutCategory = (description: string): string => description.replace(CATEGORY, '');

/**
 * Whether satisfying a criterion is good or bad. Published rubrics write pitfalls in two ways, both with negative
 * weights: one that says what to avoid ("does not mention ...") is good when satisfied, one that names the fault is
 * bad. Null where another category has a negative weight, because the two contradict each other.
 */
function polarityOf(importance: Importance | null, description: string, weight: number): Polarity | null {
  if (importance === 'pitfall')
    return AVOIDS.test(withoutCategory(description)) ? 'satisfied is good' : 'satisfied is bad';
  return weight < 0 ? null : 'satisfied is good';
}
