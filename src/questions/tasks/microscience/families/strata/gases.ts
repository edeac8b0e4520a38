/** GAS: pressures, volumes and amounts of gases. */

import type { Template } from '../problem';
import { formulaTemplate, PRODUCT_SHARED, START_AND_GROWTH, START_AND_LOSS, SUM_TIMES } from './formula';

const GASES = ['air', 'helium', 'neon'];

export const gases: readonly Template[] = [
  formulaTemplate({
    id: 'GAS-pressed',
    family: 'GAS',
    shape: PRODUCT_SHARED,
    symbols: { y: 'W', a: 'P', b: 'V', c: 'Q' },
    unit: 'L',
    phrasings: [
      'Some {gas} fills {b} L at {a} atm . At constant temperature it is pressed to {c} atm . What is its volume ?',
      'At constant temperature {b} L of {gas} goes from {a} atm to {c} atm . Find the new volume .',
      'A tank holds {b} L of {gas} at {a} atm . How many L does it fill at {c} atm ?',
    ],
    nouns: { gas: GASES },
  }),
  formulaTemplate({
    id: 'GAS-depth',
    family: 'GAS',
    shape: START_AND_GROWTH,
    symbols: { y: 'P', a: 'k', b: 'h', c: 'A' },
    unit: 'atm',
    phrasings: [
      'Under {gas} at {c} atm lies a sea whose pressure grows by {a} atm each km . What is the pressure {b} km down ?',
      'The pressure of {gas} over a sea is {c} atm and grows by {a} atm each km . Find it {b} km down .',
      'At {b} km down , {a} atm more each km , what is the pressure under {gas} of {c} atm ?',
    ],
    nouns: { gas: GASES },
  }),
  formulaTemplate({
    id: 'GAS-leak',
    family: 'GAS',
    shape: START_AND_LOSS,
    symbols: { y: 'N', a: 'k', b: 't', c: 'B' },
    unit: 'mol',
    phrasings: [
      'A tank with {c} mol of {gas} leaks {a} mol each hour for {b} h . How many mol are left ?',
      'For {b} h a tank leaks {a} mol of {gas} each hour . It had {c} mol . Find the mol left .',
      'From {c} mol of {gas} , {a} mol leak each hour . How many mol remain after {b} h ?',
    ],
    nouns: { gas: GASES },
  }),
  formulaTemplate({
    id: 'GAS-balloons',
    family: 'GAS',
    shape: SUM_TIMES,
    symbols: { y: 'Z', a: 'V', b: 'U', c: 'N' },
    unit: 'L',
    phrasings: [
      'Each of {c} balloons takes {a} L of {gas} and {b} L of oxygen . How many L are that ?',
      'With {a} L of {gas} and {b} L of oxygen in each , what do {c} balloons hold ?',
      '{c} balloons get {a} L of {gas} and {b} L of oxygen each . Find the L in all .',
    ],
    nouns: { gas: GASES },
  }),
];
