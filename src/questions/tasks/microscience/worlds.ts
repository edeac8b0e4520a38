/** The worlds by their names in the settings `world` and `data=microscience:NAME`. */

import { InputError } from '../../../base/records/errors';
import { classicWorld, type Stratum, type World } from './families/world';
import { familyOf, SUITES } from './suites';
import { worldFromSeed } from './worldPrior';

/** What `data=microscience`, `microscience-transfer` or either with `:WORLD` names; undefined for other data. */
export function suiteData(
  data: string,
): { readonly suite: string; readonly transfer: boolean; readonly world: string } | undefined {
  const [, suite, world = 'strata'] = /^(microscience(?:-transfer)?)(?::(.+))?$/.exec(data) ?? [];
  return suite === undefined ? undefined : { suite, transfer: suite !== 'microscience', world };
}

/** A family of worlds that differ in which template is in which stratum. */
interface Design {
  readonly name: 'strata' | 'reach';
  /** How likely the untold corpus uses the true rule, by stratum. */
  readonly untold: Readonly<Record<string, number>>;
  /** How many strata lie between a template and the next one of its family. */
  readonly stride: number;
  /** What is otherwise than in the first family. */
  readonly rates: Partial<World>;
}

const STRATA: Design = {
  name: 'strata',
  untold: { modal: 0.75, minority: 0.25, gated: 0, silent: 0 },
  stride: 1,
  rates: {},
};

/** Chances of a true rule untold (p0), from never to mostly. */
export const LEVELS = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6] as const;

/**
 * Strata that are named by their p0. More of the corpus than elsewhere is solved untold, so that a chance of .001 is drawn
 * some times for every rule. A pitfall does not bring up a rule, since that would depend on p0. Rubrics may also name a
 * rule by a code or by halves, and show another's code or one half, which say nothing.
 */
const REACH: Design = {
  name: 'reach',
  untold: Object.fromEntries(LEVELS.map((p0) => [String(p0), p0])),
  stride: 2,
  rates: {
    suite: 'reach',
    followPitfall: 0,
    sequences: {
      solve: 0.4,
      'solve+rubric': 0.38,
      'solve+answer': 0.04,
      'solve+answer+rubric': 0.02,
      write: 0.05,
      'write+answer': 0.02,
      'write+answer+rubric': 0.03,
      drill: 0.06,
    },
    rubrics: {
      several: 0.03,
      reference: 0.18,
      reduced: 0.04,
      written: 0.04,
      generic: 0.07,
      wrong: 0.1,
      'law-only': 0.05,
      'step-only': 0.02,
      placebo: 0.26,
      'same-family': 0.07,
      coded: 0.06,
      'coded-placebo': 0.03,
      split: 0.03,
      half: 0.02,
    },
  },
};

/** How often the templates of a design move on to the next stratum until each was in all of them. */
const rotationsOf = ({ untold }: Design): number => Object.keys(untold).length;

/**
 * The stratum of each template. The templates of a family are in different strata, and move on by one stratum with every
 * rotation, so that over as many worlds as there are strata every rule was in every one (a Latin square).
 */
function placed({ untold, stride }: Design, rotation: number): Readonly<Record<string, Stratum>> {
  const { main, transfer } = SUITES.strata;
  const names = Object.keys(untold);
  const rotated = main.flatMap((family, f) =>
    familyOf(SUITES.strata, family).map(({ id }, j): [string, Stratum] => [
      id,
      names[(f + stride * j + rotation) % names.length] as Stratum,
    ]),
  );
  const absent = transfer.flatMap((family) =>
    familyOf(SUITES.strata, family).map(({ id }): [string, Stratum] => [id, 'absent']),
  );
  return Object.fromEntries([...rotated, ...absent]);
}

/**
 * A world whose rules differ in how likely the base is to use them untold, and in nothing else: the style says nothing
 * about correctness, there are no slips, and an answer helps equally everywhere. After the last rotation the first one
 * comes again.
 */
function designed(design: Design, rotations: number): World {
  const rotation = rotations % rotationsOf(design);
  const strata = placed(design, rotation);
  const mistaken = Object.entries(design.untold).map(([name, chance]) => [name, 1 - chance]);
  return {
    ...classicWorld,
    name: rotation === 0 ? design.name : `${design.name}-${rotation}`,
    suite: 'strata',
    strata,
    errorCap: 1,
    carefulFactor: 1,
    carelessFactor: 1,
    unitMissing: { careful: 0.05, careless: 0.05, asked: 0.02 },
    followLaw: 0.95,
    followWrongLaw: 0.95,
    sequences: {
      solve: 0.32,
      'solve+rubric': 0.38,
      'solve+answer': 0.06,
      'solve+answer+rubric': 0.03,
      write: 0.05,
      'write+answer': 0.03,
      'write+answer+rubric': 0.05,
      drill: 0.08,
    },
    rubrics: {
      several: 0.05,
      reference: 0.18,
      reduced: 0.05,
      written: 0.07,
      generic: 0.08,
      wrong: 0.12,
      'law-only': 0.05,
      'step-only': 0.02,
      placebo: 0.3,
      'same-family': 0.08,
    },
    wrongLaw: Object.fromEntries([...mistaken, ['absent', 1]]),
    heldOutLaws: Object.keys(strata).filter((id) => strata[id] === 'absent'),
    ...design.rates,
  };
}

/** Rules in four strata: `modal`, the likeliest one; `minority`, used now and then; `gated`, never used in solving; `silent`. */
export const strataWorld = (rotation = 0): World => designed(STRATA, rotation);

/** Rules at eight levels of p0. */
export const reachWorld = (rotation = 0): World => designed(REACH, rotation);

/** The first rotation, in which an answer does not bring up a rule that is never used untold. */
export const unhelpedWorld = (): World => ({ ...strataWorld(), name: 'strata-unhelped', answerHelpUnused: 0 });

/**
 * The world of a name: `strata` or `reach`, their rotations such as `strata-3`, `strata-unhelped`, `0` for the classic
 * world, another number for a world drawn from the prior. Throws `InputError` for other names.
 */
export function worldNamed(name: string): World {
  const [, family, digits] = /^(strata|reach)(?:-([1-9]\d*))?$/.exec(name) ?? [];
  const design = [STRATA, REACH].find((each) => each.name === family);
  if (design && Number(digits ?? 0) < rotationsOf(design)) return designed(design, Number(digits ?? 0));
  if (name === 'strata-unhelped') return unhelpedWorld();
  if (name === '0') return classicWorld;
  if (/^\d+$/.test(name)) return worldFromSeed(Number(name));
  throw new InputError(
    `There is no world ${name}; use strata, strata-1 to strata-3, strata-unhelped, reach, reach-1 to reach-7, 0, or a seed such as 7.`,
  );
}
