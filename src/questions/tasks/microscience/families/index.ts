/** All templates of microscience, by family. */

import { chemistry } from './chemistry';
import { circuits } from './circuits';
import { gases } from './gases';
import { heredity } from './heredity';
import { force, kinematics } from './kinematics';
import { materials } from './materials';
import type { Family, Template } from './problem';
import { units } from './units';

/** The templates of each family. */
export const FAMILIES: Readonly<Record<Family, readonly Template[]>> = {
  KIN: kinematics,
  OHM: circuits,
  CHEM: chemistry,
  GAS: gases,
  GEN: heredity,
  UNIT: units,
  PHYS: materials,
  FORCE: force,
};

/** The families of the training and test splits. */
export const MAIN_FAMILIES: readonly Family[] = ['KIN', 'OHM', 'CHEM', 'GAS', 'GEN', 'UNIT', 'PHYS'];

/**
 * The transfer family. It occurs in pretraining but in no training split, and shows whether what was learned carries
 * over.
 */
export const TRANSFER_FAMILIES: readonly Family[] = ['FORCE'];

export const ALL_FAMILIES: readonly Family[] = [...MAIN_FAMILIES, ...TRANSFER_FAMILIES];

export const TEMPLATES: readonly Template[] = ALL_FAMILIES.flatMap((family) => FAMILIES[family]);
