/** A small share of the campaign; `npm run campaign` is the whole of it. What is broken here on purpose shows that it would be found. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildOnce } from '../cli/runCli';

const root = join(__dirname, '..', '..');
beforeAll(buildOnce);

/** Runs a part; returns the exit status and what was printed. */
function campaign(words: readonly string[], folder = root): [number | null, string] {
  const main = join(folder, 'tests', 'campaign', 'campaign.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words, 'report=none'], { encoding: 'utf8' });
  return [status, stdout + stderr];
}

test('no reader breaks at spoilt inputs', () => {
  const [status, printed] = campaign(['part=readers', 'inputs=12', 'seed=3']);
  expect(printed).toMatch(/\n0 faults\n$/);
  expect(status).toBe(0);
}, 300_000);

test('a killed run goes on and ends as an uninterrupted one', () => {
  const [status, printed] = campaign(['part=kills', 'kills=1', 'works=grpo', 'seed=2']);
  expect(printed).toMatch(/grpo: 1 kills, 0 faults\n0 faults\n$/);
  expect(status).toBe(0);
}, 300_000);

test('a program without the script of its reports says so before a run, not behind it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-unbuilt-'));
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  rmSync(join(folder, 'dist', 'browser'), { recursive: true });
  for (const part of ['data', 'node_modules', 'kernel-setup']) symlinkSync(join(root, part), join(folder, part));
  const words = ['train', 'algorithm=sft', 'steps=1', 'evaluation.questions=1', `runs=${folder}`, 'name=run'];
  const main = join(folder, 'dist', 'app', 'cli', 'main.js');
  const { status, stderr } = spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^\S+inspector\.js is missing; run "npm start" once.*\n$/),
  ]);
  expect(existsSync(join(folder, 'run'))).toBe(false);
  rmSync(folder, { recursive: true });
}, 120_000);

describe('a campaign against a program that is broken', () => {
  /** Runs a part against a copy of the program in which a text of one file is replaced. */
  function against(file: string, from: string, to: string, words: readonly string[]): [number | null, string] {
    const folder = mkdtempSync(join(tmpdir(), 'rcsd-broken-'));
    for (const part of ['dist', 'tests/campaign']) cpSync(join(root, part), join(folder, part), { recursive: true });
    for (const part of ['tests/fixtures', 'data', 'configs', 'node_modules', 'kernel-setup'])
      symlinkSync(join(root, part), join(folder, part));
    const path = join(folder, 'dist', file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
    const ended = campaign(words, folder);
    rmSync(folder, { recursive: true });
    return ended;
  }

  test.each([
    ['crash', 'throw new TypeError("broken");'],
    ['hang', 'for (;;);'],
    ['death', 'process.exit(1);'],
  ])('finds a %s of a reader', (kind, broken) => {
    const from = "function parseCsv(bytes, name, delimiter = ',') {";
    const [status, printed] = against('engine/files/csv.js', from, `${from} ${broken}`, [
      ...['part=readers', 'inputs=2', 'readers=csv'],
    ]);
    expect([status, printed]).toEqual([1, expect.stringContaining(`"kind":"${kind}"`)]);
  });

  test('finds an end that differs', () => {
    const [status, printed] = against(
      'engine/tensors/random.js',
      'function uniformAt(',
      'function uniformAt() { return Math.random(); }\nfunction former(',
      [...['part=kills', 'kills=1', 'works=grpo', 'seed=2']],
    );
    expect([status, printed]).toEqual([1, expect.stringContaining('"kind":"differs"')]);
  }, 300_000);
});
