/**
 * Begun runs: whether one is trained, and its settings; what their config.json lacks, since it is older than the setting, is what the
 * program did then.
 */
import { join } from 'node:path';
import type { TrainConfig } from '../../base/config/configs';
import type { RunConfig } from '../../base/records/rows';
import { algorithmNamed } from '../../method/algorithms';
import { trainSettings } from '../../method/algorithms/settings';
import { latestCheckpoint } from '../../method/train/checkpoint';

/** Settings of a training run. */
export const begunRun = ({ schema_version: version, settings }: RunConfig): object =>
  trainSettings.complete(settings, version) as object;

/** The folder of one stage, which holds that stage's settings alone. */
export const begunStage = ({ schema_version: version, settings }: RunConfig): object => ({
  ...settings,
  settings: trainSettings.complete(settings.settings, version, 'stage2'),
});

/** A folder of several training runs, whose settings stand under their names. */
export const begunRuns = ({ schema_version: version, settings }: RunConfig): object =>
  Object.fromEntries(Object.entries(settings).map(([name, each]) => [name, trainSettings.complete(each, version)]));

/** Whether the last stage of the run has made its last step. */
export function isTrained(path: string, { algorithm, stages, stage1, stage2 }: TrainConfig): boolean {
  const writing = algorithmNamed(algorithm).writing !== undefined;
  const onlyWrites = writing && stages === 'rubric';
  const last = writing ? join(path, onlyWrites ? 'stage-1' : 'stage-2') : path;
  return latestCheckpoint(last)?.step === (onlyWrites ? stage1 : stage2).steps;
}
