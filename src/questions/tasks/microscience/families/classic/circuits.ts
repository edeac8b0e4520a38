/** OHM: voltage and power of parts in series (mistakes: adding instead of multiplying; slip: the larger part taken alone). */

import { defineTemplate, type Law, type Template } from '../problem';

/** `y = i * total` and its mistaken form `y = i + total`, for the parts `a` and `b` of quantity `total`. */
function seriesLaws(symbols: { y: string; total: string }, { a, b, i }: { a: number; b: number; i: number }): Law[] {
  const { y, total } = symbols;
  const step = `${total} = ${a} + ${b} = ${a + b} .`;
  const law = (form: string, operation: '*' | '+'): Law => {
    const sentence = `Use ${y} = ${form} .`;
    return {
      sentence,
      step,
      solve: (slipped) => {
        const x = slipped ? Math.max(a, b) : a + b;
        const answer = operation === '*' ? i * x : i + x;
        const first = slipped ? `Take ${total} = ${x} .` : `In series ${step}`;
        return { text: `${first} ${sentence} ${y} = ${i} ${operation} ${x} = ${answer} .`, answer };
      },
    };
  };
  return [law(`I ${total}`, '*'), law(`I + ${total}`, '+')];
}

const voltage = defineTemplate({
  id: 'OHM-voltage',
  family: 'OHM',
  weight: 0.5,
  ranges: { a: [2, 12], b: [2, 12], i: [2, 9] },
  phrasings: [
    'Resistors of {a} ohm and {b} ohm are in series with a current of {i} A . What is the voltage ?',
    'A current of {i} A flows through {parts} of {a} ohm and {b} ohm in series . Find the voltage .',
    'A {device} has {parts} of {a} ohm and {b} ohm in series . At {i} A , what is the voltage across it ?',
  ],
  nouns: { parts: ['coils', 'lamps', 'wires'], device: ['heater', 'lamp', 'motor'] },
  errorRates: { law: 0.25, slip: 0.35 },
  facts: ({ a, b, i }) => ({
    given: `R1 = ${a} , R2 = ${b} , I = ${i}`,
    unit: 'V',
    laws: seriesLaws({ y: 'V', total: 'R' }, { a, b, i }),
  }),
});

const power = defineTemplate({
  id: 'OHM-power',
  family: 'OHM',
  weight: 0.5,
  ranges: { a: [2, 12], b: [2, 12], i: [2, 9] },
  phrasings: [
    'Cells of {a} V and {b} V are in series and give a current of {i} A . What is the power ?',
    'A {device} draws {i} A from cells of {a} V and {b} V in series . Find its power .',
    'Two cells in series , {a} V and {b} V , drive {i} A through a {device} . What power do they give ?',
  ],
  nouns: { device: ['heater', 'lamp', 'motor'] },
  errorRates: { law: 0.25, slip: 0.35 },
  facts: ({ a, b, i }) => ({
    given: `V1 = ${a} , V2 = ${b} , I = ${i}`,
    unit: 'W',
    laws: seriesLaws({ y: 'P', total: 'V' }, { a, b, i }),
  }),
});

export const circuits: readonly Template[] = [voltage, power];
