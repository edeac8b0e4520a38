import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = resolve(__dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('set-up', () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'rcsd-setup-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true }));

  function setUp(args: readonly string[], nodeVersion = process.versions.node) {
    const pretend = join(scratch, 'version.cjs');
    writeFileSync(pretend, `Object.defineProperty(process.versions, 'node', { value: '${nodeVersion}' });`);
    const command = ['-r', pretend, join(ROOT, 'kernel-setup/setup.mjs'), ...args];
    return spawnSync(process.execPath, command, { encoding: 'utf8' });
  }

  test.each([
    ['18.20.4', 'too old'],
    ['20.18.3', 'too old'],
    ['21.7.0', 'out of support'],
    ['23.0.0', 'too new'],
    ['24.1.0', 'too new'],
  ])('refuses Node %s as %s', (version, reason) => {
    const { status, stderr } = setUp([], version);
    expect(status).toBe(2);
    expect(stderr).toMatch(new RegExp(`^Node ${version} is ${reason}.*: install Node 22, or 20.19 or later\\.\n$`));
  });

  test('refuses an option that it does not know', () => {
    const { status, stderr } = setUp(['--tpu']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^[^\n]*--tpu: [^\n]*--gpu[^\n]*--cpu[^\n]*--ray[^\n]*\n$/);
  });
});

describe('what the set-up installs', () => {
  test('comes from whatever registry is configured: the lock file names none', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved": "[a-z+]+:/);
    expect(read('.npmrc')).toContain('omit-lockfile-registry-resolved=true');
  });

  test('is pinned, Python packages by the hashes of their files', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'));
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^(\d+\.\d+\.\d+|file:.*)$/.test(String(version)),
    );
    expect(loose).toEqual([]);
    for (const file of ['requirements', 'requirements-ray', 'requirements-tensorflow', 'requirements-tensorflow-gpu']) {
      const text = read(`kernel-setup/${file}.txt`);
      expect(text).not.toMatch(/:\/\/|--(extra-)?index-url|--trusted-host/);
      const lines = text.replace(/\s*\\\n\s*/g, ' ').split('\n');
      const wanted = lines.filter((line) => line !== '' && !line.startsWith('#'));
      const pinned = /^[\w.-]+==[\w.]+( ; python_full_version [<>=]+ '[\d.]+')?( --hash=sha256:[\da-f]{64})+$/;
      expect(wanted.length).toBeGreaterThan(0);
      expect(wanted.filter((line) => !pinned.test(line))).toEqual([]);
    }
  });

  test('is described: every direct dependency stands in environment.md with its version', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'));
    const text = read('environment.md');
    const missing = Object.entries({ ...dependencies, ...devDependencies })
      .map(([name, version]) => `| ${name} | ${String(version).startsWith('file:') ? 'ours' : version} |`)
      .filter((row) => !text.includes(row));
    expect(missing).toEqual([]);
  });

  test('has one TensorFlow engine', () => {
    const lock = JSON.parse(read('package-lock.json')).packages as Record<string, object>;
    const engines = Object.keys(lock).filter((path) => /node_modules\/@tensorflow\/tfjs-(core|node-gpu)$/.test(path));
    expect(engines).toEqual(['node_modules/@tensorflow/tfjs-core', 'node_modules/@tensorflow/tfjs-node-gpu']);
  });

  test('has a kernel that moves with the checkout', () => {
    const folder = 'kernel-setup/share/jupyter/kernels/tslab';
    const { argv } = JSON.parse(read(`${folder}/kernel.json`)) as { argv: string[] };
    expect(argv[0]).toBe('node');
    expect(existsSync((argv[1] ?? '').replace('{resource_dir}', join(ROOT, folder)))).toBe(true);
  });
});
