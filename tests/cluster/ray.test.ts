/** `--ray` against a dashboard of the test's own (dashboardServer.ts), with the real driver in Python; real Ray is in ray.mjs. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRun } from '../../src/base/records/runReader';
import { openRay } from '../../src/study/places/ray';
import { readRows } from '../../src/study/row';
import { runStudy } from '../../src/study/study';
import { buildOnce, rcsdBeside, rcsdHere } from '../cli/runCli';
import { type DashboardServer, startDashboard } from './dashboardServer';

const root = join(__dirname, '..', '..');
const PYTHON = join(root, 'kernel-setup', '.venv', 'bin', 'python');
const folder = mkdtempSync(join(tmpdir(), 'rcsd-ray-'));
const env = { RCSD_RAY_PYTHON: PYTHON };
const file = join(folder, 'sweep.yaml');
writeFileSync(
  file,
  `base:
  profile: microscience
  batch_size: 4
  max_tokens: 8
  checkpoint_every: 5
  evaluation: {questions: 7, max_tokens: 40}
grid: {algorithm: [opsd, sft]}
`,
);

let dashboard: DashboardServer;
beforeAll(async () => {
  buildOnce();
  dashboard = await startDashboard();
});
afterAll(() => dashboard.close());

const stepsOf = (run: string): number => (existsSync(join(run, 'config.json')) ? openRun(run).metrics().length : 0);
const numbersOf = (run: string): string[] =>
  openRun(run)
    .metrics()
    .map((row) => JSON.stringify(Object.entries(row).filter(([name]) => !/^(seconds|graphs)\//.test(name))));
const running = (): number => [...dashboard.jobs.values()].filter(({ status }) => status === 'RUNNING').length;

test('a sweep on a cluster, killed and stopped in the middle, has the numbers of one that ran here', async () => {
  const local = await rcsdBeside(['sweep', file, `runs=${folder}`, 'name=here', 'steps=60', '--cores', '1']);
  expect(local.status).toBe(0);
  const path = join(folder, 'there');
  const words = ['sweep', file, `runs=${folder}`, 'name=there', 'steps=60', '--ray', dashboard.address];
  /** The progress of a run that has been started so many times, in the last of them. */
  const progress = (run: string, starts: number): string => {
    const log = join(path, run, 'log.txt');
    return (existsSync(log) ? readFileSync(log, 'utf8') : '').split(/^on .*, raylet/m)[starts] ?? '';
  };
  const until = (starts: number, signal: NodeJS.Signals) =>
    rcsdBeside(words, {
      env,
      onSpawn: (child) => {
        const timer = setInterval(() => {
          if (!/opsd \d+\/60/.test(progress('opsd', starts))) return;
          clearInterval(timer);
          child.kill(signal);
        }, 50);
      },
    });
  expect((await until(1, 'SIGKILL')).status).toBe(null);
  expect(running()).toBe(1);
  const stopped = await until(2, 'SIGINT');
  expect([stopped.status, stopped.stderr]).toEqual([130, expect.stringContaining(`--ray ${dashboard.address}`)]);
  expect(stopped.stderr).toContain('of an earlier start is still at work; it is stopped first.');
  expect(running()).toBe(0);
  expect(stepsOf(join(path, 'opsd'))).toBeLessThan(60);
  const last = await rcsdBeside(words, { env });
  expect([last.status, last.stderr]).toEqual([0, expect.stringContaining('within 2 cores and 6.5 GiB')]);
  for (const run of ['opsd', 'sft']) expect(numbersOf(join(path, run))).toEqual(numbersOf(join(folder, 'here', run)));
  expect([running(), existsSync(join(path, '.ray')), existsSync(join(path, 'lock.json'))]).toEqual([0, false, false]);
  const again = await rcsdBeside(words, { env });
  expect([again.status, dashboard.jobs.size]).toEqual([0, 3]);
}, 240_000);

test('a run that fails there is told with its sentence, and the others are made', async () => {
  const failing = join(folder, 'failing.yaml');
  writeFileSync(
    failing,
    `base: {profile: microscience, batch_size: 4, max_tokens: 8, steps: 1, evaluation: {questions: 7, max_tokens: 40}}
runs:
  - {label: no rubrics, settings: {stages: reasoner, rubric_sampling.max_tokens: 2}}
  - {label: opsd, settings: {algorithm: opsd}}
`,
  );
  const { status, stdout } = await rcsdBeside(['sweep', failing, `runs=${folder}`, '--ray', dashboard.address], {
    env,
  });
  expect([status, stdout]).toEqual([1, expect.stringMatching(/^failed: no-rubrics: .*have a valid rubric/m)]);
  expect(stdout).toMatch(/^opsd /m);
}, 120_000);

