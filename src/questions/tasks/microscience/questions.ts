/** Microscience problems as question records, and the suite as a task. */

import { DOSE } from '../../../base/config/rubricSources';
import { InputError } from '../../../base/records/errors';
import type { Question } from '../../../base/records/question';
import type { Rubric } from '../../../base/records/rubric';
import { createRandom, hashString, hashWords, type Random } from '../../../engine/tensors/random';
import type { Task } from '../task';
import { ruleBranch } from './branch';
import { type Draft, parseMicroscienceRubric, toCriteria } from './criteria';
import { drawNumbers, type Family, keyOf, makeProblem, type Problem, spell, type Template } from './families/problem';
import type { World } from './families/world';
import { factsOf, gradeMicroscience, meetsCriterion } from './grading';
import { cleanSolution } from './policy';
import {
  dosedDrafts,
  fromPool,
  type MicroscienceRubricSource,
  RUBRIC_SOURCES,
  referenceDrafts,
  rubricDrafts,
} from './sources';
import { drawTemplate, familyOf, suiteOf } from './suites';
import { microscienceViews } from './views';

/** Which questions to make. */
export interface MicroscienceOptions {
  readonly seed: number;
  readonly perFamily: number;
  readonly world: World;
  /** Default: the world's families without the transfer family. */
  readonly families?: readonly Family[];
}

/** A family counts as exhausted after this many draws in a row without a new key. */
const PATIENCE = 2000;

/**
 * Problems with distinct keys, `perFamily` of each family, family by family in turn. Throws `InputError` when a family
 * has too few keys.
 */
export function microscienceProblems(split: 'train' | 'test', options: MicroscienceOptions): Problem[] {
  const { seed, perFamily, world, families = suiteOf(world).main } = options;
  return families.flatMap((family) => {
    const random = createRandom(hashWords(seed, hashString(`${split} ${family}`)));
    const problems = new Map<string, Problem>();
    for (let misses = 0; problems.size < perFamily; ) {
      const template = nextTemplate(world, family, { turn: problems.size, random });
      const numbers = drawNumbers(template, random, split === 'test');
      const key = keyOf(template, numbers);
      if (!problems.has(key)) {
        problems.set(key, makeProblem(template, numbers, { random, world }));
        misses = 0;
      } else if (++misses > PATIENCE) {
        throw new InputError(
          `Family ${family} has only about ${problems.size} ${split} keys; ask for fewer questions.`,
        );
      }
    }
    return [...problems.values()];
  });
}

/** The template of the next question of a family. */
function nextTemplate(world: World, family: Family, { turn, random }: { turn: number; random: Random }): Template {
  const suite = suiteOf(world);
  const templates = familyOf(suite, family);
  return suite.inTurn ? (templates[turn % templates.length] as Template) : drawTemplate(templates, random);
}

/** The question record of a problem. `more` are facts for its metadata. */
function toQuestion(
  problem: Problem,
  { split, random, ...more }: { readonly split: string; readonly random: Random; readonly phrasing?: number },
): Question {
  const { family, template, key, given, unit, law, step, wrong, mistake, stratum } = problem;
  const rubric = toCriteria(referenceDrafts(problem, random));
  return {
    id: key,
    task: 'microscience',
    split,
    question: problem.question,
    answer: problem.answer,
    solution: cleanSolution(problem),
    rubric: rubric.map(({ title, description, weight }) => ({ title, description, weight })),
    metadata: { family, template, key, given, unit, law, step, wrong, mistake, ...(stratum && { stratum }), ...more },
  };
}

/**
 * Questions with distinct keys, the same for the same options. Families alternate, so that any prefix of the list is
 * balanced.
 */
export function microscienceQuestions(split: 'train' | 'test', options: MicroscienceOptions): Question[] {
  const random = createRandom(hashWords(options.seed, hashString(`${split} rubrics`)));
  // Questions of the older suites stay byte for byte what they were, because runs know them by their digest.
  const phrased = options.world.suite === 'reach';
  const questions = microscienceProblems(split, options).map((problem) =>
    toQuestion(problem, { split, random, ...(phrased && { phrasing: problem.phrasing }) }),
  );
  const { perFamily } = options;
  return questions
    .map((question, index) => ({ question, turn: index % perFamily }))
    .sort((a, b) => a.turn - b.turn)
    .map(({ question }) => question);
}

const isSource = (source: string): source is MicroscienceRubricSource =>
  (RUBRIC_SOURCES as readonly string[]).includes(source);

/**
 * A rubric made by rule; undefined for sources that are not rules (generated, file). Criteria of other questions are
 * drawn from the pool.
 */
export function microscienceRubric(
  question: Question,
  source: string,
  { random, pool }: { readonly random: Random; readonly pool: readonly Question[] },
): Rubric | undefined {
  const facts = factsOf(question);
  const dose = DOSE.exec(source)?.[1];
  if (dose !== undefined)
    return { questionId: question.id, criteria: toCriteria(dosedDrafts(facts, Number(dose), random)), source };
  if (!isSource(source)) return undefined;
  const others = pool.map(factsOf);
  const other = fromPool(facts, others, random);
  const drafts: readonly Draft[] = rubricDrafts(facts, source, { random, other, pool: others });
  return { questionId: question.id, criteria: toCriteria(drafts), source };
}

/** The suite as a task with its own prompts and rubrics. */
export const microscienceTask: Task = {
  name: 'microscience',
  views: microscienceViews,
  grade: gradeMicroscience,
  boxed: (question) => `\\boxed{ ${spell(`${question.answer} ${factsOf(question).unit}`.trim())} }`,
  meetsCriterion,
  branch: ruleBranch,
  parseRubric: parseMicroscienceRubric,
  rubric: (question, source, random, pool) => microscienceRubric(question, source, { random, pool }),
};
