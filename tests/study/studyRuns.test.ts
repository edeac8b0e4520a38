/** The study at work, on a tiny plan: real processes, killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { sharesOf } from '../../src/study/analysis';
import { checkRow, sameNumbers } from '../../src/study/check';
import type { Experiment } from '../../src/study/experiments';
import { decodingOfRow, readRows, type StudyRow, underDecoding } from '../../src/study/row';

const root = join(__dirname, '..', '..');
const SMALL = ['stage2.steps=3', 'stage2.batch_size=8', 'evaluation.questions=14'];
const LADDER = ['evaluation.ladder=true', 'evaluation.samples=12'];
const PLAN: Experiment[] = [
  {
    name: 'tiny',
    question: 'Does it go on where it was killed?',
    kind: 'train',
    cells: [
      { label: 'terse', group: 'supervised', settings: ['algorithm=sft', 'sft_source=answer', ...SMALL], rate: 3e-4 },
      { label: 'full', group: 'supervised', settings: ['algorithm=sft', ...SMALL, ...LADDER], rate: 3e-4 },
      {
        label: 'GRPO',
        group: 'reinforcement',
        settings: ['algorithm=grpo', 'false_positive=0.2', ...SMALL],
        rate: 3e-4,
      },
      { label: 'broken', group: 'control', settings: ['algorithm=nonesuch', ...SMALL], rate: 3e-4 },
    ],
    parts: [{ tier: 'minutes', bases: ['base-0'], seeds: [1] }],
  },
];

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Runs the tiny study in a process of its own; its output is the list of failures. */
function start(folder: string): { child: ChildProcess; ended: Promise<{ status: number | null; output: string }> } {
  const script = `require('./dist/study/study').runStudy({
    experiments: ${JSON.stringify(PLAN)}, results: ${JSON.stringify(folder)}, folder: ${JSON.stringify(join(folder, 'work'))}, workers: 2,
  }).then((failures) => console.log(JSON.stringify(failures)))`;
  const child = spawn(process.execPath, ['-e', script], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let output = '';
  child.stdout?.on('data', (data) => {
    output += data;
  });
  return { child, ended: new Promise((resolve) => child.once('close', (status) => resolve({ status, output }))) };
}

const numbers = (folder: string): Record<string, object> =>
  Object.fromEntries(
    [...readRows(folder)].map(([key, { seconds: _, ...rest }]: [string, StudyRow]) => [key, rest] as const).sort(),
  );

const linesOf = (folder: string): number => {
  const file = join(folder, 'runs.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
};

test('a study that was killed has the rows of one that was not, failures stop nothing, and each run is made once', async () => {
  const [whole, killed] = ['whole', 'killed'].map((name) => mkdtempSync(join(tmpdir(), `study-${name}-`))) as [
    string,
    string,
  ];
  const undisturbed = start(whole);
  const { status, output } = await undisturbed.ended;
  expect(status).toBe(0);
  expect(JSON.parse(output)).toEqual([
    expect.objectContaining({ run: expect.stringContaining('seed=1 algorithm=nonesuch') }),
  ]);
  expect(linesOf(whole)).toBe(3);
  // Every row has greedy scores beside its own; that of a ladder has all of its decodings.
  const rowOf = (label: string) => [...readRows(whole).values()].find(({ cell }) => cell === label) as StudyRow;
  const decodings = (row: StudyRow) => [row, ...(row.decodings ?? [])].map(({ decoding }) => decoding);
  const at = (temperature: number, samples: number) => ({ temperature, top_p: 0.95, samples });
  expect(decodings(rowOf('terse'))).toEqual([at(1, 2), at(0, 1)]);
  expect(decodings(rowOf('full'))).toEqual([at(1, 12), at(0, 1), at(0.5, 12)]);
  for (const name of ['greedy', 't0.5', 't1']) {
    const [row] = underDecoding([rowOf('full')], name) as [StudyRow];
    const shares = sharesOf(row);
    expect(shares).toHaveLength(14);
    expect(shares.reduce((sum, share) => sum + share, 0) / 14).toBeCloseTo(row.accuracy as number, 12);
    expect(sharesOf(row, 'majority')).toHaveLength(name === 'greedy' ? 0 : 14);
  }

  const first = start(killed);
  while (linesOf(killed) === 0 && first.child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 20));
  first.child.kill('SIGKILL');
  await first.ended;
  expect(linesOf(killed)).toBeLessThan(3);
  await start(killed).ended;
  expect(numbers(killed)).toEqual(numbers(whole));
  expect(linesOf(killed)).toBe(3);
}, 300_000);

// On the processor that the rows were made on, `same` is true as well: `rcsd study --check` says so. One name of a processor stands
// for several generations, so that a test cannot ask for it.
test('a committed row is made again, within its interval', async () => {
  const { row, again, within } = await checkRow();
  expect(within).toBe(true);
  // The committed row was made before rows named their decoding: it is read as what it was, and the run made again says so.
  expect(row.decoding).toBeUndefined();
  expect(decodingOfRow(row)).toEqual(again.decoding);
  // As the earlier program would have written it, it counts as the same; with one other number it does not.
  const { decoding: _, decodings: __, per_question, ...rest } = again;
  const { majority: ___, ...counts } = per_question as NonNullable<StudyRow['per_question']>;
  const old: StudyRow = { ...rest, schema_version: 1, per_question: counts };
  expect(sameNumbers(old, again)).toBe(true);
  const [first = 0, ...others] = again.curves?.step ?? [];
  for (const other of [
    { ...old, per_question: { ...counts, correct: `9${counts.correct.slice(1)}` } },
    { ...old, curves: { ...again.curves, step: [first + 1, ...others] } },
    { ...old, curves: { ...again.curves, step: others } },
  ])
    expect(sameNumbers(other, again)).toBe(false);
  expect(again).toMatchObject({ key: row.key, base_sha256: row.base_sha256, questions: row.questions });
}, 300_000);
