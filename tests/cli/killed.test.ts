/** Nothing wrong in silence: runs and evaluations that are killed, doubled, damaged, or gone on with from other inputs. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { resolvePretrainConfig } from '../../src/base/config/pretrain';
import { openRun } from '../../src/base/records/runReader';
import { runPretraining } from '../../src/run/experiments/pretrain';
import { recordOf } from '../train/stage';
import { buildOnce, mainFile, rcsd } from './runCli';

const folder = mkdtempSync(join(tmpdir(), 'rcsd-faults-'));
const model = join(folder, 'base', 'model');
const STEPS = 60;

const words = (name: string): string[] => [
  ...['train', 'algorithm=sft', `model=${model}`, 'data=microscience', `runs=${folder}`, `name=${name}`],
  ...[`steps=${STEPS}`, 'batch_size=4', 'checkpoint_every=5', 'keep_checkpoints=3', 'evaluation.questions=2'],
  'evaluation.max_tokens=4',
];
const pathOf = (name: string): string => join(folder, name);
const bytes = (...path: string[]): Buffer => readFileSync(join(...path));
const stepsOf = (name: string): number =>
  existsSync(join(pathOf(name), 'config.json')) ? openRun(pathOf(name)).metrics().length : 0;

beforeAll(async () => {
  buildOnce();
  const sizes = ['layers=1', 'hidden_size=16', 'heads=2', 'intermediate_size=32', 'batch_tokens=1024'];
  const output = `output=${join(folder, 'base')}`;
  await runPretraining(resolvePretrainConfig({ overrides: ['steps=1', output, ...sizes] }));
});

/** Starts the program and waits until `ready`. */
async function started(args: readonly string[], ready: () => boolean): Promise<ChildProcess> {
  const child = spawn(process.execPath, [mainFile, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr?.resume();
  while (!ready() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(child.exitCode).toBeNull();
  return child;
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', (code) => resolve(code));
  });

/** Flips a bit of a file while `work` is done, as a pulled update or a bad disk would. */
async function changed<T>(path: string, work: () => T): Promise<T> {
  const before = readFileSync(path);
  const other = Buffer.from(before);
  other[other.length - 3] = (other.at(-3) as number) ^ 1;
  writeFileSync(path, other);
  try {
    return work();
  } finally {
    writeFileSync(path, before);
  }
}

function expectSame(name: string, other: string): void {
  expect(recordOf(pathOf(name))).toEqual(recordOf(pathOf(other)));
  const last = join('checkpoints', `step-${String(STEPS).padStart(6, '0')}`);
  for (const file of readdirSync(join(pathOf(other), last)))
    expect(bytes(pathOf(name), last, file).equals(bytes(pathOf(other), last, file)), file).toBe(true);
}

describe('a training run', () => {
  beforeAll(() => expect(rcsd(words('straight')).status).toBe(0));

  test('killed, damaged and resumed equals an undisturbed one; meanwhile nobody else may write, nor go on from other weights', async () => {
    const path = pathOf('killed');
    const resume = ['train', '--resume', path];
    const child = await started(words('killed'), () => stepsOf('killed') >= 11);
    // Stopped in its tracks, it is still there.
    child.kill('SIGSTOP');
    const beside = rcsd(resume);
    expect([beside.status, beside.stderr]).toEqual([
      2,
      expect.stringContaining(`${path} is being written by rcsd train`),
    ]);
    child.kill('SIGKILL');
    await ended(child);
    expect(existsSync(join(path, 'lock.json'))).toBe(true);

    const other = await changed(join(model, 'model.safetensors'), () => rcsd(resume));
    expect([other.status, other.stderr]).toEqual([2, expect.stringMatching(/was begun with other weights \(SHA-256/)]);
    expect(other.stderr).not.toContain('tokenizer');
    const tokenizer = await changed(join(model, 'tokenizer_config.json'), () => rcsd(resume));
    expect(tokenizer.status).toBe(2);

    const newest = openRun(path).checkpoints().at(-1)?.path as string;
    truncateSync(join(newest, 'optimizer.safetensors'), 100);
    // The last row loses its newline, as a crash between two writes may leave it.
    const completions = join(path, 'completions.jsonl');
    writeFileSync(completions, readFileSync(completions, 'utf8').trimEnd());
    appendFileSync(join(path, 'metrics.jsonl'), '{"step":');
    const { status, stderr } = rcsd(resume);
    expect([status, stderr]).toEqual([0, expect.stringContaining(`renamed to ${newest}.damaged`)]);
    expect(stderr).toContain(`${path} was left by rcsd train (process ${child.pid}`);
    expectSame('killed', 'straight');
    expect(existsSync(join(path, 'lock.json'))).toBe(false);
  });

  test('saves at SIGHUP, and says what of the machine is another when it goes on', async () => {
    const child = await started(words('hangup'), () => stepsOf('hangup') >= 7);
    child.kill('SIGHUP');
    expect(await ended(child)).toBe(130);
    const saved = openRun(pathOf('hangup')).checkpoints().at(-1)?.step;
    expect(saved).toBe(stepsOf('hangup'));
    const { status, stderr } = rcsd(['train', '--resume', pathOf('hangup')], { env: { RCSD_LOOPS: 'x86-64' } });
    expect([status, stderr]).toEqual([0, expect.stringMatching(/begun elsewhere \(kernels \S+ there, x86-64 here\)/)]);
  });

  test('saves when its standard error is closed', async () => {
    const child = await started([...words('closed'), 'steps=100000'], () => stepsOf('closed') >= 3);
    child.stderr?.destroy();
    expect(await ended(child)).toBe(130);
    expect(openRun(pathOf('closed')).checkpoints().at(-1)?.step).toBe(stepsOf('closed'));
  });

  test('completes rubrics that break off, and refuses others than it began with', () => {
    const rubrics = ['algorithm=rcsd', 'stages=reasoner', 'rubric_source=reference', 'max_tokens=4', 'steps=2'];
    expect(rcsd([...words('rubrics'), ...rubrics]).status).toBe(0);
    const file = join(pathOf('rubrics'), 'rubrics.jsonl');
    const whole = readFileSync(file, 'utf8');
    const lines = whole.split('\n');
    writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n${lines[3]?.slice(0, 40)}`);
    expect(rcsd(['train', '--resume', pathOf('rubrics')]).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(whole);
    writeFileSync(file, whole.replace('"weight":5', '"weight":4'));
    const { status, stderr } = rcsd(['train', '--resume', pathOf('rubrics')]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('holds another rubric of question')]);
  });

  test('whose config.json is gone is not taken for a new one', () => {
    rmSync(join(pathOf('straight'), 'config.json'));
    const { status, stderr } = rcsd(words('straight'));
    expect([status, stderr]).toEqual([2, expect.stringContaining('whose config.json is gone')]);
  });
});

describe('an evaluation', () => {
  const output = join(folder, 'evaluated');
  const evaluate = (to: string, ...more: string[]): string[] => [
    ...['evaluate', `model=${model}`, 'data=microscience', 'questions=300', 'samples=8', 'max_tokens=16'],
    ...['--output', to, ...more],
  ];
  const kept = (): number => (existsSync(join(output, 'answers_microscience.jsonl')) ? 1 : 0);

  test('killed and resumed writes the same bytes; meanwhile nobody else may write, nor go on from other weights', async () => {
    const whole = join(folder, 'whole');
    expect(rcsd(evaluate(whole)).status).toBe(0);
    const child = await started(evaluate(output), () => kept() > 0);
    child.kill('SIGSTOP');
    const beside = rcsd(evaluate(output));
    expect([beside.status, beside.stderr]).toEqual([2, expect.stringContaining('is being written by rcsd evaluate')]);
    child.kill('SIGKILL');
    await ended(child);
    const other = await changed(join(model, 'model.safetensors'), () => rcsd(evaluate(output)));
    expect([other.status, other.stderr]).toEqual([2, expect.stringMatching(/other weights .*choose another --output/)]);
    expect(rcsd(evaluate(output)).status).toBe(0);
    const samples = 'samples_microscience.jsonl';
    expect(bytes(output, samples).equals(bytes(whole, samples))).toBe(true);
    expect(JSON.parse(bytes(output, 'results.json').toString()).config.inputs).toEqual(
      JSON.parse(bytes(output, 'evaluation.json').toString()).inputs,
    );
  });

  test('of an earlier version, without checksums, goes on with a sentence', () => {
    const file = join(output, 'evaluation.json');
    const { inputs: _, machine: __, ...older } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify(older));
    const { status, stderr } = rcsd(evaluate(output));
    expect([status, stderr]).toEqual([0, expect.stringContaining('which recorded no checksums')]);
  });
});
