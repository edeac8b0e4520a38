/** CHEM: amounts in solutions. */

import type { Template } from '../problem';
import { formulaTemplate, PRODUCT_LESS, PRODUCT_SHARED, START_AND_GROWTH, START_AND_LOSS } from './formula';

const VESSELS = ['beaker', 'flask', 'tank'];

export const solutions: readonly Template[] = [
  formulaTemplate({
    id: 'CHEM-added',
    family: 'CHEM',
    shape: START_AND_GROWTH,
    symbols: { y: 'n', a: 'c', b: 'V', c: 'm' },
    unit: 'mol',
    phrasings: [
      'A {vessel} holds {b} L of {a} mol/L salt and {c} mol of salt is added . How many mol of salt are in it ?',
      'To {b} L of {a} mol/L salt in a {vessel} we add {c} mol of salt . Find the mol of salt in all .',
      'After {c} mol of salt is added to {b} L of {a} mol/L salt , how many mol of salt does the {vessel} hold ?',
    ],
    nouns: { vessel: VESSELS },
  }),
  formulaTemplate({
    id: 'CHEM-left',
    family: 'CHEM',
    shape: START_AND_LOSS,
    symbols: { y: 'x', a: 'b', b: 'V', c: 's' },
    unit: 'mol',
    phrasings: [
      'A {vessel} has {c} mol of acid . {b} L of {a} mol/L base use acid up . How many mol of acid are left ?',
      'We pour {b} L of {a} mol/L base into a {vessel} with {c} mol of acid . Find the mol of acid left .',
      'With {c} mol of acid in a {vessel} , how many mol remain after {b} L of {a} mol/L base ?',
    ],
    nouns: { vessel: VESSELS },
  }),
  formulaTemplate({
    id: 'CHEM-diluted',
    family: 'CHEM',
    shape: PRODUCT_SHARED,
    symbols: { y: 'k', a: 'c', b: 'V', c: 'W' },
    unit: 'mol/L',
    phrasings: [
      'A {vessel} holds {b} L of {a} mol/L salt . Water is added up to {c} L . What is the new strength ?',
      'We take {b} L of {a} mol/L salt to {c} L in a {vessel} . Find the new strength .',
      'In a {vessel} {b} L of {a} mol/L salt become {c} L . How many mol/L are that ?',
    ],
    nouns: { vessel: VESSELS },
  }),
  formulaTemplate({
    id: 'CHEM-net',
    family: 'CHEM',
    shape: PRODUCT_LESS,
    symbols: { y: 'g', a: 'n', b: 'M', c: 'h' },
    unit: 'g',
    phrasings: [
      'A {vessel} with {a} mol of salt of {b} g/mol has lost {c} g of it . How many g of salt are in it ?',
      'Of {a} mol of salt of {b} g/mol in a {vessel} , {c} g are spilled . Find the g of salt kept .',
      '{c} g are taken from {a} mol of salt of {b} g/mol in a {vessel} . How many g does it hold ?',
    ],
    nouns: { vessel: VESSELS },
  }),
];
