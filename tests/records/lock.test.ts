/** One writer at a time, with real processes: who holds a lock is refused company, who is gone is followed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { lockFile, lockFolder, lockFolderAfterChildren, untilFree } from '../../src/base/records/lock';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** A process that idles until it is killed. */
async function idle(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(child);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
}

const killed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'rcsd-lock-'));
const startOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')[19] as string;

/** Puts the lock of other processes into a folder, in the form that this program writes. */
function leave(folder: string, holder: object): void {
  const lock = lockFolder(folder, 'rcsd train');
  const own = JSON.parse(readFileSync(join(folder, 'lock.json'), 'utf8'));
  lock.release();
  writeFileSync(join(folder, 'lock.json'), JSON.stringify({ ...own, ...holder }));
}

const named = ({ pid }: ChildProcess) => ({ pid: pid as number, start: startOf(pid as number) });

describe('a folder', () => {
  test('has one writer, in this process or another, who is named', async () => {
    const folder = newFolder();
    const lock = lockFolder(folder, 'rcsd train');
    expect(() => lockFolder(folder, 'rcsd evaluate')).toThrow(
      new RegExp(`${folder} is being written by rcsd train \\(process ${process.pid} on .*; wait for it or stop it`),
    );
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
    const other = await idle();
    leave(folder, named(other));
    expect(() => lockFolder(folder, 'rcsd train')).toThrow(`process ${other.pid} on`);
    expect(() => lockFolder(folder, 'rcsd train')).toThrow(InputError);
    expect(readdirSync(folder)).toEqual(['lock.json']);
  });

  test('whose writer was killed is taken over, with a sentence', async () => {
    const folder = newFolder();
    const other = await idle();
    leave(folder, named(other));
    await killed(other);
    const lock = lockFolder(folder, 'rcsd train');
    expect(lock.takenOver).toContain(`was left by rcsd train (process ${other.pid} on`);
    lock.release();
    expect(lockFolder(folder, 'rcsd train').takenOver).toBeUndefined();
  });

  test("whose writer's number another program has now is taken over", async () => {
    const folder = newFolder();
    leave(folder, { ...named(await idle()), start: '1' });
    expect(lockFolder(folder, 'rcsd train').takenOver).toBeDefined();
  });

  test.each([
    ['of another machine', { machine: 'another', host: 'elsewhere' }],
    ['that cannot be read', undefined],
  ])('with a lock %s is left alone until its lease has run out', (_, holder) => {
    const folder = newFolder();
    const path = join(folder, 'lock.json');
    if (holder) leave(folder, holder);
    else writeFileSync(path, '{"pi');
    expect(() => lockFolder(folder, 'rcsd train')).toThrow(holder ? 'on elsewhere' : 'unknown');
    const long = Date.now() / 1000 - 1000;
    utimesSync(path, long, long);
    expect(lockFolder(folder, 'rcsd train').takenOver).toBeDefined();
  });

  test('is given to one of many that want it at once', () => {
    const folder = newFolder();
    const taken = Array.from({ length: 20 }, () => {
      try {
        return [lockFolder(folder, 'rcsd train')];
      } catch {
        return [];
      }
    });
    expect(taken.flat()).toHaveLength(1);
  });
});

describe('children of a killed writer', () => {
  test('are waited for, or named where nobody can wait', async () => {
    const folder = newFolder();
    const [sweep, child] = [await idle(), await idle()];
    leave(folder, { ...named(sweep), work: 'rcsd sweep', children: [named(child)] });
    await killed(sweep);
    expect(() => lockFolder(folder, 'rcsd sweep')).toThrow(`process ${child.pid}`);
    let taken = false;
    const taking = lockFolderAfterChildren(folder, { work: 'rcsd sweep' }).then((lock) => {
      taken = true;
      return lock;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(taken).toBe(false);
    await killed(child);
    (await taking).release();
    expect(existsSync(join(folder, 'lock.json'))).toBe(false);
  });

  test('are waited for until Ctrl-C', async () => {
    const folder = newFolder();
    const [sweep, child] = [await idle(), await idle()];
    leave(folder, { ...named(sweep), children: [named(child)] });
    await killed(sweep);
    const waiting = lockFolderAfterChildren(folder, { work: 'rcsd sweep', signal: AbortSignal.abort() });
    await expect(waiting).rejects.toThrow('Stopped on request');
  });

  test('are noted as they come and go', async () => {
    const folder = newFolder();
    const lock = lockFolder(folder, 'rcsd sweep');
    const child = await idle();
    lock.addChild(child.pid);
    expect(JSON.parse(readFileSync(join(folder, 'lock.json'), 'utf8')).children).toEqual([named(child)]);
    lock.removeChild(child.pid);
    expect(JSON.parse(readFileSync(join(folder, 'lock.json'), 'utf8')).children).toEqual([]);
    lock.release();
  });
});

describe('waiting for a folder', () => {
  /** The sentences of the wait, and whether it is over. */
  function waiting(folder: string, signal?: AbortSignal) {
    const said: string[] = [];
    const state = { over: false };
    const ended = untilFree(folder, { onWait: (sentence) => said.push(sentence), ...(signal && { signal }) }).then(
      () => {
        state.over = true;
      },
    );
    return { said, state, ended };
  }

  test('ends at once where nobody writes', async () => {
    const folder = newFolder();
    const { said, ended } = waiting(folder);
    await ended;
    leave(folder, { pid: 1, start: 'long ago' });
    await waiting(folder).ended;
    expect(said).toEqual([]);
  });

  test('lasts until the writer of this machine has ended', async () => {
    const folder = newFolder();
    const writer = await idle();
    leave(folder, named(writer));
    const { said, state, ended } = waiting(folder);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([state.over, said]).toEqual([false, [expect.stringContaining(`process ${writer.pid}`)]]);
    await killed(writer);
    await ended;
  });

  test('lasts until the lease of another machine has run out, or until it is called off', async () => {
    const folder = newFolder();
    leave(folder, { machine: 'another', host: 'elsewhere' });
    const controller = new AbortController();
    const calledOff = waiting(folder, controller.signal);
    const { state, ended } = waiting(folder);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(state.over).toBe(false);
    controller.abort();
    await expect(calledOff.ended).rejects.toThrow('Stopped on request.');
    const long = new Date(Date.now() - 3_600_000);
    utimesSync(join(folder, 'lock.json'), long, long);
    await ended;
  });
});

test('a single file is locked beside itself', () => {
  const file = join(newFolder(), 'rows.partial');
  const lock = lockFile(file, 'rcsd');
  expect(() => lockFile(file, 'rcsd')).toThrow(`${file} is being written`);
  lock.release();
  lockFile(file, 'rcsd').release();
});
