// Runs the steps of the set-up that are not in place, in parallel where possible, and reports what happens.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkDisk, checkPlatform } from './checks.mjs';
import { explain, SetupError } from './process.mjs';
import { allSteps, inPlace, inputHash, ROOT, writeStamp } from './steps.mjs';

const LOG = 'kernel-setup/setup.log';
const HEARTBEAT_SECONDS = 10;

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const line = (name, text) => console.log(`  ${`${name} `.padEnd(24, '.')} ${text}`);

function options(args) {
  const unknown = args.find((arg) => !['--gpu', '--cpu', '--ray'].includes(arg));
  if (unknown) throw new SetupError(`Unknown option ${unknown}: the set-up takes --gpu, --cpu, --ray or no option.`);
  const device = args.some((arg) => arg !== '--ray');
  return { ...(device && { gpu: args.includes('--gpu') }), ray: args.includes('--ray') };
}

// Prints every few seconds what is running and for how long.
function heartbeat(running) {
  const tell = () => {
    const parts = [...running].map(([step, start]) => {
      const progress = step.progress ? `, ${step.progress()}` : '';
      return `${step.name} (${seconds(start)}${progress})`;
    });
    if (parts.length > 0) console.log(`  ... ${parts.join(', ')}`);
  };
  const timer = setInterval(tell, HEARTBEAT_SECONDS * 1000);
  return () => clearInterval(timer);
}

// Repeating a step removes what other steps have put inside its product, so these must be repeated too.
function pendingSteps(steps) {
  const pending = new Set();
  for (const step of steps) if (pending.has(step.inside) || !inPlace(step)) pending.add(step);
  return pending;
}

async function runSteps(pending, prepared, context) {
  const running = new Map();
  const started = new Map();
  const perform = async (step) => {
    await Promise.all(step.needs.map((need) => started.get(need)));
    const start = performance.now();
    running.set(step, start);
    try {
      const hash = inputHash(step);
      await step.run({ ...context, name: step.name }, prepared.get(step));
      writeStamp(step, hash);
      line(step.name, seconds(start));
    } catch (error) {
      line(step.name, 'failed');
      // A full disk or a missing permission can also stop this process itself, not only its children.
      throw error.syscall ? new SetupError(explain(step.name, error.message)) : error;
    } finally {
      running.delete(step);
    }
  };
  const stop = heartbeat(running);
  for (const step of pending) started.set(step, perform(step));
  // Steps in progress are finished even if another step fails, so that the next attempt finds them in place.
  const results = await Promise.allSettled(started.values());
  stop();
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
}

// The log is helpful but not needed: on a full disk the set-up continues without it.
function openLog() {
  const attempt = (write, text) => {
    try {
      write(join(ROOT, LOG), text);
    } catch {}
  };
  attempt(writeFileSync, '');
  return (text) => attempt(appendFileSync, text);
}

// Child processes are ended with the set-up. What they left incomplete has no stamp and is made again.
function abortOnSignals() {
  const abort = new AbortController();
  for (const [name, status] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
    process.once(name, () => {
      abort.abort();
      process.exit(status);
    });
  }
  return abort.signal;
}

async function setUp(args) {
  const start = performance.now();
  const steps = allSteps(options(args));
  const pending = pendingSteps(steps);
  console.log(`rcsd set-up (Node ${process.versions.node})`);
  for (const step of steps) if (!pending.has(step)) line(step.name, 'in place');
  if (pending.size === 0) return;

  checkPlatform();
  const prepared = new Map([...pending].filter((step) => step.prepare).map((step) => [step, step.prepare()]));
  const megabytes = [...pending].reduce((sum, step) => sum + step.megabytes, 0);
  checkDisk(ROOT, megabytes);
  try {
    await runSteps(pending, prepared, { log: openLog(), signal: abortOnSignals(), cwd: ROOT });
  } catch (error) {
    throw error instanceof SetupError ? new SetupError(`${error.message}; details are in ${LOG}.`) : error;
  }
  console.log(`Set-up complete in ${seconds(start)}.`);
}

/** The set-up as a command: exit status 2 and one sentence when something is missing. */
export async function main(args) {
  try {
    await setUp(args);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`Set-up stopped: ${error.message}`);
    process.exitCode = 2;
  }
}
