/** Opens and writes whole models on disk: Hugging Face folders (one or several safetensors files) and GGUF files. */

import { copyFileSync, existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { asWriteError, makeFolder } from '../../base/records/atomic';
import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import { isObject } from '../../base/records/values';
import { openGguf } from './gguf';
import { readJsonFile, writeFileAtomic } from './jsonl';
import { openSafetensors, type TensorToWrite, writeSafetensors } from './safetensors';
import { readTokenizer, type Tokenizer } from './tokenizer';
import type { WeightSource } from './weights';

/** An open model. The caller must close `weights`. */
export interface Checkpoint {
  readonly configJson: Record<string, unknown>;
  /** The content of `generation_config.json`. `parseModelConfig` takes it as its third argument, for its end tokens. */
  readonly generationJson: Record<string, unknown>;
  readonly weights: WeightSource;
  /** Undefined for a model that works with token ids only. */
  readonly tokenizer: Tokenizer | undefined;
  /** The folder that the model is in. */
  readonly directory: string;
}

/** The files beside the weights that `config.json` does not replace: tokenizer, chat template, end tokens. */
export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'generation_config.json',
] as const;

/** Opens a model folder or a .gguf file; `date` is today's for chat templates. Throws InputError that names the faulty file. */
export async function openCheckpoint(path: string, date?: string): Promise<Checkpoint> {
  return isFolder(path) ? { ...readFolder(path, date), weights: openWeights(path) } : openSingleFile(path, date);
}

/** The same without the weights, which a folder need not have; `bf16` is whether its config.json says that they are in bf16. */
export async function readOutline(
  path: string,
  date?: string,
): Promise<Omit<Checkpoint, 'weights'> & { bf16: boolean }> {
  if (isFolder(path)) {
    const folder = readFolder(path, date);
    const { dtype, torch_dtype } = folder.configJson;
    return { ...folder, bf16: (dtype ?? torch_dtype) === 'bfloat16' };
  }
  const { weights, ...file } = await openSingleFile(path, date);
  weights.close();
  return { ...file, bf16: false };
}

function isFolder(path: string): boolean {
  if (!existsSync(path)) throw new InputError(`There is no model at ${path}; check the path.`);
  return statSync(path).isDirectory();
}

function readFolder(path: string, date?: string): Omit<Checkpoint, 'weights'> {
  if (!existsSync(join(path, 'config.json')))
    throw new InputError(`${path} holds no config.json; give a Hugging Face model folder or a .gguf file.`);
  const generation = join(path, 'generation_config.json');
  return {
    configJson: readJsonFile(join(path, 'config.json')),
    generationJson: existsSync(generation) ? readJsonFile(generation) : {},
    tokenizer: readTokenizer(path, date),
    directory: path,
  };
}

/** What `writeCheckpoint` saves. `tokenizerFrom` is the model (folder or .gguf file) whose tokenizer is copied. */
export interface CheckpointToWrite {
  readonly configJson: Readonly<Record<string, unknown>>;
  readonly tensors: Iterable<TensorToWrite>;
  readonly tokenizerFrom?: string;
}

/**
 * Writes a model folder that transformers can load, in the type that the tensors have: transformers rounds what it
 * reads to the `dtype` of config.json (`torch_dtype` before version 5). `config.json` is written last, so that an unfinished folder cannot
 * be opened.
 */
export async function writeCheckpoint(dir: string, checkpoint: CheckpointToWrite): Promise<void> {
  makeFolder(dir);
  if (checkpoint.tokenizerFrom !== undefined) await copyTokenizer(checkpoint.tokenizerFrom, dir);
  const tensors = [...checkpoint.tensors];
  writeSafetensors(join(dir, 'model.safetensors'), tensors);
  writeModelConfig(dir, checkpoint.configJson, tensors);
}

/** Writes the `config.json` of a model folder, which says in what type transformers shall open the tensors. */
export function writeModelConfig(
  dir: string,
  configJson: Readonly<Record<string, unknown>>,
  tensors: readonly Pick<TensorToWrite, 'dtype'>[],
): void {
  const dtype = typeName(tensors);
  writeJson(join(dir, 'config.json'), { ...configJson, dtype, torch_dtype: dtype });
}

