/** Validation during training: scores the student every few updates and keeps the best one so far. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LoraSettings } from '../../base/config/configs';
import { writeFileAtomic, writeFolderAtomic } from '../../base/records/atomic';
import type { OperationOptions } from '../../base/records/events';
import type { ValidationRow } from '../../base/records/rows';
import { openRun } from '../../base/records/runReader';
import type { RunFolder } from '../../base/records/runWriter';
import { readJsonFile } from '../../engine/files/jsonl';
import { type LanguageModel, withWeights } from '../../engine/model/model';
import { copyParams } from '../../engine/model/rankParams';
import { leads, led } from '../../engine/model/ranks';
import type { Params } from '../../engine/tensors/gradients';
import { readTrained, saveTrained } from './checkpoint';
import { type Student, studentWeights, type TrainState } from './step';

/** How a stage is validated; the student with the highest accuracy is the best. */
export interface Validation {
  readonly every: number;
  readonly score: (model: LanguageModel, options: OperationOptions) => Promise<Omit<ValidationRow, 'step'>>;
}

/** The student after a step. */
export interface Validated {
  readonly model: LanguageModel;
  readonly lora: LoraSettings;
  readonly folder: RunFolder;
  readonly student: Student;
  readonly state: TrainState;
  readonly step: number;
}

const bestFolder = (run: string): string => join(run, 'checkpoints', 'best');

/**
 * Scores the student if the step is due and has no score yet. A student better than all before is saved as
 * `checkpoints/best`.
 */
export async function validate(
  { every, score }: Validation,
  { model, lora, folder, student, state, step }: Validated,
  options: OperationOptions,
): Promise<void> {
  const { ranks } = model;
  if (step === 0 || step % every !== 0) return;
  if (
    await led(ranks, () =>
      openRun(folder.path)
        .validation()
        .some((row) => row.step === step),
    )
  )
    return;
  const current = withWeights(model, studentWeights({ ...student, trainable: state.trainable }));
  const row = { step, ...(await score(current, options)) };
  if (!leads(ranks)) return;
  const best = readBest(folder.path);
  if (!best || row.accuracy > best.accuracy) {
    await writeFolderAtomic(bestFolder(folder.path), async (target) => {
      await saveTrained(target, { model, lora, state });
      writeFileAtomic(join(target, 'validation.json'), `${JSON.stringify(row)}\n`);
    });
  }
  folder.appendValidation(row);
}

function readBest(run: string): ValidationRow | undefined {
  const file = join(bestFolder(run), 'validation.json');
  return existsSync(file) ? (readJsonFile(file) as unknown as ValidationRow) : undefined;
}

/**
 * The trained parameters of the best student, owned by the caller; undefined when none was scored. `like` gives their
 * names.
 */
export async function readBestTrained(
  { model: { ranks }, folder: { path }, lora }: Pick<Validated, 'model' | 'folder' | 'lora'>,
  like: Params,
): Promise<Params | undefined> {
  const best = leads(ranks) && readBest(path) ? readTrained(bestFolder(path), lora, like) : undefined;
  if (!ranks || !(await led(ranks, () => best !== undefined))) return best;
  return copyParams(ranks, best, like);
}
