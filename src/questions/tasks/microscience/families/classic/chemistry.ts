/** CHEM: amounts by an equation's coefficients (mistake: one to one), and a salt added to a solution (mistake: not added). */

import { defineTemplate, type Law, type Template } from '../problem';

interface Reaction {
  readonly equation: string;
  /** The substance used up and its coefficient; the substance asked for and its coefficient. */
  readonly from: readonly [string, number];
  readonly to: readonly [string, number];
}

const REACTIONS: readonly Reaction[] = [
  { equation: 'N2 + 3 H2 -> 2 NH3', from: ['H2', 3], to: ['NH3', 2] },
  { equation: '2 H2 + O2 -> 2 H2O', from: ['O2', 1], to: ['H2O', 2] },
  { equation: 'CH4 + 2 O2 -> CO2 + 2 H2O', from: ['CH4', 1], to: ['H2O', 2] },
  { equation: 'CH4 + 2 O2 -> CO2 + 2 H2O', from: ['O2', 2], to: ['CO2', 1] },
  { equation: '4 Fe + 3 O2 -> 2 Fe2O3', from: ['Fe', 4], to: ['Fe2O3', 2] },
  { equation: '4 Fe + 3 O2 -> 2 Fe2O3', from: ['O2', 3], to: ['Fe2O3', 2] },
  { equation: 'C3H8 + 5 O2 -> 3 CO2 + 4 H2O', from: ['O2', 5], to: ['CO2', 3] },
  { equation: 'C3H8 + 5 O2 -> 3 CO2 + 4 H2O', from: ['C3H8', 1], to: ['CO2', 3] },
  { equation: '2 Al + 3 Cl2 -> 2 AlCl3', from: ['Cl2', 3], to: ['AlCl3', 2] },
  { equation: '2 Na + Cl2 -> 2 NaCl', from: ['Cl2', 1], to: ['NaCl', 2] },
];

const reaction = defineTemplate({
  id: 'CHEM-reaction',
  family: 'CHEM',
  weight: 0.6,
  ranges: { reaction: [0, REACTIONS.length - 1], k: [2, 12] },
  phrasings: [
    'For {equation} , how many mol of {y} form from {n} mol of {x} ?',
    'A {who} runs {equation} with {n} mol of {x} . How many mol of {y} form ?',
    'How many mol of {y} are made from {n} mol of {x} by {equation} ?',
  ],
  nouns: { who: ['class', 'lab', 'student'] },
  errorRates: { law: 0.48, slip: 0 },
  facts: ({ reaction: index, k }) => {
    const { equation, from, to } = REACTIONS[index] as Reaction;
    const [[x, cx], [y, cy]] = [from, to];
    const [n, answer] = [k * cx, k * cy];
    const divided = `${n} / ${cx} = ${k} .`;
    const multiplied = `${k} * ${cy} = ${answer} .`;
    const step = cy > 1 ? multiplied : divided;
    const ratio = (a: number, b: number) => `The ratio ${y} to ${x} is ${a} to ${b} .`;
    const working = [ratio(cy, cx), ...(cx > 1 ? [divided] : []), ...(cy > 1 ? [multiplied] : [])].join(' ');
    return {
      words: { equation, x, y, n: String(n) },
      given: `${n} mol ${x}`,
      unit: 'mol',
      laws: [
        { sentence: ratio(cy, cx), step, solve: () => ({ text: working, answer }) },
        {
          sentence: ratio(1, 1),
          step: `${n} / 1 = ${n} .`,
          solve: () => ({ text: `${ratio(1, 1)} ${n} / 1 = ${n} .`, answer: n }),
        },
      ],
    };
  },
});

const solution = defineTemplate({
  id: 'CHEM-solution',
  family: 'CHEM',
  weight: 0.4,
  ranges: { c: [2, 9], v: [2, 9], n: [2, 30] },
  phrasings: [
    'A {vessel} holds {v} L of {c} mol/L {salt} and {n} mol of {salt} is added . How many mol of {salt} are in it ?',
    'To {v} L of {c} mol/L {salt} in a {vessel} we add {n} mol of {salt} . Find the mol of {salt} in all .',
    'After {n} mol of {salt} is added to {v} L of {c} mol/L {salt} , how many mol of {salt} does the {vessel} hold ?',
  ],
  nouns: { vessel: ['beaker', 'flask', 'tank'], salt: ['AlCl3', 'NH3', 'NaCl'] },
  errorRates: { law: 0.48, slip: 0 },
  facts: ({ c, v, n }) => {
    const law = (form: string, [symbols, a, b]: [string, number, number], added?: number): Law => {
      const step = `${symbols} = ${a} * ${b} = ${a * b} .`;
      const text = `Use n = ${form} . ${step}`;
      const answer = a * b + (added ?? 0);
      const sum = added === undefined ? '' : ` n = ${a * b} + ${added} = ${answer} .`;
      return { sentence: `Use n = ${form} .`, step, solve: () => ({ text: text + sum, answer }) };
    };
    return {
      given: `c = ${c} , V = ${v} , n0 = ${n}`,
      unit: 'mol',
      laws: [law('c V + n0', ['c V', c, v], n), law('c V', ['c V', c, v]), law('V n0 + c', ['V n0', v, n], c)],
    };
  },
});

export const chemistry: readonly Template[] = [reaction, solution];
