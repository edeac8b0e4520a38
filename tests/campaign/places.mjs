// Long work on a disk that fills up, and in a folder that another process writes at the same moment.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomOf } from './mutate.mjs';
import { differences, mainFile, rcsd } from './program.mjs';
import { tinyModel, WORKS } from './works.mjs';

/** Whether this user may mount a small disk in a name space of its own. */
export const canMount = () => spawnSync('unshare', ['-rm', 'true']).status === 0;

/** Works on a disk of `kilobytes`, then makes it larger and goes on; everything is copied to `out` at the end. */
const SCRIPT = `
mount -t tmpfs -o size="$SIZE"k none "$PLACE" && cd "$PLACE" || exit 90
"$NODE" "$MAIN" "$@" 2>"$LOG.full"; echo $? >"$LOG.status"
mount -o remount,size=1g "$PLACE"
shift $#
. "$LOG.again"
cp -a "$PLACE/." "$OUT"
`;

const sentence = (text) =>
  text
    .trim()
    .split('\n')
    .filter((line) => !/^(Estimate|Warning|[\w: ]+ \d+\/\d+)/.test(line))
    .at(-1) ?? '';

/** Files of a text that end within a line, or JSON that breaks off: what no reader should find. */
function torn(folder) {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return all.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (!/\.json$/.test(path)) return [];
    try {
      JSON.parse(readFileSync(path, 'utf8'));
      return [];
    } catch {
      return [path.slice(folder.length + 1)];
    }
  });
}

/** Fills the disk `times` times for each kind of work, at sizes from nothing to a little more than enough. */
export async function fillDisk({ seed, times, works, log = () => {} }) {
  if (!canMount())
    return { skipped: 'this user may not mount a disk of its own (unshare -rm)', faults: [], counts: {} };
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-disk-'));
  const faults = [];
  const counts = {};
  const model = await tinyModel(folder);
  try {
    for (const [w, [name, work]] of Object.entries(WORKS)
      .filter(([own]) => !works || works.includes(own))
      .entries()) {
      const place = join(folder, 'place');
      mkdirSync(place, { recursive: true });
      const whole = join(folder, `${name}-whole`);
      mkdirSync(whole);
      await rcsd(work(place, model), { cwd: place });
      spawnSync('cp', ['-a', `${place}/.`, whole]);
      const { stdout } = spawnSync('du', ['-sk', whole], { encoding: 'utf8' });
      const needed = Number(stdout.split('\t')[0]);
      rmSync(place, { recursive: true });
      mkdirSync(place);
      const random = randomOf(seed * 31 + w);
      counts[name] = 0;
      for (let i = 0; i < times; i++) {
        const out = join(folder, `${name}-${i}`);
        mkdirSync(out);
        const log_ = join(folder, `${name}-${i}-log`);
        const size = Math.max(8, Math.round(needed * (0.05 + 0.9 * random.next())));
        const quoted = (list) => list.map((word) => `'${word}'`).join(' ');
        const again = [...work(place, model)];
        const resumes =
          again[0] === 'train'
            ? `if [ -e run/config.json ]; then set -- ${quoted([...again, '--resume'])}; else set -- ${quoted(again)}; fi`
            : `set -- ${quoted(again)}`;
        writeFileSync(`${log_}.again`, `${resumes}\n"$NODE" "$MAIN" "$@" 2>"$LOG.rest"; echo $? >"$LOG.reststatus"\n`);
        const env = {
          ...process.env,
          DEBUG: '',
          TF_NUM_INTRAOP_THREADS: '1',
          TF_NUM_INTEROP_THREADS: '1',
          SIZE: String(size),
          PLACE: place,
          NODE: process.execPath,
          MAIN: mainFile,
          LOG: log_,
          OUT: out,
        };
        spawnSync('unshare', ['-rm', 'sh', '-c', SCRIPT, 'sh', ...again], { env });
        const read = (suffix) => (existsSync(`${log_}.${suffix}`) ? readFileSync(`${log_}.${suffix}`, 'utf8') : '');
        const status = Number(read('status'));
        if (status !== 0) counts[name]++;
        const said = sentence(read('full'));
        const told = (kind, message) => faults.push({ work: name, size, kind, message });
        if (status !== 0 && status !== 2) told(`full disk: status ${status}`, said);
        if (status === 2 && !/disk is full|no space|ENOSPC/i.test(said)) told('full disk: not said', said);
        if (Number(read('reststatus')) !== 0) told('room again: refused', sentence(read('rest')));
        else {
          const differing = differences(whole, out);
          if (differing.length > 0) told('room again: differs', differing.slice(0, 6).join(', '));
        }
        const damaged = torn(out);
        if (damaged.length > 0) told('damaged file', damaged.join(', '));
        rmSync(out, { recursive: true, force: true });
      }
      log(`${name}: ${counts[name]} full disks, ${faults.filter((fault) => fault.work === name).length} faults`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { counts, faults };
}

/** Starts the same work twice in one folder, a random moment apart: one goes on undisturbed, the other is refused. */
export async function writeTwice({ seed, times, works, log = () => {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-writers-'));
  const faults = [];
  const counts = {};
  try {
    const model = await tinyModel(folder);
    for (const [w, [name, work]] of Object.entries(WORKS)
      .filter(([own]) => !works || works.includes(own))
      .entries()) {
      const whole = join(folder, name, 'whole');
      mkdirSync(whole, { recursive: true });
      const { milliseconds } = await rcsd(work(whole, model), { cwd: whole });
      const random = randomOf(seed * 17 + w);
      counts[name] = 0;
      for (let i = 0; i < times; i++) {
        const own = join(folder, name, `twice-${i}`);
        mkdirSync(own, { recursive: true });
        const first = rcsd(work(own, model), { cwd: own });
        await new Promise((resolve) => setTimeout(resolve, random.next() * 0.8 * milliseconds));
        const second = rcsd(work(own, model), { cwd: own });
        const ended = await Promise.all([first, second]);
        const statuses = ended.map(({ status }) => status).sort();
        const message = ended.map(({ status, stderr }) => `${status}: ${sentence(stderr)}`).join(' | ');
        counts[name]++;
        // Both may end well where the second came when the first was done.
        if (statuses[0] !== 0 || (statuses[1] !== 2 && statuses[1] !== 0))
          faults.push({ work: name, kind: 'two writers', message });
        const differing = differences(whole, own);
        if (differing.length > 0)
          faults.push({
            work: name,
            kind: 'two writers: differs',
            message: `${differing.slice(0, 6).join(', ')} (${message})`,
          });
        rmSync(own, { recursive: true, force: true });
      }
      log(`${name}: ${counts[name]} times two, ${faults.filter((fault) => fault.work === name).length} faults`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { counts, faults };
}
