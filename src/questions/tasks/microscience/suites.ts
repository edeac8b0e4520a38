/**
 * The suites of templates: `strata` has formulas only, made for rules of known probability; `reach` has the same ones and
 * asks for absent rules in training too; `classic` is the older one.
 */

import type { Random } from '../../../engine/tensors/random';
import { chemistry } from './families/classic/chemistry';
import { circuits as classicCircuits } from './families/classic/circuits';
import { gases as classicGases } from './families/classic/gases';
import { heredity } from './families/classic/heredity';
import { force, kinematics } from './families/classic/kinematics';
import { MATERIALS, materials } from './families/classic/materials';
import { units } from './families/classic/units';
import { drawShare, type Family, type Template } from './families/problem';
import { areas } from './families/strata/areas';
import { circuits } from './families/strata/circuits';
import { forces } from './families/strata/forces';
import { gases } from './families/strata/gases';
import { heat } from './families/strata/heat';
import { motion } from './families/strata/motion';
import { solutions } from './families/strata/solutions';
import type { World } from './families/world';

/** The templates of each family, the families of the training and test splits first. */
export interface Suite {
  readonly families: ReadonlyMap<Family, readonly Template[]>;
  /** The families of the training and test splits. */
  readonly main: readonly Family[];
  /**
   * The families to evaluate transfer on: in `classic` to see whether what was learned carries over, otherwise for rules
   * that are nowhere in the corpus. No training split has them, except in `reach`.
   */
  readonly transfer: readonly Family[];
  /** Longest sequence, prompt and completion together. */
  readonly positions: number;
  /** A family's questions take its templates in turn, as many of each; otherwise templates are drawn by weight. */
  readonly inTurn: boolean;
  /** Texts with the words that occur in drills alone. */
  readonly drilled: readonly string[];
}

function suite(
  main: Readonly<Partial<Record<Family, readonly Template[]>>>,
  transfer: readonly Template[],
  facts: Pick<Suite, 'positions' | 'inTurn' | 'drilled'>,
): Suite {
  const entries = [...Object.entries(main), ['FORCE', transfer]] as [Family, readonly Template[]][];
  return { families: new Map(entries), main: Object.keys(main) as Family[], transfer: ['FORCE'], ...facts };
}

const FORMULAS = { MOVE: motion, VOLT: circuits, CHEM: solutions, GAS: gases, HEAT: heat, AREA: areas } as const;
const FORMULA_FACTS = { positions: 288, inTurn: true, drilled: [] } as const;

export const SUITES: Readonly<Record<World['suite'], Suite>> = {
  classic: suite(
    {
      KIN: kinematics,
      OHM: classicCircuits,
      CHEM: chemistry,
      GAS: classicGases,
      GEN: heredity,
      UNIT: units,
      PHYS: materials,
    },
    force,
    {
      positions: 256,
      inTurn: false,
      drilled: Object.entries(MATERIALS).map(([material, properties]) => [material, ...properties].join(' ')),
    },
  ),
  strata: suite(FORMULAS, forces, FORMULA_FACTS),
  reach: suite({ ...FORMULAS, FORCE: forces }, forces, FORMULA_FACTS),
};

export const suiteOf = ({ suite: name }: World): Suite => SUITES[name];

/** All families of a suite, the transfer families last. */
export const familiesOf = ({ families }: Suite): Family[] => [...families.keys()];

export const templatesOf = ({ families }: Suite): Template[] => [...families.values()].flat();

/** The templates of one family. Throws for a family that the suite lacks. */
export function familyOf({ families }: Suite, family: Family): readonly Template[] {
  const templates = families.get(family);
  if (!templates) throw new RangeError(`the suite has no family ${family}`);
  return templates;
}

/** A template, drawn by weight. */
export function drawTemplate(templates: readonly Template[], random: Random): Template {
  const shares = Object.fromEntries(templates.map(({ id, weight }) => [id, weight]));
  const id = drawShare(shares, random);
  return templates.find((template) => template.id === id) as Template;
}
