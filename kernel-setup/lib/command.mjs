// Runs a child process whose output is shown only when it fails.
import { spawn } from 'node:child_process';

/** Runs a command in a folder; rejects with its output when it fails. */
export function runCommand([program, ...args], cwd, { inherit = false, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const output = inherit ? 'inherit' : 'pipe';
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', output, output] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(text);
      else reject(new Error(`${[program, ...args].join(' ')} ended with ${signal ?? `status ${code}`}\n${text}`));
    });
  });
}
