/**
 * Rubrics that no model writes: the reference rubrics, the controls of the paper's table 6 (generic, random, noisy,
 * reduced), a length-matched placebo, and rubrics from files. A task that makes rubrics by rule (microscience) is asked
 * first.
 */

import { InputError } from '../../base/records/errors';
import type { Question, RubricItem } from '../../base/records/question';
import { createRandom, hashString, hashWords, type Random } from '../../engine/tensors/random';
import type { Task } from '../../questions/tasks/task';
import { readCriteria } from './criteria';
import { type FileRubric, readRubricFile, type TextParser } from './file';
import { formatRubric } from './format';
import { countReasons, type RubricSet } from './yield';

/** The generic rubric of table 6, the same for every question (six items of weight 1), in our own words. */
const GENERIC: readonly RubricItem[] = [
  { title: 'Grasp the question', description: 'Says in its own words what is asked for.', weight: 1 },
  {
    title: 'Gather the facts',
    description: 'Picks out the quantities, conditions and definitions that matter.',
    weight: 1,
  },
  { title: 'Choose a method', description: 'Names a principle, formula or line of reasoning that fits.', weight: 1 },
  { title: 'Carry it out', description: 'Works step by step, each step following from those before.', weight: 1 },
  {
    title: 'Check the result',
    description: 'Checks the arithmetic, the units and whether the result makes sense.',
    weight: 1,
  },
  { title: 'State the answer', description: 'Ends with one clear final answer.', weight: 1 },
];

export interface SourceOptions {
  /** Rubrics of other questions are drawn by (seed, question, source); the order of the questions does not matter. */
  readonly seed: number;
  /** Questions whose rubrics may be borrowed; by default the questions themselves. */
  readonly pool?: readonly Question[];
  readonly task?: Task;
  /** Reads the raw texts of a file; without it, each row must hold criteria. */
  readonly parse?: TextParser;
}

/**
 * A rubric for each question from any source except `generated`. A file may lack questions; they are dropped and
 * counted. Throws `InputError` when a source cannot serve a question.
 */
export function rubricsFromSource(
  questions: readonly Question[],
  source: string,
  { seed, pool = questions, task, parse }: SourceOptions,
): RubricSet {
  if (source.startsWith('file:')) return rubricsFromFile(questions, source, parse);
  const rubrics = questions.map((question) => {
    const random = createRandom(hashWords(seed, hashString(question.id), hashString(source)));
    const criteria = () => readCriteria(itemsFrom(question, source, { random, pool })).criteria;
    return task?.rubric?.(question, source, random, pool) ?? { questionId: question.id, source, criteria: criteria() };
  });
  const n = questions.length;
  return { rubrics, counts: { questions: n, valid: n, retried: 0, recovered: 0, dropped: 0, reasons: {} } };
}

function rubricsFromFile(questions: readonly Question[], source: string, parse?: TextParser): RubricSet {
  const rows = readRubricFile(source.slice('file:'.length), source, parse);
  const found = questions.map(({ id }) => rows.get(id));
  const valid = found.filter((row) => row?.valid === true) as FileRubric[];
  const dropped = found.filter((row) => !row?.valid);
  const retried = found.filter((row) => (row?.attempts ?? 1) > 1);
  const counts = {
    questions: questions.length,
    valid: valid.length,
    retried: retried.length,
    recovered: retried.filter((row) => row?.valid).length,
    dropped: dropped.length,
    reasons: countReasons(dropped.map((row) => row?.reason ?? `no rubric in ${source}`)),
  };
  return { rubrics: valid.map(({ questionId, criteria }) => ({ questionId, criteria, source })), counts };
}

interface Draw {
  readonly random: Random;
  readonly pool: readonly Question[];
}

function itemsFrom(question: Question, source: string, draw: Draw): readonly RubricItem[] {
  switch (source) {
    case 'reference':
      return ownItems(question);
    case 'generic':
      return GENERIC;
    case 'random':
      return ownItems(anotherQuestion(question, draw));
    case 'noisy': {
      const own = half(ownItems(question), draw.random);
      return draw.random.shuffle([...own, ...half(ownItems(anotherQuestion(question, draw)), draw.random)]);
    }
    case 'reduced':
      return half(ownItems(question), draw.random);
    case 'placebo':
      return ownItems(nearestForeign(question, draw));
    default:
      throw new InputError(
        `rubric_source=${source} is not available for question ${question.id} of ${question.task}; ` +
          'use reference, generic, random, noisy, reduced, placebo or file:PATH.',
      );
  }
}

function ownItems(question: Question): readonly RubricItem[] {
  if (question.rubric && question.rubric.length > 0) return question.rubric;
  throw new InputError(
    `Question ${question.id} has no reference rubric; add a "rubric" to it, or use rubric_source=generic.`,
  );
}

/** Half of the items, rounded up, in their original order. */
function half(items: readonly RubricItem[], random: Random): RubricItem[] {
  const kept = new Set(random.shuffle(items.map((_, i) => i)).slice(0, Math.ceil(items.length / 2)));
  return items.filter((_, i) => kept.has(i));
}

function anotherQuestion(question: Question, { random, pool }: Draw): Question {
  const others = pool.filter((other) => other.id !== question.id && other.rubric);
  if (others.length > 0) return random.pick(others);
  throw new InputError(
    `No other question is available whose rubric could be used for ${question.id}; load more questions.`,
  );
}

const topicOf = ({ metadata }: Question): unknown => metadata?.topic ?? metadata?.family;
const lengthOf = (question: Question): number => formatRubric(readCriteria(ownItems(question)).criteria).length;

/** The question of another topic whose rubric text is nearest in length; ties are broken at random. */
function nearestForeign(question: Question, { random, pool }: Draw): Question {
  const topic = topicOf(question);
  const target = lengthOf(question);
  const foreign = pool.filter((other) => other.rubric && topicOf(other) !== topic);
  if (topic === undefined || foreign.length === 0)
    throw new InputError(
      `rubric_source=placebo needs metadata.topic on every question, and questions of other topics than that of ${question.id}; add them or use another rubric_source.`,
    );
  const distances = foreign.map((other) => Math.abs(lengthOf(other) - target));
  const least = Math.min(...distances);
  return random.pick(foreign.filter((_, i) => distances[i] === least));
}
