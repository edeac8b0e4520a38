/**
 * Criteria of microscience rubrics: made from a question's facts, recognised, written as JSON tokens, and parsed
 * strictly.
 */

import type { Criterion, Importance, Rubric } from '../../../base/records/rubric';
import { hashString } from '../../../engine/tensors/random';
import { type Facts, spell } from './families/problem';

/**
 * What a criterion asks of this question: one of its five parts, its law by its code or one half of it, its wrong law, or
 * nothing about it.
 */
export type CriterionKind =
  | 'law'
  | 'step'
  | 'unit'
  | 'given'
  | 'pitfall'
  | 'wrong law'
  | 'code'
  | 'first half'
  | 'second half'
  | 'other';

/** The kinds that the process score counts. */
export type ProcessKind = 'law' | 'step' | 'unit' | 'given' | 'pitfall';

/** Weight of each part; the process score divides by the sum of their absolute values, 15. */
export const PROCESS_WEIGHTS: Readonly<Record<ProcessKind, number>> = {
  law: 5,
  step: 4,
  unit: 3,
  given: 1,
  pitfall: -2,
};

const PREFIXES: Readonly<Record<Importance, string>> = {
  essential: 'Essential Criteria:',
  important: 'Important Criteria:',
  optional: 'Optional Criteria:',
  pitfall: 'Pitfall Criteria:',
};

const IMPORTANCE_OF_WEIGHT: ReadonlyMap<number, Importance> = new Map([
  [5, 'essential'],
  [4, 'important'],
  [3, 'important'],
  [2, 'optional'],
  [1, 'optional'],
  [-1, 'pitfall'],
  [-2, 'pitfall'],
]);

/** A criterion before it has a place in a rubric. */
export interface Draft {
  readonly title: string;
  /** Without the category prefix. */
  readonly text: string;
  readonly weight: number;
}

/** Criteria that say nothing about any particular question. */
export const GENERIC: readonly Draft[] = [
  { title: 'Clear steps', text: 'Explains each step .', weight: 4 },
  { title: 'Check work', text: 'Checks the result .', weight: 3 },
  { title: 'Final answer', text: 'Gives a final answer .', weight: 5 },
  { title: 'Good plan', text: 'Picks a good plan .', weight: 4 },
];

/** The number by which a coded criterion names a template's law: three digits, and none of the law's words. */
export const codeOf = ({ template }: Pick<Facts, 'template'>): string =>
  spell(String(100 + (hashString(template) % 900)));

/** Half of a law's sentence; neither of the two says how the right rule differs from every other. */
function halfOf({ law }: Facts, half: 'first half' | 'second half'): string {
  const words = law.split(' ');
  const middle = Math.ceil(words.length / 2);
  return (half === 'first half' ? words.slice(0, middle) : words.slice(middle)).join(' ');
}

/** The criterion of one kind for a question. */
export function draft(facts: Facts, kind: Exclude<CriterionKind, 'other'>): Draft {
  const weight = isProcess(kind) ? PROCESS_WEIGHTS[kind] : PROCESS_WEIGHTS.law;
  switch (kind) {
    case 'code':
      return { title: 'Correct rule', text: `Picks rule ${codeOf(facts)} .`, weight };
    case 'first half':
    case 'second half':
      return { title: 'Correct rule', text: `States : ${halfOf(facts, kind)}`, weight };
    case 'law':
      return { title: 'Correct rule', text: `States : ${facts.law}`, weight };
    case 'wrong law':
      return { title: 'Correct rule', text: `States : ${facts.wrong}`, weight };
    case 'step':
      return { title: 'Key step', text: `Finds ${facts.step}`, weight };
    case 'unit':
      return {
        title: 'Right unit',
        text: facts.unit ? `Gives the answer in ${facts.unit} .` : 'Gives A or B .',
        weight,
      };
    case 'given':
      return { title: 'Given values', text: `Lists : ${facts.given} .`, weight };
    case 'pitfall':
      return { title: 'Wrong rule', text: `Does not mention : ${facts.wrong}`, weight };
  }
}

