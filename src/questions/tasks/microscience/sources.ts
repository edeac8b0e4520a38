/** Makes rubrics for one question by rule: the reference, weakened forms of it, and the controls. */

import { InputError } from '../../../base/records/errors';
import type { Random } from '../../../engine/tensors/random';
import { type Draft, draft, GENERIC, PROCESS_WEIGHTS } from './criteria';
import type { Facts } from './families/problem';

export const RUBRIC_SOURCES = [
  'reference',
  'full',
  'generic',
  'random',
  'placebo',
  'same-family',
  'noisy',
  'reduced',
  'wrong',
  'one-wrong',
  'law-only',
  'step-only',
  'all-laws',
  'silent-laws',
  'filler',
  'coded',
  'coded-placebo',
  'split',
  'half',
  'permuted',
] as const;

export type MicroscienceRubricSource = (typeof RUBRIC_SOURCES)[number];

const EXTRAS = ['unit', 'given', 'pitfall'] as const;
const FULL = ['law', 'step', ...EXTRAS] as const;
const EXTRA_SHARE = 0.7;
const PLACEBO_DRAWS = 12;
/** How often a question is drawn blindly from the pool before the pool is searched. */
const POOL_DRAWS = 20;

/** Law and key step, and each of unit, given values and pitfall with probability 0.7. */
export function referenceDrafts(facts: Facts, random: Random): Draft[] {
  const extras = EXTRAS.filter(() => random.next() < EXTRA_SHARE);
  return [draft(facts, 'law'), draft(facts, 'step'), ...extras.map((kind) => draft(facts, kind))];
}

/** Each of step, unit and given values with probability 0.7: what says nothing about the law. */
const restDrafts = (facts: Facts, random: Random): Draft[] =>
  (['step', 'unit', 'given'] as const).filter(() => random.next() < EXTRA_SHARE).map((kind) => draft(facts, kind));

/** The reference with the wrong law in place of the right one, and without the pitfall, which would contradict it. */
const wrongDrafts = (facts: Facts, random: Random): Draft[] => [
  draft(facts, 'wrong law'),
  ...restDrafts(facts, random),
];

/** A rubric that names the law by its code, with some of the criteria that say nothing about the law. */
const codedDrafts = (facts: Facts, random: Random): Draft[] => [draft(facts, 'code'), ...restDrafts(facts, random)];

const HALVES = ['first half', 'second half'] as const;

/** The reference with the law split over two criteria. */
const splitDrafts = (facts: Facts, random: Random): Draft[] =>
  random.shuffle([...HALVES, ...(['step', 'unit'] as const)]).map((kind) => draft(facts, kind));

/** The same with one half alone, which does not name the law. */
function halfDrafts(facts: Facts, random: Random): Draft[] {
  const kept = random.pick(HALVES);
  return random.shuffle([kept, ...(['step', 'unit'] as const)]).map((kind) => draft(facts, kind));
}

const wordCount = (drafts: readonly Draft[]) => drafts.reduce((sum, { text }) => sum + 8 + text.split(' ').length, 0);

/** A reference rubric from another family with about the same length: the nearest of several draws. */
function placeboDrafts(facts: Facts, random: Random, foreign: () => Facts): Draft[] {
  const target = wordCount(referenceDrafts(facts, random));
  let best: Draft[] = [];
  for (let draw = 0; draw < PLACEBO_DRAWS; draw++) {
    const drafts = referenceDrafts(foreign(), random);
    const nearer = Math.abs(wordCount(drafts) - target) < Math.abs(wordCount(best) - target);
    if (best.length === 0 || nearer) best = drafts;
  }
  return best;
}

/** Generic criteria, repeated up to the length of a reference rubric: the same number of tokens, without content. */
function fillerDrafts(facts: Facts, random: Random): Draft[] {
  const target = wordCount(referenceDrafts(facts, random));
  const drafts: Draft[] = [];
  for (const next of [...random.shuffle(GENERIC), ...random.shuffle(GENERIC)]) {
    const longer = [...drafts, next];
    if (drafts.length > 0 && Math.abs(wordCount(longer) - target) > Math.abs(wordCount(drafts) - target)) break;
    drafts.push(next);
  }
  return drafts;
}

/**
 * For the constant rubric of all laws: most words, and most laws in one criterion. More would not fit beside question
 * and solution.
 */
const ALL_LAWS = { words: 90, together: 4 } as const;

/**
 * One rubric for every question: the law sentences of the pool's templates, each template's most frequent first, as
 * many as fit. A world has some fifty sentences, most of them variants of five templates (one for each reaction, unit
 * or property).
 */
