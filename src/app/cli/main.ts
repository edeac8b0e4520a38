#!/usr/bin/env node
/**
 * Entry point of the command line: finds the command, loads and runs it, and turns errors into one sentence and an exit
 * status.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nearestName } from '../../base/config/nearest';
import { InputError, MESSAGE_LIMIT, ToldError } from '../../base/records/errors';
import { printable } from '../../base/records/printable';
import { progressPrinter } from '../../base/records/progress';
import { COMMANDS } from './commands';
import { overview } from './overview';
import { parseArguments } from './shared/arguments';
import type { CommandEntry } from './shared/command';
import { print, printBeside } from './shared/print';

interface Found {
  readonly entry: CommandEntry;
  readonly rest: readonly string[];
}

/** Finds the command that the first one or two words name. */
function findCommand(words: readonly string[]): Found {
  for (const entry of COMMANDS) {
    const names = entry.name.split(' ');
    if (names.every((name, i) => words[i] === name)) return { entry, rest: words.slice(names.length) };
  }
  const first = words[0] as string;
  const inner = COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (inner.length > 0) throw new InputError(`rcsd ${first} needs one more word: ${inner.join(', ')}.`);
  const near = nearestName(words.slice(0, 2).join(' '), names()) ?? nearestName(first, names());
  const hint = near ? `did you mean rcsd ${near}?` : 'see `rcsd --help` for the list.';
  throw new InputError(`There is no command ${first}; ${hint}`);
}

const names = (): string[] => COMMANDS.map(({ name }) => name);

function version(): string {
  const file = readFileSync(join(__dirname, '..', '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}

async function printHelp({ entry, rest }: Found): Promise<void> {
  const { command } = await entry.load();
  const { commandHelp } = await import('./shared/help');
  print(commandHelp(entry, command, rest));
}

async function runCommand(found: Found, signal: AbortSignal): Promise<void> {
  const { entry, rest } = found;
  const { command } = await entry.load();
  const args = parseArguments(rest, {
    command: entry.name,
    options: command.options,
    positionals: command.positionals !== undefined,
    settingKind: command.settings?.kind,
  });
  if (args.help) return printHelp(found);
  const progress = progressPrinter();
  try {
    await command.run(args, { signal, progress });
  } finally {
    progress.finish();
  }
}

async function dispatch(words: readonly string[], signal: AbortSignal): Promise<void> {
  const first = words[0];
  if (first === undefined || first === '--help' || first === '-h' || (first === 'help' && words.length === 1)) {
    print(overview(COMMANDS));
  } else if (first === 'version' || first === '--version') print(`${version()}\n`);
  else if (first === 'help') await printHelp(findCommand(words.slice(1)));
  else await runCommand(findCommand(words), signal);
}

/**
 * Stops at the next safe place at the first Ctrl-C (or termination signal, or when the terminal is closed), and at once at the
 * second signal.
 */
function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    // Aborted first: where the terminal is gone, the line below fails.
    controller.abort();
    printBeside('\nStopping at the next safe place; press Ctrl-C again to end at once.\n');
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // A closed terminal or pipe stops as a signal does. Each further line fails again, which is no second signal; and where only
  // the log has no room, the work goes on.
  process.stderr.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (isGone(code)) controller.abort();
  });
  // A run of a sweep has a channel to it, which closes when the sweep is killed. Left open, the channel would keep the
  // process alive.
  process.on('disconnect', stop);
  process.channel?.unref();
  return controller.signal;
}

/** The system's refusal of a file that a command was given, where no reader said more of it. */
function refusal(error: unknown): unknown {
  const { code, path, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (error instanceof ToldError || code === undefined || path === undefined) return error;
  return new InputError(`Cannot use ${path} (${message.split(',')[0]}); check the path.`);
}

/** Prints what went wrong and returns the exit status. */
function report(thrown: unknown): number {
  const error = refusal(thrown);
  const known = error instanceof ToldError;
  const message = printable(error instanceof Error ? error.message : String(error), MESSAGE_LIMIT);
  const line = known ? message : `rcsd failed: ${message} (DEBUG=1 shows where).`;
  printBeside(`${line}\n`);
  if (process.env.DEBUG && thrown instanceof Error) printBeside(`${thrown.stack}\n`);
  return known ? error.exitCode : 1;
}

/** A reader such as `head` closes the pipe when it has read enough; that is not an error. */
function endOnLostOutput(): void {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (isGone(code)) process.exit(0);
    const reason = code === 'ENOSPC' ? 'the disk is full' : message;
    process.exit(report(new InputError(`Cannot write to standard output: ${reason}; send it to another place.`)));
  });
}

/** An error that no command could catch, such as one out of a library's own promise, is told like any other. */
function endOnLostError(): void {
  process.on('uncaughtException', (error) => process.exit(report(error)));
}

/** Whether a write failed because its reader, or the terminal, is gone. */
const isGone = (code: string | undefined): boolean => code === 'EPIPE' || code === 'EIO';

/** Runs the words of a command line; returns the exit status. */
export async function runProgram(words: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    await dispatch(words, signal);
    return signal.aborted ? 130 : 0;
  } catch (error) {
    return report(error);
  }
}

async function main(): Promise<void> {
  endOnLostOutput();
  endOnLostError();
  process.exitCode = await runProgram(process.argv.slice(2), abortOnInterrupt());
}

// A test that imports this file starts nothing.
if (require.main === module) void main();
