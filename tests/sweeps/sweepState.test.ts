import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { takeFolder } from '../../src/study/sweeps/state';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** A process that idles until it is killed, with a word in its command line. */
async function idle(word: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)', word], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(child);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
}

/** A folder in which an earlier sweep left these processes. */
function left(...processes: { pid: number | undefined; word: string }[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-processes-'));
  writeFileSync(join(folder, 'processes.json'), JSON.stringify({ processes }));
  return folder;
}

test('a folder in which another sweep is at work is refused', async () => {
  const { pid } = await idle('sweep');
  await expect(takeFolder(left({ pid, word: 'sweep' }))).rejects.toThrow(`rcsd sweep (process ${pid})`);
});

test('runs that a killed sweep left behind are waited for', async () => {
  const child = await idle('name=run-7');
  let taken = false;
  const taking = takeFolder(left({ pid: child.pid, word: 'run-7' })).then((processes) => {
    taken = true;
    return processes;
  });
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(taken).toBe(false);
  child.kill('SIGKILL');
  (await taking).close();
});

test('waiting can be stopped', async () => {
  const { pid } = await idle('run-7');
  await expect(takeFolder(left({ pid, word: 'run-7' }), AbortSignal.abort())).rejects.toThrow('Stopped on request');
});

test('a process that is gone, or whose number another program has now, is forgotten', async () => {
  const { pid } = await idle('something else');
  const folder = left({ pid, word: 'run-7' }, { pid: 2 ** 22 + 1, word: 'sweep' });
  const processes = await takeFolder(folder);
  expect(existsSync(join(folder, 'processes.json'))).toBe(true);
  processes.close();
  expect(existsSync(join(folder, 'processes.json'))).toBe(false);
});
