/**
 * The types of a microscience problem. A family has one or two templates. A template has numbers in stated ranges
 * (together they are the problem's key), phrasings and nouns (which change the surface only), and alternative laws, of
 * which a world makes one true and one the common mistake. All text consists of word tokens joined by single spaces;
 * integers are written digit by digit.
 */

import { hashString, type Random } from '../../../../engine/tensors/random';
import { lawsOf, type Stratum, type World } from './world';

/** The families of all suites; FORCE, the transfer family, is in pretraining. */
export type Family =
  | 'MOVE'
  | 'VOLT'
  | 'CHEM'
  | 'GAS'
  | 'HEAT'
  | 'AREA'
  | 'KIN'
  | 'OHM'
  | 'GEN'
  | 'UNIT'
  | 'PHYS'
  | 'FORCE';

/** Main sentences of a solution and the answer they arrive at. */
export interface Worked {
  readonly text: string;
  readonly answer: number | string;
}

/** One way to solve a template: the sentence that names the rule, the key intermediate result, and the working. */
export interface Law {
  readonly sentence: string;
  readonly step: string;
  /** `slipped` adds the template's one computational slip. */
  solve(slipped: boolean): Worked;
}

/** What a template says about given numbers. */
export interface TemplateFacts {
  /** Words that fill placeholders, in addition to numbers and nouns. */
  readonly words?: Readonly<Record<string, string>>;
  readonly given: string;
  /** Unit of the answer; empty where the answer is a letter. */
  readonly unit: string;
  readonly laws: readonly Law[];
}

/** Generates problems; `K` are the names of its numbers. */
export interface Template<K extends string = string> {
  readonly id: string;
  readonly family: Family;
  /** Share of the template within its family. */
  readonly weight: number;
  /** Range of each number, both ends included. */
  readonly ranges: Readonly<Record<K, readonly [number, number]>>;
  /** Which combinations are allowed; all if absent. */
  valid?(numbers: Readonly<Record<K, number>>): boolean;
  /** `{name}` stands for a number, a word or a noun. */
  readonly phrasings: readonly string[];
  readonly nouns: Readonly<Record<string, readonly string[]>>;
  /** Base probability of using the wrong law, and of the slip. */
  readonly errorRates: { readonly law: number; readonly slip: number };
  facts(numbers: Readonly<Record<K, number>>): TemplateFacts;
}

/** Lets the compiler check the names of the numbers inside a template, and forgets them in the template's type. */
export function defineTemplate<K extends string>(template: Template<K>): Template {
  return template;
}

/** What grading and rubrics need to know about a question; all sentences are literal tokens. */
export interface Facts {
  readonly family: Family;
  readonly template: string;
  readonly key: string;
  readonly given: string;
  readonly unit: string;
  readonly law: string;
  readonly step: string;
  readonly wrong: string;
  /** The answer of the wrong law. */
  readonly mistake: string;
  /** In worlds whose templates have one. */
  readonly stratum?: Stratum;
}

/** One problem of a world. */
export interface Problem extends Facts {
  readonly question: string;
  /** Number of its phrasing, from 1. */
  readonly phrasing: number;
  /** The number in plain digits, or the letter. */
  readonly answer: string;
  readonly errorRates: { readonly law: number; readonly slip: number };
  work(mistakes: { readonly wrongLaw: boolean; readonly slipped: boolean }): Worked;
}

/** Writes every integer digit by digit: `12 m` becomes `1 2 m`; formulas such as `C3H8` stay. */
export function spell(text: string): string {
  return text.replace(/(?<=^| )\d{2,}(?= |$)/g, (digits) => digits.split('').join(' '));
}

/** The form for display, with digits joined: `1 2 m` becomes `12 m`. */
export function pretty(text: string): string {
  return text.replace(/(?<=(?:^|\s)\d) (?=\d(?:\s|$))/g, '');
}

/** The key of a combination of numbers; words of the surface are not part of it. */
export function keyOf(template: Template, numbers: Readonly<Record<string, number>>): string {
  return `${template.id}:${Object.keys(template.ranges)
    .map((name) => numbers[name])
    .join(',')}`;
}

/** Whether a key is for evaluation only; two fifths of all keys are, chosen by hash. */
export function isHeldOut(key: string): boolean {
  return hashString(key) % 5 < 2;
}

/** Draws numbers for one split, uniformly over the allowed combinations. */
export function drawNumbers(template: Template, random: Random, heldOut?: boolean): Record<string, number> {
  for (;;) {
    const numbers: Record<string, number> = {};
    for (const [name, [low, high]] of Object.entries(template.ranges)) numbers[name] = random.int(low, high);
    if (template.valid && !template.valid(numbers)) continue;
    if (heldOut === undefined || isHeldOut(keyOf(template, numbers)) === heldOut) return numbers;
  }
}

/** Every allowed combination of numbers, in lexicographic order. */
export function* allNumbers(template: Template): Generator<Record<string, number>> {
  const ranges = Object.entries(template.ranges);
  function* extend(numbers: Record<string, number>, depth: number): Generator<Record<string, number>> {
    const range = ranges[depth];
    if (!range) {
      if (!template.valid || template.valid(numbers)) yield numbers;
      return;
    }
    const [name, [low, high]] = range;
    for (let value = low; value <= high; value++) yield* extend({ ...numbers, [name]: value }, depth + 1);
  }
  yield* extend({}, 0);
}

/** The problem that a template makes from numbers in a world; phrasing and nouns are drawn. */
export function makeProblem(
  template: Template,
  numbers: Readonly<Record<string, number>>,
  { random, world }: { readonly random: Random; readonly world: World },
): Problem {
  const { words = {}, given, unit, laws } = template.facts(numbers);
  const [law, wrong] = lawsOf(world, template.id).map((index) => laws[index]) as [Law, Law];
  const nouns = Object.fromEntries(
    Object.entries(template.nouns).map(([name, choices]) => [name, random.pick(choices)]),
  );
  const fill: Readonly<Record<string, string | number>> = { ...numbers, ...words, ...nouns };
  const phrasing = random.int(1, template.phrasings.length);
  const question = (template.phrasings[phrasing - 1] as string).replace(/\{(\w+)\}/g, (_, name: string) =>
    String(fill[name]),
  );
  const stratum = world.strata[template.id];
  return {
    ...(stratum && { stratum }),
    family: template.family,
    template: template.id,
    key: keyOf(template, numbers),
    given: spell(given),
    unit,
    law: spell(law.sentence),
    step: spell(law.step),
    wrong: spell(wrong.sentence),
    question: spell(question),
    phrasing,
    answer: String(law.solve(false).answer),
    mistake: String(wrong.solve(false).answer),
    errorRates: template.errorRates,
    work: ({ wrongLaw, slipped }) => {
      const worked = (wrongLaw ? wrong : law).solve(slipped);
      return { text: spell(worked.text), answer: worked.answer };
    },
  };
}

/** Draws one key from a record of shares, which add up to 1. */
export function drawShare<K extends string>(shares: Readonly<Partial<Record<K, number>>>, random: Random): K {
  const entries = Object.entries(shares) as [K, number][];
  let rest = random.next();
  for (const [key, share] of entries) {
    rest -= share;
    if (rest < 0) return key;
  }
  return (entries[entries.length - 1] as [K, number])[0];
}
