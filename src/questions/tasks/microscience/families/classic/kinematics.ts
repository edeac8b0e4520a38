/** KIN: speed and distance with a head start (mistake: the head start is forgotten). FORCE: push against friction, likewise. */

import { defineTemplate, type Law, type Template } from '../problem';

/** A law `y = c + a b` written with symbols, its mistaken forms `y = a b` and `y = a + c b`. */
function linearLaws(
  symbols: { y: string; c: string; a: string; b: string },
  values: { c: number; a: number; b: number },
) {
  const { y } = symbols;
  const law = (added: 'c' | 'a' | undefined, factor: 'c' | 'a'): Law => {
    const [p, q] = [values[factor], values.b];
    const product = `${symbols[factor]} ${symbols.b}`;
    const sentence = `Use ${y} = ${added ? `${symbols[added]} + ` : ''}${product} .`;
    return {
      sentence,
      step: `${product} = ${p} * ${q} = ${p * q} .`,
      solve: (slipped) => {
        const part = slipped ? p + q : p * q;
        const text = `${sentence} ${product} = ${p} ${slipped ? '+' : '*'} ${q} = ${part} .`;
        if (!added) return { text, answer: part };
        const answer = values[added] + part;
        return { text: `${text} ${y} = ${values[added]} + ${part} = ${answer} .`, answer };
      },
    };
  };
  return [law('c', 'a'), law(undefined, 'a'), law('a', 'c')];
}

const VEHICLES = ['bike', 'boat', 'bus', 'car', 'cart', 'train'];

const speed = defineTemplate({
  id: 'KIN-speed',
  family: 'KIN',
  weight: 0.5,
  ranges: { u: [2, 30], a: [2, 9], t: [2, 9] },
  phrasings: [
    'A {who} moves at {u} m/s and gains {a} m/s each second for {t} s . What is its final speed ?',
    'The speed of a {who} is {u} m/s . It grows by {a} m/s each second . How fast is it after {t} s ?',
    'For {t} s a {who} gains {a} m/s each second . It had {u} m/s at first . Find its final speed .',
  ],
  nouns: { who: VEHICLES },
  errorRates: { law: 0.38, slip: 0.1 },
  facts: ({ u, a, t }) => ({
    given: `u = ${u} , a = ${a} , t = ${t}`,
    unit: 'm/s',
    laws: linearLaws({ y: 'v', c: 'u', a: 'a', b: 't' }, { c: u, a, b: t }),
  }),
});

const distance = defineTemplate({
  id: 'KIN-distance',
  family: 'KIN',
  weight: 0.5,
  ranges: { s: [2, 30], v: [2, 9], t: [2, 9] },
  phrasings: [
    'A {who} is {s} m from the start and moves away at {v} m/s for {t} s . How far from the start is it ?',
    'After a lead of {s} m a {who} moves at {v} m/s for {t} s . Find its distance from the start .',
    'A {who} has gone {s} m . Then it goes on at {v} m/s for {t} s . How far has it gone in all ?',
  ],
  nouns: { who: VEHICLES },
  errorRates: { law: 0.38, slip: 0.1 },
  facts: ({ s, v, t }) => ({
    given: `s = ${s} , v = ${v} , t = ${t}`,
    unit: 'm',
    laws: linearLaws({ y: 'd', c: 's', a: 'v', b: 't' }, { c: s, a: v, b: t }),
  }),
});

const push = defineTemplate({
  id: 'FORCE-push',
  family: 'FORCE',
  weight: 1,
  ranges: { m: [2, 9], a: [2, 9], f: [2, 30] },
  phrasings: [
    'A {who} of {m} kg gains {a} m/s each second against a friction of {f} N . What push is needed ?',
    'Friction on a {who} of {m} kg is {f} N . What push makes it gain {a} m/s each second ?',
    'To speed up a {who} of {m} kg by {a} m/s each second against {f} N of friction , what push is needed ?',
  ],
  nouns: { who: ['boat', 'box', 'cart', 'sled'] },
  errorRates: { law: 0.48, slip: 0 },
  facts: ({ m, a, f }) => ({
    given: `m = ${m} , a = ${a} , f = ${f}`,
    unit: 'N',
    laws: linearLaws({ y: 'F', c: 'f', a: 'm', b: 'a' }, { c: f, a: m, b: a }),
  }),
});

export const kinematics: readonly Template[] = [speed, distance];
export const force: readonly Template[] = [push];
