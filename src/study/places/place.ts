/**
 * Where the commands of a sweep or a study run: in processes here, or on a Ray cluster (ray.ts). Output goes into a log file instead of a
 * pipe, so that a command does not die with whoever started it.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../base/records/atomic';
import { projectRoot } from '../../engine/files/models';

/** How a command ended; for a failed one, `sentence` is the last line of its log. */
export interface End {
  readonly state: 'done' | 'stopped' | 'failed';
  readonly sentence?: string;
}

/** A command at work. */
export interface Running {
  /** Of a process on this machine. */
  readonly pid?: number;
  readonly ended: Promise<End>;
  /** Asks the command to save and stop; calling it once is enough. */
  stop(): void;
}

/** A command to run: a script of dist/ with its words. */
export interface Work {
  readonly name: string;
  readonly command: readonly string[];
  /** The command in its place once the file `once` is there: it goes on with what was begun. */
  readonly again?: { readonly once: string; readonly command: readonly string[] };
  /** For the engine; on a cluster also the cores that it takes. */
  readonly threads: number;
  /** Variables besides those of this process and of `threads`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** In bytes. */
  readonly memory: number;
  /** What the command prints is appended to this file. */
  readonly log: string;
}

/** Where commands run. */
export interface Place {
  /** Whether a command may begin while an earlier attempt at it is still saving, on another machine. */
  readonly retries: boolean;
  start(work: Work): Running;
  /** Ends what is left of the place; every command must have ended. */
  close(): Promise<void>;
}

const script = (...path: readonly string[]): string => join(projectRoot, 'dist', ...path);

/** The words of `rcsd WORDS` as a command. */
export const rcsd = (...words: readonly string[]): string[] => [script('app', 'cli', 'main.js'), ...words];

/** The script that makes a run of the study. */
export const STUDY_WORKER = script('study', 'worker.js');

/** Processes of this machine. When this one is gone, the channel to each closes, and it saves and stops (src/app/cli/main.ts). */
export const here: Place = { retries: false, start, close: async () => {} };

function start({ command, again, threads, log }: Work): Running {
  makeFolder(dirname(log));
  const output = openSync(log, 'a');
  // In a process group of its own, so that Ctrl-C in the terminal reaches only this process, which then tells the child
  // once.
  const child = spawn(process.execPath, again && existsSync(again.once) ? again.command : command, {
    stdio: ['ignore', output, output, 'ipc'],
    detached: true,
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads) },
  });
  closeSync(output);
  const ended = new Promise<End>((resolve) => {
    child.once('error', (error) =>
      resolve({ state: 'failed', sentence: `it could not be started (${error.message}).` }),
    );
    child.once('exit', (status, signal) => resolve(endOf(status, signal, log)));
  });
  return { pid: child.pid, ended, stop: () => child.kill('SIGINT') };
}

/** What an exit status, or the signal that ended a process, means. */
export function endOf(status: number | null, signal: string | null, log: string): End {
  if (status === 0) return { state: 'done' };
  // By the signal alone, where it came before the command could save anything.
  if (status === 130 || signal === 'SIGINT') return { state: 'stopped' };
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
