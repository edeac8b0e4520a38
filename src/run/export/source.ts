/** What is exported: a model with or without an adapter, and the run that trained it. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openRun, type Run, readObject } from '../../base/records/runReader';
import { openCheckpoint } from '../../engine/files/huggingface';
import { hubOrigin, resolveAdapterPath, resolveModelPath } from '../../engine/files/models';
import type { WeightSource } from '../../engine/files/weights';
import type { ModelConfig } from '../../engine/model/config';
import { readAdapter } from '../../engine/model/load';
import { mergedSource } from '../../engine/model/merge';
import { type ModelPlace, trainedModel } from '../../engine/model/trained';
import { disposeTree } from '../../engine/tensors/tree';

/** Where the exported weights come from. */
export interface ExportSource {
  readonly place: ModelPlace;
  /** A name for it: of the run, or of the model. */
  readonly name: string;
  readonly run?: Run;
  /** The update after which a checkpoint was written; undefined for a run's own result. */
  readonly step?: number;
}

/** Finds what a run, a checkpoint, or a model (with an adapter) means. Throws InputError where there is none. */
export function exportSource(given: string, adapter?: string): ExportSource {
  const place = adapter === undefined ? trainedModel(given) : { model: given, adapter: resolveAdapterPath(adapter) };
  const trained = place.adapter ?? place.model;
  const run = existsSync(trained) ? runAround(resolve(trained)) : undefined;
  const own = run ? run.name : basename((hubOrigin(given)?.id ?? given).replace(/\.gguf$/, ''));
  const step = run && resolve(given) !== resolve(run.path) ? stepOf(trained) : undefined;
  return { place, name: own, ...(run && { run }), ...(step !== undefined && { step }) };
}

/** The outermost run folder that a path lies in. */
function runAround(path: string): Run | undefined {
  const folders: string[] = [];
  for (let folder = path; dirname(folder) !== folder && folders.length < 5; folder = dirname(folder))
    folders.push(folder);
  const outermost = folders.reverse().find((folder) => {
    const config = readObject(join(folder, 'config.json'));
    return config?.schema_version !== undefined && config.settings !== undefined;
  });
  return outermost === undefined ? undefined : openRun(outermost);
}

function stepOf(checkpoint: string): number | undefined {
  const [, step] = /^step-(\d+)$/.exec(basename(checkpoint)) ?? [];
  return step === undefined ? undefined : Number(step);
}

/** The exported weights, merged, one tensor at a time, while `work` runs. */
export async function withWeightsOf<T>(
  { place }: ExportSource,
  config: ModelConfig,
  work: (weights: WeightSource) => Promise<T>,
): Promise<T> {
  const { weights } = await openCheckpoint(resolveModelPath(place.model));
  const change = place.adapter === undefined ? undefined : readAdapter(place.adapter, config);
  try {
    return await work(mergedSource(weights, change));
  } finally {
    weights.close();
    if (change) disposeTree(change.adapter.params);
  }
}