test('a study has the same rows from a cluster as from here', async () => {
  const small = ['stage2.steps=2', 'stage2.batch_size=8', 'evaluation.questions=7', 'algorithm=sft'];
  const cell = { label: 'full', group: 'supervised' as const, settings: small, rate: 3e-4 };
  const broken = { ...cell, label: 'broken', settings: [...small, 'algorithm=nonesuch'] };
  const parts = [{ tier: 'minutes' as const, bases: ['base-0'], seeds: [1] }];
  const experiments = [{ name: 'tiny', question: '', kind: 'train' as const, cells: [cell, broken], parts }];
  process.env.RCSD_RAY_PYTHON = PYTHON;
  const rowsIn = async (name: string, open?: (at: string) => ReturnType<typeof openRay>) => {
    const results = join(folder, name);
    const failures = await runStudy({
      experiments,
      results,
      folder: join(results, 'work'),
      workers: 2,
      ...(open && { open }),
    });
    expect(failures).toEqual([expect.objectContaining({ run: expect.stringContaining('nonesuch') })]);
    return [...readRows(results).values()].map(({ seconds: _, ...row }) => row);
  };
  const there = await rowsIn('study-there', (at) => openRay(dashboard.address, at, {}));
  expect(there).toHaveLength(1);
  expect(there).toEqual(await rowsIn('study-here'));
}, 240_000);