export function allLawsDrafts(pool: readonly Facts[]): Draft[] {
  const counts = new Map<string, Map<string, number>>();
  for (const { template, law } of pool) {
    const own = counts.get(template) ?? new Map<string, number>();
    counts.set(template, own.set(law, (own.get(law) ?? 0) + 1));
  }
  const ranked = [...counts.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, own]) => [...own.entries()].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([law]) => law));
  const rounds = Math.max(0, ...ranked.map((laws) => laws.length));
  const ordered = Array.from({ length: rounds }, (_, round) => ranked.flatMap((laws) => laws[round] ?? [])).flat();
  const laws: string[] = [];
  for (const law of ordered) {
    if ([...laws, law].join(' ').split(' ').length > ALL_LAWS.words) break;
    laws.push(law);
  }
  return Array.from({ length: Math.ceil(laws.length / ALL_LAWS.together) }, (_, i) => ({
    title: 'Correct rule',
    text: `States : ${laws.slice(i * ALL_LAWS.together, (i + 1) * ALL_LAWS.together).join(' ')}`,
    weight: PROCESS_WEIGHTS.law,
  }));
}

/** One constant rubric for all questions: a criterion for the law of each silent template, in the order of their names. */
function silentLawsDrafts(pool: readonly Facts[]): Draft[] {
  const byTemplate = new Map(
    pool.filter(({ stratum }) => stratum === 'silent').map((facts) => [facts.template, facts]),
  );
  return [...byTemplate.keys()].sort().map((template) => draft(byTemplate.get(template) as Facts, 'law'));
}

/** How many templates further, in the order of their names, the law is that a permuted rubric names: in another family. */
const PERMUTED = 5;

/** The reference with the law of one other template, the same for all questions of the template, and without the pitfall. */
function permutedDrafts(facts: Facts, random: Random, pool: readonly Facts[]): Draft[] {
  const byTemplate = new Map(pool.map((each) => [each.template, each]));
  const names = [...byTemplate.keys()].sort();
  const other = byTemplate.get(names[(names.indexOf(facts.template) + PERMUTED) % names.length] as string);
  return [draft(other ?? facts, 'law'), ...restDrafts(facts, random)];
}

/** The reference, which names the law with the chance `dose`, and otherwise has neither law nor pitfall. */
export function dosedDrafts(facts: Facts, dose: number, random: Random): Draft[] {
  const rest = () => {
    const drafts = restDrafts(facts, random);
    return drafts.length > 0 ? drafts : [draft(facts, 'step')];
  };
  return random.next() < dose ? referenceDrafts(facts, random) : rest();
}

/** Draws the facts of another question. */
export type OtherFacts = (which: 'any' | 'foreign' | 'same-family') => Facts;

/** Draws other questions from a pool. Throws `InputError` when the pool contains none that fits. */
export function fromPool(facts: Facts, pool: readonly Facts[], random: Random): OtherFacts {
  return (which) => {
    const fits = ({ family, key }: Facts) =>
      key !== facts.key && (which === 'any' || (family === facts.family) === (which === 'same-family'));
    for (let draw = 0; draw < POOL_DRAWS && pool.length > 0; draw++) {
      const drawn = random.pick(pool);
      if (fits(drawn)) return drawn;
    }
    const fitting = pool.filter(fits);
    if (fitting.length === 0)
      throw new InputError(`The pool contains no ${which} question for ${facts.key}; load more questions.`);
    return random.pick(fitting);
  };
}

/** What a source may need besides the question: random numbers, other questions, and the pool of all of them. */
export interface RubricDraw {
  readonly random: Random;
  readonly other: OtherFacts;
  /** Default: empty, which makes a list of all laws empty too. */
  readonly pool?: readonly Facts[];
}

/** The drafts of a rubric from one source. */
export function rubricDrafts(
  facts: Facts,
  source: MicroscienceRubricSource,
  { random, other, pool = [] }: RubricDraw,
): Draft[] {
  const full = FULL.map((kind) => draft(facts, kind));
  switch (source) {
    case 'reference':
      return referenceDrafts(facts, random);
    case 'full':
      return full;
    case 'generic':
      return random.shuffle(GENERIC);
    case 'random':
      return referenceDrafts(other('any'), random);
    case 'placebo':
      return placeboDrafts(facts, random, () => other('foreign'));
    case 'same-family':
      return referenceDrafts(other('same-family'), random);
    case 'noisy': {
      const foreign = FULL.map((kind) => draft(other('foreign'), kind));
      return full.map((own, index) => (random.next() < 0.5 ? own : (foreign[index] as Draft)));
    }
    case 'reduced': {
      const kept = full.filter(() => random.next() < 0.5);
      return kept.length > 0 ? kept : [draft(facts, 'unit')];
    }
    case 'wrong':
      return wrongDrafts(facts, random);
    case 'one-wrong':
      return random.shuffle((['law', 'step', 'unit', 'wrong law'] as const).map((kind) => draft(facts, kind)));
    case 'law-only':
      return [draft(facts, 'law')];
    case 'step-only':
      return [draft(facts, 'step')];
    case 'all-laws':
      return allLawsDrafts(pool);
    case 'silent-laws':
      return silentLawsDrafts(pool);
    case 'filler':
      return fillerDrafts(facts, random);
    case 'coded':
      return codedDrafts(facts, random);
    case 'coded-placebo':
      return codedDrafts(other('foreign'), random);
    case 'split':
      return splitDrafts(facts, random);
    case 'half':
      return halfDrafts(facts, random);
    case 'permuted':
      return permutedDrafts(facts, random, pool);
  }
}
