/** GEN: Mendel's boxes (mistake: a wrong share of the four boxes). */

import { defineTemplate, type Template } from '../problem';

const LETTERS = ['A', 'B', 'D', 'R', 'T'];

/**
 * Whether the second parent is a carrier or recessive; who is counted; the number of boxes (of four) in each law, the
 * true one first.
 */
const CASES: readonly {
  readonly carrier: boolean;
  readonly trait: 'short' | 'tall' | 'carriers';
  readonly shares: readonly number[];
}[] = [
  { carrier: true, trait: 'short', shares: [1, 2, 3] },
  { carrier: true, trait: 'tall', shares: [3, 2, 1] },
  { carrier: true, trait: 'carriers', shares: [2, 1, 3] },
  { carrier: false, trait: 'short', shares: [2, 1, 3] },
  { carrier: false, trait: 'carriers', shares: [2, 3, 1] },
];

const cross = defineTemplate({
  id: 'GEN-cross',
  family: 'GEN',
  weight: 1,
  ranges: { letter: [0, LETTERS.length - 1], kind: [0, CASES.length - 1], m: [2, 30] },
  phrasings: [
    'Two {plant} plants {first} and {second} are crossed . Of {n} seeds , how many should be {trait} ?',
    'A cross of {first} and {second} {plant} plants gives {n} seeds . How many of them should be {trait} ?',
    'From {first} x {second} we get {n} {plant} seeds . Find how many should be {trait} .',
  ],
  nouns: { plant: ['bean', 'corn', 'pea', 'rice'] },
  errorRates: { law: 0.58, slip: 0 },
  facts: ({ letter, kind, m }) => {
    const { carrier, trait, shares } = CASES[kind] as (typeof CASES)[number];
    const upper = LETTERS[letter] as string;
    const lower = upper.toLowerCase();
    const [pure, mixed, recessive] = [upper + upper, upper + lower, lower + lower];
    const [second, boxes] = carrier
      ? [mixed, `${pure} ${mixed} ${mixed} ${recessive}`]
      : [recessive, `${mixed} ${mixed} ${recessive} ${recessive}`];
    const group = { short: recessive, tall: 'tall', carriers: mixed }[trait];
    const step = `${4 * m} / 4 = ${m} .`;
    return {
      words: { first: mixed, second, trait, n: String(4 * m) },
      given: `${mixed} x ${second} , ${4 * m} seeds`,
      unit: 'seeds',
      laws: shares.map((share) => {
        const sentence = `So ${share} of 4 are ${group} .`;
        const times = share > 1 ? ` ${m} * ${share} = ${m * share} .` : '';
        return {
          sentence,
          step,
          solve: () => ({ text: `The boxes are ${boxes} . ${sentence} ${step}${times}`, answer: m * share }),
        };
      }),
    };
  },
});

export const heredity: readonly Template[] = [cross];