describe('what is refused before a job is submitted', () => {
  const sweep = (address: string, ...more: string[]) =>
    rcsdHere(['sweep', file, `runs=${folder}`, 'name=refused', 'steps=1', ...more, '--ray', address], { env });

  test.each([
    ['ray://127.0.0.1:10001', "is that of Ray's client"],
    ['ftp://127.0.0.1', "must be the address of Ray's dashboard"],
    ['http://', "must be the address of Ray's dashboard"],
    ['http://me:secret@127.0.0.1:8265', 'leave them out: a token belongs in RAY_AUTH_TOKEN'],
    ['127.0.0.1:9', 'does not answer (no server listens there); start a Ray cluster'],
  ])('the address %s', async (address, reason) => {
    const { status, stderr } = await sweep(address);
    expect([status, stderr]).toEqual([2, expect.stringContaining(reason)]);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('secret');
  });

  test('servers that are something else, and clusters that let nobody in', async () => {
    const answers: [number, string][] = [
      [200, '<html></html>'],
      [200, '{"version": "0.10"}'],
      [404, ''],
      [401, 'no token'],
    ];
    for (const [status, text] of answers) {
      const server = createServer((_, response) => response.writeHead(status).end(text)).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const ended = await sweep(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      server.closeAllConnections();
      server.close();
      const reason = status === 401 ? 'set RAY_AUTH_TOKEN to it.' : 'is no Ray cluster';
      expect([ended.status, ended.stderr]).toEqual([2, expect.stringContaining(reason)]);
    }
  });

  test('settings, runs that no node has room for, and options', async () => {
    const before = dashboard.jobs.size;
    for (const [words, reason] of [
      [['stepz=1'], 'There is no setting stepz'],
      [['model=nowhere/at/all'], 'nowhere'],
      [['--memory', '0.1'], 'needs about'],
      [['--cores', '0'], '--cores must be'],
    ] as const) {
      const { status, stderr } = await sweep(dashboard.address, ...words);
      expect([status, stderr]).toEqual([2, expect.stringContaining(reason)]);
    }
    expect([dashboard.jobs.size, existsSync(join(folder, 'refused'))]).toEqual([before, false]);
    const study = await rcsdHere(['study', '--ray', '127.0.0.1:9']);
    expect([study.status, study.stderr]).toEqual([2, expect.stringContaining('start a Ray cluster')]);
  });
});

test('a cluster whose Python has no Ray ends the command with one sentence', async () => {
  const bare = await startDashboard({ withRay: false });
  const words = ['sweep', file, `runs=${folder}`, 'name=bare', 'steps=1', '--ray', bare.address];
  const { status, stderr } = await rcsdBeside(words, { env });
  bare.close();
  expect([status, stderr]).toEqual([2, expect.stringMatching(/has no module ray.*RCSD_RAY_PYTHON names/)]);
}, 60_000);

describe('the driver, on the node', () => {
  /** What the driver says of one command that it runs. */
  function run(request: object): Record<string, unknown> {
    const own = mkdtempSync(join(folder, 'mail-'));
    const given = {
      id: 1,
      node: process.execPath,
      cwd: own,
      log: join(own, 'log.txt'),
      variables: { RCSD_TEST: 'yes' },
      ...request,
    };
    const script = `import json, sys; sys.path.insert(0, 'kernel-setup/ray'); import driver
print(json.dumps(driver.run(json.loads(sys.argv[1]), sys.argv[2])))`;
    const { stdout } = spawnSync(PYTHON, ['-c', script, JSON.stringify(given), own], { cwd: root, encoding: 'utf8' });
    const log = join(own, 'log.txt');
    return { ...JSON.parse(stdout), log: existsSync(log) ? readFileSync(log, 'utf8') : '' };
  }
  const script = join(folder, 'script.js');
  writeFileSync(
    script,
    `console.log(process.argv.slice(2).join(), process.env.RCSD_TEST); if (process.argv[2] === 'end') process.kill(process.pid, 'SIGKILL'); process.exitCode = Number(process.argv[2]);`,
  );

  test('tells status and signal, and takes up what is begun', () => {
    expect(run({ command: [script, '3'] })).toEqual({ status: 3, log: expect.stringMatching(/^on .*\n3 yes\n$/) });
    expect(run({ command: [script, 'end'] })).toMatchObject({ signal: 'SIGKILL' });
    const again = { once: script, command: [script, '0', 'again'] };
    expect(run({ command: [script, '3'], again })).toMatchObject({
      status: 0,
      log: expect.stringContaining('0,again'),
    });
    expect(run({ command: [script, '3'], again: { ...again, once: `${script}x` } })).toMatchObject({ status: 3 });
    // Another machine may have Node elsewhere.
    expect(run({ command: [script, '0'], node: '/nowhere/node' })).toMatchObject({ status: 0 });
  });

  test('names a path that the node does not see', () => {
    const gone = join(folder, 'gone');
    for (const request of [
      { command: [join(gone, 'main.js')] },
      { command: [script], cwd: gone },
      { command: [script], log: join(gone, 'log.txt') },
    ])
      expect(run(request)).toMatchObject({
        sentence: expect.stringMatching(/does not see .*gone.*same paths on every node\.$/),
      });
  });

  test('tells why a command could not be started, and goes on with the next one', () => {
    const mailbox = mkdtempSync(join(folder, 'mail-'));
    const log = join(mailbox, 'log.txt');
    const common = { name: 'a run', node: process.execPath, log, threads: 1, memory: 1, variables: {} };
    const requests = [
      { ...common, id: 1, command: [script, '0'], cwd: script },
      { ...common, id: 2, command: [script, '4'], cwd: mailbox },
      { end: true },
    ];
    writeFileSync(join(mailbox, 'requests.jsonl'), requests.map((each) => `${JSON.stringify(each)}\n`).join(''));
    const driver = join(root, 'kernel-setup', 'ray', 'driver.py');
    const PYTHONPATH = join(__dirname, 'standIn');
    const { status } = spawnSync(PYTHON, [driver, mailbox], { env: { ...process.env, PYTHONPATH } });
    const events = readFileSync(join(mailbox, 'events.jsonl'), 'utf8').trim().split('\n');
    expect([status, ...events.map((line) => JSON.parse(line)).sort((a, b) => (a.id ?? 0) - (b.id ?? 0))]).toEqual([
      0,
      { ready: true },
      { id: 1, sentence: expect.stringMatching(/^it could not be started there \(.*Not a directory.*\)\.$/) },
      { id: 2, status: 4 },
    ]);
  });

  test('reads each whole line of a growing file once', () => {
    const lines = join(folder, 'lines.jsonl');
    mkdirSync(folder, { recursive: true });
    const code = `import json, sys; sys.path.insert(0, 'kernel-setup/ray'); import driver
lines = driver.Lines(sys.argv[1]); print(json.dumps(lines.new()))
for text in ('{"a": 1}\\n{"b"', ': 2}\\n', ''):
    with open(sys.argv[1], 'a') as file: file.write(text)
    print(json.dumps(lines.new()))`;
    const { stdout } = spawnSync(PYTHON, ['-c', code, lines], { cwd: root, encoding: 'utf8' });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([[], [{ a: 1 }], [{ b: 2 }], []]);
  });
});
