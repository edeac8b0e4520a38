/** A stage of training as short as it can be: a random model with the words of microscience, in a real run folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LoraSettings, StageSettings } from '../../src/base/config/configs';
import type { OperationOptions, ProgressEvent } from '../../src/base/records/events';
import { openRun, type Run } from '../../src/base/records/runReader';
import { createRunFolder, resumeRunFolder, runConfig } from '../../src/base/records/runWriter';
import { openSafetensors } from '../../src/engine/files/safetensors';
import { openModel } from '../../src/engine/model/load';
import type { LanguageModel } from '../../src/engine/model/model';
import { createRandom } from '../../src/engine/tensors/random';
import type { Algorithm, Example } from '../../src/method/algorithms/algorithm';
import { reasoner } from '../../src/method/algorithms/rcsd';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { latestCheckpoint } from '../../src/method/train/checkpoint';
import { type StageRun, trainStage } from '../../src/method/train/loop';
import { microscienceQuestions, microscienceTask, microscienceViews } from '../../src/questions/tasks/microscience';
import type { Views } from '../../src/questions/tasks/views';

export const FULL: LoraSettings = { rank: 0, alpha: 1, targets: [] };
export const LORA: LoraSettings = { rank: 2, alpha: 8, targets: ['q_proj', 'v_proj', 'down_proj'] };
export const SEED = { init: 1, data: 2, sampling: 3 };

/** Six questions with their reference rubrics, fewer than two batches. */
export const examples = (): Example[] => {
  const questions = microscienceQuestions('train', { seed: 1, perFamily: 1 }).slice(0, 6);
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
  readonly collapseStop?: boolean;
  readonly adapter?: string;
  readonly validation?: StageRun['validation'];
}

/** Runs the stage in `path`, or goes on with it; the caller disposes both models. */
export async function runStage(
  { path, model: modelPath }: { readonly path: string; readonly model: string },
  changes: StageChanges = {},
  options: OperationOptions = {},
): Promise<{ model: LanguageModel; trained: LanguageModel }> {
  const settings = stageSettings(changes.settings);
  const exists = existsSync(join(path, 'config.json'));
  const folder = exists
    ? resumeRunFolder(path, latestCheckpoint(path)?.step ?? 0)
    : createRunFolder(path, runConfig(settings, { versions: {} }));
  const model = await openModel(modelPath, { adapter: changes.adapter });
  const run: StageRun = {
    model,
    algorithm: (changes.algorithm ?? reasoner)(settings),
    settings,
    lora: changes.lora ?? FULL,
    examples: changes.examples ?? examples(),
    views: changes.views ?? microscienceViews,
    seed: SEED,
    folder,
    checkpointEvery: changes.checkpointEvery ?? 100,
    keepCheckpoints: changes.keepCheckpoints ?? 10,
    validation: changes.validation,
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

/** The path of the checkpoint of a step. */
export const checkpointOf = (path: string, step: number): string =>
  join(path, 'checkpoints', `step-${String(step).padStart(6, '0')}`);
