// Checks what the machine must provide. Each check runs only if a pending step needs it, and reports what is missing in
// one sentence.
import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { SetupError } from './process.mjs';

const OLDEST_PYTHON = [3, 10];

/** Refuses platforms on which TensorFlow's wheel and this set-up have not been tried. */
export function checkPlatform() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      `This set-up is written and tested for Linux x64 only, but this is ${process.platform} ${process.arch}; use a Linux x64 machine or container.`,
    );
  }
  process.report.excludeNetwork = true;
  if (!process.report.getReport().header.glibcVersionRuntime) {
    throw new SetupError(
      'TensorFlow needs glibc, and this Linux has none (Alpine?); use a Debian, Ubuntu or Fedora machine or container.',
    );
  }
}

const attempt = (program, args, input) => spawnSync(program, args, { input, encoding: 'utf8' });

/** Some distributions package Node without npm. */
export function checkNpm() {
  if (attempt('npm', ['--version']).status !== 0) {
    throw new SetupError('npm was not found: install it beside Node (apt-get install npm, or Node from nodejs.org).');
  }
}

/** The first Python on the PATH that is new enough and can make virtual environments. */
export function findPython() {
  const candidates = ['python3', ...[14, 13, 12, 11, 10].map((minor) => `python3.${minor}`)];
  let found = '';
  for (const python of candidates) {
    const { status, stdout } = attempt(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
    if (status !== 0) continue;
    const [major, minor] = stdout.trim().split('.').map(Number);
    found ||= stdout.trim();
    if (major !== OLDEST_PYTHON[0] || minor < OLDEST_PYTHON[1]) continue;
    if (attempt(python, ['-c', 'import venv, ensurepip']).status === 0) return python;
    throw new SetupError(
      `Python ${stdout.trim()} has no venv module: install the Debian package python3-venv (apt-get install python3-venv).`,
    );
  }
  if (found) throw new SetupError(`Python ${found} is too old: install Python ${OLDEST_PYTHON.join('.')} or later.`);
  throw new SetupError(
    `Python was not found: install Python ${OLDEST_PYTHON.join('.')} or later (apt-get install python3 python3-venv).`,
  );
}

/** The first C++ compiler (of CXX, g++, clang++) that accepts C++17. */
export function findCompiler() {
  const program = '#include <optional>\nint main() { std::optional<int> x; if (auto y = x) return *y; }\n';
  for (const compiler of [process.env.CXX, 'g++', 'clang++'].filter(Boolean)) {
    if (attempt(compiler, ['-std=c++17', '-fsyntax-only', '-x', 'c++', '-'], program).status === 0) return compiler;
  }
  throw new SetupError('No C++17 compiler was found: install g++ (apt-get install g++).');
}

/** Refuses to start with less free disk space than the pending steps need. */
export function checkDisk(folder, megabytes) {
  const { bavail, bsize } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / 1e6);
  if (free >= megabytes) return;
  const gigabytes = (size) => (size / 1000).toFixed(1);
  throw new SetupError(
    `The disk is too full: this set-up needs ${gigabytes(megabytes)} GB, but only ${gigabytes(free)} GB are free.`,
  );
}
