/** Pulls the files of data sets from the hub. */
import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder, writeFolderAtomic } from '../../base/records/atomic';
import { InputError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { pullSnapshot } from './snapshot';

/** What to download. `*` in `files` stands for any characters. */
export interface DataRequest extends OperationOptions {
  readonly repo: string;
  readonly files: readonly string[];
  /** A folder with these files alone, as links into the cache; they keep their folders on the hub. */
  readonly folder: string;
  readonly revision?: string;
}

/** Downloads the files that the patterns match, puts them into the folder, and returns their paths there. */
export async function pullHubData({
  repo,
  files,
  folder,
  revision,
  ...options
}: DataRequest): Promise<readonly string[]> {
  const matchers = files.map((pattern) => {
    const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${source.join('.*')}$`);
  });
  const snapshot = await pullSnapshot({
    repo: { type: 'dataset', name: repo },
    revision,
    choose: (listed) => {
      const chosen = listed.map(({ path }) => path).filter((path) => matchers.some((matcher) => matcher.test(path)));
      if (chosen.length > 0) return chosen;
      throw new InputError(`${repo} on the hub has no file ${files.join(' or ')}; download it by hand and add it.`);
    },
    ...options,
  });
  await writeFolderAtomic(folder, (target) => {
    for (const file of snapshot.files) {
      makeFolder(dirname(join(target, file)));
      symlinkSync(join(snapshot.folder, file), join(target, file));
    }
  });
  return snapshot.files;
}
