/** FORCE: two templates whose right rule the corpus never shows. */

import type { Template } from '../problem';
import { formulaTemplate, START_AND_GROWTH, START_AND_LOSS } from './formula';

const LOADS = ['boat', 'box', 'cart', 'sled'];

export const forces: readonly Template[] = [
  formulaTemplate({
    id: 'FORCE-push',
    family: 'FORCE',
    shape: START_AND_GROWTH,
    symbols: { y: 'F', a: 'm', b: 'a', c: 'f' },
    unit: 'N',
    phrasings: [
      'A {who} of {a} kg gains {b} m/s each second against a friction of {c} N . What push is needed ?',
      'Friction on a {who} of {a} kg is {c} N . What push makes it gain {b} m/s each second ?',
      'To speed up a {who} of {a} kg by {b} m/s each second against {c} N of friction , what push is needed ?',
    ],
    nouns: { who: LOADS },
  }),
  formulaTemplate({
    id: 'FORCE-ropes',
    family: 'FORCE',
    shape: START_AND_LOSS,
    symbols: { y: 'D', a: 'n', b: 'p', c: 'G' },
    unit: 'N',
    phrasings: [
      'A {who} weighs {c} N and {a} ropes pull it up with {b} N each . How hard does it press on the ground ?',
      'With {b} N each , {a} ropes lift a {who} of {c} N . Find how hard it still presses on the ground .',
      '{a} ropes of {b} N each pull up a {who} of {c} N . What force is left on the ground ?',
    ],
    nouns: { who: LOADS },
  }),
];
