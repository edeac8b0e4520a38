/** The files of a split GGUF model, by their names: `NAME-00001-of-00003.gguf` and so on. */
import { existsSync } from 'node:fs';
import { InputError } from '../../base/records/errors';

const PART = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s;

/** All files of the model that a file, the first of its parts, belongs to; itself where its name is not that of a first part. */
export function ggufParts(path: string): string[] {
  const [, name, part, count] = PART.exec(path) ?? [];
  if (Number(part) !== 1) return [path];
  return Array.from({ length: Number(count) }, (_, i) => `${name}-${String(i + 1).padStart(5, '0')}-of-${count}.gguf`);
}

/** What the metadata of a file says of its model's parts; `part` counts from 0. */
export interface Split {
  readonly part: number;
  readonly count: number;
}

/**
 * The files of a model of which one is given, with what its metadata says. Throws InputError for a part that is not the first, for files
 * that are not named as the parts of a model, and for one that is missing.
 */
export function partsToOpen(path: string, { part, count }: Split): string[] {
  if (count <= 1) return [path];
  if (part > 0) {
    const [, name, , of] = PART.exec(path) ?? [];
    const first = name === undefined ? 'the first part' : `${name}-00001-of-${of}.gguf`;
    throw new InputError(`${path} is part ${part + 1} of ${count} of a split model; give ${first}.`);
  }
  const parts = ggufParts(path);
  if (parts.length !== count)
    throw new InputError(
      `${path} is the first of ${count} parts of a model, but its name does not end in -00001-of-${String(count).padStart(5, '0')}.gguf; give the parts their published names.`,
    );
  const missing = parts.find((each) => !existsSync(each));
  if (missing !== undefined)
    throw new InputError(`${path} is one of ${count} parts, and ${missing} is missing; add it.`);
  return parts;
}
