/** UNIT: a sum of two amounts in different units (mistake: a wrong factor; slip: adding without converting). */

import { defineTemplate, type Template } from '../problem';

/** Large unit, small unit, and how many small ones are in a large one; the true factor comes first. */
const PAIRS: readonly (readonly [string, string, readonly number[]])[] = [
  ['min', 's', [60, 100, 10]],
  ['h', 'min', [60, 100, 24]],
  ['m', 'cm', [100, 10, 1000]],
  ['kg', 'g', [1000, 100, 10]],
  ['L', 'mL', [1000, 100, 10]],
  ['weeks', 'days', [7, 10, 5]],
];

const total = defineTemplate({
  id: 'UNIT-total',
  family: 'UNIT',
  weight: 1,
  ranges: { pair: [0, PAIRS.length - 1], a: [2, 9], b: [3, 65] },
  phrasings: [
    'One {thing} is {a} {large} and another is {b} {small} . What is the total in {small} ?',
    'Add a {thing} of {a} {large} and a {thing} of {b} {small} . Find the total in {small} .',
    'A {thing} of {a} {large} is followed by one of {b} {small} . How many {small} is that in all ?',
  ],
  nouns: { thing: ['part', 'sample', 'test'] },
  errorRates: { law: 0.28, slip: 0.32 },
  facts: ({ pair, a, b }) => {
    const [large, small, factors] = PAIRS[pair] as (typeof PAIRS)[number];
    return {
      words: { large, small },
      given: `${a} ${large} , ${b} ${small}`,
      unit: small,
      laws: factors.map((factor) => {
        const sentence = `1 ${large} is ${factor} ${small} .`;
        const converted = a * factor;
        const step = `${a} * ${factor} = ${converted} .`;
        return {
          sentence,
          step,
          solve: (slipped) =>
            slipped
              ? { text: `Just add . ${a} + ${b} = ${a + b} .`, answer: a + b }
              : { text: `${sentence} ${step} ${converted} + ${b} = ${converted + b} .`, answer: converted + b },
        };
      }),
    };
  },
});

export const units: readonly Template[] = [total];
