/** AREA: areas and lengths. */

import type { Template } from '../problem';
import { formulaTemplate, PRODUCT_LESS, PRODUCT_SHARED, START_AND_GROWTH, SUM_TIMES } from './formula';

const THINGS = ['floor', 'garden', 'roof'];

export const areas: readonly Template[] = [
  formulaTemplate({
    id: 'AREA-corner',
    family: 'AREA',
    shape: START_AND_GROWTH,
    symbols: { y: 'A', a: 'l', b: 'w', c: 'e' },
    unit: 'm2',
    phrasings: [
      'A {thing} of {a} m by {b} m gets a corner of {c} m2 more . What is its area ?',
      'To a {thing} of {a} m by {b} m we add a corner of {c} m2 . Find the area in all .',
      'With a corner of {c} m2 , how many m2 has a {thing} of {a} m by {b} m ?',
    ],
    nouns: { thing: THINGS },
  }),
  formulaTemplate({
    id: 'AREA-hole',
    family: 'AREA',
    shape: PRODUCT_LESS,
    symbols: { y: 'R', a: 'l', b: 'w', c: 'o' },
    unit: 'm2',
    phrasings: [
      'A {thing} of {a} m by {b} m has a hole of {c} m2 . What area remains ?',
      'From a {thing} of {a} m by {b} m we cut {c} m2 . Find the area that remains .',
      'How many m2 has a {thing} of {a} m by {b} m with a hole of {c} m2 ?',
    ],
    nouns: { thing: THINGS },
  }),
  formulaTemplate({
    id: 'AREA-walls',
    family: 'AREA',
    shape: SUM_TIMES,
    symbols: { y: 'W', a: 'l', b: 'w', c: 'h' },
    unit: 'm2',
    phrasings: [
      'Two walls of a {thing} , {a} m and {b} m long , are {c} m high . What is their area ?',
      'At a height of {c} m , find the area of walls of {a} m and {b} m around a {thing} .',
      'Walls of {a} m and {b} m along a {thing} are {c} m high . How many m2 are they ?',
    ],
    nouns: { thing: THINGS },
  }),
  formulaTemplate({
    id: 'AREA-beds',
    family: 'AREA',
    shape: PRODUCT_SHARED,
    symbols: { y: 'B', a: 'l', b: 'w', c: 'n' },
    unit: 'm2',
    phrasings: [
      'A {thing} of {a} m by {b} m is cut into {c} equal parts . What is the area of each ?',
      'We cut a {thing} of {a} m by {b} m into {c} equal parts . Find the area of one .',
      '{c} equal parts make a {thing} of {a} m by {b} m . How many m2 has each ?',
    ],
    nouns: { thing: THINGS },
  }),
];
