/**
 * PHYS: which of two materials suits a goal (mistake: the opposite property). The solution names the material's letter.
 */

import { defineTemplate, type Law, type Template } from '../problem';

/** The properties of each material. */
export const MATERIALS: Readonly<Record<string, readonly string[]>> = {
  brick: ['hard', 'heavy', 'opaque'],
  copper: ['conducting', 'heavy', 'opaque'],
  cork: ['insulating', 'light', 'opaque'],
  diamond: ['clear', 'hard'],
  foam: ['insulating', 'light', 'opaque', 'soft'],
  glass: ['clear', 'hard', 'heavy', 'insulating', 'waterproof'],
  gold: ['conducting', 'heavy', 'opaque', 'soft'],
  iron: ['conducting', 'hard', 'heavy', 'opaque'],
  paper: ['absorbent', 'light'],
  plastic: ['light', 'waterproof'],
  rubber: ['insulating', 'opaque', 'soft', 'waterproof'],
  sponge: ['absorbent', 'light', 'soft'],
  steel: ['conducting', 'hard', 'heavy', 'opaque'],
  wood: ['insulating', 'light', 'opaque'],
  wool: ['absorbent', 'insulating', 'opaque', 'soft'],
};

const NAMES = Object.keys(MATERIALS);

const OPPOSITES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['insulating', 'conducting'],
    ['light', 'heavy'],
    ['clear', 'opaque'],
    ['hard', 'soft'],
    ['absorbent', 'waterproof'],
  ].flatMap(([a, b]) => [
    [a, b],
    [b, a],
  ]),
);

const GOALS: readonly (readonly [string, string])[] = [
  ['keep soup warm', 'insulating'],
  ['hold a hot pan', 'insulating'],
  ['carry a current', 'conducting'],
  ['spread heat fast', 'conducting'],
  ['float on water', 'light'],
  ['anchor a boat', 'heavy'],
  ['let light in', 'clear'],
  ['block light', 'opaque'],
  ['scratch a coin', 'hard'],
  ['cushion a fall', 'soft'],
  ['soak up water', 'absorbent'],
  ['keep rain out', 'waterproof'],
];

const is = (material: number, property: string) => MATERIALS[NAMES[material] as string]?.includes(property) ?? false;

const choice = defineTemplate({
  id: 'PHYS-choice',
  family: 'PHYS',
  weight: 1,
  ranges: { goal: [0, GOALS.length - 1], a: [0, NAMES.length - 1], b: [0, NAMES.length - 1] },
  valid: ({ goal, a, b }) => {
    const [, property] = GOALS[goal] as (typeof GOALS)[number];
    const opposite = OPPOSITES[property] as string;
    return (is(a, property) && is(b, opposite)) || (is(b, property) && is(a, opposite));
  },
  phrasings: [
    'To {goal} , which {thing} is better , A : {first} or B : {second} ?',
    'You want to {goal} . Which {thing} do you pick , A : {first} or B : {second} ?',
    'A : {first} . B : {second} . Which {thing} is best to {goal} ?',
  ],
  nouns: { thing: ['block', 'part', 'sheet'] },
  errorRates: { law: 0.42, slip: 0 },
  facts: ({ goal, a, b }) => {
    const [aim, property] = GOALS[goal] as (typeof GOALS)[number];
    const [first, second] = [NAMES[a] as string, NAMES[b] as string];
    const law = (needed: string): Law => {
      const [material, answer] = is(a, needed) ? [first, 'A'] : [second, 'B'];
      const sentence = `We need something ${needed} .`;
      const step = `${material} is ${needed} .`;
      return { sentence, step, solve: () => ({ text: `${sentence} ${step} ${material} is ${answer} .`, answer }) };
    };
    return {
      words: { goal: aim, first, second },
      given: `A : ${first} , B : ${second}`,
      unit: '',
      laws: [law(property), law(OPPOSITES[property] as string)],
    };
  },
});

export const materials: readonly Template[] = [choice];
