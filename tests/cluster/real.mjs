/** What the parts of `npm run test:cluster` share: the program as a user starts it, the files of its runs, and the report. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '..', '..');

export const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

export const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

/** Starts Node with words, from the root of the checkout; `onMoment` is called four times a second with the child, until it ends. */
export async function node(words, onMoment = () => {}, env = {}) {
  const child = spawn(process.execPath, words, { cwd: ROOT, env: { ...process.env, ...env } });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  const ended = new Promise((done) => child.once('close', (status, signal) => done({ status, signal })));
  const timer = setInterval(() => onMoment(child), 250);
  const end = await ended;
  clearInterval(timer);
  return { ...end, text };
}

/** Runs the program. */
export const rcsd = (words, onMoment, env) => node([join(ROOT, 'dist', 'app', 'cli', 'main.js'), ...words], onMoment, env);

/** The whole rows of a file of JSON lines; none where there is no file. A last line that is being written is left out. */
export function rows(...path) {
  const file = join(...path);
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

export const required = (holds, what) => {
  if (!holds) throw new Error(`failed: ${what}`);
  console.log(`ok: ${what}`);
};

/** The machine, for a report. */
export const machine = () =>
  `Node ${process.versions.node}, ${cpus().length} processors (${cpus()[0].model.trim()}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB; load of the machine at the end: ${loadavg()[0].toFixed(1)}`;

/** The numbers of a safetensors file, a list for each tensor in the order of their names. */
export async function tensorsOf(...path) {
  const { openSafetensors } = await import(join(ROOT, 'dist', 'engine', 'files', 'safetensors.js'));
  const file = openSafetensors(join(...path));
  const values = [...file.names].sort().map((name) => file.read(name));
  file.close();
  return values;
}

export const distance = (a, b) => a.reduce((most, own, i) => own.reduce((m, x, k) => Math.max(m, Math.abs(x - b[i][k])), most), 0);
