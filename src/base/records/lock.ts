/**
 * One writer at a time: a small file says which process writes a folder (or a file). A process of this machine is looked up.
 * Those of another machine on a shared file system cannot be, and the file's age tells: its writer renews it (a lease).
 */
import {
  constants,
  copyFileSync,
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { asWriteError, makeFolder, writeFileAtomic } from './atomic';
import { InputError, throwIfAborted } from './errors';

/** A process; `start` (clock ticks since the machine's start) tells it from a later one with the same number. */
interface ProcessName {
  readonly pid: number;
  readonly start: string;
}

/** What a lock's file holds. */
interface Holder extends ProcessName {
  readonly host: string;
  /** Processes with the same word here can look each other up: the machine since its last start, and the container. */
  readonly machine: string;
  /** What writes, as in `rcsd train`. */
  readonly work: string;
  /** ISO time. */
  readonly since: string;
  /** Processes that write below the folder on the holder's behalf and may outlive it. */
  readonly children: readonly ProcessName[];
}

/** A lock that this process holds. */
export interface Lock {
  /** One sentence, where the lock of a process that is gone was taken over. */
  readonly takenOver?: string;
  /** Notes a child process that writes below the folder, so that whoever comes after a killed holder waits for it. */
  addChild(pid: number | undefined): void;
  removeChild(pid: number | undefined): void;
  release(): void;
}

const lockOf = (folder: string): string => join(folder, 'lock.json');

/**
 * Reserves a folder for this process. `work` names it, as in `rcsd train`. Throws InputError that names the writer where the
 * folder has one, in this process or another, and where children of a killed one still write there.
 */
export const lockFolder = (folder: string, work: string): Lock => take(lockOf(folder), { what: folder, work });

/** The same for a single file, by `FILE.lock` beside it. */
export const lockFile = (file: string, work: string): Lock => take(`${file}.lock`, { what: file, work });

/** The same as `lockFolder`, but waits for the children of a killed writer, which are saving what they have. */
export async function lockFolderAfterChildren(
  folder: string,
  { work, signal }: { readonly work: string; readonly signal?: AbortSignal },
): Promise<Lock> {
  const path = lockOf(folder);
  await pause(() => {
    const found = read(path);
    return found !== undefined && !isHeld(path, found.holder) && found.holder.children.some(isAlive);
  }, signal);
  return lockFolder(folder, work);
}

/**
 * Waits until nobody writes a folder: its writer has ended, or was of another machine and no longer renews its lock. `onWait` hears
 * who writes there, in one sentence.
 */
export async function untilFree(
  folder: string,
  { onWait, signal }: { readonly onWait: (sentence: string) => void; readonly signal?: AbortSignal },
): Promise<void> {
  const path = lockOf(folder);
  const first = read(path);
  const writes = (): boolean => {
    const found = read(path);
    return found !== undefined && (isHeld(path, found.holder) || found.holder.children.some(isAlive));
  };
  if (first && writes()) onWait(`Waiting for ${folder}, which is being written by ${described(first.holder)}.`);
  await pause(writes, signal);
}

/** Looks again every moment, as long as something is so. */
async function pause(isSo: () => boolean, signal: AbortSignal | undefined): Promise<void> {
  while (isSo()) {
    throwIfAborted(signal);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function take(path: string, { what, work }: { readonly what: string; readonly work: string }): Lock {
  const own: Holder = {
    ...nameOf(process.pid),
    ...{ host: hostname(), machine: MACHINE, work, since: new Date().toISOString(), children: [] },
  };
  makeFolder(dirname(path));
  let left: Holder | undefined;
  while (!claim(path, own)) {
    const found = read(path);
    if (!found) continue;
    const { holder } = found;
    const writer = isHeld(path, holder) ? holder : holder.children.find(isAlive);
    if (writer)
      throw new InputError(
        `${what} is being written by ${described({ ...holder, ...writer })}; wait for it or stop it.`,
      );
    if (remove(path, found.text)) left = holder;
  }
  const takenOver = left && `${what} was left by ${described(left)}, which is gone; this process goes on there.`;
  return hold(path, own, takenOver);
}

const described = ({ work, pid, host, since }: Holder): string => `${work} (process ${pid} on ${host}, since ${since})`;

function hold(path: string, own: Holder, takenOver: string | undefined): Lock {
  let { children } = own;
  renew(path, true);
  const change = (now: readonly ProcessName[]): void => {
    children = now;
    writeFileAtomic(path, textOf({ ...own, children }));
    renew(path, true);
  };
  return {
    ...(takenOver !== undefined && { takenOver }),
    addChild: (pid) => pid !== undefined && change([...children, nameOf(pid)]),
    removeChild: (pid) => change(children.filter((child) => child.pid !== pid)),
    release: () => {
      renew(path, false);
      const found = read(path);
      if (found?.text === textOf({ ...own, children })) rmSync(path, { force: true });
    },
  };
}

const textOf = (holder: Holder): string => `${JSON.stringify(holder)}\n`;

const beside = (path: string): string => `${path}.${process.pid}.partial`;

/** Gives a file a second name. Throws EEXIST where that is taken. */
function putBeside(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    // A file system without hard links.
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

/** Makes the lock's file with its whole content at once; false where there is one. */
function claim(path: string, own: Holder): boolean {
  const whole = beside(path);
  try {
    writeFileSync(whole, textOf(own));
    putBeside(whole, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw asWriteError(error, path);
  } finally {
    rmSync(whole, { force: true });
  }
}

/** Removes the lock that was read, and no other that came in between. */
function remove(path: string, text: string): boolean {
  const aside = beside(path);
  try {
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') === text) return true;
    putBeside(aside, path);
    return false;
  } catch (error) {
    if (['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw asWriteError(error, path);
  } finally {
    rmSync(aside, { force: true });
  }
}

const UNKNOWN: Holder = {
  ...{ pid: 0, start: '', host: 'an unknown machine', machine: '', work: 'an unknown program' },
  ...{ since: 'an unknown time', children: [] },
};

/** The lock as it lies there; undefined where there is none. Of an unreadable one only its age counts. */
function read(path: string): { readonly text: string; readonly holder: Holder } | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new InputError(`${path} cannot be read (${(error as Error).message}).`);
  }
  try {
    const holder = { ...UNKNOWN, ...(JSON.parse(text) as Partial<Holder>) };
    return { text, holder: Array.isArray(holder.children) ? holder : UNKNOWN };
  } catch {
    return { text, holder: UNKNOWN };
  }
}

/** Seconds between renewals, and the age at which a lock that is not renewed counts as left behind. */
const RENEW_SECONDS = 15;
const LEASE_SECONDS = 180;

function isHeld(path: string, holder: Holder): boolean {
  if (holder.machine === MACHINE) return isAlive(holder);
  const clock = `${beside(path)}.clock`;
  try {
    // Both times are those of the file system: the clocks of two machines may differ.
    writeFileSync(clock, '');
    const seconds = (statSync(clock).mtimeMs - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)) / 1000;
    return seconds < LEASE_SECONDS;
  } catch (error) {
    throw asWriteError(error, path);
  } finally {
    rmSync(clock, { force: true });
  }
}

const MACHINE = machineName();

function machineName(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** State and start of a process, undefined where there is none: fields 3 and 22 of its stat, behind the name in brackets. */
function statOf(pid: number): { readonly state: string; readonly start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] as string, start: fields[19] as string };
  } catch {
    return undefined;
  }
}

const nameOf = (pid: number): ProcessName => ({ pid, start: statOf(pid)?.start ?? '' });

/** A process that has ended but was not waited for (Z, X) writes nothing any more. */
function isAlive({ pid, start }: ProcessName): boolean {
  const found = statOf(pid);
  return found !== undefined && found.start === start && !/[ZX]/.test(found.state);
}

/**
 * Renews locks in a thread of its own, because a step of training may hold the main thread for longer than a lease. The first
 * byte is written again, through a handle that stays with the file: a lock that another process put in its place is not touched.
 */
const RENEWAL = `
const { parentPort } = require('node:worker_threads');
const { openSync, closeSync, writeSync } = require('node:fs');
const handles = new Map();
parentPort.on('message', ({ path, held }) => {
  try {
    if (handles.has(path)) closeSync(handles.get(path));
    handles.delete(path);
    if (held) handles.set(path, openSync(path, 'r+'));
  } catch {}
});
setInterval(() => {
  for (const handle of handles.values()) try { writeSync(handle, '{', 0); } catch {}
}, ${RENEW_SECONDS * 1000});
`;

let renewal: Worker | undefined;

function renew(path: string, held: boolean): void {
  renewal ??= new Worker(RENEWAL, { eval: true, execArgv: [], env: {} });
  renewal.unref();
  renewal.postMessage({ path, held });
}
