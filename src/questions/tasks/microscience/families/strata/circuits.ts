/** VOLT: currents, voltages and charges. */

import type { Template } from '../problem';
import { formulaTemplate, PRODUCT_SHARED, START_AND_GROWTH, START_AND_LOSS, SUM_TIMES } from './formula';

const DEVICES = ['heater', 'lamp', 'motor'];

export const circuits: readonly Template[] = [
  formulaTemplate({
    id: 'VOLT-series',
    family: 'VOLT',
    shape: SUM_TIMES,
    symbols: { y: 'V', a: 'R', b: 'S', c: 'I' },
    unit: 'V',
    phrasings: [
      'Resistors of {a} ohm and {b} ohm are in series with a {device} of no resistance at {c} A . What is the voltage ?',
      'A current of {c} A flows through {a} ohm and {b} ohm in a {device} , in series . Find the voltage .',
      'A {device} has {a} ohm and {b} ohm in series . At {c} A , what is the voltage across it ?',
    ],
    nouns: { device: DEVICES },
  }),
  formulaTemplate({
    id: 'VOLT-charge',
    family: 'VOLT',
    shape: START_AND_GROWTH,
    symbols: { y: 'Q', a: 'I', b: 't', c: 'q' },
    unit: 'C',
    phrasings: [
      'A {device} cell holds {c} C and is charged with {a} A for {b} s . How many C does it hold then ?',
      'For {b} s a current of {a} A charges the cell of a {device} , which had {c} C . Find its charge .',
      'The cell of a {device} has {c} C . What charge has it after {b} s at {a} A ?',
    ],
    nouns: { device: DEVICES },
  }),
  formulaTemplate({
    id: 'VOLT-drop',
    family: 'VOLT',
    shape: START_AND_LOSS,
    symbols: { y: 'U', a: 'I', b: 'r', c: 'E' },
    unit: 'V',
    phrasings: [
      'A battery of {c} V has {b} ohm inside and drives a {device} at {a} A . What voltage is left for it ?',
      'At {a} A a {device} runs on {c} V from a battery with {b} ohm inside . Find the voltage it gets .',
      'A {device} draws {a} A from a battery of {c} V with {b} ohm inside . How many V reach it ?',
    ],
    nouns: { device: DEVICES },
  }),
  formulaTemplate({
    id: 'VOLT-share',
    family: 'VOLT',
    shape: PRODUCT_SHARED,
    symbols: { y: 'J', a: 'I', b: 't', c: 'n' },
    unit: 'C',
    phrasings: [
      'A current of {a} A flows for {b} s into {c} equal plates of a {device} . What charge has each ?',
      'In {b} s at {a} A a {device} charges {c} equal plates . Find the charge of one .',
      '{c} equal plates in a {device} share what {a} A bring in {b} s . How many C has each plate ?',
    ],
    nouns: { device: DEVICES },
  }),
];
