/** `rcsd study` as a user starts it; the runs themselves are tested in tests/study. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildOnce, mainFile, rcsdHere } from './runCli';

const empty = () => mkdtempSync(join(tmpdir(), 'study-cli-'));
beforeAll(buildOnce);

test('--dry-run says what is to be done and what it costs, the bases to be made included', async () => {
  const cwd = empty();
  const all = await rcsdHere(['study', '--dry-run', '--results', empty()], { cwd });
  expect(all.status).toBe(0);
  expect(all.stdout).toMatch(/^(\d+) of \1 runs left, about \d+h\d+m on one core, .* workers$/m);
  expect(all.stdout).toMatch(/bases to pretrain first: base-1, .*world-10/);
  const minutes = await rcsdHere(['study', '--tier', 'minutes', '--dry-run', '--results', empty(), '--workers', '2'], {
    cwd,
  });
  const left = Number(/(\d+)m\d+s with 2 workers/.exec(minutes.stdout)?.[1]);
  expect(left).toBeLessThan(10);
  expect(minutes.stdout).not.toContain('bases to pretrain');
});

test('what has a row is not made again', async () => {
  const { stdout } = await rcsdHere(['study', '--tier', 'minutes', '--dry-run']);
  expect(stdout).toMatch(/^0 of \d+ runs left/m);
});

test('--tables prints the tables of the rows, and says which there are', async () => {
  expect((await rcsdHere(['study', '--tables', 'gate'])).stdout).toMatch(/^gate: .*\nbase .*gate\n[- ]+\nbase-0 /);
  const missing = await rcsdHere(['study', '--tables', 'nonesuch']);
  expect([missing.status, missing.stderr]).toEqual([
    2,
    expect.stringContaining('no table nonesuch with rows; choose one of gate,'),
  ]);
});

test.each([
  [['--experiment', 'nonesuch'], /no experiment nonesuch; choose from writers,/],
  [['--experiment', 'reach, nonesuch'], /no experiment nonesuch; choose from writers,/],
  [['--tier', 'week'], /--tier must be one of night, hour, minutes/],
  [['--workers', '0'], /--workers must be a whole number, 1 or more/],
  [['--check', '--results', '/nonesuch'], /no trial .*; run rcsd study --tier minutes first/],
])('%j is refused in a sentence', async (words, message) => {
  const { status, stderr } = await rcsdHere(['study', ...words]);
  expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
});

test('Ctrl-C ends it with 130 and leaves no torn row', async () => {
  const [cwd, results] = [empty(), empty()];
  const child = spawn(
    process.execPath,
    [mainFile, 'study', '--experiment', 'writers', '--results', results, '--present'],
    {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.on('data', (data) => {
    // A second Ctrl-C would end it at once.
    if (!/writer base-0/.test(said) && /writer base-0/.test(`${said}${data}`)) child.kill('SIGINT');
    said += data;
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect([status, said]).toEqual([130, expect.stringContaining('Stopped on request')]);
  expect(readFileSync(join(results, 'runs.jsonl'), { encoding: 'utf8', flag: 'a+' })).toBe('');
}, 60_000);
