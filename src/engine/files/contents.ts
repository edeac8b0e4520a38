/** A model and an adapter known by content: the SHA-256 of their files, by what the files decide. */

import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { OperationOptions } from '../../base/records/events';
import type { Inputs } from '../../base/records/rows';
import { isObject } from '../../base/records/values';
import { sha256Of, sha256OfFile } from './digest';
import { ggufParts } from './ggufParts';
import { TOKENIZER_FILES } from './huggingface';
import { readJsonFile } from './jsonl';

/** Digests of a model folder or a .gguf file (with its further parts): `weights`, and of a folder also `model_config` and `tokenizer`. */
export async function modelContents(path: string, options: OperationOptions = {}): Promise<Inputs> {
  if (!statSync(path).isDirectory()) return { weights: await digestOf(ggufParts(path), options) };
  const tokenizer = TOKENIZER_FILES.map((name) => join(path, name)).filter((file) => existsSync(file));
  return {
    weights: await digestOf(weightFiles(path), options),
    model_config: await digestOf([join(path, 'config.json')], options),
    ...(tokenizer.length > 0 && { tokenizer: await digestOf(tokenizer, options) }),
  };
}

/** The digest of a PEFT adapter's folder. */
export const adapterContent = (folder: string, options: OperationOptions = {}): Promise<string> =>
  digestOf([join(folder, 'adapter_config.json'), join(folder, 'adapter_model.safetensors')], options);

function weightFiles(folder: string): string[] {
  const single = join(folder, 'model.safetensors');
  if (existsSync(single)) return [single];
  const index = join(folder, 'model.safetensors.index.json');
  const { weight_map: map } = readJsonFile(index);
  return [index, ...[...new Set(Object.values(isObject(map) ? map : {}))].map((name) => join(folder, String(name)))];
}

/** The SHA-256 of a file; of several, that of the list which `sha256sum` prints of them. */
async function digestOf(files: readonly string[], options: OperationOptions): Promise<string> {
  const digests: string[] = [];
  for (const file of files) digests.push(await sha256OfFile(file, options));
  if (digests.length === 1) return digests[0] as string;
  return sha256Of(files.map((file, i) => `${digests[i]}  ${basename(file)}\n`).join(''));
}
