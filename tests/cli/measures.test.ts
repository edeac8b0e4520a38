/** rcsd contexts, audit, clipping and figures, in the words of a user, on the embedded model. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command as audit } from '../../src/app/cli/probes/audit';
import type { ProgressEvent } from '../../src/base/records/events';
import type { AuditRow } from '../../src/run/probes/audit';
import type { MatrixRow } from '../../src/run/probes/contextMatrix';
import { readMeasurement } from '../../src/study/speed/measurement';
import { finishedStudy } from '../figures/studyRows';
import { here, rcsdHere } from './runCli';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-measures-'));
test('contexts prints the content effect and writes a row for each question and context', async () => {
  const file = join(folder, 'contexts.jsonl');
  const { status, stdout } = await rcsdHere(['contexts', 'data=microscience', '--questions', '14', '--output', file]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^reference − shuffled +\+0\.\d{3} \[\+0\.\d{3}, \+0\.\d{3}\] +0\.\d{3}/m);
  const { facts, rows } = readMeasurement<MatrixRow>(file);
  expect(facts.command).toBe('rcsd contexts data=microscience --split test --questions 14');
  expect(facts.versions.tensorflow).toMatch(/^\d/);
  expect(rows).toHaveLength(14 * 7);
});

test('clipping prints each clip and writes places and cells', async () => {
  const file = join(folder, 'clipping.jsonl');
  const words = ['--questions', '7', '--tokens', '40', '--clips', 'entry:0.05,position:0.05', '--output', file];
  const { status, stdout } = await rcsdHere(['clipping', 'profile=microscience', 'data=microscience', ...words]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^entry 0\.05 +1 to \d+/m);
  const { rows } = readMeasurement<{ kind: string; clip: string; cosine?: number }>(file);
  const cells = rows.filter(({ kind, clip }) => kind === 'cell' && clip === 'position 0.05');
  expect(cells.length).toBeGreaterThan(0);
  for (const { cosine } of cells) expect(cosine).toBeCloseTo(1, 3);
});

test('audit prints the credit of each context, draws it, and goes on where it was stopped', async () => {
  const [file, figure] = [join(folder, 'audit.jsonl'), join(folder, 'audit.svg')];
  const words = ['audit', 'data=microscience', '--questions', '12', '--samples', '1', '--continuations', '4'];
  const whole = await rcsdHere([...words, '--output', file, '--figure', figure]);
  expect(whole.status).toBe(0);
  expect(whole.stdout).toMatch(/^reference +\d+ +\+\d/m);
  expect(readFileSync(figure, 'utf8')).toContain('Where the guidance is right, by stratum');
  const { rows } = readMeasurement<AuditRow>(file);
  expect(rows).toHaveLength(12);
  const stop = new AbortController();
  const onProgress = ({ stage, done }: ProgressEvent) => stage === 'audit' && done === 10 && stop.abort();
  const stopped = join(folder, 'stopped.jsonl');
  await expect(
    here(audit, [...words, '--output', stopped], {
      signal: stop.signal,
      progress: { onProgress, finish: () => undefined },
    }),
  ).rejects.toThrow(/what is finished is in/);
  expect(await here(audit, [...words, '--output', stopped])).toBe(whole.stdout);
  expect(readMeasurement<AuditRow>(stopped).rows).toEqual(rows);
});

test('a clip that is none is refused with an example', async () => {
  const { status, stderr } = await rcsdHere(['clipping', 'data=microscience', '--clips', 'entry:0']);
  expect(status).toBe(2);
  expect(stderr).toContain('for example entry:0.05');
});

test('figures draws what has rows, and says what has none', async () => {
  const rows = join(folder, 'runs.jsonl');
  const some = [...finishedStudy().values()].filter(({ experiment }) => ['content', 'contexts'].includes(experiment));
  writeFileSync(rows, some.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const output = join(folder, 'figures');
  const { status, stdout } = await rcsdHere(['figures', '--rows', rows, '--output', output, '--svg-only']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^skipped, .*no rows yet: .*main, .*uplift/m);
  expect(existsSync(join(output, 'ladder.svg'))).toBe(true);
  expect(readdirSync(output).every((name) => name.endsWith('.svg'))).toBe(true);
});

test('figures refuses a file that holds no rows', async () => {
  const { status, stderr } = await rcsdHere(['figures', '--rows', join(folder, 'none', 'runs.jsonl')]);
  expect(status).toBe(2);
  expect(stderr).toContain('There are no rows in');
});
