/**
 * `rcsd sweep --ray` and `rcsd study --ray` on a real Ray cluster of two nodes on this machine. The second one is a machine of its own as far
 * as process ids and host name go (`unshare`, which asks for root). A sweep is killed and started anew, loses a raylet, is stopped by Ctrl-C,
 * and loses a whole node; it must end with the files of a sweep that ran here undisturbed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { distance, freePort, machine, node, pause, ROOT, rcsd, required, rows, tensorsOf } from './real.mjs';

const STEPS = 60;
const SWEEP = `base:
  profile: microscience
  steps: ${STEPS}
  batch_size: 8
  microbatch_size: 8
  checkpoint_every: 10
  max_tokens: 60
  evaluation: {questions: 14, samples: 1, max_tokens: 60}
grid:
  algorithm: [opsd, sft]
  seed: [1, 2]
`;
const RUNS = ['opsd-seed-1', 'opsd-seed-2', 'sft-seed-1', 'sft-seed-2'];
const SMALL = ['stage2.steps=3', 'stage2.batch_size=8', 'evaluation.questions=14'];
const STUDY = [
  {
    name: 'tiny',
    question: 'Do its rows come from Ray?',
    kind: 'train',
    cells: [
      { label: 'terse', group: 'supervised', settings: ['algorithm=sft', 'sft_source=answer', ...SMALL], rate: 3e-4 },
      { label: 'full', group: 'supervised', settings: ['algorithm=sft', ...SMALL], rate: 3e-4 },
    ],
    parts: [{ tier: 'minutes', bases: ['base-0'], seeds: [1] }],
  },
];

/** The Python that has Ray: the set-up's, or another one. */
function pythonOfRay() {
  const own = join(ROOT, 'kernel-setup', '.ray', 'bin', 'python');
  const python = process.env.RCSD_RAY_PYTHON || own;
  if (!existsSync(python)) execFileSync(process.execPath, [join(ROOT, 'kernel-setup', 'setup.mjs'), '--ray'], { stdio: 'inherit' });
  return python;
}

