/** Real workers: whole runs of two and three processes against one, kills, and workers that know each other's addresses. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolvePretrainConfig } from '../../src/base/config/pretrain';
import { openRun } from '../../src/base/records/runReader';
import { runPretraining } from '../../src/run/experiments/pretrain';
import { buildOnce, mainFile, rcsd, rcsdBeside } from '../cli/runCli';
import { readFile, recordOf } from '../train/stage';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-workers-'));
const model = join(folder, 'base', 'model');
const pathOf = (name: string): string => join(folder, name);

/** Micro-batches that two or three workers cannot share evenly: one has none, or one more. The five answers neither. */
const words = (name: string, ...more: readonly string[]): string[] => [
  ...['train', `model=${model}`, 'data=microscience', `runs=${folder}`, `name=${name}`, 'batch_size=6'],
  ...['max_tokens=12', 'evaluation.questions=5', 'evaluation.samples=1', 'evaluation.max_tokens=8'],
  ...['learning_rate=0.01', 'schedule=constant', ...more],
];

const RCSD = [
  'algorithm=rcsd',
  'stages=reasoner',
  'rubric_source=reference',
  'steps=4',
  'rank=2',
  'alpha=4',
  'microbatch_size=3',
];
const VALIDATED = ['validation.every=2', 'validation.questions=4'];
const GRPO = [
  'microbatch_size=2',
  'algorithm=grpo',
  'steps=3',
  'rank=0',
  'num_generations=3',
  'num_iterations=2',
  'rewards=answer,length',
];
// A base that has hardly been pretrained writes no valid rubric: all of them are asked for twice.
const WRITING = ['algorithm=rcsd', 'stages=rubric', 'stage1.steps=2', 'rank=0', 'rubric_sampling.max_tokens=6'];

