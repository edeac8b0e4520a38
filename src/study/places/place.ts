/**
 * Runs `rcsd train` as a child process. Its output goes into a log file instead of a pipe, so that the child does not
 * die with its parent. When the parent is gone, the channel between them closes, and the child saves and stops
 * (src/app/cli/main.ts).
 */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../base/records/atomic';
import { projectRoot } from '../../engine/files/models';

/** How a child ended; for a failed one, `sentence` is the last line of its log. */
export interface ChildEnd {
  readonly state: 'done' | 'stopped' | 'failed';
  readonly sentence?: string;
}

export interface ChildRun {
  readonly pid: number | undefined;
  readonly ended: Promise<ChildEnd>;
  /** Asks the child to save and stop; calling it once is enough. */
  stop(): void;
}

/** Starts `rcsd WORDS` with a number of threads for the engine; appends to the log. */
export function startChild(words: readonly string[], { threads, log }: { threads: number; log: string }): ChildRun {
  makeFolder(dirname(log));
  const output = openSync(log, 'a');
  // In a process group of its own, so that Ctrl-C in the terminal reaches only this process, which then tells the child
  // once.
  const child = spawn(process.execPath, [join(projectRoot, 'dist', 'app', 'cli', 'main.js'), ...words], {
    stdio: ['ignore', output, output, 'ipc'],
    detached: true,
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads) },
  });
  closeSync(output);
  const ended = new Promise<ChildEnd>((resolve) => {
    child.once('error', (error) =>
      resolve({ state: 'failed', sentence: `it could not be started (${error.message}).` }),
    );
    child.once('exit', (status, signal) => resolve(endOf(status, signal, log)));
  });
  return { pid: child.pid, ended, stop: () => child.kill('SIGINT') };
}

function endOf(status: number | null, signal: string | null, log: string): ChildEnd {
  if (status === 0) return { state: 'done' };
  if (status === 130) return { state: 'stopped' };
  if (signal === 'SIGKILL')
    return { state: 'failed', sentence: 'it was killed, probably because the machine ran out of memory.' };
  return { state: 'failed', sentence: signal ? `it was ended by ${signal}.` : lastLine(log) };
}

/** The last line of a log that is not empty; of a progress line, its newest state. */
export function lastLine(log: string): string {
  const fd = openSync(log, 'r');
  try {
    const { size } = fstatSync(fd);
    const tail = Buffer.alloc(Math.min(size, 4096));
    readSync(fd, tail, 0, tail.length, size - tail.length);
    const lines = tail.toString('utf8').split(/[\r\n]+/);
    return lines.findLast((line) => line.trim() !== '')?.trim() ?? '';
  } finally {
    closeSync(fd);
  }
}
