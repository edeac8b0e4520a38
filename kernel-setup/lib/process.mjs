// Runs the child processes of the set-up: their output goes to a log, and a failure becomes one sentence.
import { spawn } from 'node:child_process';

/** An error that stops the set-up, in one sentence that says what to do. */
export class SetupError extends Error {}

const CAUSES = [
  [/ENOSPC|No space left on device/i, 'The disk is full'],
  [
    /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|name resolution|NewConnectionError|Max retries exceeded|Read timed out|from versions: none|from range requests: none/i,
    'The package registry cannot be reached (no network, or a proxy that is not set)',
  ],
  [/EACCES|Permission denied/i, 'A file or folder is not writable'],
];

/**
 * The known cause of a failure, found in a step's output or in a system error; otherwise a sentence with the step's
 * name.
 */
export function explain(name, output) {
  const known = CAUSES.find(([pattern]) => pattern.test(output));
  if (known) return known[1];
  const lines = output.split('\n').filter((line) => line.trim());
  const line = lines.find((text) => /\berror\b/i.test(text)) ?? lines.at(-1) ?? 'no output';
  return `${name} failed (${line.trim().slice(0, 200)})`;
}

/**
 * Runs a command to its end; a failure is a SetupError that begins with the step's name or with the known cause.
 * @param {string[]} command program and arguments
 * @param {{name: string, log: (text: string) => void, signal: AbortSignal, cwd: string, env?: Record<string, string>}} options
 */
export function run(command, { name, log, signal, cwd, env }) {
  const [program, ...args] = command;
  log(`$ ${command.join(' ')}\n`);
  return new Promise((resolve, reject) => {
    // npm reacts slowly to a gentle signal, and a set-up that is started meanwhile would find folders that npm is still
    // removing.
    const killSignal = 'SIGKILL';
    const child = spawn(program, args, {
      cwd,
      signal,
      killSignal,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
      log(String(chunk));
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => {
      reject(error.code === 'ENOENT' ? new SetupError(`${program} was not found on the PATH`) : error);
    });
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new SetupError(explain(name, output)));
    });
  });
}
