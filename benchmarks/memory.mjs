// Compares the planned memory of training runs with their measured peaks (VmHWM), one process a run.
//
//   node benchmarks/memory.mjs [folder=/tmp/rcsd-memory] [cases=0.6b-bf16,...] [keep=true]
//
// Random models of the shapes below are written into the folder; each run is one step of OPSD and an evaluation of two questions. Prints
// a table in Markdown and ends with status 1 where a plan is off by more than a tenth.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, root } from './lib.mjs';

const { writeCheckpoint } = load('./engine/files/huggingface.js');
const { parseModelConfig } = load('./engine/model/config.js');
const { parameterShapes } = load('./engine/model/shapes.js');
const { resolveModelPath } = load('./engine/files/models.js');

/** Qwen3 shapes: width, layers, width of the MLP, heads; few layers at the real width where the whole would take long. */
const SHAPES = {
  '0.6b': [1024, 28, 3072, 16],
  '1.7b': [2048, 28, 6144, 16],
  '4b-6': [2560, 6, 9728, 32],
};
const KV_HEADS = 8;
const RUN = ['batch_size=2', 'microbatch_size=2', 'max_tokens=16', 'evaluation.max_tokens=16'];
/** A name is a shape, then what is special in the run. */
const CASES = {
  '0.6b-bf16': ['weights=bf16', ...RUN],
  '0.6b-fp32': ['weights=fp32', ...RUN],
  '0.6b-bf16-long': ['weights=bf16', ...RUN, 'max_tokens=192'],
  '0.6b-bf16-rematerialize': ['weights=bf16', ...RUN, 'max_tokens=192', 'rematerialize=true'],
  '0.6b-bf16-rank8': ['weights=bf16', ...RUN, 'rank=8', 'alpha=16', 'batch_size=4'],
  '1.7b-bf16': ['weights=bf16', ...RUN],
  '4b-6-bf16': ['weights=bf16', ...RUN],
  '4b-6-fp32': ['weights=fp32', ...RUN],
};

const given = Object.fromEntries(process.argv.slice(2).map((word) => word.split('=')));
const folder = given.folder ?? '/tmp/rcsd-memory';
const cases = given.cases?.split(',') ?? Object.keys(CASES);

/** Normally distributed numbers around 0 with a deviation of 0.02, from a table; norms are 1. */
function values(name, size) {
  if (name.includes('norm')) return new Float32Array(size).fill(1);
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return Float32Array.from({ length: size }, () => table[random() & 65535]);
}
let state = 12345;
const table = Float32Array.from({ length: 65536 }, (_, i) => {
  const u = (i + 0.5) / 65536;
  return 0.02 * Math.sqrt(-2 * Math.log(u)) * Math.cos((2 * Math.PI * ((i * 40503) % 65536)) / 65536);
});

async function modelOf(name) {
  const path = join(folder, name);
  if (existsSync(join(path, 'config.json'))) return path;
  const [width, layers, mlp, heads] = SHAPES[name];
  const configJson = {
    ...{ architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3', hidden_size: width, intermediate_size: mlp },
    ...{ num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: KV_HEADS, head_dim: 128 },
    ...{ vocab_size: 151936, max_position_embeddings: 40960, rms_norm_eps: 1e-6, rope_theta: 1000000 },
    ...{ tie_word_embeddings: true, hidden_act: 'silu', attention_bias: false, bos_token_id: 1, eos_token_id: 2 },
  };
  const shapes = parameterShapes(parseModelConfig(configJson, path, {}));
  const tensors = Object.entries(shapes).map(([tensor, shape]) => ({
    ...{ name: tensor, shape, dtype: 'BF16' },
    data: () =>
      values(
        tensor,
        shape.reduce((a, b) => a * b, 1),
      ),
  }));
  await writeCheckpoint(path, { configJson, tensors, tokenizerFrom: resolveModelPath('smollm2-135m') });
  return path;
}

/** Questions whose prompts have about 64 tokens. */
function questions() {
  const path = join(folder, 'questions');
  mkdirSync(path, { recursive: true });
  for (const split of ['train', 'test']) {
    const rows = [0, 1, 2, 3].map((i) =>
      JSON.stringify({
        id: `${split}-${i}`,
        task: 'sums',
        split,
        question: 'What is the sum of 12 and 35 and 7 and 7?',
        answer: '61',
      }),
    );
    writeFileSync(join(path, `${split}.jsonl`), `${rows.join('\n')}\n`);
  }
  return path;
}

const command = join(root, 'dist', 'app', 'cli', 'main.js');
const settingsOf = (model, data, name) => [
  ...['algorithm=opsd', `model=${model}`, `data=${data}`, 'steps=1', 'evaluation.questions=2', 'evaluation.samples=1'],
  ...[`runs=${join(folder, 'runs')}`, `name=${name}`, ...CASES[name]],
];

/** GiB that the plan names. */
function planned(settings) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [command, 'train', '--dry_run', ...settings], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return Number(/memory\s+([\d.]+) GiB/.exec(stdout)[1]);
}

/** The peak of a run's resident memory in GiB. */
function measured(settings) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, 'train', ...settings], { stdio: ['ignore', 'ignore', 'pipe'] });
    let [peak, said] = [0, ''];
    child.stderr.on('data', (chunk) => {
      said = (said + chunk).slice(-2000);
    });
    const timer = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 2 ** 20);
      } catch {
        // The process has just ended.
      }
    }, 50);
    child.on('exit', (code) => {
      clearInterval(timer);
      if (code === 0) resolve(peak);
      else reject(new Error(said));
    });
  });
}

const data = questions();
let worst = 0;
console.log('| run | planned, GiB | measured, GiB | plan over measurement |\n|---|---|---|---|');
for (const name of cases) {
  const shape = Object.keys(SHAPES).find((own) => name.startsWith(`${own}-`));
  const settings = settingsOf(await modelOf(shape), data, name);
  rmSync(join(folder, 'runs', name), { recursive: true, force: true });
  const [plan, peak] = [planned(settings), await measured(settings)];
  worst = Math.max(worst, Math.abs(plan / peak - 1));
  console.log(`| ${name} | ${plan.toFixed(1)} | ${peak.toFixed(2)} | ${(plan / peak).toFixed(2)} |`);
}
if (given.keep !== 'true') rmSync(folder, { recursive: true, force: true });
process.exitCode = worst > 0.1 ? 1 : 0;
