/**
 * Writes a model for other programs: a Hugging Face folder, a PEFT adapter, or a GGUF file, each with tokenizer, end tokens and a
 * model card. What was written is read back and compared with the model before the folder gets its name, so that no export
 * appears whose numbers differ.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { requireSpace, writeFolderAtomic } from '../../base/records/atomic';
import { InputError } from '../../base/records/errors';
import { type OperationOptions, underName } from '../../base/records/events';
import { type ExportType, rounded } from '../../engine/export/numberTypes';
import { writeFileAtomic } from '../../engine/files/jsonl';
import { hubOrigin, resolveModelPath } from '../../engine/files/models';
import type { WeightSource } from '../../engine/files/weights';
import { openModel, readParameters } from '../../engine/model/load';
import { type LanguageModel, withWeights } from '../../engine/model/model';
import { disposeTree } from '../../engine/tensors/tree';
import { modelCard } from './card';
import { type Base, type ExportFormat, FORMATS, type StoredAs } from './formats';
import { type ExportSource, exportSource, withWeightsOf } from './source';
import { type Distance, distance, tokenizerDifference, trialLogprobs } from './trial';

/** What to export, and how. `source` is a run, a checkpoint, or a model by name or path. */
export interface ExportRequest extends OperationOptions {
  readonly source: string;
  /** A PEFT adapter for a model that is no run. */
  readonly adapter?: string;
  readonly format: ExportFormat;
  /** Default: fp32. */
  readonly type?: ExportType;
  /** The folder to write; it must not exist. */
  readonly output: string;
  /** What an exported adapter names as its model; default: its repository on the hub where that is known, else its path. */
  readonly base?: string;
}

/** What was written. */
export interface Exported {
  readonly folder: string;
  /** Between the model in fp32 and what was read back. */
  readonly distance: Distance;
  /** Sentences that a user should know. */
  readonly notes: readonly string[];
}

/** Largest distance of log-probabilities (nats) between weights that should be the same numbers. */
export const MOST_APART = 1e-4;

/** Exports a model. Throws InputError where the format cannot hold it or the numbers that were read back differ. */
export async function exportModel(request: ExportRequest): Promise<Exported> {
  const { format, type = 'fp32', output } = request;
  if (existsSync(output)) throw new InputError(`${output} is there already; choose another --output.`);
  const { types, requires } = FORMATS[format];
  if (!types.includes(type))
    throw new InputError(`--format ${format} is written as ${types.join(' or ')}; --dtype is ${type}.`);
  const source = exportSource(request.source, request.adapter);
  requires?.(source);
  const options: OperationOptions = { signal: request.signal, onProgress: request.onProgress };
  const own = await openModel(source.place.model, { adapter: source.place.adapter });
  const positions = FORMATS[format].positions?.(own.config) ?? own.config.maxPositions;
  const logprobs = await measured(own, positions, underName(options, 'model'));
  let result: Omit<Exported, 'folder'> | undefined;
  await writeFolderAtomic(output, async (folder) => {
    result = await fill(folder, { request: { ...request, type }, source, own, positions, logprobs, options });
  });
  return { folder: output, ...(result as Omit<Exported, 'folder'>) };
}

/** Log-probabilities of a model, whose weights are freed behind it. */
async function measured(model: LanguageModel, positions: number, options: OperationOptions): Promise<number[]> {
  try {
    return await trialLogprobs(model, positions, options);
  } finally {
    model.dispose();
  }
}

interface Work {
  readonly request: ExportRequest & { readonly type: ExportType };
  readonly source: ExportSource;
  /** The model; its weights are freed. */
  readonly own: LanguageModel;
  /** Those compared. */
  readonly positions: number;
  readonly logprobs: readonly number[];
  readonly options: OperationOptions;
}

async function fill(folder: string, work: Work): Promise<Omit<Exported, 'folder'>> {
  const { request, source, own, positions, logprobs, options } = work;
  const { format, type } = request;
  const { config, tokenizer } = own;
  const base = baseOf(source, request.base);
  const { written, expected } = await withWeightsOf(source, config, async (weights) => {
    const plan = FORMATS[format].plan({ folder, source, model: own, weights, type, base });
    requireSpace(folder, plan.bytes);
    await plan.write(options);
    return { written: plan, expected: await roundedLogprobs(work, weights, plan.storedAs) };
  });
  const exported = await openModel(written.opens.model, { adapter: written.opens.adapter });
  const difference = tokenizerDifference(tokenizer, exported.tokenizer);
  const again = await measured(exported, positions, underName(options, 'export'));
  const { largest } = distance(again, expected ?? logprobs);
  if (!(largest <= MOST_APART))
    throw new Error(
      `what was written is not what was meant: its log-probabilities differ by up to ${largest} nats; nothing was kept`,
    );
  if (difference !== undefined)
    throw new InputError(
      `The ${format} form of ${source.place.model} would change ${difference}; choose another --format.`,
    );
  const result = { distance: distance(logprobs, again), notes: written.notes };
  const { run, step, name } = source;
  const card = modelCard({
    ...{ name, format, step, run, storage: written.storage, file: written.file, base, ...result },
  });
  writeFileAtomic(join(folder, 'README.md'), card);
  return result;
}

/** What log-probabilities the model has when its weights are rounded as they are written; undefined where they are not. */
async function roundedLogprobs(
  { request, own, positions, options }: Work,
  weights: WeightSource,
  storedAs: StoredAs,
): Promise<number[] | undefined> {
  if (request.type === 'fp32') return undefined;
  const source = { ...weights, read: (name: string) => rounded(weights.read(name), storedAs(weights.shape(name))) };
  const params = readParameters(own.config, source, 'the model');
  try {
    return await trialLogprobs(withWeights(own, { params }), positions, underName(options, 'rounded'));
  } finally {
    disposeTree(params);
  }
}

function baseOf({ place: { model } }: ExportSource, given: string | undefined): Base {
  const hub = hubOrigin(model);
  const name = existsSync(model) ? basename(model) : model;
  if (given !== undefined) return { name, path: given, ...(hub && { hub }) };
  if (!hub) return { name, path: resolveModelPath(model) };
  return { name, hub, path: hub.id, ...(hub.revision !== 'main' && { revision: hub.revision }) };
}
