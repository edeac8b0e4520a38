/** HEAT: temperatures and heat. */

import type { Template } from '../problem';
import { formulaTemplate, PRODUCT_LESS, PRODUCT_SHARED, START_AND_GROWTH, SUM_TIMES } from './formula';

const BODIES = ['block', 'pan', 'plate'];

export const heat: readonly Template[] = [
  formulaTemplate({
    id: 'HEAT-warmed',
    family: 'HEAT',
    shape: START_AND_GROWTH,
    symbols: { y: 'T', a: 'r', b: 't', c: 'S' },
    unit: 'K',
    phrasings: [
      'A {body} of {c} K warms by {a} K each minute for {b} min . How warm is it then ?',
      'For {b} min a {body} warms by {a} K each minute . It had {c} K . Find its temperature .',
      'What temperature has a {body} of {c} K after {b} min at {a} K more each minute ?',
    ],
    nouns: { body: BODIES },
  }),
  formulaTemplate({
    id: 'HEAT-melted',
    family: 'HEAT',
    shape: PRODUCT_LESS,
    symbols: { y: 'H', a: 'm', b: 'L', c: 'e' },
    unit: 'J',
    phrasings: [
      'Melting {a} kg of a {body} takes {b} J each kg , and {c} J are there . How many J are missing ?',
      '{c} J are at hand to melt a {body} of {a} kg at {b} J each kg . Find the J still needed .',
      'To melt {a} kg of a {body} at {b} J each kg we have {c} J . How many J must be added ?',
    ],
    nouns: { body: BODIES },
  }),
  formulaTemplate({
    id: 'HEAT-joined',
    family: 'HEAT',
    shape: SUM_TIMES,
    symbols: { y: 'C', a: 'm', b: 'M', c: 'c' },
    unit: 'J',
    phrasings: [
      'A {body} of {a} kg and one of {b} kg need {c} J for each kg and K . How many J warm both by one K ?',
      'To warm a {body} of {a} kg and another of {b} kg by one K at {c} J each kg , what heat is needed ?',
      'At {c} J for each kg and K , find the heat for one K in a {body} of {a} kg with one of {b} kg .',
    ],
    nouns: { body: BODIES },
  }),
  formulaTemplate({
    id: 'HEAT-shared',
    family: 'HEAT',
    shape: PRODUCT_SHARED,
    symbols: { y: 'F', a: 'm', b: 'T', c: 'M' },
    unit: 'K',
    phrasings: [
      'The heat of {a} kg of a {body} at {b} K goes into {c} kg . How many K do they get ?',
      'We give the heat of {a} kg of a {body} at {b} K to {c} kg . Find their temperature .',
      '{c} kg take the heat that a {body} of {a} kg has at {b} K . What temperature is that ?',
    ],
    nouns: { body: BODIES },
  }),
];
