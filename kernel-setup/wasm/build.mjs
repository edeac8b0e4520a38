// Compiles our loops for pages into loops.wasm, which is committed: a set-up needs no compiler for WebAssembly. Needs zig 0.16.0:
//   python3 -m venv zig && zig/bin/pip install ziglang==0.16.0 && node kernel-setup/wasm/build.mjs zig/bin/python -m ziglang
// `--check` compares the sources with those that loops.json says it was made from.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const ADDON = resolve(HERE, '../addon');
const SOURCES = ['loops.h', 'loops.cc', 'wasm.cc'];

/** SHA-256 of the sources, one after the other. */
function sourcesDigest() {
  const hash = createHash('sha256');
  for (const name of SOURCES) hash.update(readFileSync(join(ADDON, name)));
  return hash.digest('hex');
}

// Only what every browser with SIMD has. A side module has to be independent of its place in memory; it has one thread.
const FEATURES = 'mvp+simd128+bulk_memory+sign_ext+nontrapping_fptoint+mutable_globals';
const COMPILE = ['-target', 'wasm32-wasi', `-mcpu=${FEATURES}`, '-O3', '-fPIC', '-fno-math-errno', '-std=c++20', '-fno-rtti'];
const PLAIN = ['-fignore-exceptions', '-fno-threadsafe-statics', '-fvisibility=hidden', '-fno-sanitize=all', '-Dthread_local=static'];
const LINK = ['--no-entry', '-shared', '--experimental-pic', '--import-memory', '--unresolved-symbols=import-dynamic'];
const SMALL = ['--gc-sections', '--strip-debug', '-O3'];

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

function build([zig, ...before]) {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-wasm-'));
  const run = (...args) => execFileSync(zig, [...before, ...args], { stdio: 'inherit' });
  try {
    const object = join(folder, 'wasm.o');
    run('c++', ...COMPILE, ...PLAIN, '-c', join(ADDON, 'wasm.cc'), '-o', object);
    run('wasm-ld', object, '-o', join(HERE, 'loops.wasm'), ...LINK, ...SMALL);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const made = { sources: sourcesDigest(), compiler: execFileSync(zig, [...before, 'version'], { encoding: 'utf8' }).trim() };
  writeFileSync(join(HERE, 'loops.json'), `${JSON.stringify(made)}\n`);
}

const given = process.argv.slice(2);
if (given[0] === '--check') {
  const { sources } = JSON.parse(readFileSync(join(HERE, 'loops.json'), 'utf8'));
  if (sources !== sourcesDigest()) fail('loops.wasm was made from other sources than those in kernel-setup/addon; make it anew.');
} else if (given.length === 0) fail('Name the command of zig 0.16.0, as in: build.mjs zig/bin/python -m ziglang');
else build(given);
