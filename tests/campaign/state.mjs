// What a campaign has done so far, in a file, so that one that was stopped goes on where it was; and how long it still takes.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Opens the state of a campaign with these settings; throws where the file is that of one with others. */
export function openState(file, settings) {
  const own = JSON.stringify(settings);
  const state = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { settings: own, parts: {} };
  if (state.settings !== own)
    throw new Error(`${file} is of a campaign with ${state.settings}; repeat that one, or remove the file.`);
  return {
    /** What a part has noted; empty before it began. */
    of: (part) => state.parts[part] ?? {},
    /** Notes where a part is, at once: whoever is killed after this goes on from here. */
    note: (part, value) => {
      state.parts[part] = value;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.partial`, JSON.stringify(state));
      renameSync(`${file}.partial`, file);
    },
  };
}

/** Says how long the rest takes, from the share of the work that is done since now. */
export function clock() {
  const started = Date.now();
  let before;
  return (share) => {
    before ??= share;
    if (share <= before) return 'time left unknown';
    const left = (((Date.now() - started) / 60_000) * (1 - share)) / (share - before);
    return `${(100 * share).toFixed(1)} % of the part, about ${Math.ceil(left)} min left`;
  };
}

/** Works on a list, `jobs` entries at a time, in the order of the list. */
export async function inTurns(list, jobs, work) {
  const left = [...list.entries()];
  const take = async () => {
    for (let next = left.shift(); next; next = left.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: jobs }, take));
}