/** The type in which transformers shall open the tensors: theirs, or float32 where they differ. */
function typeName(tensors: readonly Pick<TensorToWrite, 'dtype'>[]): string {
  const [first, ...others] = new Set(tensors.map(({ dtype = 'F32' }) => dtype));
  if (others.length > 0) return 'float32';
  return { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[first ?? 'F32'];
}

async function openSingleFile(path: string, date?: string): Promise<Checkpoint> {
  if (!path.endsWith('.gguf'))
    throw new InputError(
      `${path} is not a model folder and does not end in .gguf; give the folder that holds config.json.`,
    );
  return { ...(await openGguf(path, date)), generationJson: {}, directory: dirname(path) };
}

function openWeights(dir: string): WeightSource {
  const single = join(dir, 'model.safetensors');
  if (existsSync(single)) return openSafetensors(single);
  const index = join(dir, 'model.safetensors.index.json');
  if (existsSync(index)) return openShards(dir, index);
  throw new InputError(
    `${dir} holds no model.safetensors (nor its index); only safetensors and GGUF weights can be read.`,
  );
}

function openShards(dir: string, index: string): WeightSource {
  const map = readJsonFile(index).weight_map;
  if (!isObject(map)) throw new InputError(`${index} lacks the object weight_map.`);
  const places = Object.entries(map).map(([name, file]) => [name, shardName(file, index)] as const);
  const shards = new Map<string, WeightSource>();
  const close = (): void => {
    for (const shard of shards.values()) shard.close();
  };
  try {
    for (const [name, file] of places) {
      if (!statSync(join(dir, file), { throwIfNoEntry: false })?.isFile())
        throw new InputError(`${index} names ${file}, which is missing; get all files of the model.`);
      const shard = shards.get(file) ?? openSafetensors(join(dir, file));
      shards.set(file, shard);
      if (!shard.names.includes(name))
        throw new InputError(
          `${index} places ${name} in ${file}, which does not contain it; get the model's files again.`,
        );
    }
  } catch (error) {
    close();
    throw error;
  }
  const shardOf = new Map(places.map(([name, file]) => [name, shards.get(file) as WeightSource]));
  const find = (name: string): WeightSource => {
    const shard = shardOf.get(name);
    if (shard === undefined) throw new InputError(`${index} has no tensor ${name}; check that it fits the config.`);
    return shard;
  };
  return {
    names: [...shardOf.keys()],
    shape: (name) => find(name).shape(name),
    isFloat: (name) => find(name).isFloat(name),
    read: (name) => find(name).read(name),
    isBf16: (name) => find(name).isBf16(name),
    readBf16: (name) => find(name).readBf16(name),
    close,
  };
}

/** Longest name of a file, in bytes, that the file systems here take. */
const LONGEST_NAME = 255;

/** A shard is a file of the model's own folder. */
function shardName(file: unknown, index: string): string {
  if (
    typeof file === 'string' &&
    file !== '' &&
    basename(file) === file &&
    Buffer.byteLength(file) <= LONGEST_NAME &&
    file !== '..' &&
    file !== '.' &&
    !/[\0\\]/.test(file)
  )
    return file;
  throw new InputError(
    `${index}: weight_map names ${shownValue(file)}, which is no file of its folder; get the model's files again.`,
  );
}

/** The tokenizer files of a folder are copied unchanged; for a GGUF file they are written from its tokenizer. */
export async function copyTokenizer(from: string, dir: string): Promise<void> {
  if (statSync(from).isDirectory()) {
    for (const name of TOKENIZER_FILES) if (existsSync(join(from, name))) copyInto(join(from, name), join(dir, name));
    return;
  }
  const { tokenizer, weights } = await openGguf(from);
  weights.close();
  if (tokenizer === undefined) return;
  writeJson(join(dir, 'tokenizer.json'), tokenizer.source.tokenizerJson);
  writeJson(join(dir, 'tokenizer_config.json'), tokenizer.source.tokenizerConfig);
}

function copyInto(from: string, to: string): void {
  try {
    copyFileSync(from, to);
  } catch (error) {
    throw asWriteError(error, to);
  }
}

function writeJson(path: string, value: unknown): void {
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}