const KINDS = ['law', 'step', 'unit', 'given', 'pitfall', 'wrong law', 'code', 'first half', 'second half'] as const;

const isProcess = (kind: CriterionKind): kind is ProcessKind => kind in PROCESS_WEIGHTS;

/** What a description (without prefix) asks of this question. */
export function kindOf(facts: Facts, text: string): CriterionKind {
  return KINDS.find((kind) => draft(facts, kind).text === text) ?? 'other';
}

/** A criterion's sentence in the form in which the model sees text, without the category prefix. */
export const sentenceOf = ({ description }: Criterion): string => tidy(description).replace(/^\w+ Criteria: /, '');

/** What a criterion of any rubric asks of this question; `other` for generic, foreign and malformed ones. */
export function criterionKind(facts: Facts, criterion: Criterion): CriterionKind {
  return kindOf(facts, sentenceOf(criterion));
}

/** Turns drafts into numbered criteria, with the category prefix in the description. */
export function toCriteria(drafts: readonly Draft[]): Criterion[] {
  return drafts.map(({ title, text, weight }, index) => {
    const importance = IMPORTANCE_OF_WEIGHT.get(weight) ?? 'optional';
    const description = `${PREFIXES[importance]} ${text}`;
    return { id: `c${index + 1}`, title, description, weight, importance, polarity: 'satisfied is good' as const };
  });
}

/** A criterion as a pitfall: what it asks for is not to be mentioned. A pitfall becomes the rule that it warns of. */
export function opposite(criterion: Criterion): Criterion {
  const [, opening, said = ''] =
    /^(Does not mention :|States :|Finds|Lists :|Gives the answer in)? ?(.+)$/.exec(sentenceOf(criterion)) ?? [];
  const turned: Draft =
    opening === 'Does not mention :'
      ? { title: 'Correct rule', text: `States : ${said}`, weight: PROCESS_WEIGHTS.law }
      : { title: 'Wrong rule', text: `Does not mention : ${said}`, weight: PROCESS_WEIGHTS.pitfall };
  return { ...(toCriteria([turned])[0] as Criterion), id: criterion.id };
}

/** Single spaces and separate digits: the form in which the model sees text. */
function tidy(text: string): string {
  return spell(text.trim().split(/\s+/).join(' '));
}

/** A rubric as tokens that a plain JSON parser can read. A missing category prefix is added from the importance. */
export function renderMicroscienceRubric(criteria: Rubric['criteria']): string {
  const items = criteria.map(({ title, description, weight, importance }) => {
    const text = tidy(description);
    const prefixed = importance && !/^\w+ Criteria: /.test(text) ? `${PREFIXES[importance]} ${text}` : text;
    return `{"title":" ${tidy(title)} ","description":" ${prefixed} ","weight": ${weight} }`;
  });
  return items.length === 0 ? '[ ]' : `[ ${items.join(' , ')} ]`;
}

/** The criterion of one JSON item; undefined when it breaks a rule. */
function parseItem(item: unknown): Draft | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { title, description, weight, ...rest } = item as Record<string, unknown>;
  if (Object.keys(rest).length > 0 || typeof title !== 'string' || typeof description !== 'string') return undefined;
  if (typeof weight !== 'number' || !IMPORTANCE_OF_WEIGHT.has(weight)) return undefined;
  const prefix = Object.values(PREFIXES).find((known) => description.trim().startsWith(`${known} `));
  const text = prefix && tidy(description).slice(prefix.length + 1);
  if (!text || `${title} ${text}`.includes('Criteria:')) return undefined;
  return { title: tidy(title), text, weight };
}

/**
 * Reads a written rubric strictly: a non-empty JSON array of items with exactly title, description and weight, a known
 * category prefix and a known weight. Undefined when any rule is broken.
 */
export function parseMicroscienceRubric(text: string): Criterion[] | undefined {
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(items) || items.length === 0) return undefined;
  const drafts = items.map(parseItem);
  return drafts.every((item) => item !== undefined) ? toCriteria(drafts) : undefined;
}
