import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parseXml } from '../figures/wellFormed';
import { buildOnce, mainFile, rcsd } from './runCli';

beforeAll(buildOnce);

const folder = mkdtempSync(join(tmpdir(), 'rcsd-benchmark-'));
const SIZES = ['batch_size=2', 'prompt_tokens=8', 'completion_tokens=4', 'rank=2'];
/** Where nothing is measured: matrices so small that the machine's peak, which comes first, takes no time. */
const SMALLEST = `model=${join('tests', 'fixtures', 'models', 'llama-tied')}`;

test('prints a table and writes JSON and, of growth, a figure', () => {
  const output = join(folder, 'all.json');
  const stages = 'update,step,decode-1,decode-2,vocabulary-300,vocabulary-400';
  const { status, stdout, stderr } = rcsd([
    ...['benchmark', 'model=microscience', ...SIZES, 'teacher_tokens=16', 'repeats=1'],
    ...[`stages=${stages}`, `output=${output}`],
  ]);
  expect([status, stdout]).toEqual([0, expect.stringContaining('written: ')]);
  expect(stderr).toContain('decode-1 2/2');
  for (const name of stages.split(',')) expect(stdout).toMatch(new RegExp(`^${name} .* GiB`, 'm'));
  const report = JSON.parse(readFileSync(output, 'utf8'));
  expect(report).toMatchObject({
    schema_version: 1,
    settings: { model: 'microscience', precision: 'fp32', rank: 2 },
    versions: { node: process.versions.node, tensorflow: expect.stringMatching(/^\d/) },
    cpu: expect.any(String),
    cores: expect.any(Number),
    memory_bytes: expect.any(Number),
    threads: expect.any(Number),
    load_average: [expect.any(Number), expect.any(Number), expect.any(Number)],
    formula_words: expect.stringContaining('T tokens'),
  });
  expect(report).toHaveProperty('git_commit');
  expect(report.peak.products).toHaveLength(4);
  expect(report.peak.flops_per_second).toBeGreaterThan(1e8);
  const names = report.stages.map(({ stage }: { stage: string }) => stage);
  expect(names).toEqual(stages.split(','));
  for (const stage of report.stages) {
    expect(stage).toMatchObject({
      first_seconds: expect.any(Number),
      seconds: [expect.any(Number)],
      cpu_seconds: [expect.any(Number)],
      formula: expect.any(String),
      load_average: expect.any(Number),
      working_bytes: expect.any(Number),
    });
    expect(stage.share_of_peak).toBeGreaterThan(0);
    expect(stage.share_of_peak).toBeLessThan(1.2);
    // A process of its own for each stage: Node and TensorFlow, but not another stage's memory.
    expect(stage.peak_rss_bytes).toBeGreaterThan(5e7);
  }
  const figure = readFileSync(join(folder, 'all-growth.svg'), 'utf8');
  expect(parseXml(figure.trim())[0]?.name).toBe('svg');
  expect(figure).toContain('memory of the loss');
});

test('a stage that the model is too short for ends in one sentence', () => {
  const words = ['benchmark', SMALLEST, ...SIZES, 'stages=teacher', 'teacher_tokens=300'];
  const { status, stdout, stderr } = rcsd([...words, `output=${join(folder, 'no.json')}`]);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr.trim().split('\n').at(-1)).toEqual(
    expect.stringMatching(/^teacher needs sequences of 304 tokens, \S*llama-tied takes 128; /),
  );
  expect(existsSync(join(folder, 'no.json'))).toBe(false);
});

test('Ctrl-C ends the measuring process too', async () => {
  const output = join(folder, 'stopped.json');
  const words = ['benchmark', SMALLEST, ...SIZES, 'repeats=100000', 'stages=student', `output=${output}`];
  const child = spawn(process.execPath, [mainFile, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  let measuring: string[] = [];
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    if (measuring.length > 0 || !stderr.includes('student')) return;
    measuring = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    child.kill('SIGINT');
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  expect(status).toBe(130);
  expect(measuring).toHaveLength(1);
  expect(existsSync(`/proc/${measuring[0]}`)).toBe(false);
  expect(stderr.trim().split('\n').at(-1)).toBe('Stopped on request; nothing was measured yet.');
});
