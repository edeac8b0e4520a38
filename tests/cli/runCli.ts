/** Runs the real program: builds dist/ when a source is newer than it, and starts `node dist/app/cli/main.js`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runProgram } from '../../src/app/cli/main';
import { parseArguments } from '../../src/app/cli/shared/arguments';
import type { Command, CommandContext } from '../../src/app/cli/shared/command';
import { progressPrinter } from '../../src/base/records/progress';

const root = join(__dirname, '..', '..');

/** The program as a user starts it. */
export const mainFile = join(root, 'dist', 'app', 'cli', 'main.js');

function newestSource(): number {
  const entries = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true });
  const sources = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'));
  return Math.max(...sources.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}

/** Compiles the sources unless dist/ is up to date. */
export function buildOnce(): void {
  if (existsSync(mainFile) && statSync(mainFile).mtimeMs >= newestSource()) return;
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', root], { encoding: 'utf8' });
  if (!existsSync(mainFile)) throw new Error(`tsc ended with ${status}:\n${stdout}`);
}

/** What a run of the program left behind. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of one run: text on standard input, and variables on top of the environment without DEBUG. */
export interface CliOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs `rcsd` with the words given. */
export function rcsd(words: readonly string[], { input = '', env = {}, cwd = root }: CliOptions = {}): Ended {
  const { DEBUG: _, ...inherited } = process.env;
  const options = { input, cwd, env: { ...inherited, ...env }, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainFile, ...words], options);
  return { status, stdout, stderr };
}

/** Runs the program beside this process, which may be its server; `onSpawn` gets the child, to interrupt it. */
export function rcsdBeside(
  words: readonly string[],
  { env = {}, onSpawn }: { env?: Readonly<Record<string, string>>; onSpawn?: (child: ChildProcess) => void } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [mainFile, ...words], { env: { ...process.env, ...env } });
    const ended = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (ended.stdout += chunk));
    child.stderr.on('data', (chunk) => (ended.stderr += chunk));
    child.on('close', (status) => resolve({ status, ...ended }));
    onSpawn?.(child);
  });
}

/** Replaces a member of an object; returns what puts it back. */
function replace(object: object, name: string, value: PropertyDescriptor): () => void {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { configurable: true, ...value });
  return () => {
    if (before) Object.defineProperty(object, name, before);
    else Reflect.deleteProperty(object, name);
  };
}

/** What is written to standard output or error while `run` is at work goes to `onText`. */
async function captured<T>(
  listeners: { readonly [Stream in 'stdout' | 'stderr']?: (text: string) => void },
  run: () => Promise<T>,
): Promise<T> {
  const restore = Object.entries(listeners).map(([stream, onText]) => {
    const write = (text: string | Uint8Array): boolean => {
      onText(String(text));
      return true;
    };
    return replace(process[stream as 'stdout'], 'write', { writable: true, value: write });
  });
  try {
    return await run();
  } finally {
    for (const back of restore) back();
  }
}

/** Runs the program as `rcsd` does, but inside this process, which saves the second that a process takes to start. */
export async function rcsdHere(
  words: readonly string[],
  { input = '', env = {}, cwd = root }: CliOptions = {},
): Promise<Ended> {
  const ended = { stdout: '', stderr: '' };
  const folder = process.cwd();
  const restore = [
    replace(process, 'env', { writable: true, value: { ...process.env, DEBUG: '', ...env } }),
    replace(process, 'stdin', { value: Readable.from([Buffer.from(input)]) }),
    () => process.chdir(folder),
  ];
  const listeners = {
    stdout: (text: string) => (ended.stdout += text),
    stderr: (text: string) => (ended.stderr += text),
  };
  try {
    process.chdir(cwd);
    const status = await captured(listeners, () => runProgram(words, new AbortController().signal));
    return { status, ...ended };
  } finally {
    for (const back of restore) back();
  }
}

/** Runs one command inside this process; returns what it printed, and throws what it throws. */
export async function here(
  command: Command,
  [, ...words]: readonly string[],
  context: Partial<CommandContext> = {},
): Promise<string> {
  const { options, settings, positionals } = command;
  const rules = { command: 'test', options, positionals: positionals !== undefined, settingKind: settings?.kind };
  const silent = { write: () => true };
  const given = { signal: new AbortController().signal, progress: progressPrinter(silent), ...context };
  let written = '';
  await captured({ stdout: (text) => (written += text) }, () => command.run(parseArguments(words, rules), given));
  return written;
}
