/**
 * The cache of the Hugging Face hub, in the layout that its programs share: for each repository a folder with `blobs/`
 * (contents, by their digest), `snapshots/COMMIT/` (the files, as links into blobs/) and `refs/` (the commit of a branch or tag).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { InputError } from '../../base/records/errors';
import { shellWord } from '../../base/records/printable';
import { isObject } from '../../base/records/values';
import { readJsonFile } from './jsonl';

/** A repository of the hub at a revision (branch, tag or commit); `file` is one of its GGUF files. */
export interface HubName {
  /** ORG/NAME. */
  readonly id: string;
  readonly revision: string;
  readonly file?: string;
}

const PART = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?';
const NAME = new RegExp(`^(${PART}/${PART})(?:/((?:[\\w.-]+/)*[\\w.-]+\\.gguf))?(?:@([\\w./-]+))?$`);
const LEAVES = /(^|\/)\.{1,2}(\/|$)/;

/** Reads `ORG/NAME[/FILE.gguf][@REVISION]`; undefined for a text that is none. */
export function parseHubName(text: string): HubName | undefined {
  const [, id, file, revision = 'main'] = NAME.exec(text) ?? [];
  if (id === undefined || LEAVES.test(file ?? '') || LEAVES.test(revision) || /^\/|\/$/.test(revision))
    return undefined;
  return { id, revision, ...(file !== undefined && { file }) };
}

/** The name that `parseHubName` reads so. */
export const hubNameText = ({ id, revision, file }: HubName): string =>
  `${id}${file === undefined ? '' : `/${file}`}${revision === 'main' ? '' : `@${revision}`}`;

/** The folder of the cache: HF_HUB_CACHE, else `hub` in HF_HOME, else in ~/.cache/huggingface. */
export function hubCacheFolder(): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  return resolve((HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || join(home, 'hub')).replace(/^~(?=\/|$)/, homedir()));
}

/** The folder of a repository; `name` is ORG/NAME. */
export const hubFolder = ({ type, name }: { readonly type: 'model' | 'dataset'; readonly name: string }): string =>
  join(hubCacheFolder(), `${type}s--${name.replace('/', '--')}`);

const COMMIT = /^[0-9a-f]{40}$/;

/** The folder of the snapshot that a revision means; undefined where the cache has none. */
export function snapshotFolder({ id, revision }: HubName): string | undefined {
  const folder = hubFolder({ type: 'model', name: id });
  const ref = join(folder, 'refs', revision);
  const commit = COMMIT.test(revision) ? revision : existsSync(ref) ? readFileSync(ref, 'utf8').trim() : undefined;
  if (commit === undefined || !COMMIT.test(commit)) return undefined;
  const snapshot = join(folder, 'snapshots', commit);
  return existsSync(snapshot) ? snapshot : undefined;
}

/** The path of what a name means in the cache. Throws InputError with the command that gets it where it is missing or not whole. */
export function cachedPath(name: HubName): string {
  const text = hubNameText(name);
  const snapshot = snapshotFolder(name);
  const pull = `rcsd models pull ${shellWord(text)}`;
  if (snapshot === undefined)
    throw new InputError(
      `There is nothing at ${text}, and the cache of the hub (${hubCacheFolder()}) has nothing of that name; if it is on the hub, download it with: ${pull}`,
    );
  const path = name.file === undefined ? snapshot : join(snapshot, name.file);
  const missing = name.file === undefined ? missingFile(snapshot) : existsSync(path) ? undefined : name.file;
  if (missing === undefined) return path;
  throw new InputError(
    `The cache of the hub (${hubCacheFolder()}) has ${text} without ${missing}; download the rest with: ${pull}`,
  );
}

/** A file that a model folder or the folder of an adapter lacks. */
function missingFile(folder: string): string | undefined {
  const has = (file: string): boolean => existsSync(join(folder, file));
  if (has('adapter_config.json')) return has('adapter_model.safetensors') ? undefined : 'adapter_model.safetensors';
  if (!has('config.json')) return 'config.json';
  const index = 'model.safetensors.index.json';
  if (has('model.safetensors')) return undefined;
  if (!has(index)) return 'model.safetensors';
  const { weight_map: map } = readJsonFile(join(folder, index));
  return Object.values(isObject(map) ? map : {})
    .map(String)
    .find((file) => !has(file));
}

/** The models of which the cache has the newest state that was pulled of their main branch. */
export function cachedModels(): { readonly id: string; readonly path: string }[] {
  const cache = hubCacheFolder();
  if (!existsSync(cache)) return [];
  return readdirSync(cache).flatMap((folder) => {
    const name = parseHubName(folder.replace(/^models--/, '').replace('--', '/'));
    const path = folder.startsWith('models--') && name ? snapshotFolder(name) : undefined;
    return name && path !== undefined ? [{ id: name.id, path }] : [];
  });
}

/** The repository and commit that a path in the cache belongs to; undefined for a path elsewhere. */
export function hubNameOfPath(path: string): HubName | undefined {
  const [, id, revision, file] =
    /\/models--([^/]+?--[^/]+)\/snapshots\/([0-9a-f]{40})(?:\/(.+))?$/.exec(resolve(path)) ?? [];
  if (id === undefined || revision === undefined) return undefined;
  return { id: id.replace('--', '/'), revision, ...(file !== undefined && { file }) };
}
