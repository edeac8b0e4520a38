/** GAS: a gas at constant temperature (mistake: the sum of P and V is kept) or at constant pressure (mistake: V T is kept). */

import { defineTemplate, type Template } from '../problem';

const GASES = ['air', 'helium', 'neon'];
const VESSELS = ['balloon', 'piston', 'tank'];

const pressure = defineTemplate({
  id: 'GAS-pressure',
  family: 'GAS',
  weight: 0.65,
  ranges: { p: [2, 12], q: [2, 12], v: [2, 12] },
  valid: ({ p, q, v }) => p !== q && (p * v) % q === 0 && v + p - q >= 1,
  phrasings: [
    'Some {gas} fills {v} L at {p} atm . At constant temperature the pressure becomes {q} atm . What is the new volume ?',
    'At constant temperature {v} L of {gas} goes from {p} atm to {q} atm . Find the new volume .',
    'A {vessel} holds {v} L of {gas} at {p} atm . How many L does it fill at {q} atm and the same temperature ?',
  ],
  nouns: { gas: GASES, vessel: VESSELS },
  errorRates: { law: 0.52, slip: 0 },
  facts: ({ p, q, v }) => {
    const [right, mistaken] = ['P V stays constant .', 'P + V stays constant .'];
    const product = `P V = ${p} * ${v} = ${p * v} .`;
    const sum = `P + V = ${p} + ${v} = ${p + v} .`;
    const [divided, subtracted] = [(p * v) / q, p + v - q];
    return {
      given: `P = ${p} , V = ${v}`,
      unit: 'L',
      laws: [
        {
          sentence: right,
          step: product,
          solve: () => ({ text: `${right} ${product} V = ${p * v} / ${q} = ${divided} .`, answer: divided }),
        },
        {
          sentence: mistaken,
          step: sum,
          solve: () => ({ text: `${mistaken} ${sum} V = ${p + v} - ${q} = ${subtracted} .`, answer: subtracted }),
        },
      ],
    };
  },
});

const temperature = defineTemplate({
  id: 'GAS-temperature',
  family: 'GAS',
  weight: 0.35,
  ranges: { ratio: [2, 4], m: [1, 12], t: [1, 5], heated: [0, 1] },
  phrasings: [
    'Some {gas} fills {v} L at {before} K . At constant pressure the temperature becomes {after} K . What is the new volume ?',
    'At constant pressure {v} L of {gas} goes from {before} K to {after} K . Find the new volume .',
    'A {vessel} holds {v} L of {gas} at {before} K . How many L does it fill at {after} K and the same pressure ?',
  ],
  nouns: { gas: GASES, vessel: VESSELS },
  errorRates: { law: 0.52, slip: 0 },
  facts: ({ ratio, m, t, heated }) => {
    const [low, high, v] = [100 * t, 100 * t * ratio, ratio * m];
    const [before, after] = heated ? [low, high] : [high, low];
    const law = (sentence: string, grows: boolean) => {
      const answer = grows ? v * ratio : v / ratio;
      const step = `V = ${v} ${grows ? '*' : '/'} ${ratio} = ${answer} .`;
      return { sentence, step, solve: () => ({ text: `${sentence} ${high} / ${low} = ${ratio} . ${step}`, answer }) };
    };
    return {
      words: { v: String(v), before: String(before), after: String(after) },
      given: `V = ${v} , T = ${before}`,
      unit: 'L',
      laws: [law('V / T stays constant .', heated === 1), law('V * T stays constant .', heated === 0)],
    };
  },
});

export const gases: readonly Template[] = [pressure, temperature];
