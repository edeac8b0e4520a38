/**
 * The registry of data sets: normalised rows under data/registered with their checksums. A data set is found by name
 * and refused when its rows were changed.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../base/records/errors';
import { isObject } from '../base/records/values';
import { sha256Of } from '../engine/files/digest';
import { readJsonFile, writeFileAtomic } from '../engine/files/jsonl';
import { projectRoot } from '../engine/files/models';

/** The two files of a data set. */
export const SPLITS = ['train', 'test'] as const;
export type Split = (typeof SPLITS)[number];

export interface FileRecord {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Questions of one data set that share words with the training questions of another. */
export interface OverlapRecord {
  readonly with: string;
  readonly shared: number;
  readonly of: number;
  /** Ids of the first few. */
  readonly examples: readonly string[];
}

/** Everything that is recorded about a registered data set. */
export interface Registration {
  /** The benchmark whose reader made it; null for a map of columns. */
  readonly benchmark: string | null;
  readonly title: string;
  readonly kind: string | null;
  readonly licence: string | null;
  readonly source: string | null;
  /** Day on which it was added. */
  readonly added: string;
  readonly sources: readonly FileRecord[];
  readonly rows: Partial<Record<Split, { readonly count: number; readonly sha256: string }>>;
  /** Number of questions by published split, and by subject in each. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly duplicates: number;
  readonly overlap: readonly OverlapRecord[];
  /** What the reader reported: which form it found, what it left out. */
  readonly notes: readonly string[];
}

/** Folder of registered data sets and downloads: RCSD_DATA, or else `data/` of the project. */
export const dataFolder = (): string => process.env.RCSD_DATA || join(projectRoot, 'data');
/** The file that names all registered data sets; who changes it holds its lock. */
export const registryFile = (): string => join(dataFolder(), 'registered', 'registry.json');

/** The folder of a data set's rows. */
export const rowsFolder = (name: string): string => join(dataFolder(), 'registered', name);

/** All registered data sets by name. Throws InputError when the file is not a registry. */
export function readRegistry(): Readonly<Record<string, Registration>> {
  const file = registryFile();
  if (!existsSync(file)) return Object.create(null) as Record<string, Registration>;
  const { version, sets } = readJsonFile(file);
  // Without a prototype, so that no set is found under a name such as `constructor`.
  if (version === 1 && isObject(sets)) return Object.assign(Object.create(null), sets) as Record<string, Registration>;
  throw new InputError(`${file} is not a registry of this version; move it away and add the data sets again.`);
}

/** Writes an entry; replaces an older one of the same name. */
export function writeRegistration(name: string, registration: Registration): void {
  const sets = { ...readRegistry(), [name]: registration };
  writeFileAtomic(registryFile(), `${JSON.stringify({ version: 1, sets }, null, 2)}\n`);
}

/** The first file of a data set that differs from what was registered; undefined when none does. */
export function changedFile(name: string, { rows }: Registration): string | undefined {
  return SPLITS.map((split) => ({ split, file: join(rowsFolder(name), `${split}.jsonl`) })).find(({ split, file }) => {
    const there = existsSync(file) ? sha256Of(readFileSync(file)) : undefined;
    return there !== rows[split]?.sha256;
  })?.file;
}

/**
 * The folder of a registered data set; undefined for a name that is not registered. Throws InputError when its rows
 * were changed.
 */
export function registeredFolder(name: string): string | undefined {
  const registration = Object.entries(readRegistry()).find(([each]) => each === name)?.[1];
  if (!registration) return undefined;
  const changed = changedFile(name, registration);
  if (changed === undefined) return rowsFolder(name);
  const from = registration.sources[0]?.path ?? 'PATH';
  throw new InputError(
    `data=${name}: ${changed} has changed since it was registered (its checksum differs); add the data set again, from ${from} as before: rcsd data add ${name} PATH`,
  );
}
