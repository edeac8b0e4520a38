/** Opens the task and the questions that the setting `data` names. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataSets } from '../base/config/dataSets';
import { InputError } from '../base/records/errors';
import { shellWord } from '../base/records/printable';
import type { Question } from '../base/records/question';
import { projectRoot } from '../engine/files/models';
import { shuffleChoices } from './grading/arrange';
import { registeredFolder } from './registry';
import { findBenchmark } from './tasks/benchmarks';
import { microscienceQuestions, microscienceTask, suiteData, suiteOf, worldNamed } from './tasks/microscience';
import { type QuestionSplits, readQuestions, scienceTask } from './tasks/science';
import type { Task } from './tasks/task';

export interface LoadedTask extends QuestionSplits {
  readonly task: Task;
  /** Where several data sets were named: which of them each question, by its id, comes from. */
  readonly origins?: ReadonlyMap<string, string>;
}

/**
 * Seed and number of questions for each family of microscience; the smallest family has about 320 different training
 * questions.
 */
const MICROSCIENCE = { seed: 42, train: 300, test: 100 } as const;

/**
 * Microscience in one of its worlds. With `transfer`, the questions to evaluate on come from the family that no
 * training question belongs to.
 */
function loadMicroscience(transfer: boolean, name: string): LoadedTask {
  const { seed, train, test } = MICROSCIENCE;
  const world = worldNamed(name);
  const { main, transfer: others } = suiteOf(world);
  return {
    task: microscienceTask,
    train: microscienceQuestions('train', { seed, perFamily: train, world }),
    test: microscienceQuestions('test', { seed, perFamily: test, families: transfer ? others : main, world }),
  };
}

export interface LoadOptions {
  /**
   * `shuffled` (the default) puts choices that are published with the right one first into an order drawn from the
   * question's id. `published` leaves them, for evaluation modes that have an order of their own.
   */
  readonly order?: 'shuffled' | 'published';
}

/** The shipped sample by its short name, optionally followed by a value of `metadata.shape`. */
const SAMPLE = /^science-sample(?::([a-z-]+))?$/;

/**
 * Opens `microscience` or `microscience-transfer` (followed by `:7` for the world of `pretrain world=7`);
 * `science-sample` (followed by `:gpqa`, `:piqa`, `:scibench` or `:open` for the questions of one shape); a registered
 * data set by its name; or a folder or JSONL file of questions. A relative path is searched for from the current
 * folder, then in the project. Several of them, separated by commas, are read as one. The task gets the name that all
 * questions share, or else `science`. Throws `InputError` when nothing is found, a row is malformed, a registered file was
 * changed, or two data sets have questions of the same id.
 */
export function loadTask(data: string, options: LoadOptions = {}): LoadedTask {
  const sets = dataSets(data);
  return sets.length > 1 ? loadSets(sets, options) : loadSet(data, options);
}

function loadSets(sets: readonly string[], options: LoadOptions): LoadedTask {
  const origins = new Map<string, string>();
  const loaded = sets.map((name) => loadSet(name, options));
  loaded.forEach(({ train, test }, i) => {
    const name = sets[i] as string;
    for (const { id } of [...train, ...test]) {
      const earlier = origins.get(id);
      if (earlier !== undefined)
        throw new InputError(
          `data=${sets.join(',')}: both ${earlier} and ${name} have a question with the id "${id}"; give every question its own.`,
        );
      origins.set(id, name);
    }
  });
  const names = new Set(loaded.map(({ task }) => task.name));
  const [name = scienceTask.name] = names.size === 1 ? names : [];
  const all = (split: keyof QuestionSplits): Question[] => loaded.flatMap((own) => own[split]);
  return { task: { ...scienceTask, name }, train: all('train'), test: all('test'), origins };
}

function loadSet(data: string, { order = 'shuffled' }: LoadOptions): LoadedTask {
  const suite = suiteData(data);
  if (suite) return loadMicroscience(suite.transfer, suite.world);
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
  const known = shapes.length > 0 ? `it has ${shapes.sort().join(', ')}` : 'its questions have no shapes';
  throw new InputError(`data=science-sample:${shape}: the sample has no questions of that shape; ${known}.`);
}

/** The folder or file that a name or path means. */
function placeOf(data: string): string {
  const place = registeredFolder(data) ?? [data, join(projectRoot, data)].find((candidate) => existsSync(candidate));
  if (place !== undefined) return place;
  const benchmark = findBenchmark(data);
  if (benchmark)
    throw new InputError(
      `data=${data}: ${benchmark.title} is not registered; get it from ${benchmark.source}, then run: rcsd data add ${shellWord(data)} PATH`,
    );
  throw new InputError(
    `data=${data}: there is no such folder, file or registered set; give a path, data=microscience, or see rcsd data list.`,
  );
}
