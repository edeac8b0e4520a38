/**
 * The designed policy: how the corpus's solutions err in each context. A perfectly trained base model would behave like
 * it, so its accuracy in a context can be computed (`design.ts`) and compared with the real model's.
 */

import type { Random } from '../../../engine/tensors/random';
import { type CriterionKind, type Draft, kindOf } from './criteria';
import type { Facts, Problem } from './families/problem';
import type { World } from './families/world';

/** What the prompt shows in addition to the question. */
export interface Context {
  readonly rubric?: readonly Draft[];
  readonly answer?: boolean;
}

/** Probabilities for one solution in one style. */
export interface Chances {
  readonly wrongLaw: number;
  readonly slip: number;
  readonly unitMissing: number;
  /** The box repeats the reference answer. */
  readonly copy: number;
}

/** What the rubric in the context asks of this question. */
export function askedKinds(facts: Facts, rubric: readonly Draft[] = []): ReadonlySet<CriterionKind> {
  return new Set(rubric.map(({ text }) => kindOf(facts, text)));
}

/** Whether the law is named: in its words, by its code, or by both halves. */
const namesLaw = (asked: ReadonlySet<CriterionKind>): boolean =>
  asked.has('law') || asked.has('code') || (asked.has('first half') && asked.has('second half'));

/** Probability of the careful style. */
export function carefulChance(asked: ReadonlySet<CriterionKind>, world: World): number {
  return asked.has('given') ? world.carefulWhenAsked : world.careful;
}

/** Probability of each mistake, given the style. */
export function mistakeChances(
  problem: Problem,
  { asked, answer, careful }: { asked: ReadonlySet<CriterionKind>; answer: boolean; careful: boolean },
  world: World,
): Chances {
  const { stratum } = problem;
  const unused = stratum !== undefined && world.wrongLaw[stratum] === 1;
  const help = unused ? world.answerHelpUnused : world.answerHelp;
  const styled = world.errorScale * (careful ? world.carefulFactor : world.carelessFactor);
  const base = (rate: number) => Math.min(world.errorCap, rate * styled) * (answer ? 1 - help : 1);
  let wrongLaw = base(stratum === undefined ? problem.errorRates.law : (world.wrongLaw[stratum] as number));
  if (namesLaw(asked)) wrongLaw *= 1 - world.followLaw;
  // A pitfall says what not to do; it cannot bring up a rule that is never used untold.
  else if (asked.has('pitfall') && !unused) wrongLaw *= 1 - world.followPitfall;
  if (asked.has('wrong law')) wrongLaw += (1 - wrongLaw) * world.followWrongLaw;
  if (world.heldOutLaws.includes(problem.template)) wrongLaw = 1;
  const { unitMissing } = world;
  return {
    wrongLaw,
    slip: base(problem.errorRates.slip) * (asked.has('step') ? 1 - world.followStep : 1),
    unitMissing: asked.has('unit') ? unitMissing.asked : careful ? unitMissing.careful : unitMissing.careless,
    copy: answer ? world.copyAnswer : 0,
  };
}

/** The text of a solution. */
export function writeSolution(
  problem: Problem,
  { careful, core, boxed, unit }: { careful: boolean; core: string; boxed: string; unit: boolean },
): string[] {
  const opener = careful ? `Given ${problem.given} .` : 'So';
  const box = [...(/^\d+$/.test(boxed) ? boxed : [boxed]), ...(unit && problem.unit ? [problem.unit] : [])];
  return [...`${opener} ${core} \\boxed{`.split(' '), ...box, '}'];
}

/** A solution drawn from the designed policy, as tokens. */
export function drawSolution(problem: Problem, context: Context, random: Random, world: World): string[] {
  const asked = askedKinds(problem, context.rubric);
  const careful = random.next() < carefulChance(asked, world);
  const chances = mistakeChances(problem, { asked, answer: context.answer ?? false, careful }, world);
  const worked = problem.work({
    wrongLaw: random.next() < chances.wrongLaw,
    slipped: random.next() < chances.slip,
  });
  const boxed = random.next() < chances.copy ? problem.answer : String(worked.answer);
  return writeSolution(problem, { careful, core: worked.text, boxed, unit: random.next() >= chances.unitMissing });
}

/** A solution without mistakes, in the careful style. */
export function cleanSolution(problem: Problem): string {
  const { text } = problem.work({ wrongLaw: false, slipped: false });
  return writeSolution(problem, { careful: true, core: text, boxed: problem.answer, unit: true }).join(' ');
}
