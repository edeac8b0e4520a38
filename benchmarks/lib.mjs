// What the benchmarks share: the project and its built modules; and the parts of compare.mjs: contenders, their processes, and the arithmetic of ratios.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Loads a module of dist/, named by its path there, or a package. */
export const load = createRequire(join(root, 'dist', 'index.js'));
const peers = join(root, 'benchmarks', 'peers');
const python = join(peers, '.venv', 'bin', 'python');
const main = join(root, 'dist', 'app', 'cli', 'main.js');

/** An error that needs no stack trace: one sentence that says what to do. */
export class CompareError extends Error {}

/**
 * Whether the processor has instructions for bf16 products; without them bf16 is not faster on any side, and it is not
 * measured.
 */
export const hasBf16 = () => /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));

/**
 * The contenders of a stage, with the arguments they are called with. The first is the one that the others are compared
 * with. Every side is measured in its reasonable modes, so that its fastest one can be used.
 */
export function contendersOf(stage, { bf16, llama }) {
  const precisions = bf16 ? ['fp32', 'bf16'] : ['fp32'];
  const inEach = (name, call) =>
    precisions.map((precision) => ({ name: `${name} ${precision}`, ...call, extra: { precision } }));
  const transformers = { script: 'transformers_peft.py' };
  const adapted = stage === 'rollout' || stage === 'step';
  return [
    ...inEach('rcsd', {}),
    ...(stage === 'grpo' ? [] : inEach('transformers', transformers)),
    ...(adapted
      ? [{ name: 'transformers fp32, adapter merged', ...transformers, extra: { precision: 'fp32', merge: 1 } }]
      : []),
    ...(stage === 'step' ? inEach('TRL SDFTTrainer', { script: 'trl_sdft.py' }) : []),
    ...(stage === 'grpo' ? inEach('TRL GRPOTrainer', { script: 'trl_grpo.py' }) : []),
    ...(stage === 'loglikelihood' ? inEach('lm-evaluation-harness', { script: 'lm_evaluation.py' }) : []),
    ...(stage.startsWith('decode-') && llama ? inEach('llama.cpp', { script: 'llama_cpp_decode.py' }) : []),
    ...(stage === 'decode-1' && llama
      ? [{ name: 'llama.cpp Q4_1', script: 'llama_cpp_decode.py', extra: { precision: 'q4_1' } }]
      : []),
  ];
}

const words = (settings) => Object.entries(settings).map(([name, value]) => `${name}=${value}`);

/** Runs a program; resolves to its standard output, rejects with the last line of its error output. */
function output(program, args, { signal, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { signal, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let complaint = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      complaint = (complaint + chunk).slice(-4000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(complaint.trim().split('\n').at(-1) || `exit status ${code}`));
    });
  });
}

