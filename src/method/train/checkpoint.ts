/**
 * Writes and reads checkpoints: the model (Hugging Face layout) or adapter (PEFT layout) with the optimiser's moments,
 * the teacher's own parameters if it has any, and the step, which determines data order and sampling noise. A
 * checkpoint is written under another name and renamed when complete, so that a crash leaves the last good one.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LoraSettings } from '../../base/config/configs';
import { asWriteError, makeFolder, renameDurably, syncTree, writeFileAtomic } from '../../base/records/atomic';
import { sha256OfFileNow } from '../../engine/files/digest';
import { writeCheckpoint } from '../../engine/files/huggingface';
import { readJsonFile } from '../../engine/files/jsonl';
import { resolveModelPath } from '../../engine/files/models';
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../../engine/files/safetensors';
import { upload } from '../../engine/model/load';
import type { LanguageModel } from '../../engine/model/model';
import { saveAdapter } from '../../engine/model/saveAdapter';
import type { Params } from '../../engine/tensors/gradients';
import type { Tensor } from '../../engine/tensors/tensorflow';
import type { TrainState } from './step';

export interface CheckpointContents {
  readonly model: LanguageModel;
  readonly lora: LoraSettings;
  readonly state: TrainState;
  /** The teacher's own parameters (for ema and snapshot). */
  readonly teacher?: Params;
}

/** Copies the values from the device when they are written, so that there is never a second copy of all of them. */
const values = (tensor: Tensor) => (): Float32Array => tensor.dataSync() as Float32Array;

/** Parameters in the form in which safetensors files are written; they must live until then. @internal */
export const tensorsOf = (params: Params, prefix = ''): TensorToWrite[] =>
  Object.entries(params).map(([name, tensor]) => ({ name: prefix + name, shape: tensor.shape, data: values(tensor) }));

/** Writes the trained parameters as a model folder or, under LoRA, as an adapter. */
export async function saveTrained(directory: string, contents: Omit<CheckpointContents, 'teacher'>): Promise<void> {
  const { model, lora, state } = contents;
  if (lora.rank === 0) {
    const tokenizerFrom = model.tokenizer ? resolveModelPath(model.name) : undefined;
    await writeCheckpoint(directory, {
      configJson: model.config.source,
      tensors: tensorsOf(state.trainable),
      tokenizerFrom,
    });
    return;
  }
  saveAdapter(directory, state.trainable, { rank: lora.rank, alpha: lora.alpha, baseModel: model.name });
}

const UNFINISHED = '.unfinished';
const DAMAGED = '.damaged';
/** SHA-256 of the other files of a checkpoint. */
const CHECKSUMS = 'checksums.json';

const folderOf = (run: string, step: number): string =>
  join(run, 'checkpoints', `step-${String(step).padStart(6, '0')}`);

/**
 * Lets `write` fill the folder of a step's checkpoint and returns its path. The folder gets its final name only when it
 * is complete. Then all but the `keep` newest checkpoints are removed, and unfinished ones that a crash left. A
 * finished checkpoint of the same step is kept as it is.
 */
export async function checkpointFolder(
  run: string,
  { step, keep }: { readonly step: number; readonly keep: number },
  write: (folder: string) => Promise<void>,
): Promise<string> {
  const target = folderOf(run, step);
  if (existsSync(target)) return target;
  const unfinished = `${target}${UNFINISHED}`;
  makeFolder(dirname(target));
  for (const name of readdirSync(dirname(target))) {
    if (name.endsWith(UNFINISHED)) rmSync(join(dirname(target), name), { recursive: true });
  }
  try {
    mkdirSync(unfinished);
    await write(unfinished);
    const digests = readdirSync(unfinished).map((name) => [name, sha256OfFileNow(join(unfinished, name))]);
    writeFileAtomic(join(unfinished, CHECKSUMS), `${JSON.stringify(Object.fromEntries(digests), null, 1)}\n`);
    syncTree(unfinished);
    renameDurably(unfinished, target);
  } catch (error) {
    throw asWriteError(error, target);
  }
  const finished = listSteps(run);
  for (const old of finished.slice(0, Math.max(0, finished.length - keep))) {
    rmSync(folderOf(run, old), { recursive: true, force: true });
  }
  return target;
}

/** Writes groups of parameters into one safetensors file; each name is prefixed with that of its group. */
export function writeGroups(file: string, groups: Readonly<Record<string, Params>>): void {
  writeSafetensors(
    file,
    Object.entries(groups).flatMap(([group, params]) => tensorsOf(params, `${group}.`)),
  );
}

