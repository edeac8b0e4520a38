/** From the `data` setting to a task and its questions. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../files/models';
import { InputError } from '../records/errors';
import { MAIN_FAMILIES, microscienceQuestions, microscienceTask, TRANSFER_FAMILIES } from './microscience';
import { type QuestionSplits, readQuestions, scienceTask } from './science';
import type { Task } from './task';

/** A task with its questions. */
export interface LoadedTask extends QuestionSplits {
  readonly task: Task;
}

/** Seed and questions a family of the embedded suite; the smallest family has about 320 training keys. */
const MICROSCIENCE = { seed: 42, train: 300, test: 100 } as const;

/** The embedded suite's seven families, or, to evaluate on, its transfer family, which no training data holds. */
function loadMicroscience(families: typeof MAIN_FAMILIES): LoadedTask {
  const { seed, train, test } = MICROSCIENCE;
  return {
    task: microscienceTask,
    train: microscienceQuestions('train', { seed, perFamily: train }),
    test: microscienceQuestions('test', { seed, perFamily: test, families }),
  };
}

/**
 * Opens `microscience`, `microscience-transfer`, or a folder or JSONL file of questions; a relative path is looked for here, then in the project. The task
 * has the name that all questions share, else `science`.
 * Throws `InputError` when there is nothing, or a row is malformed.
 */
export function loadTask(data: string): LoadedTask {
  if (data === 'microscience') return loadMicroscience(MAIN_FAMILIES);
  if (data === 'microscience-transfer') return loadMicroscience(TRANSFER_FAMILIES);
  const path = [data, join(projectRoot, data)].find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new InputError(`data=${data}: there is no such folder or file; give a path, or data=microscience.`);
  const splits = readQuestions(path);
  const names = new Set([...splits.train, ...splits.test].map((question) => question.task));
  const [name = scienceTask.name] = names.size === 1 ? names : [];
  return { task: { ...scienceTask, name }, ...splits };
}
