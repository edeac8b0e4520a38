/** The settings of begun runs: what their config.json lacks, since it is older than the setting, is what the program did then. */
import type { RunConfig } from '../../base/records/rows';
import { trainSettings } from '../../method/algorithms/settings';

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
