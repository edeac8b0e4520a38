/** A stage of training as short as it can be: a random model with the words of microscience, in a real run folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { LoraSettings, StageSettings } from '../../src/base/config/configs';
import type { OperationOptions, ProgressEvent } from '../../src/base/records/events';
import { openRun, type Run } from '../../src/base/records/runReader';
import { createRunFolder, resumeRunFolder, runConfig, unwrittenFolder } from '../../src/base/records/runWriter';
import { openSafetensors } from '../../src/engine/files/safetensors';
import { openModel } from '../../src/engine/model/load';
import type { LanguageModel } from '../../src/engine/model/model';
import { leads, type Ranks } from '../../src/engine/model/ranks';
import { createRandom } from '../../src/engine/tensors/random';
import type { Algorithm, Example } from '../../src/method/algorithms/algorithm';
import { reasoner } from '../../src/method/algorithms/rcsd';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { latestCheckpoint } from '../../src/method/train/checkpoint';
import { type StageRun, trainStage } from '../../src/method/train/loop';
import {
  microscienceQuestions,
  microscienceTask,
  microscienceViews,
  strataWorld,
} from '../../src/questions/tasks/microscience';
import type { Views } from '../../src/questions/tasks/views';
import { temporaryFolder, writeScienceModel } from '../model/tiny';

export const FULL: LoraSettings = { rank: 0, alpha: 1, targets: [] };
export const LORA: LoraSettings = { rank: 2, alpha: 8, targets: ['q_proj', 'v_proj', 'down_proj'] };
export const SEED = { init: 1, data: 2, sampling: 3 };

/** Six questions with their reference rubrics, fewer than two batches. */
export const examples = (): Example[] => {
  const questions = microscienceQuestions('train', { seed: 1, perFamily: 1, world: strataWorld() }).slice(0, 6);
  return questions.map((question) => ({
    question,
    rubric: microscienceTask.rubric?.(question, 'reference', createRandom(1), questions),
  }));
};

export const stageSettings = (changes: Partial<StageSettings> = {}): StageSettings => {
  const { stage2 } = profileDefaults('microscience', 'rcsd');
  return {
    ...stage2,
    steps: 6,
    batch_size: 4,
    microbatch_size: 2,
    sampling: { ...stage2.sampling, max_tokens: 8 },
    optimizer: { ...stage2.optimizer, learning_rate: 0.02, warmup_steps: 1, weight_decay: 0.01 },
    ...changes,
  };
};

export interface StageChanges {
  readonly settings?: Partial<StageSettings>;
  readonly algorithm?: (settings: StageSettings) => Algorithm;
  readonly lora?: LoraSettings;
  readonly examples?: readonly Example[];
  readonly views?: Views;
  readonly checkpointEvery?: number;
  readonly keepCheckpoints?: number;
  readonly tokenDetails?: number;
  readonly collapseStop?: boolean;
  readonly adapter?: string;
  readonly validation?: StageRun['validation'];
  readonly ranks?: Ranks;
  readonly seed?: StageRun['seed'];
}

/** What a run records of the program and the machine: git is asked once for all runs of a file. */
const FACTS = runConfig({}, { versions: {} });

/** Runs the stage in `path`, or goes on with it; the caller disposes both models. */
export async function runStage(
  { path, model: modelPath }: { readonly path: string; readonly model: string },
  changes: StageChanges = {},
  options: OperationOptions = {},
): Promise<{ model: LanguageModel; trained: LanguageModel }> {
  const settings = stageSettings(changes.settings);
  const exists = existsSync(join(path, 'config.json'));
  const folder = !leads(changes.ranks)
    ? unwrittenFolder(path)
    : exists
      ? resumeRunFolder(path, latestCheckpoint(path)?.step ?? 0)
      : createRunFolder(path, { ...FACTS, settings: { ...settings } });
  const opened = await openModel(modelPath, { adapter: changes.adapter });
  const model = changes.ranks ? { ...opened, ranks: changes.ranks } : opened;
  const run: StageRun = {
    model,
    algorithm: (changes.algorithm ?? reasoner)(settings),
    settings,
    lora: changes.lora ?? FULL,
    examples: changes.examples ?? examples(),
    views: changes.views ?? microscienceViews,
    seed: changes.seed ?? SEED,
    folder,
    checkpointEvery: changes.checkpointEvery ?? 100,
    keepCheckpoints: changes.keepCheckpoints ?? 10,
    validation: changes.validation,
    tokenDetails: changes.tokenDetails ?? 0,
    collapseStop: changes.collapseStop ?? false,
  };
  try {
    return { model, trained: await trainStage(run, options) };
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    folder.close();
  }
}

/** A place for the runs of a test file, with a random model to begin with. */
export interface ScienceRuns {
  readonly path: string;
  readonly model: string;
  /** Where a run of this name is and what it begins with, for `runStage`. */
  place(name: string, model?: string): { readonly path: string; readonly model: string };
  /** Runs a stage to its end, or goes on with it, and frees its models. */
  complete(name: string, changes: StageChanges, options?: OperationOptions): Promise<Run>;
}

/** Makes such a place for as long as the file's tests run. */
export function scienceRuns(): ScienceRuns {
  const folder = temporaryFolder();
  const model = join(folder.path, 'model');
  beforeAll(async () => {
    await writeScienceModel(model);
  });
  afterAll(() => folder.remove());
  const place = (name: string, from = model) => ({ path: join(folder.path, name), model: from });
  const complete = async (name: string, changes: StageChanges, options?: OperationOptions): Promise<Run> => {
    const { model: base, trained } = await runStage(place(name), changes, options);
    trained.dispose();
    base.dispose();
    return openRun(place(name).path);
  };
  return { path: folder.path, model, place, complete };
}

/** What stops a run at a step: `how` is called once the step is done. */
export const atStep =
  (step: number, how: () => void) =>
  ({ done, stage }: ProgressEvent): void => {
    if (stage !== 'generate' && done === step) how();
  };

/** Numbers of a run that do not depend on the clock. */
export function recordOf(path: string): { metrics: object[]; completions: readonly object[] } {
  const run: Run = openRun(path);
  const metrics = run
    .metrics()
    .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !/^(seconds|graphs)\//.test(name))));
  return { metrics, completions: run.completions() };
}

/** All tensors of a safetensors file by name. */
export function readFile(...parts: string[]): Record<string, Float32Array> {
  const file = openSafetensors(join(...parts));
  const tensors = Object.fromEntries(file.names.map((name) => [name, file.read(name)]));
  file.close();
  return tensors;
}

/** Fails unless the tensors are those expected, to the last bit. */
export function expectSameTensors(actual: Record<string, Float32Array>, expected: Record<string, Float32Array>): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  const bits = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);
  const differing = Object.entries(expected).filter(
    ([name, tensor]) => !bits(tensor).equals(bits(actual[name] as Float32Array)),
  );
  expect(differing.map(([name]) => name)).toEqual([]);
}

/** The path of the checkpoint of a step. */
export const checkpointOf = (path: string, step: number): string =>
  join(path, 'checkpoints', `step-${String(step).padStart(6, '0')}`);
