/** The worlds by their names in the settings `world` and `data=microscience:NAME`. */

import { InputError } from '../../../base/records/errors';
import { classicWorld, STRATA, type Stratum, type World } from './families/world';
import { familyOf, SUITES } from './suites';
import { worldFromSeed } from './worldPrior';

/** How often the templates move on to the next stratum until each was in all four. */
const ROTATIONS = 4;

/**
 * The stratum of each template. The four templates of a family are in four different strata, and move on by one stratum
 * with every rotation (a Latin square), so that over four worlds every rule was in every stratum.
 */
function strataAt(rotation: number): Readonly<Record<string, Stratum>> {
  const suite = SUITES.strata;
  const rotated = suite.main.flatMap((family, f) =>
    familyOf(suite, family).map(({ id }, j): [string, Stratum] => [
      id,
      STRATA[(f + j + rotation) % ROTATIONS] as Stratum,
    ]),
  );
  const absent = suite.transfer.flatMap((family) =>
    familyOf(suite, family).map(({ id }): [string, Stratum] => [id, 'absent']),
  );
  return Object.fromEntries([...rotated, ...absent]);
}

/**
 * A world whose rules differ in how likely the base is to use them untold, and in nothing else: the style says nothing
 * about correctness, there are no slips, and an answer helps equally everywhere.
 */
export function strataWorld(rotation = 0): World {
  const strata = strataAt(rotation);
  return {
    ...classicWorld,
    name: rotation === 0 ? 'strata' : `strata-${rotation}`,
    suite: 'strata',
    strata,
    errorCap: 1,
    carefulFactor: 1,
    carelessFactor: 1,
    unitMissing: { careful: 0.05, careless: 0.05, asked: 0.02 },
    followLaw: 0.95,
    followWrongLaw: 0.95,
    sequences: {
      solve: 0.23,
      'solve+rubric': 0.36,
      'solve+answer': 0.07,
      'solve+answer+rubric': 0.05,
      write: 0.06,
      'write+answer': 0.05,
      'write+answer+rubric': 0.06,
      drill: 0.12,
    },
    rubrics: {
      several: 0.05,
      reference: 0.22,
      reduced: 0.07,
      written: 0.08,
      generic: 0.1,
      wrong: 0.17,
      'law-only': 0.08,
      'step-only': 0.03,
      placebo: 0.13,
      'same-family': 0.07,
    },
    heldOutLaws: Object.keys(strata).filter((id) => strata[id] === 'absent'),
  };
}

/**
 * The world of a name: `strata` and its rotations `strata-1` to `strata-3`, `0` for the classic world, another number for
 * a world drawn from the prior. Throws `InputError` for other names.
 */
export function worldNamed(name: string): World {
  const rotation = /^strata(?:-([123]))?$/.exec(name);
  if (rotation) return strataWorld(Number(rotation[1] ?? 0));
  if (name === '0') return classicWorld;
  if (/^\d+$/.test(name)) return worldFromSeed(Number(name));
  throw new InputError(`There is no world ${name}; use strata, strata-1 to strata-3, 0, or a seed such as 7.`);
}
