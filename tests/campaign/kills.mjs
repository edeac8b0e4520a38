// Kills long work at random moments, again and again, lets it go on to its end, and compares every file with an uninterrupted run's.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomOf } from './mutate.mjs';
import { differences, rcsd } from './program.mjs';
import { tinyModel, WORKS } from './works.mjs';

/** A work that is not at its end after so many attempts stands still. */
const MOST_ATTEMPTS = 60;
const bad = (ended) => ended.signal === null && ended.status !== 0;

/** One chain: kills until `most` are used up, then the end; a fault where a start is refused or the end differs. */
async function chain({ words, whole, folder, random, most, milliseconds }) {
  let kills = 0;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    // From the start of the process on, and sometimes later than its end.
    const killAfter = kills < most ? Math.round((0.1 + 1.0 * random.next()) * milliseconds) : undefined;
    const ended = await rcsd(words(), { cwd: folder, ...(killAfter !== undefined && { killAfter }) });
    if (bad(ended)) return { kills, fault: { kind: 'refused', message: ended.stderr.trim().split('\n').at(-1) } };
    if (ended.signal === 'SIGKILL') kills++;
    else {
      const differing = differences(whole, folder);
      return {
        kills,
        ...(differing.length > 0 && { fault: { kind: 'differs', message: differing.slice(0, 6).join(', ') } }),
      };
    }
  }
  return { kills, fault: { kind: 'stands still', message: `no end after ${MOST_ATTEMPTS} attempts` } };
}

/** About `kills` kills of each kind of work (of `works`, where they are given). */
export async function kill({ seed, kills, works, log = () => {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-kills-'));
  const faults = [];
  const counts = {};
  try {
    const model = await tinyModel(folder);
    for (const [w, [name, work]] of Object.entries(WORKS)
      .filter(([own]) => !works || works.includes(own))
      .entries()) {
      // The same place for both, since some files say where they lie; the whole run is moved aside by its name.
      const whole = join(folder, name, 'whole');
      mkdirSync(whole, { recursive: true });
      const first = await rcsd(work(whole, model), { cwd: whole });
      if (bad(first)) throw new Error(`${name} does not run at all: ${first.stderr}`);
      counts[name] = 0;
      for (let round = 0; counts[name] < kills && round < 3 * kills; round++) {
        const own = join(folder, name, `killed-${round}`);
        mkdirSync(own, { recursive: true });
        const random = randomOf(seed * 7919 + w * 101 + round);
        const most = Math.min(kills - counts[name], 1 + random.below(5));
        const { kills: done, fault } = await chain({
          ...{ words: () => work(own, model), whole, folder: own },
          ...{ random, most, milliseconds: first.milliseconds },
        });
        counts[name] += done;
        if (fault) faults.push({ work: name, round, ...fault });
        rmSync(own, { recursive: true, force: true });
      }
      log(`${name}: ${counts[name]} kills, ${faults.filter((fault) => fault.work === name).length} faults`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { counts, faults };
}
