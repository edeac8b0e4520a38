/** From the `data` setting to a task and its questions. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../files/models';
import { InputError } from '../records/errors';
import {
  defaultWorld,
  MAIN_FAMILIES,
  microscienceQuestions,
  microscienceTask,
  TRANSFER_FAMILIES,
  worldFromSeed,
} from './microscience';
import { type QuestionSplits, readQuestions, scienceTask } from './science';
import type { Task } from './task';

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

/**
 * Opens `microscience` or `microscience-transfer`, with `:7` behind it in the world of `pretrain world=7`, or a folder or JSONL
 * file of questions; a relative path is looked for here, then in the project. The task has the name that all questions
 * share, else `science`. Throws `InputError` when there is nothing, or a row is malformed.
 */
export function loadTask(data: string): LoadedTask {
  const suite = /^microscience(-transfer)?(?::(\d+))?$/.exec(data);
  if (suite) return loadMicroscience(suite[1] !== undefined, Number(suite[2] ?? 0));
  const path = [data, join(projectRoot, data)].find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new InputError(`data=${data}: there is no such folder or file; give a path, or data=microscience.`);
  const splits = readQuestions(path);
  const names = new Set([...splits.train, ...splits.test].map((question) => question.task));
  const [name = scienceTask.name] = names.size === 1 ? names : [];
  return { task: { ...scienceTask, name }, ...splits };
}
