/**
 * Computes the accuracy that the designed policy has in each context: exact for each question, averaged over drawn
 * questions.
 */

import { createRandom } from '../../../engine/tensors/random';
import type { Problem } from './families/problem';
import type { World } from './families/world';
import { askedKinds, type Context, carefulChance, mistakeChances } from './policy';
import { microscienceProblems } from './questions';
import { fromPool, RUBRIC_SOURCES, rubricDrafts } from './sources';

/** Probability that the designed policy's boxed answer is right. */
export function designedAccuracy(problem: Problem, context: Context, world: World): number {
  const asked = askedKinds(problem, context.rubric);
  let accuracy = 0;
  for (const careful of [true, false]) {
    const styled = careful ? carefulChance(asked, world) : 1 - carefulChance(asked, world);
    const chances = mistakeChances(problem, { asked, answer: context.answer ?? false, careful }, world);
    for (const wrongLaw of [true, false]) {
      for (const slipped of [true, false]) {
        const weight =
          (wrongLaw ? chances.wrongLaw : 1 - chances.wrongLaw) * (slipped ? chances.slip : 1 - chances.slip);
        const right = String(problem.work({ wrongLaw, slipped }).answer) === problem.answer;
        accuracy += styled * weight * (right ? 1 : chances.copy);
      }
    }
  }
  return accuracy;
}

/** Designed accuracy in each context of a world: `none`, every rubric source, `answer`, `answer+reference`. */
export function designRates(world: World, { seed = 0, perFamily = 100 } = {}): Record<string, number> {
  const problems = microscienceProblems('test', { seed, perFamily, world });
  const mean = (context: (problem: Problem) => Context) =>
    problems.reduce((sum, problem) => sum + designedAccuracy(problem, context(problem), world), 0) / problems.length;
  const random = createRandom(seed);
  const draw = (problem: Problem, source: (typeof RUBRIC_SOURCES)[number]) =>
    rubricDrafts(problem, source, { random, other: fromPool(problem, problems, random), pool: problems });
  return {
    none: mean(() => ({})),
    ...Object.fromEntries(RUBRIC_SOURCES.map((source) => [source, mean((p) => ({ rubric: draw(p, source) }))])),
    answer: mean(() => ({ answer: true })),
    'answer+reference': mean((p) => ({ answer: true, rubric: draw(p, 'reference') })),
  };
}
