/**
 * Writes and reads the file of a measurement without training: the first line says how it was made, the others are its
 * rows.
 */

import type { RunConfig } from '../../base/records/rows';
import { runConfig } from '../../base/records/runWriter';
import { readJsonl, writeJsonl } from '../../engine/files/jsonl';
import { runtimeInfo } from '../../engine/tensors/tensorflow';
import type { Session } from '../../run/session/session';

/** How a measurement was made: settings, seeds, commit, versions, machine, and the command that repeats it. */
export interface MeasurementFacts extends RunConfig {
  readonly command: string;
  /** Of the call that finished it; what stopped calls before it took is not counted. */
  readonly seconds: number;
}

export interface Measurement<Row> {
  readonly facts: MeasurementFacts;
  readonly rows: readonly Row[];
}

/** Writes a measurement; the file appears only when it is complete. */
export function writeMeasurement(
  path: string,
  rows: readonly object[],
  { session, config, ...made }: { session: Session; config: object; command: string; seconds: number },
): void {
  const versions = { tensorflow: runtimeInfo().tensorflow, model: session.model.name };
  writeJsonl(path, [{ ...runConfig(config, { versions }), ...made }, ...rows]);
}

/** Reads a measurement. Throws InputError when there is no such file. */
export function readMeasurement<Row>(path: string): Measurement<Row> {
  const [facts, ...rows] = readJsonl(path, (row) => row);
  return { facts: facts as MeasurementFacts, rows: rows as Row[] };
}
