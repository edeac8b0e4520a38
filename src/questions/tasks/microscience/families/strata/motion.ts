/** MOVE: speeds and distances. */

import type { Template } from '../problem';
import { formulaTemplate, PRODUCT_SHARED, START_AND_GROWTH, START_AND_LOSS, SUM_TIMES } from './formula';

const VEHICLES = ['bike', 'boat', 'bus', 'car', 'train'];

export const motion: readonly Template[] = [
  formulaTemplate({
    id: 'MOVE-speed',
    family: 'MOVE',
    shape: START_AND_GROWTH,
    symbols: { y: 'v', a: 'a', b: 't', c: 'u' },
    unit: 'm/s',
    phrasings: [
      'A {who} moves at {c} m/s and gains {a} m/s each second for {b} s . What is its final speed ?',
      'The speed of a {who} is {c} m/s . It grows by {a} m/s each second . How fast is it after {b} s ?',
      'For {b} s a {who} gains {a} m/s each second . It had {c} m/s at first . Find its final speed .',
    ],
    nouns: { who: VEHICLES },
  }),
  formulaTemplate({
    id: 'MOVE-braking',
    family: 'MOVE',
    shape: START_AND_LOSS,
    symbols: { y: 'w', a: 'k', b: 't', c: 'u' },
    unit: 'm/s',
    phrasings: [
      'A {who} moves at {c} m/s and brakes by {a} m/s each second for {b} s . How fast is it then ?',
      'For {b} s a {who} brakes by {a} m/s each second . It had {c} m/s at first . Find its speed .',
      'Braking by {a} m/s each second , what speed has a {who} of {c} m/s after {b} s ?',
    ],
    nouns: { who: VEHICLES },
  }),
  formulaTemplate({
    id: 'MOVE-apart',
    family: 'MOVE',
    shape: SUM_TIMES,
    symbols: { y: 'd', a: 'v', b: 'w', c: 't' },
    unit: 'm',
    phrasings: [
      'A {who} goes east at {a} m/s and another west at {b} m/s . How far apart are they after {c} s ?',
      'From one place a {who} leaves at {a} m/s and another the other way at {b} m/s . Find how far apart they are after {c} s .',
      'For {c} s a {who} of {a} m/s and one of {b} m/s move away from each other . How far apart do they get ?',
    ],
    nouns: { who: VEHICLES },
  }),
  formulaTemplate({
    id: 'MOVE-pace',
    family: 'MOVE',
    shape: PRODUCT_SHARED,
    symbols: { y: 'p', a: 'v', b: 't', c: 'n' },
    unit: 'm',
    phrasings: [
      'A {who} goes {a} m/s for {b} s in {c} equal laps . How long is a lap ?',
      'In {b} s at {a} m/s a {who} makes {c} equal laps . Find the length of a lap .',
      '{c} equal laps take a {who} of {a} m/s {b} s . How many m has each lap ?',
    ],
    nouns: { who: VEHICLES },
  }),
];