/** One process of rcsd: the stage's record from the benchmark's JSON, with the peak speed and the machine. */
async function measureOurs(stage, settings, options) {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-compare-'));
  try {
    const file = join(folder, 'benchmark.json');
    await output(
      process.execPath,
      [main, 'benchmark', ...words({ ...settings, stages: stage, output: file })],
      options,
    );
    const { stages, peak, versions, git_commit } = JSON.parse(readFileSync(file, 'utf8'));
    return { ...stages[0], peak_flops_per_second: peak.flops_per_second, versions, git_commit };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One process of one contender: its record of the stage. */
export async function measure(stage, { script, extra }, settings, { signal, threads }) {
  const env = { TF_NUM_INTRAOP_THREADS: String(threads), OMP_NUM_THREADS: String(threads) };
  const all = { ...settings, ...extra };
  if (!script) return measureOurs(stage, all, { signal, env });
  const text = await output(python, [join(peers, script), stage, ...words({ ...all, threads })], { signal, env });
  return JSON.parse(text.trim().split('\n').at(-1));
}

function run(program, args, complaint) {
  if (spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0)
    throw new CompareError(complaint);
}

/**
 * Writes the model's file with plain numbers instead of 4-bit ones, so that llama.cpp runs at the precisions of the
 * other sides.
 */
function preparePlain() {
  const file = join(root, 'data', 'cache', 'models', 'smollm2-135m', 'SmolLM2-135M-Instruct.Q4_1.gguf');
  for (const precision of ['fp32', 'bf16']) {
    const plain = join(peers, '.models', `smollm2-135m-${precision}.gguf`);
    if (existsSync(plain)) continue;
    run(
      python,
      [join(peers, 'plain_gguf.py'), file, plain, precision],
      `${file} could not be converted; see the output above.`,
    );
  }
}

/**
 * Makes what is missing: the peers' environment, and the model in the form that PyTorch programs read. Returns whether
 * llama.cpp is available.
 */
export function prepare(model) {
  if (!existsSync(main)) throw new CompareError('dist/ is missing; run "npm start" once to set the project up.');
  if (!existsSync(python)) {
    console.error(
      "Making the peers' environment in benchmarks/peers/.venv (PyTorch, about 6 GB); this takes several minutes.",
    );
    const again = 'see the output above, remove benchmarks/peers/.venv and try again.';
    run('python3', ['-m', 'venv', dirname(dirname(python))], `No virtual environment could be made; ${again}`);
    const install = ['-m', 'pip', 'install', '--quiet', '-r', join(peers, 'requirements.txt')];
    run(python, install, `The peers' packages could not be installed; ${again}`);
  }
  const converted = join(peers, '.models', 'smollm2-135m');
  if (model === 'smollm2-135m' && !existsSync(converted)) {
    run(
      process.execPath,
      [main, 'models', 'pull', model],
      `The model ${model} could not be downloaded; see the output above.`,
    );
    const file = join(root, 'data', 'cache', 'models', model, 'SmolLM2-135M-Instruct.Q4_1.gguf');
    run(python, [join(peers, 'convert.py'), file, converted], `${file} could not be converted; see the output above.`);
  }
  const llama = spawnSync(python, ['-c', 'import llama_cpp']).status === 0;
  if (llama && model === 'smollm2-135m') preparePlain();
  return llama;
}

/**
 * The 97.5 % quantile of Student's t for 1, 2, ... degrees of freedom. Above ten the last one is used, which makes
 * intervals slightly too wide.
 */
const T_975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** Geometric mean of ratios with a 95 % interval over rounds; a single round has no interval. */
export function ratioOf(ratios) {
  const logs = ratios.map(Math.log);
  const center = mean(logs);
  const n = logs.length;
  if (n < 2) return { n, value: Math.exp(center), low: null, high: null };
  const deviation = Math.sqrt(logs.reduce((sum, x) => sum + (x - center) ** 2, 0) / (n - 1));
  const half = (T_975[Math.min(n - 1, T_975.length) - 1] * deviation) / Math.sqrt(n);
  return { n, value: Math.exp(center), low: Math.exp(center - half), high: Math.exp(center + half) };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** One line for each contender of each stage: seconds over all calls, and the ratio to the first contender's. */
export function summarize(runs) {
  const stages = [...new Set(runs.map(({ stage }) => stage))];
  return stages.flatMap((stage) => {
    const here = runs.filter((each) => each.stage === stage);
    const names = [...new Set(here.map(({ contender }) => contender))];
    const base = new Map(
      here.filter(({ contender, record }) => contender === names[0] && record).map((each) => [each.round, each.record]),
    );
    return names.map((contender) => {
      const own = here.filter((each) => each.contender === contender && each.record);
      const failure = here.find((each) => each.contender === contender && each.failure)?.failure;
      if (own.length === 0) return { stage, contender, failure };
      const paired = own.filter(({ round }) => base.has(round));
      const ratios = paired.map(({ round, record }) => record.median_seconds / base.get(round).median_seconds);
      const seconds = own.flatMap(({ record }) => record.seconds);
      return {
        stage,
        contender,
        rounds: own.length,
        calls: seconds.length,
        median_seconds: median(seconds),
        least_seconds: Math.min(...seconds),
        most_seconds: Math.max(...seconds),
        first_seconds: median(own.map(({ record }) => record.first_seconds)),
        tokens_per_second: own[0].record.tokens ? own[0].record.tokens / median(seconds) : null,
        peak_rss_bytes: Math.max(...own.map(({ record }) => record.peak_rss_bytes)),
        working_bytes: Math.max(...own.map(({ record }) => record.working_bytes)),
        ratio: contender === names[0] || ratios.length === 0 ? null : ratioOf(ratios),
        ...(failure && { failure }),
      };
    });
  });
}
