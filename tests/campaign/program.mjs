// Starts the program as a user does, and compares what two runs of it have left behind.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lib, root } from './readers.mjs';

export const mainFile = join(root, 'dist', 'app', 'cli', 'main.js');

/**
 * Runs `rcsd`; with `killAfter`, SIGKILL ends it after so many milliseconds. Resolves to {status, signal, stderr, milliseconds}. With one
 * thread a run takes its whole processor time alone, so that several can be compared.
 */
export function rcsd(words, { cwd, killAfter, env = {} } = {}) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(process.execPath, [mainFile, ...words], {
      cwd,
      env: { ...process.env, DEBUG: '', TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr = (stderr + chunk).slice(-4000);
    });
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, stderr, milliseconds: Date.now() - started });
    });
  });
}

/** What depends on the clock, on the process, on the place or on the commit, by the name of its field. */
const TIMED =
  /^(seconds|graphs)\/|^(created|date|total_evaluation_time_seconds|peak_memory_bytes|seconds|started|written|saved|pid|time|git_commit|git_hash)$/;
/** Files that say when something was done, and those of a process at work. */
const UNCOMPARED = /tfevents|report\.html$|log\.txt$|\.partial|lock\.json$|processes\.json$|\.lock$/;

const withoutTimes = (value) => {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !TIMED.test(name))
      .map(([name, part]) => [name, withoutTimes(part)]),
  );
};

function contentOf(path, folder) {
  const bytes = readFileSync(path);
  const digest = (data) => createHash('sha256').update(data).digest('hex');
  if (path.endsWith('.csv'))
    return digest(
      JSON.stringify(
        lib('engine/files/csv.js')
          .parseCsv(bytes, path)
          .map(({ fields }) => withoutTimes(fields)),
      ),
    );
  if (!/\.jsonl?$/.test(path)) return digest(bytes);
  // A run says where it lies in some of its files.
  const text = bytes.toString('utf8').replaceAll(folder, 'FOLDER');
  const parts = path.endsWith('.jsonl') ? text.split('\n').filter(Boolean) : [text];
  try {
    return digest(JSON.stringify(parts.map((part) => withoutTimes(JSON.parse(part)))));
  } catch {
    return 'damaged';
  }
}

/** Every file below a folder with a digest of its content, without times. */
export function contents(folder) {
  if (!existsSync(folder)) return {};
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = all
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !UNCOMPARED.test(path))
    .sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), contentOf(path, folder)]));
}

/** The files that differ between two folders, or are in one of them only. */
export function differences(a, b) {
  const [left, right] = [contents(a), contents(b)];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].filter((name) => left[name] !== right[name]).sort();
}
