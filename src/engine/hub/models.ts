/** Pulls models and adapters from the hub: only the files that are read here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { isObject } from '../../base/records/values';
import { ggufParts } from '../files/ggufParts';
import { cachedPath, type HubName, hubNameText } from '../files/hubCache';
import { TOKENIZER_FILES } from '../files/huggingface';
import { readJsonFile } from '../files/jsonl';
import { type HubFile, pullSnapshot } from './snapshot';

const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const ADAPTER = 'adapter_model.safetensors';
const SMALL = ['config.json', 'adapter_config.json', 'added_tokens.json', ...TOKENIZER_FILES];

/** Downloads a model and returns its path: that of the snapshot's folder or of the GGUF file that was named. */
export async function pullHubModel(name: HubName, options: OperationOptions = {}): Promise<string> {
  const { id, revision, file } = name;
  await pullSnapshot({
    repo: { type: 'model', name: id },
    revision,
    choose: (files, folder) => (file === undefined ? filesOfModel(name, files, folder) : filesNamed(name, files)),
    ...options,
  });
  return cachedPath(name);
}

/** First the small files with the index of the weights, then the weights. */
function filesOfModel(name: HubName, files: readonly HubFile[], folder: string | undefined): string[] {
  const paths = files.map(({ path }) => path);
  const small = SMALL.filter((path) => paths.includes(path));
  const whole = [WEIGHTS, ADAPTER].filter((path) => paths.includes(path));
  if (whole.length === 0 && !paths.includes(INDEX)) throw new InputError(nothingToRead(name, paths));
  if (paths.includes(WEIGHTS) || !paths.includes(INDEX)) return [...small, ...whole];
  const first = [...small, ...whole, INDEX];
  const index = folder === undefined ? undefined : join(folder, INDEX);
  if (index === undefined || !existsSync(index)) return first;
  const { weight_map: map } = readJsonFile(index);
  const shards = new Set(Object.values(isObject(map) ? map : {}).map(String));
  const lost = [...shards].find((shard) => !paths.includes(shard));
  if (lost !== undefined) throw new InputError(`${hubNameText(name)} lacks ${lost}, which its ${INDEX} names.`);
  return [...first, ...shards];
}

/** The GGUF file that was named; of the first part of a split model, all parts. */
function filesNamed(name: HubName, files: readonly HubFile[]): string[] {
  const paths = files.map(({ path }) => path);
  const parts = ggufParts(name.file as string);
  const missing = parts.find((path) => !paths.includes(path));
  if (missing === undefined) return parts;
  const { file: _, ...repository } = name;
  throw new InputError(`${hubNameText(repository)} has no file ${missing}${listed(paths)}.`);
}

const listed = (paths: readonly string[]): string => {
  const found = paths.filter((path) => path.endsWith('.gguf'));
  return found.length === 0 ? '' : `; it has ${found.slice(0, 6).join(', ')}${found.length > 6 ? ' and more' : ''}`;
};

function nothingToRead(name: HubName, paths: readonly string[]): string {
  const text = hubNameText(name);
  const first = paths.find((path) => path.endsWith('.gguf'));
  if (first !== undefined)
    return `${text} has GGUF files alone${listed(paths)}; name one: rcsd models pull ${hubNameText({ ...name, file: first })}`;
  const other = paths.find((path) => /\.(bin|pt|pth|h5|msgpack)$/.test(path));
  const found = other === undefined ? 'no weights' : `weights as ${other} alone`;
  return `${text} has ${found}; only safetensors and GGUF files can be read.`;
}
