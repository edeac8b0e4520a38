// Kills long work at random moments, again and again, lets it go on to its end, and compares every file with an uninterrupted run's.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomOf } from './mutate.mjs';
import { differences, rcsd } from './program.mjs';
import { clock, inTurns } from './state.mjs';
import { tinyModel, WORKS } from './works.mjs';

/** A work that is not at its end after so many attempts stands still. */
const MOST_ATTEMPTS = 60;
const bad = (ended) => ended.signal === null && ended.status !== 0;

/** One chain: kills until `most` are used up, then the end; a fault where a start is refused or the end differs. */
async function chain({ words, whole, folder, random, most, milliseconds }) {
  let kills = 0;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    // From the start of the process on, and sometimes later than its end.
    const killAfter = kills < most ? Math.round(1.1 * random.next() * milliseconds) : undefined;
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

/** About `kills` kills of each kind of work (of `works`, where they are given); goes on behind what `noted` says. */
export async function kill({ seed, kills, works, jobs = 1, log = () => {}, noted = {}, note = () => {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-kills-'));
  const names = Object.keys(WORKS).filter((own) => !works || works.includes(own));
  const { counts = {}, rounds = {}, faults = [] } = noted;
  const timeLeft = clock();
  const share = () => names.reduce((sum, name) => sum + (counts[name] ?? 0), 0) / (kills * names.length);
  timeLeft(share());
  try {
    const model = await tinyModel(folder);
    await inTurns(names, jobs, async (name, w) => {
      counts[name] ??= 0;
      rounds[name] ??= 0;
      if (counts[name] >= kills) return;
      const work = WORKS[name];
      // What an uninterrupted run leaves; all killed ones are compared with it.
      const whole = join(folder, name, 'whole');
      mkdirSync(whole, { recursive: true });
      const first = await rcsd(work(whole, model), { cwd: whole });
      if (bad(first)) throw new Error(`${name} does not run at all: ${first.stderr}`);
      while (counts[name] < kills && rounds[name] < 3 * kills) {
        const round = rounds[name];
        const own = join(folder, name, `killed-${round}`);
        mkdirSync(own, { recursive: true });
        const random = randomOf(seed * 7919 + w * 101 + round);
        const most = Math.min(kills - counts[name], 1 + random.below(8));
        const { kills: done, fault } = await chain({
          ...{ words: () => work(own, model), whole, folder: own },
          ...{ random, most, milliseconds: first.milliseconds },
        });
        counts[name] += done;
        rounds[name]++;
        if (fault) faults.push({ work: name, round, ...fault });
        note({ counts, rounds, faults });
        rmSync(own, { recursive: true, force: true });
        if (counts[name] < kills) log(`${name}: ${counts[name]} of ${kills} kills; ${timeLeft(share())}`);
      }
      log(`${name}: ${counts[name]} kills, ${faults.filter((fault) => fault.work === name).length} faults`);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { counts, faults };
}
