/** Trained models by the folder that training left: a run's, a stage's, a checkpoint's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../base/records/errors';
import { openRun, readObject } from '../../base/records/runReader';
import { openAdapter } from '../files/adapter';

/** What `openModel` takes. */
export interface ModelPlace {
  readonly model: string;
  readonly adapter?: string;
}

/**
 * The model of a run (its best by validation, else its last checkpoint, of its last stage), or of a checkpoint that is an adapter:
 * base and adapter. Anything else is left as it is. Throws InputError where a run has no checkpoint.
 */
export function trainedModel(nameOrPath: string): ModelPlace {
  const folder = checkpointOf(nameOrPath) ?? nameOrPath;
  if (!existsSync(join(folder, 'adapter_config.json'))) return { model: folder };
  const { baseModel, weights } = openAdapter(folder);
  weights.close();
  if (baseModel !== undefined) return { model: baseModel, adapter: folder };
  throw new InputError(`${folder} is an adapter that does not name its model; give model=MODEL adapter=${folder}.`);
}

/** The folder of a run's trained weights; undefined for what is no run. */
function checkpointOf(path: string): string | undefined {
  const config = readObject(join(path, 'config.json'));
  if (config?.schema_version === undefined || config.settings === undefined) return undefined;
  const run = openRun(path);
  const last = run.stages().at(-1) ?? run;
  const whole = [join(last.path, 'model'), join(last.path, 'checkpoints', 'best')].find((place) => existsSync(place));
  const found = whole ?? last.checkpoints().at(-1)?.path;
  if (found !== undefined) return found;
  throw new InputError(`${path} is a run without a checkpoint; train it to one (rcsd train --resume ${path}).`);
}