beforeAll(async () => {
  buildOnce();
  const sizes = ['layers=1', 'hidden_size=16', 'heads=2', 'intermediate_size=32', 'batch_tokens=1024'];
  await runPretraining(resolvePretrainConfig({ overrides: ['steps=1', `output=${join(folder, 'base')}`, ...sizes] }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything but times and rounding is the same: completions, scores, evaluations, and numbers within 1e-6. */
function expectSame(name: string, other: string, stage = ''): void {
  const record = (run: string) => recordOf(join(pathOf(run), stage));
  const [a, b] = [record(name), record(other)];
  const ids = (rows: readonly object[]) => rows.map((row) => (row as { completion_ids: number[] }).completion_ids);
  expect(ids(a.completions)).toEqual(ids(b.completions));
  expect(a.metrics.length).toBe(b.metrics.length);
  for (const [i, row] of a.metrics.entries())
    for (const [key, value] of Object.entries(row))
      expect(Math.abs((value as number) - ((b.metrics[i] as Record<string, number>)[key] as number)), key).toBeLessThan(
        1e-5,
      );
  const newest = openRun(join(pathOf(other), stage))
    .checkpoints()
    .at(-1)?.path as string;
  for (const file of readdirSync(newest).filter((each) => each.endsWith('.safetensors'))) {
    const [mine, theirs] = [pathOf(name), pathOf(other)].map((run) =>
      readFile(newest.replace(pathOf(other), run), file),
    );
    for (const [key, tensor] of Object.entries(theirs ?? {}))
      for (const [i, x] of tensor.entries()) expect(Math.abs(x - (mine?.[key]?.[i] as number))).toBeLessThan(1e-6);
  }
  const [before, after] = [name, other].map((each) =>
    openRun(pathOf(each)).evaluation('before')?.samples('microscience'),
  );
  expect(before).toEqual(after);
  expect(openRun(join(pathOf(name), stage)).validation()).toEqual(openRun(join(pathOf(other), stage)).validation());
}

/** Starts the program; resolves with it once `ready`. */
async function started(args: readonly string[], ready: () => boolean): Promise<ChildProcess & { said: () => string }> {
  const child = spawn(process.execPath, [mainFile, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk) => (text += chunk));
  while (!ready() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  expect([child.exitCode, text]).toEqual([null, expect.anything()]);
  return Object.assign(child, { said: () => text });
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', (code) => resolve(code));
  });

/** The processes that a worker has started. */
const workersOf = ({ pid }: ChildProcess): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

const isGone = (pid: number): boolean =>
  !existsSync(`/proc/${pid}/stat`) || /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

const stepsOf = (name: string, stage: string): number =>
  existsSync(join(pathOf(name), stage, 'metrics.jsonl')) ? openRun(join(pathOf(name), stage)).metrics().length : 0;

/** Ports that are free now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

describe.each([
  ['RCSD', [...RCSD, ...VALIDATED], 'stage-2'],
  ['GRPO', GRPO, ''],
] as const)('%s', (what, settings, stage) => {
  test('with two and three workers equals one process', () => {
    for (const workers of [1, 2, 3]) {
      const { status, stderr } = rcsd(words(`${what}-${workers}`, ...settings, `workers=${workers}`));
      expect([status, stderr]).toEqual([0, expect.anything()]);
    }
    expectSame(`${what}-2`, `${what}-1`, stage);
    expectSame(`${what}-3`, `${what}-1`, stage);
  });
});

test('rubrics are written by both of two workers, and found again', () => {
  for (const workers of [1, 2]) expect(rcsd(words(`w${workers}`, ...WRITING, `workers=${workers}`)).status).toBe(0);
  const rubrics = (name: string): string => readFileSync(join(pathOf(name), 'stage-1', 'rubrics.jsonl'), 'utf8');
  expect(rubrics('w2')).toBe(rubrics('w1'));
  const { status } = rcsd(['train', '--resume', pathOf('w2'), 'workers=3']);
  expect([status, rubrics('w2')]).toEqual([0, rubrics('w1')]);
});

describe('a worker that is killed', () => {
  test('ends the others with a sentence; another number of workers goes on, to the weights of an undisturbed run', async () => {
    const args = words('killed', ...RCSD, 'steps=60', 'checkpoint_every=100', 'workers=3');
    const child = await started(args, () => stepsOf('killed', 'stage-2') >= 2);
    const [second, third] = workersOf(child) as [number, number];
    process.kill(third, 'SIGKILL');
    expect(await ended(child)).toBe(1);
    expect(child.said()).toMatch(
      /Worker 2 \(127\.0\.0\.1:\d+\) .*It was killed.*go on with: rcsd train --resume \S+killed/,
    );
    expect(
      child
        .said()
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('Worker')),
    ).toHaveLength(1);
    const saved = openRun(join(pathOf('killed'), 'stage-2'))
      .checkpoints()
      .at(-1)?.step;
    expect(saved).toBe(stepsOf('killed', 'stage-2'));
    while (!isGone(second)) await new Promise((resolve) => setTimeout(resolve, 50));

    expect(rcsd(['train', '--resume', pathOf('killed'), 'workers=2']).status).toBe(0);
    expect(rcsd(words('straight', ...RCSD, 'steps=60', 'checkpoint_every=100')).status).toBe(0);
    expectSame('killed', 'straight', 'stage-2');
  });

  test('takes the others with it when it is the first', async () => {
    const args = words('first', ...RCSD, 'steps=100000', 'checkpoint_every=1', 'workers=2');
    const child = await started(args, () => stepsOf('first', 'stage-2') >= 2);
    const [second] = workersOf(child) as [number];
    child.kill('SIGKILL');
    await ended(child);
    while (!isGone(second)) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(openRun(join(pathOf('first'), 'stage-2')).checkpoints().length).toBeGreaterThan(0);
  });

  test('at Ctrl-C, saves and says how to go on', async () => {
    const args = words('stopped', ...RCSD, 'steps=100000', 'checkpoint_every=100000', 'workers=2');
    const child = await started(args, () => stepsOf('stopped', 'stage-2') >= 2);
    const [second] = workersOf(child) as [number];
    child.kill('SIGINT');
    expect(await ended(child)).toBe(130);
    expect(child.said()).toContain('Stopped on request; resume with: rcsd train --resume');
    while (!isGone(second)) await new Promise((resolve) => setTimeout(resolve, 50));
    const saved = openRun(join(pathOf('stopped'), 'stage-2'))
      .checkpoints()
      .at(-1)?.step;
    expect(saved).toBe(stepsOf('stopped', 'stage-2'));
  });
});

describe('workers with addresses', () => {
  test('train together; the first alone writes', async () => {
    const addresses = (await freePorts(2)).map((port) => `127.0.0.1:${port}`).join();
    const [first, second] = await Promise.all([
      rcsdBeside(words('RCSD-a', ...RCSD, ...VALIDATED, `workers=${addresses}`)),
      rcsdBeside(words('elsewhere', ...RCSD, ...VALIDATED, `workers=${addresses}`, 'worker=1')),
    ]);
    expect([first.status, second.status]).toEqual([0, 0]);
    expect(second.stdout).toBe('worker 1 is done; worker 0 has written the run.\n');
    expect(existsSync(pathOf('elsewhere'))).toBe(false);
    expectSame('RCSD-a', 'RCSD-1', 'stage-2');

    const again = await Promise.all([
      rcsdBeside(['train', '--resume', pathOf('RCSD-a'), `workers=${addresses}`]),
      rcsdBeside(words('elsewhere', ...RCSD, ...VALIDATED, `workers=${addresses}`, 'worker=1')),
    ]);
    expect(again.map(({ status }) => status)).toEqual([0, 0]);
    expectSame('RCSD-a', 'RCSD-1', 'stage-2');
  });

  test('that have other settings or other keys are refused, both in a sentence', async () => {
    const addresses = (await freePorts(2)).map((port) => `127.0.0.1:${port}`).join();
    const pair = (own: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      Promise.all([
        rcsdBeside(words('r', ...RCSD, `workers=${addresses}`, 'worker_timeout=6')),
        rcsdBeside(words('r', ...RCSD, ...own, `workers=${addresses}`, 'worker=1', 'worker_timeout=6'), { env }),
      ]);
    for (const { status, stderr } of await pair(['seed.data=7']))
      expect([status, stderr]).toEqual([2, expect.stringContaining('Worker 1 does not fit worker 0: seed.data is 42')]);
    const [first, second] = await pair([], { RCSD_WORKERS_KEY: 'another' });
    expect([first.status, first.stderr]).toEqual([2, expect.stringMatching(/have not come: worker 1 \(127/)]);
    expect([second.status, second.stderr]).toEqual([2, expect.stringContaining('another RCSD_WORKERS_KEY')]);
    expect(existsSync(pathOf('r'))).toBe(false);
  });

  test.each([
    ['8.8.8.8:7000,8.8.4.4:7000', 'insecure=true'],
    ['0.0.0.0:7000,127.0.0.1:7001', '0.0.0.0:7000'],
    ['10.255.255.1:7000,127.0.0.1:7001', 'cannot listen at 10.255.255.1:7000'],
  ])('workers=%s is refused', (workers, said) => {
    const { status, stderr } = rcsd(words('refused', ...RCSD, `workers=${workers}`));
    expect([status, stderr]).toEqual([2, expect.stringContaining(said)]);
  });
});

test('the quickstart refuses several workers', () => {
  const { status, stderr } = rcsd(['quickstart', 'workers=2', `runs=${folder}`]);
  expect([status, stderr]).toEqual([2, expect.stringContaining('workers=2')]);
});
