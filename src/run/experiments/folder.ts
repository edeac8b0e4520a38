/** Opens the folder that a run or one of its stages writes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import { type OperationOptions, saying } from '../../base/records/events';
import type { Inputs } from '../../base/records/rows';
import {
  createRunFolder,
  type RunFolder,
  resumeRunFolder,
  runConfig,
  unwrittenFolder,
} from '../../base/records/runWriter';
import { leads } from '../../engine/model/ranks';
import { soundStep } from '../../method/train/checkpoint';
import { begunRun, begunStage } from '../session/begun';
import { runtimeFacts } from '../session/inputs';
import type { Session } from '../session/session';

/** Opens a new run folder, or one that was begun with the same settings and inputs. */
export function openFolder(
  path: string,
  config: TrainConfig | StageFolderConfig,
  {
    session,
    inputs,
    options,
  }: { readonly session: Session; readonly inputs: Inputs; readonly options: OperationOptions },
): RunFolder {
  if (!leads(session.model.ranks)) return unwrittenFolder(path);
  const now = runConfig(config, runtimeFacts(session.model, inputs));
  const opening = { work: 'rcsd train', say: saying(options) };
  if (!existsSync(join(path, 'config.json'))) return createRunFolder(path, now, opening);
  const resuming = { ...opening, settings: config };
  const stepOf = (): number => soundStep(path, opening.say);
  if (!('settings' in config)) return resumeRunFolder(path, stepOf, { ...resuming, understand: begunRun, now });
  // The inputs of a stage are those of its run, which were compared there.
  return resumeRunFolder(path, stepOf, { ...resuming, understand: begunStage, now: { ...now, inputs: undefined } });
}

interface StageFolderConfig {
  readonly algorithm: string;
  readonly settings: StageSettings;
}