/** Starts nodes of a cluster; `address` is that of the dashboard. */
async function cluster(python, work) {
  // The paths of Ray's sockets must be short.
  const folder = mkdtempSync(join(tmpdir(), 'ray-'));
  const [port, dashboard] = [await freePort(), await freePort()];
  const env = { ...process.env, RAY_USAGE_STATS_ENABLED: '0', RAY_agent_register_timeout_ms: '300000' };
  const started = [];
  const start = (name, words, around = []) => {
    const log = openSync(join(work, `${name}.log`), 'w');
    const ray = [join(dirname(python), 'ray'), 'start', '--num-cpus=1', '--object-store-memory=100000000', '--disable-usage-stats', '--block'];
    const [command, ...rest] = [...around, ...ray, ...words];
    const child = spawn(command, rest, { env, cwd: work, stdio: ['ignore', log, log] });
    closeSync(log);
    started.push(child);
    return child;
  };
  const address = `http://127.0.0.1:${dashboard}`;
  const nodes = async () => {
    const answer = await fetch(`${address}/api/v0/nodes`).catch(() => undefined);
    return answer?.ok ? (await answer.json()).data.result.result.filter(({ state }) => state === 'ALIVE') : [];
  };
  const waitFor = async (count) => {
    for (let i = 0; i < 600 && (await nodes()).length !== count; i++) await pause(1);
    required((await nodes()).length === count, `the cluster has ${count === 1 ? 'one node' : `${count} nodes`}`);
  };
  start('head', ['--head', `--port=${port}`, '--dashboard-host=127.0.0.1', `--dashboard-port=${dashboard}`, `--temp-dir=${folder}`]);
  await waitFor(1);
  const [{ node_ip: ip }] = await nodes();
  let count = 0;
  return {
    ...{ address, nodes, waitFor },
    /** A further node, with a host name and process ids of its own. */
    addNode: async () => {
      const name = `node-${++count}`;
      const inside = `hostname ${name} && exec "$@"`;
      const around = ['unshare', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', inside, 'sh'];
      const child = start(name, [`--address=${ip}:${port}`], around);
      await waitFor(2);
      return { name, child };
    },
    stop: async () => {
      for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await pause(10);
      for (const child of started) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The raylet below a process of this machine. */
function rayletBelow(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended.
    }
  }
  const isBelow = (child) => child === pid || (parents.has(child) && isBelow(parents.get(child)));
  return [...parents.keys()].find((child) => {
    try {
      return isBelow(child) && readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0')[0].endsWith('raylet/raylet');
    } catch {
      return false;
    }
  });
}

const stepsOf = (sweep, run) => rows(sweep, run, 'metrics.jsonl').length;
const logOf = (sweep, run) => (existsSync(join(sweep, run, 'log.txt')) ? readFileSync(join(sweep, run, 'log.txt'), 'utf8') : '');
/** The host names on which a run was at work, in order. */
const hostsOf = (sweep, run) => [...logOf(sweep, run).matchAll(/^on (\S+), raylet/gm)].map(([, host]) => host);
/** A run in the middle of its steps, on this host if one is named. */
const halfDone = (sweep, host) =>
  RUNS.find((run) => {
    const steps = stepsOf(sweep, run);
    return steps % 10 >= 5 && steps < STEPS - 10 && (host === undefined || hostsOf(sweep, run).at(-1) === host);
  });

/** Whether a run has the same numbers in two sweeps. */
async function sameRun(a, b, run) {
  const timeless = (row) => Object.fromEntries(Object.entries(row).filter(([name]) => !/^(seconds|graphs)\//.test(name)));
  const numbers = (sweep) => JSON.stringify(rows(sweep, run, 'metrics.jsonl').map(timeless));
  const completions = (sweep) => readFileSync(join(sweep, run, 'completions.jsonl'), 'utf8');
  const samples = (sweep) => readFileSync(join(sweep, run, 'eval', 'after', 'samples_microscience.jsonl'), 'utf8');
  const last = join('checkpoints', `step-${String(STEPS).padStart(6, '0')}`);
  const file = readdirSync(join(a, run, last)).find((name) => /^(adapter_)?model\.safetensors$/.test(name));
  const apart = distance(await tensorsOf(a, run, last, file), await tensorsOf(b, run, last, file));
  return numbers(a) === numbers(b) && completions(a) === completions(b) && samples(a) === samples(b) && apart === 0;
}

/** Runs everything below `work`; returns the report. */
export async function prove({ work, command }) {
  const python = pythonOfRay();
  const env = { RCSD_RAY_PYTHON: python };
  const version = execFileSync(python, ['-c', 'import ray; print(ray.__version__)'], { encoding: 'utf8' }).trim();
  const file = join(work, 'sweep.yaml');
  writeFileSync(file, SWEEP);
  const told = [];
  const say = (line) => {
    told.push(line);
    console.log(line);
  };

  const local = await rcsd(['sweep', file, `runs=${work}`, 'name=local', '--cores', '2']);
  required(local.status === 0, `the sweep runs here${local.status === 0 ? '' : `: ${local.text.slice(-600)}`}`);

  const { address, addNode, waitFor, stop } = await cluster(python, work);
  try {
    const path = join(work, 'ray');
    const words = ['sweep', file, `runs=${work}`, 'name=ray', '--ray', address];
    const jobs = async () => (await (await fetch(`${address}/api/jobs/`)).json()).map(({ submission_id: id, status }) => ({ id, status }));
    const running = async () => (await jobs()).filter(({ status }) => ['RUNNING', 'PENDING'].includes(status)).length;
    const first = await addNode();

    const killed = await rcsd(words, (child) => halfDone(path) && child.kill('SIGKILL'), env);
    required(killed.signal === 'SIGKILL' && (await running()) === 1, 'rcsd is killed, and its job is still at work');
    say(`1. \`rcsd sweep\` was killed (SIGKILL) while ${RUNS.filter((run) => stepsOf(path, run) > 0).join(' and ')} were at work. Its job stayed; the same command stopped it and went on.`);

    let hit;
    let raylet;
    let interrupted = false;
    const stopped = await rcsd(
      words,
      (child) => {
        if (hit === undefined) {
          hit = halfDone(path, first.name);
          raylet = hit && rayletBelow(first.child.pid);
          if (raylet) process.kill(raylet, 'SIGKILL');
        } else if (hostsOf(path, hit).at(-1) !== first.name && !interrupted && halfDone(path)) interrupted = child.kill('SIGINT');
      },
      env,
    );
    required(raylet !== undefined, 'a raylet with a run in the middle is killed');
    required(hostsOf(path, hit).at(-1) !== first.name, 'the run goes on at the other node');
    required(stopped.status === 130 && (await running()) === 0, 'Ctrl-C ends the command with status 130 and its job with it');
    say(`2. The raylet of the second node was killed (SIGKILL) in the middle of \`${hit}\`, which went on at the head.`);
    say('3. Ctrl-C then stopped the command (status 130); no job was left at the cluster.');

    first.child.kill('SIGKILL');
    await waitFor(1);
    const second = await addNode();
    let lost;
    const before = Date.now();
    let moment = before;
    const last = await rcsd(
      words,
      () => {
        if (lost !== undefined) return;
        lost = halfDone(path, second.name);
        if (lost === undefined) return;
        second.child.kill('SIGKILL');
        moment = Date.now();
      },
      env,
    );
    required(last.status === 0, `the sweep ends${last.status === 0 ? '' : `: ${last.text.slice(-600)}`}`);
    required(lost !== undefined, 'a whole node with a run in the middle is killed');
    required(/Waiting for .*, which is being written by rcsd train/.test(logOf(path, lost)), 'its run waits for the lease of the lost process');
    required(hostsOf(path, lost).at(-1) !== second.name, 'and goes on at the other node');
    say(`4. A new second node was killed as a whole (SIGKILL of its process-id namespace, so that nothing could be saved) in the middle of \`${lost}\`. Its run waited at the head until the lease of the lost process had run out, and the sweep ended ${((Date.now() - moment) / 1000).toFixed(0)} s after the kill.`);

    for (const run of RUNS) required(await sameRun(join(work, 'local'), path, run), `${run} has the numbers of the sweep that ran here`);

    const study = (folder, open) => `
      const { runStudy } = require('./dist/study/study');
      const { openRay } = require('./dist/study/places/ray');
      runStudy({ experiments: ${JSON.stringify(STUDY)}, results: ${JSON.stringify(folder)}, folder: ${JSON.stringify(join(folder, 'work'))}, workers: 2,
        ${open ? `open: (folder) => openRay(${JSON.stringify(address)}, folder, {}),` : ''} }).then((failures) => console.log(JSON.stringify(failures)));`;
    const rowsOf = (folder) => rows(folder, 'runs.jsonl').map(({ seconds: _, ...row }) => JSON.stringify(row)).sort().join('\n');
    const [here, there] = ['study-here', 'study-ray'].map((name) => join(work, name));
    const one = await node(['-e', study(here, false)]);
    const other = await node(['-e', study(there, true)], () => {}, env);
    required(one.text.trim() === '[]' && other.text.trim() === '[]', `both studies end without a failure${other.text.trim() === '[]' ? '' : `: ${other.text.slice(-600)}`}`);
    required(rowsOf(here) !== '' && rowsOf(here) === rowsOf(there), 'the study has the same rows from Ray as from here');

    return `# Sweeps and studies on Ray

Written by \`${command}\`. Ray ${version}, ${machine()}.

Both Ray nodes ran on this machine, with one core each. The second one had its own host name and process ids (\`unshare --uts --pid\`), as a second machine would: a lock that its
run holds cannot be checked by process id, and is free only when its lease has run out. The sweep, of ${RUNS.length} runs with ${STEPS} steps each, ran here first (\`rcsd sweep FILE --cores 2\`) and then with \`--ray\`:

${told.join('\n')}

Hosts on which each run was at work, in order:

| run | hosts |
|---|---|
${RUNS.map((run) => `| ${run} | ${hostsOf(path, run).join(', ')} |`).join('\n')}

The metrics (without times), completions, answers of the evaluation and last adapters of all ${RUNS.length} runs are those of the sweep that ran here, bit for bit.

A study of ${STUDY[0].cells.length} runs has the same rows from Ray (\`runStudy\` with the place that \`rcsd study --ray\` opens) as from here, but for the seconds.
`;
  } finally {
    await stop();
  }
}
