/** Runs the real program: builds dist/ when a source is newer than it, and starts `node dist/app/cli/main.js`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
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

/** Runs a command inside this process: as `rcsd` does, without the seconds that a process takes to start; returns what it printed. */
export async function here(
  command: Command,
  [, ...words]: readonly string[],
  context: Partial<CommandContext> = {},
): Promise<string> {
  const { options, settings, positionals } = command;
  const rules = { command: 'test', options, positionals: positionals !== undefined, settingKind: settings?.kind };
  const written: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
  try {
    const silent = { write: () => true };
    const signal = new AbortController().signal;
    await command.run(parseArguments(words, rules), { signal, progress: progressPrinter(silent), ...context });
  } finally {
    process.stdout.write = write;
  }
  return written.join('');
}
