/** Finds a trained model by the folder of its run, stage or checkpoint. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../base/records/errors';
import { shellWord } from '../../base/records/printable';
import { openRun, readObject } from '../../base/records/runReader';
import { openAdapter } from '../files/adapter';

/** The arguments for `openModel`. */
export interface ModelPlace {
  readonly model: string;
  readonly adapter?: string;
}

/**
 * For a run, the model that it trained: the best by validation, or else the last checkpoint, of its last stage. For a
 * checkpoint that is an adapter: its base model and the adapter. Any other name or path is returned unchanged. Throws
 * InputError for a run without a checkpoint.
 */
export function trainedModel(nameOrPath: string): ModelPlace {
  const folder = checkpointOf(nameOrPath) ?? nameOrPath;
  if (!existsSync(join(folder, 'adapter_config.json'))) return { model: folder };
  const { baseModel, weights } = openAdapter(folder);
  weights.close();
  if (baseModel !== undefined) return { model: baseModel, adapter: folder };
  throw new InputError(`${folder} is an adapter that does not name its model; give model=MODEL adapter=${folder}.`);
}

/** The folder of a run's trained weights; undefined for a path that is not a run. */
function checkpointOf(path: string): string | undefined {
  const config = readObject(join(path, 'config.json'));
  if (config?.schema_version === undefined || config.settings === undefined) return undefined;
  const run = openRun(path);
  const last = run.stages().at(-1) ?? run;
  const whole = [join(last.path, 'model'), join(last.path, 'checkpoints', 'best')].find((place) => existsSync(place));
  const found = whole ?? last.checkpoints().at(-1)?.path;
  if (found !== undefined) return found;
  throw new InputError(
    `${path} is a run without a checkpoint; train it further (rcsd train --resume ${shellWord(path)}).`,
  );
}
