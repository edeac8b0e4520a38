import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openRun } from '../../src/base/records/runReader';
import { buildOnce, mainFile, rcsdHere } from './runCli';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-sweeps-'));
/** The embedded model, and runs far too short to learn: this is about the sweep. */
const BASE = `base:
  profile: microscience
  batch_size: 4
  max_tokens: 8
  evaluation: {questions: 7, max_tokens: 40}
`;

function write(name: string, yaml: string): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, BASE + yaml);
  return path;
}

const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));

/** Every file below a folder with its time of change and its bytes. */
function fingerprint(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    names.map((name) => [name, `${statSync(name).mtimeMs} ${readFileSync(name).toString('base64')}`]),
  );
}

/** The children at work, by the folder's own record; between two changes it may be gone. */
function atWork(sweep: string): { pid: number }[] {
  try {
    return json(sweep, 'lock.json').children;
  } catch {
    return [];
  }
}

interface Sweeping {
  /** Called every 50 ms; a signal it returns is sent, once. */
  readonly watch?: () => NodeJS.Signals | undefined;
}

/** Runs `rcsd sweep` and watches it. */
async function sweep(words: readonly string[], { watch }: Sweeping = {}) {
  const child = spawn(process.execPath, [mainFile, 'sweep', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr, sent] = ['', '', false];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const timer = setInterval(() => {
    const signal = watch?.();
    if (signal && !sent) sent = child.kill(signal);
  }, 50);
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('exit', (...end) => resolve(end)),
  );
  clearInterval(timer);
  return { status, signal, stdout, stderr };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

beforeAll(buildOnce);

describe('a sweep of two methods with two seeds', () => {
  const file = write('methods', 'grid:\n  algorithm: [opsd, sft]\n  seed: [1, 2]\n');
  const path = join(folder, 'methods');
  const words = [file, `runs=${folder}`, 'steps=2', '--cores', '1'];

  test('lists its runs without starting any', async () => {
    const { status, stdout, stderr } = await rcsdHere(['sweep', ...words, '--dry-run']);
    expect([status, stderr]).toEqual([0, expect.stringMatching(/^4 runs\nabout \d+s in all/)]);
    expect(stdout).toMatch(/^sft-seed-2 +waiting +\d+s +\d\.\d GiB +profile=microscience .* seed=2 steps=2$/m);
    expect(existsSync(path)).toBe(false);
  });

  test('runs them within its budget of one core, and sums up', async () => {
    let most = 0;
    const watch = () => {
      most = Math.max(most, atWork(path).length);
      return undefined;
    };
    const { status, stdout } = await sweep(words, { watch });
    expect([status, most]).toEqual([0, 1]);
    const lines = stdout.split('\n').filter((line) => /^(opsd|sft) /.test(line));
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^sft +\S+ % \[.*\] +\S+ % \[.*\] +\S+ % \[.*\] +7 x 2 x 2 +\d+ +\d+$/);
    const { methods, runs } = json(path, 'summary.json');
    expect(methods.map(({ runs: own, after }: { runs: string[]; after: object }) => [own, after])).toEqual([
      [['opsd-seed-1', 'opsd-seed-2'], expect.objectContaining({ n: 7, seeds: 2 })],
      [['sft-seed-1', 'sft-seed-2'], expect.objectContaining({ n: 7, seeds: 2 })],
    ]);
    expect(runs.map(({ state }: { state: string }) => state)).toEqual(['done', 'done', 'done', 'done']);
    const rows = readFileSync(join(path, 'summary.csv'), 'utf8').trim().split('\n');
    expect(rows).toHaveLength(1 + 4 * 2);
    expect(rows[0]).toMatch(
      /^run,method,seed,algorithm,task,moment,decoding,accuracy,low,high,standard_error,questions,samples,/,
    );
    expect(readFileSync(join(path, 'accuracy.svg'), 'utf8')).toContain('</svg>');
    expect(openRun(join(path, 'sft-seed-2')).config.threads).toBe(1);
    expect(readFileSync(join(path, 'sft-seed-2', 'log.txt'), 'utf8')).toContain('accuracy after');
  });

  test('does nothing again when all is done, and refuses other settings', async () => {
    const before = fingerprint(join(path, 'opsd-seed-1'));
    const again = await sweep(words);
    expect([again.status, again.stderr]).toEqual([0, expect.stringContaining('4 runs, 4 of them finished already')]);
    expect(fingerprint(join(path, 'opsd-seed-1'))).toEqual(before);
    const other = await rcsdHere(['sweep', file, `runs=${folder}`, 'steps=3']);
    expect([other.status, other.stderr]).toEqual([
      2,
      expect.stringContaining('holds a run with other settings (stage1.steps is 2 there and 3 here)'),
    ]);
  });

  test('refuses to go on where a run, finished or not, was made from other weights', async () => {
    const frozen = join(path, 'opsd-seed-1', 'config.json');
    const before = readFileSync(frozen, 'utf8');
    const config = JSON.parse(before);
    writeFileSync(frozen, JSON.stringify({ ...config, inputs: { ...config.inputs, weights: '0'.repeat(64) } }));
    const refused = await rcsdHere(['sweep', ...words]);
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringContaining('opsd-seed-1 was begun with other weights (SHA-256 000000000000... there'),
    ]);
    writeFileSync(frozen, before);
  });
});