/** Writes a checkpoint of a training stage; returns its path. */
export function saveCheckpoint(
  run: string,
  contents: CheckpointContents,
  place: { readonly step: number; readonly keep: number },
): Promise<string> {
  const { state, teacher = {} } = contents;
  return checkpointFolder(run, place, async (folder) => {
    await saveTrained(folder, contents);
    writeGroups(join(folder, 'optimizer.safetensors'), { m: state.moments.m, v: state.moments.v, teacher });
    writeFileAtomic(join(folder, 'state.json'), `${JSON.stringify({ step: place.step, updates: state.updates })}\n`);
  });
}

/** Steps of the finished checkpoints of a run, oldest first. */
function listSteps(run: string): number[] {
  const folder = join(run, 'checkpoints');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? []);
  return names.map(Number).sort((a, b) => a - b);
}

/**
 * The step of the newest checkpoint that is whole, 0 if none is: where a run goes on. Newer ones that are damaged are put aside,
 * under another name, and told.
 */
export function soundStep(run: string, say: (sentence: string) => void = () => {}): number {
  for (const step of listSteps(run).reverse()) {
    const folder = folderOf(run, step);
    const damage = damageOf(folder);
    if (damage === undefined) return step;
    rmSync(`${folder}${DAMAGED}`, { recursive: true, force: true });
    renameDurably(folder, `${folder}${DAMAGED}`);
    const before = listSteps(run).pop();
    const where = before === undefined ? 'begins anew' : `goes on from the one of step ${before}, if that is whole`;
    say(
      `The checkpoint of step ${step} is damaged (${damage}) and was renamed to ${folder}${DAMAGED}; the run ${where}.`,
    );
  }
  return 0;
}

/** What is wrong with a checkpoint; undefined where nothing is. One of an earlier version has no checksums, and is tried by its form. */
function damageOf(folder: string): string | undefined {
  try {
    const names = readdirSync(folder);
    if (!names.includes(CHECKSUMS)) {
      for (const name of names) {
        if (name.endsWith('.json')) readJsonFile(join(folder, name));
        if (name.endsWith('.safetensors')) openSafetensors(join(folder, name)).close();
      }
      return undefined;
    }
    const digests = Object.entries(readJsonFile(join(folder, CHECKSUMS)));
    const other = digests.find(([name, digest]) => sha256OfFileNow(join(folder, name)) !== digest);
    return other && `${other[0]} has another checksum`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The newest finished checkpoint of a run; undefined if there is none. */
export function latestCheckpoint(run: string): { step: number; path: string } | undefined {
  const step = listSteps(run).pop();
  return step === undefined ? undefined : { step, path: folderOf(run, step) };
}

/**
 * Reads the parameters of a safetensors file whose names start with `prefix`, and removes the prefix; the caller owns
 * them. @internal
 */
export function readTensors(file: string, prefix: string): Params {
  const source = openSafetensors(file);
  const names = source.names.filter((name) => name.startsWith(prefix));
  const params = names.map((name) => [name.slice(prefix.length), upload(source.read(name), source.shape(name))]);
  source.close();
  return Object.fromEntries(params) as Params;
}

const inOrder = (params: Params, like: Params): Params =>
  Object.fromEntries(Object.keys(like).map((name) => [name, params[name] as Tensor]));

/** Reads the parameters that `saveTrained` wrote; the caller owns them. `like` gives their names. */
export function readTrained(path: string, lora: LoraSettings, like: Params): Params {
  const trained =
    lora.rank === 0
      ? readTensors(join(path, 'model.safetensors'), '')
      : readTensors(join(path, 'adapter_model.safetensors'), 'base_model.model.');
  return inOrder(trained, like);
}

/** Reads the state from a checkpoint; the caller owns its tensors. `like` gives the names of the trained parameters. */
export function readCheckpoint(
  path: string,
  lora: LoraSettings,
  like: Params,
): { state: TrainState; step: number; teacher?: Params } {
  const { step, updates } = readJsonFile(join(path, 'state.json')) as { step: number; updates: number };
  const optimizer = join(path, 'optimizer.safetensors');
  const teacher = readTensors(optimizer, 'teacher.');
  const moments = { m: inOrder(readTensors(optimizer, 'm.'), like), v: inOrder(readTensors(optimizer, 'v.'), like) };
  return {
    step,
    state: { trainable: readTrained(path, lora, like), moments, updates },
    ...(Object.keys(teacher).length > 0 && { teacher: inOrder(teacher, like) }),
  };
}
