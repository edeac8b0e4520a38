/**
 * Draws random worlds from stated priors, to find the share of worlds in which an ordering of methods holds. Rates are
 * uniform in ranges around the default, laws uniform over ordered pairs of each template's alternatives, and some laws
 * are held out.
 */

import { createRandom, type Random } from '../../../engine/tensors/random';
import { drawNumbers } from './families/problem';
import { classicWorld, type World } from './families/world';
import { SUITES, templatesOf } from './suites';

/** Ranges of the uniform priors. */
export const WORLD_PRIOR = {
  errorScale: [0.8, 1.15],
  careful: [0.3, 0.7],
  carefulFactor: [0.5, 0.9],
  followLaw: [0.6, 0.95],
  followStep: [0.6, 0.95],
  followPitfall: [0.2, 0.8],
  followWrongLaw: [0.4, 0.95],
  answerHelp: [0.1, 0.9],
  copyAnswer: [0.3, 0.98],
} as const;

/** For each template, the probability that its laws are drawn anew, and that its true law is held out. */
export const LAW_PRIOR = { redrawn: 0.5, heldOut: 0.1 } as const;

/** An ordered pair of different alternatives of a template. */
function drawLaws(count: number, random: Random): [number, number] {
  const [right, wrong] = random.shuffle(Array.from({ length: count }, (_, index) => index));
  return [right as number, wrong as number];
}

/** The world of a seed; everything that is not in the priors is as in the classic world. */
export function worldFromSeed(seed: number): World {
  const random = createRandom(seed);
  const rates = Object.fromEntries(
    Object.entries(WORLD_PRIOR).map(([name, [low, high]]) => [name, low + (high - low) * random.next()]),
  ) as Record<keyof typeof WORLD_PRIOR, number>;
  const laws: Record<string, readonly [number, number]> = {};
  const heldOutLaws: string[] = [];
  for (const template of templatesOf(SUITES.classic)) {
    const count = template.facts(drawNumbers(template, random)).laws.length;
    if (random.next() < LAW_PRIOR.redrawn) laws[template.id] = drawLaws(count, random);
    if (random.next() < LAW_PRIOR.heldOut) heldOutLaws.push(template.id);
  }
  return {
    ...classicWorld,
    ...rates,
    name: String(seed),
    carelessFactor: 2 - rates.carefulFactor,
    laws,
    heldOutLaws,
  };
}