test('killed and stopped in the middle, a sweep goes on with what is left', async () => {
  const yaml = `runs:
  - {label: first, settings: {algorithm: opsd, steps: 1}}
  - {label: second, settings: {algorithm: opsd, steps: 60}}
  - {label: third, settings: {algorithm: opsd, steps: 1}}
`;
  const file = write('long', yaml);
  const path = join(folder, 'long');
  const words = [file, `runs=${folder}`, 'checkpoint_every=20', '--cores', '1'];
  const [finished, half] = ['first', 'second'].map((name) => join(path, name)) as [string, string];
  const stepsOf = (run: string): number => (existsSync(join(run, 'config.json')) ? openRun(run).metrics().length : 0);
  let children: number[] = [];
  const whenAt = (steps: number, signal: NodeJS.Signals) => () => {
    children = [...children, ...atWork(path).map(({ pid }) => pid)];
    return stepsOf(half) >= steps ? signal : undefined;
  };

  const killed = await sweep(words, { watch: whenAt(5, 'SIGKILL') });
  expect(killed.signal).toBe('SIGKILL');
  const before = fingerprint(finished);
  expect(Object.keys(before).some((name) => name.endsWith('report.html'))).toBe(true);

  // The run that the killed sweep left behind is waited for, then goes on; two writers would tear its files.
  const stopped = await sweep(words, { watch: whenAt(25, 'SIGINT') });
  expect([stopped.status, stopped.stderr]).toEqual([130, expect.stringContaining(`with: rcsd sweep ${file}`)]);
  expect(children.filter(isAlive)).toEqual([]);
  expect(openRun(half).checkpoints().length).toBeGreaterThan(0);
  expect(existsSync(join(path, 'summary.json'))).toBe(false);

  const last = await sweep(words);
  expect([last.status, last.stderr]).toEqual([0, expect.stringContaining('3 runs, 1 of them finished already')]);
  expect(fingerprint(finished)).toEqual(before);
  const steps = openRun(half)
    .metrics()
    .map(({ step }) => step);
  expect(steps).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  expect(readFileSync(join(path, 'summary.csv'), 'utf8').trim().split('\n')).toHaveLength(1 + 3 * 2);
  expect(existsSync(join(path, 'lock.json'))).toBe(false);
});

test('a run that fails is told with its sentence, does not stop the others, and ends in status 1', async () => {
  const yaml = `runs:
  - {label: no rubrics, settings: {stages: reasoner, rubric_sampling.max_tokens: 2}}
  - {label: opsd, settings: {algorithm: opsd}}
`;
  const { status, stdout, stderr } = await sweep([write('failing', yaml), `runs=${folder}`, 'steps=1']);
  expect([status, stdout]).toEqual([1, expect.stringMatching(/^failed: no-rubrics: .*have a valid rubric/m)]);
  expect(stderr).toMatch(/^1 of 2 runs failed; /m);
  expect(json(folder, 'failing', 'summary.json').methods).toHaveLength(1);
});

test('bad files, models and budgets are refused before anything starts', async () => {
  const file = write('refused', 'grid:\n  seed: [1]\n  stepz: [2]\n');
  const named = await rcsdHere(['sweep', file]);
  expect([named.status, named.stderr]).toEqual([
    2,
    `${file}, line 8: There is no setting stepz; did you mean steps?\n`,
  ]);
  const good = write('needs', 'grid: {seed: [1]}\n');
  const small = await rcsdHere(['sweep', good, `runs=${folder}`, '--memory', '0.1']);
  expect([small.status, small.stderr]).toEqual([2, expect.stringMatching(/^Run seed-1 needs about .* GiB of memory/)]);
  expect((await rcsdHere(['sweep', good, '--cores', '0'])).stderr).toContain(
    '--cores must be a whole number, 1 or more',
  );
  expect((await rcsdHere(['sweep'])).stderr).toContain('rcsd sweep takes one file');
  const nowhere = await rcsdHere(['sweep', good, `runs=${folder}`, 'model=nowhere/at/all']);
  expect([nowhere.status, nowhere.stderr]).toEqual([2, expect.stringContaining('nowhere')]);
  expect(existsSync(join(folder, 'needs'))).toBe(false);
});
