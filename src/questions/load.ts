/** From the `data` setting to a task and its questions. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../base/records/errors';
import type { Question } from '../base/records/question';
import { projectRoot } from '../engine/files/models';
import { shuffleChoices } from './grading/arrange';
import { registeredFolder } from './registry';
import { findBenchmark } from './tasks/benchmarks';
import {
  defaultWorld,
  MAIN_FAMILIES,
  microscienceQuestions,
  microscienceTask,
  TRANSFER_FAMILIES,
  worldFromSeed,
} from './tasks/microscience';
import { type QuestionSplits, readQuestions, scienceTask } from './tasks/science';
import type { Task } from './tasks/task';

/** A task with its questions. */
export interface LoadedTask extends QuestionSplits {
  readonly task: Task;
}

/** Seed and questions a family of the embedded suite; the smallest family has about 320 training keys. */
const MICROSCIENCE = { seed: 42, train: 300, test: 100 } as const;

/** The embedded suite in one of its worlds; `transfer` is the family to evaluate on that no question to train on is of. */
function loadMicroscience(transfer: boolean, worldSeed: number): LoadedTask {
  const { seed, train, test } = MICROSCIENCE;
  const world = worldSeed === 0 ? defaultWorld : worldFromSeed(worldSeed);
  const families = transfer ? TRANSFER_FAMILIES : MAIN_FAMILIES;
  return {
    task: microscienceTask,
    train: microscienceQuestions('train', { seed, perFamily: train, world }),
    test: microscienceQuestions('test', { seed, perFamily: test, families, world }),
  };
}

/** How questions are loaded. */
export interface LoadOptions {
  /**
   * `shuffled` (the default) puts choices that are published with the right one first into an order of the question's own;
   * `published` leaves them, for evaluation modes that have an order themselves.
   */
  readonly order?: 'shuffled' | 'published';
}

/** The shipped sample by its short name, and the value of `metadata.shape` behind it. */
const SAMPLE = /^science-sample(?::([a-z-]+))?$/;

/**
 * Opens `microscience` or `microscience-transfer`, with `:7` behind it in the world of `pretrain world=7`; `science-sample`,
 * with `:gpqa`, `:piqa`, `:scibench` or `:open` behind it those of one shape; a registered set by its name; or a folder or JSONL
 * file of questions; a relative path is looked for here, then in the project. The task has the name that all questions share,
 * else `science`. Throws `InputError` when there is nothing, a row is malformed, or a registered file was changed.
 */
export function loadTask(data: string, { order = 'shuffled' }: LoadOptions = {}): LoadedTask {
  const suite = /^microscience(-transfer)?(?::(\d+))?$/.exec(data);
  if (suite) return loadMicroscience(suite[1] !== undefined, Number(suite[2] ?? 0));
  const sample = SAMPLE.exec(data);
  const splits = sample ? readSample(sample[1]) : readQuestions(placeOf(data));
  const names = new Set([...splits.train, ...splits.test].map((question) => question.task));
  const [name = scienceTask.name] = names.size === 1 ? names : [];
  const arranged = (questions: Question[]) => (order === 'published' ? questions : questions.map(shuffleChoices));
  return { task: { ...scienceTask, name }, train: arranged(splits.train), test: arranged(splits.test) };
}

function readSample(shape: string | undefined): QuestionSplits {
  const { train, test } = readQuestions(join(projectRoot, 'data', 'science-sample'));
  const fits = ({ metadata }: Question) => shape === undefined || metadata?.shape === shape;
  const found = { train: train.filter(fits), test: test.filter(fits) };
  if (found.train.length + found.test.length > 0) return found;
  const shapes = [...new Set([...train, ...test].flatMap(({ metadata }) => metadata?.shape ?? []))];
  const known = shapes.length > 0 ? `it has ${shapes.sort().join(', ')}` : 'its questions name none';
  throw new InputError(`data=science-sample:${shape}: the sample has no questions of that shape; ${known}.`);
}

/** The folder or file that a name or path means. */
function placeOf(data: string): string {
  const place = registeredFolder(data) ?? [data, join(projectRoot, data)].find((candidate) => existsSync(candidate));
  if (place !== undefined) return place;
  const benchmark = findBenchmark(data);
  if (benchmark)
    throw new InputError(
      `data=${data}: ${benchmark.title} is not registered; get it from ${benchmark.source}, then: rcsd data add ${data} PATH`,
    );
  throw new InputError(
    `data=${data}: there is no such folder, file or registered set; give a path, data=microscience, or see rcsd data list.`,
  );
}
