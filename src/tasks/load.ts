/** From the `data` setting to a task and its questions. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../files/models';
import { InputError } from '../records/errors';
import { microscienceQuestions, microscienceTask } from './microscience';
import { type QuestionSplits, readQuestions, scienceTask } from './science';
import type { Task } from './task';

/** A task with its questions. */
export interface LoadedTask extends QuestionSplits {
  readonly task: Task;
}

/** Seed and questions a family of the embedded suite; the smallest family has about 320 training keys. */
const MICROSCIENCE = { seed: 42, train: 300, test: 100 } as const;

/**
 * Opens `microscience`, or a folder or JSONL file of questions; a relative path is looked for here, then in the project. The task
 * has the name that all questions share, else `science`.
 * Throws `InputError` when there is nothing, or a row is malformed.
 */
export function loadTask(data: string): LoadedTask {
  if (data === 'microscience') {
    const questions = (split: 'train' | 'test') =>
      microscienceQuestions(split, { seed: MICROSCIENCE.seed, perFamily: MICROSCIENCE[split] });
    return { task: microscienceTask, train: questions('train'), test: questions('test') };
  }
  const path = [data, join(projectRoot, data)].find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new InputError(`data=${data}: there is no such folder or file; give a path, or data=microscience.`);
  const splits = readQuestions(path);
  const names = new Set([...splits.train, ...splits.test].map((question) => question.task));
  const [name = scienceTask.name] = names.size === 1 ? names : [];
  return { task: { ...scienceTask, name }, ...splits };
}
