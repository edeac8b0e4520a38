/** Watches a running stage: writes and reports its warnings, and ends a run that has collapsed. */
import type { StageSettings } from '../../base/config/configs';
import { CollapseError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { shellWord } from '../../base/records/printable';
import type { MetricsRow } from '../../base/records/rows';
import { openRun } from '../../base/records/runReader';
import type { RunFolder } from '../../base/records/runWriter';
import { latestCheckpoint } from './checkpoint';
import { soundness } from './collapse';
import { newWarnings } from './warnings';

export interface WatchedRun {
  readonly algorithm: { readonly name: string };
  readonly settings: StageSettings;
  readonly folder: RunFolder;
  readonly collapseStop: boolean;
}

/**
 * Returns a function to call after each step with its row; it returns whether the step deserves a checkpoint. Rows from
 * before a resume are read from the run's folder. Throws CollapseError when the run has collapsed, unless the settings
 * let it go on.
 */
export function watchRun(
  { algorithm, settings, folder, collapseStop }: WatchedRun,
  { onProgress }: OperationOptions,
): (row: MetricsRow) => boolean {
  const rows = [...openRun(folder.path).metrics()];
  return (row) => {
    rows.push(row);
    const warnings = newWarnings(rows, settings);
    folder.appendWarnings(warnings);
    const place = { stage: algorithm.name, done: row.step, total: settings.steps };
    for (const { message } of warnings) onProgress?.({ ...place, warning: message });
    if (!collapseStop) return true;
    const { astray, collapse } = soundness(rows, settings);
    if (collapse !== undefined) throw collapseError(folder.path, { step: row.step, reason: collapse, goesOn: true });
    return astray === 0;
  };
}

/** The error that ends a run at `step`; `goesOn` says whether it could be continued in spite of the reason. */
export function collapseError(
  path: string,
  { step, reason, goesOn }: { readonly step: number; readonly reason: string; readonly goesOn: boolean },
): CollapseError {
  const saved = latestCheckpoint(path);
  const kept = saved
    ? `the last good checkpoint is ${saved.path}`
    : 'no checkpoint had been written (lower checkpoint_every)';
  const advice = goesOn
    ? `Lower learning_rate and start a new run, or continue in spite of it with: rcsd train --resume ${shellWord(path)} collapse_stop=false`
    : 'Lower learning_rate, or set max_grad_norm above 0, and start a new run.';
  return new CollapseError(`The run collapsed and was ended at step ${step}: ${reason}; ${kept}. ${advice}`);
}
