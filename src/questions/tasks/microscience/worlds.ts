/** The worlds by their names in the settings `world` and `data=microscience:NAME`. */

import { InputError } from '../../../base/records/errors';
import { classicWorld, STRATA, type Stratum, type World } from './families/world';
import { familyOf, SUITES } from './suites';
import { worldFromSeed } from './worldPrior';

/** How often the templates move on to the next stratum until each was in all four. */
export const ROTATIONS = 4;

/** What `data=microscience`, `microscience-transfer` or either with `:WORLD` names; undefined for other data. */
export function suiteData(
  data: string,
): { readonly suite: string; readonly transfer: boolean; readonly world: string } | undefined {
  const [, suite, world = 'strata'] = /^(microscience(?:-transfer)?)(?::(.+))?$/.exec(data) ?? [];
  return suite === undefined ? undefined : { suite, transfer: suite !== 'microscience', world };
}

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
    heldOutLaws: Object.keys(strata).filter((id) => strata[id] === 'absent'),
  };
}

/** The first rotation, in which an answer does not bring up a rule that is never used untold. */
export const unhelpedWorld = (): World => ({ ...strataWorld(), name: 'strata-unhelped', answerHelpUnused: 0 });

/**
 * The world of a name: `strata`, its rotations `strata-1` to `strata-3` and `strata-unhelped`, `0` for the classic world, another number for
 * a world drawn from the prior. Throws `InputError` for other names.
 */
export function worldNamed(name: string): World {
  const rotation = /^strata(?:-([123]))?$/.exec(name);
  if (rotation) return strataWorld(Number(rotation[1] ?? 0));
  if (name === 'strata-unhelped') return unhelpedWorld();
  if (name === '0') return classicWorld;
  if (/^\d+$/.test(name)) return worldFromSeed(Number(name));
  throw new InputError(
    `There is no world ${name}; use strata, strata-1 to strata-3, strata-unhelped, 0, or a seed such as 7.`,
  );
}
