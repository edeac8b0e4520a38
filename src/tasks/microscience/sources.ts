/** Rubrics made by rule for one question: the reference, its weakened forms, and the controls. */

import { InputError } from '../../records/errors';
import type { Random } from '../../tensors/random';
import { type Draft, draft, GENERIC } from './criteria';
import type { Facts } from './problem';

/** Rule-made rubric sources. */
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
  'law-only',
  'step-only',
] as const;

export type MicroscienceRubricSource = (typeof RUBRIC_SOURCES)[number];

const EXTRAS = ['unit', 'given', 'pitfall'] as const;
const FULL = ['law', 'step', ...EXTRAS] as const;
const EXTRA_SHARE = 0.7;
const PLACEBO_DRAWS = 12;
/** Blind draws from a pool before it is searched. */
const POOL_DRAWS = 20;

/** Law and key step, and each of unit, given values and pitfall with chance .7. */
export function referenceDrafts(facts: Facts, random: Random): Draft[] {
  const extras = EXTRAS.filter(() => random.next() < EXTRA_SHARE);
  return [draft(facts, 'law'), draft(facts, 'step'), ...extras.map((kind) => draft(facts, kind))];
}

/** The reference with the wrong law in the law's place; of the rest no pitfall, which would contradict it. */
function wrongDrafts(facts: Facts, random: Random): Draft[] {
  const rest = (['step', 'unit', 'given'] as const).filter(() => random.next() < EXTRA_SHARE);
  return [draft(facts, 'wrong law'), ...rest.map((kind) => draft(facts, kind))];
}

const wordCount = (drafts: readonly Draft[]) => drafts.reduce((sum, { text }) => sum + 8 + text.split(' ').length, 0);

/** A reference rubric of another family, of about the same length: the nearest of several draws. */
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

/** Draws the facts of another question. */
export type OtherFacts = (which: 'any' | 'foreign' | 'same-family') => Facts;

/** Draws other questions from a pool. Throws `InputError` when it holds none that fits. */
export function fromPool(facts: Facts, pool: readonly Facts[], random: Random): OtherFacts {
  return (which) => {
    const fits = ({ family, key }: Facts) =>
      key !== facts.key && (which === 'any' || (family === facts.family) === (which === 'same-family'));
    for (let draw = 0; draw < POOL_DRAWS && pool.length > 0; draw++) {
      const drawn = random.pick(pool);
      if (fits(drawn)) return drawn;
    }
    const fitting = pool.filter(fits);
    if (fitting.length === 0) throw new InputError(`The pool holds no ${which} question for ${facts.key}; load more.`);
    return random.pick(fitting);
  };
}

/** The drafts of a rubric from one source. */
export function rubricDrafts(
  facts: Facts,
  source: MicroscienceRubricSource,
  { random, other }: { readonly random: Random; readonly other: OtherFacts },
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
    case 'law-only':
      return [draft(facts, 'law')];
    case 'step-only':
      return [draft(facts, 'step')];
  }
}
