// Feeds every reader with spoilt inputs. A fault is: an exception that is no InputError, a message of control characters or without
// end, a process that dies, and more than two seconds of work for one input (of the processor, since the machine may be busy).
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { READERS } from './readers.mjs';
import { clock, inTurns } from './state.mjs';

const CHILD = fileURLToPath(new URL('reading.mjs', import.meta.url));
const SECONDS = 2;
/** Seconds without a word, for what waits instead of working. */
const PATIENCE = 120;
/** Clock ticks a second of /proc/PID/stat, on Linux of x64. */
const TICKS = 100;
/** Inputs that are read between two words of the process; a bunch that takes too long is read again, one by one. */
const BUNCH = 40;
/** Inputs of one process, and between two notes of where the campaign is. */
const PIECE = 4000;
/** The files lie in memory where there is such a place. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Seconds of the processor that a process has used. */
function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}

/** Bunches of a number of seeds each. */
const bunches = (seeds, size) =>
  Array.from({ length: Math.ceil(seeds.length / size) }, (_, i) => seeds.slice(i * size, (i + 1) * size));

/** Reads bunches of inputs in a process of its own; resolves to the faults, and the bunches left when the process had to be ended. */
function readIn(reader, all) {
  return new Promise((resolve, reject) => {
    const scratch = mkdtempSync(join(PLACE, 'rcsd-fuzz-'));
    const child = fork(CHILD, [scratch], {
      execArgv: ['--max-old-space-size=512'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const faults = [];
    const left = [...all];
    let since;
    let reason = 'death';
    let heard = Date.now();
    const next = () => {
      since = cpuSeconds(child.pid);
      heard = Date.now();
      if (left.length > 0) child.send(left[0]);
      else child.disconnect();
    };
    const watch = setInterval(() => {
      const isLost = Date.now() - heard > 1000 * PATIENCE;
      if (since === undefined || (!isLost && cpuSeconds(child.pid) - since < SECONDS)) return;
      reason = 'hang';
      child.kill('SIGKILL');
    }, 100);
    child.on('message', ({ ready, read, broken }) => {
      if (broken) reject(new Error(`the campaign itself failed at ${reader}: ${broken}`));
      if (broken) return child.kill('SIGKILL');
      if (!ready) {
        faults.push(...read.map((fault) => ({ reader, ...fault })));
        left.shift();
      }
      next();
    });
    child.on('exit', () => {
      clearInterval(watch);
      rmSync(scratch, { recursive: true, force: true });
      const [bad = [], ...rest] = left;
      // Which of the bunch it was shows when they are read alone.
      if (bad.length > 1) return resolve({ faults, left: [...bunches(bad, 1), ...rest] });
      if (bad.length === 1) faults.push({ reader, seed: bad[0], kind: reason, message: '' });
      resolve({ faults, left: rest });
    });
    child.send({ reader });
  });
}

/** Alike faults are one: of one reader, kind and place, with the same words. */
const keyOf = ({ reader, kind, place = '', message }) =>
  `${reader}\n${kind}\n${place}\n${message.replace(/["'].*?["']|\d+/g, '#').slice(0, 60)}`;

/** Tries `inputs` inputs on each reader (of those wanted, where they are given); goes on behind what `noted` says. */
export async function fuzz({ seed, inputs, readers: wanted, jobs = 1, log = () => {}, noted = {}, note = () => {} }) {
  const names = Object.keys(READERS).filter((name) => !wanted || wanted.includes(name));
  const { done = {}, found = {} } = noted;
  const timeLeft = clock();
  const total = () => names.reduce((sum, name) => sum + (done[name] ?? 0), 0) / (inputs * names.length);
  timeLeft(total());
  await inTurns(names, jobs, async (reader, r) => {
    while ((done[reader] ?? 0) < inputs) {
      const from = done[reader] ?? 0;
      const count = Math.min(PIECE, inputs - from);
      let left = bunches(
        Array.from({ length: count }, (_, i) => (seed * 1_000_003 + r * 100_003 + from + i) >>> 0),
        BUNCH,
      );
      while (left.length > 0) {
        const ended = await readIn(reader, left);
        left = ended.left;
        for (const fault of ended.faults) {
          const key = keyOf(fault);
          found[key] = found[key] ? { ...found[key], times: found[key].times + 1 } : { ...fault, times: 1 };
        }
      }
      done[reader] = from + count;
      note({ done, found });
      if (done[reader] < inputs) log(`${reader}: ${done[reader]} of ${inputs} inputs; ${timeLeft(total())}`);
    }
    const own = Object.values(found).filter((fault) => fault.reader === reader);
    log(`${reader}: ${inputs} inputs, ${own.reduce((sum, { times }) => sum + times, 0)} faults; ${timeLeft(total())}`);
  });
  return { inputs: inputs * names.length, readers: names.length, faults: Object.values(found) };
}
