// Feeds every reader with spoilt inputs. A fault is: an exception that is no InputError, a message of control characters or without
// end, a process that dies, and more than two seconds of work for one input (of the processor, since the machine may be busy).
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { READERS } from './readers.mjs';

const CHILD = fileURLToPath(new URL('reading.mjs', import.meta.url));
const SECONDS = 2;
/** Seconds without a word, for what waits instead of working. */
const PATIENCE = 120;
/** Clock ticks a second of /proc/PID/stat, on Linux of x64. */
const TICKS = 100;

/** Seconds of the processor that a process has used. */
function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}

/** Reads inputs in a process of its own; resolves to the faults, and what is left when the process had to be ended. */
function readIn(scratch, reader, seeds) {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [scratch], {
      execArgv: ['--max-old-space-size=512'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const faults = [];
    let now;
    let since = 0;
    let reason;
    let heard = Date.now();
    const watch = setInterval(() => {
      const isLost = Date.now() - heard > 1000 * PATIENCE;
      if (!isLost && (now === undefined || cpuSeconds(child.pid) - since < SECONDS)) return;
      reason = 'hang';
      child.kill('SIGKILL');
    }, 100);
    child.on('message', ({ begins, seed, fault, done, broken }) => {
      heard = Date.now();
      if (broken) {
        child.kill('SIGKILL');
        reject(new Error(`the campaign itself failed at ${reader}: ${broken}`));
      } else if (begins !== undefined) {
        now = begins;
        since = cpuSeconds(child.pid);
      } else if (done) child.disconnect();
      else {
        if (fault) faults.push({ reader, seed, ...fault });
        now = undefined;
      }
    });
    child.on('exit', () => {
      clearInterval(watch);
      if (now === undefined) return resolve({ faults, left: [] });
      const input = readFileSync(join(scratch, 'last')).subarray(0, 4000).toString('base64');
      faults.push({ reader, seed: now, kind: reason ?? 'death', message: '', input });
      resolve({ faults, left: seeds.slice(seeds.indexOf(now) + 1) });
    });
    child.send({ reader, seeds });
  });
}

/** Alike faults are one: of one reader, kind and place, with the same words. */
const keyOf = ({ reader, kind, place = '', message }) =>
  `${reader}\n${kind}\n${place}\n${message.replace(/["'].*?["']|\d+/g, '#').slice(0, 60)}`;

/** Tries `inputs` inputs on each reader (of those wanted, where they are given). */
export async function fuzz({ seed, inputs, readers: wanted, log = () => {} }) {
  const names = Object.keys(READERS).filter((name) => !wanted || wanted.includes(name));
  const found = new Map();
  for (const [r, reader] of names.entries()) {
    let seeds = Array.from({ length: inputs }, (_, i) => (seed * 1_000_003 + r * 100_003 + i) >>> 0);
    const scratch = mkdtempSync(join(tmpdir(), 'rcsd-fuzz-'));
    let count = 0;
    while (seeds.length > 0) {
      const { faults, left } = await readIn(scratch, reader, seeds);
      seeds = left;
      count += faults.length;
      for (const fault of faults) {
        const known = found.get(keyOf(fault));
        if (known) known.times++;
        else found.set(keyOf(fault), { ...fault, times: 1 });
      }
      if (faults.length > 200) break;
    }
    rmSync(scratch, { recursive: true, force: true });
    log(`${reader}: ${inputs} inputs, ${count} faults`);
  }
  return { inputs: inputs * names.length, readers: names.length, faults: [...found.values()] };
}
