// The model of a step's time (src/run/session/stepTime.ts), beside measured steps and far beyond them.
//
//   node benchmarks/scaling.mjs measure [ranks=8,32,64] [steps=4] [folder=/tmp/rcsd-scaling]
//   node benchmarks/scaling.mjs tables
//
// `measure` needs smollm2-135m (npx rcsd models pull smollm2-135m) and a quiet machine of two cores or more, for about fifteen minutes. It measures the
// speeds of one thread (rcsd benchmark, and the sum between two workers), predicts a step of one worker and of two, with one thread each, for
// each rank of the adapter, then trains and prints both as a table in Markdown. It ends with status 1 where a step is off by more than 15 %.
// `tables` prints those of docs/scale.md for 8 B and 32 B models, which are computed and not measured.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { load, root } from './lib.mjs';

const { parseModelConfig } = load('./engine/model/config.js');
const { countParameters } = load('./engine/model/shapes.js');
const { trainedParameters } = load('./engine/model/operations.js');
const { resolveTrainConfig } = load('./method/algorithms/settings.js');
const { planRun } = load('./run/session/plan.js');
const { deviceNamed, networkRate } = load('./run/session/devices.js');
const { STEP_PARTS, stepTime, totalOf } = load('./run/session/stepTime.js');

const [what, ...words] = process.argv.slice(2);
const given = Object.fromEntries(words.map((word) => word.split('=')));
const LIMIT = 0.15;

const row = (cells) => console.log(`| ${cells.join(' | ')} |`);
const head = (cells) => {
  row(cells);
  row(cells.map(() => '---'));
};
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const ONE_THREAD = { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };

function run(script, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    env: ONE_THREAD,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${script} ${args[0]} ended with ${status}: ${stderr.slice(-500)}`);
  return stdout;
}
const rcsd = (...args) => run('dist/app/cli/main.js', args);

/** Questions of nearly equal length, so that no step differs from another. */
function writeQuestions(folder) {
  const question = (i) => ({
    ...{ id: `train-${i}`, task: 'speeds', split: 'train' },
    question: `A train travels ${10 + i} kilometres in ${20 + i} minutes at a constant speed. What is its speed in metres per second?`,
    answer: ((1000 * (10 + i)) / (60 * (20 + i))).toFixed(1),
    rubric: ['Converts kilometres to metres.', 'Converts minutes to seconds.', 'Divides the distance by the time.'].map(
      (text, k) => ({
        title: `Step ${k + 1}`,
        description: `Essential Criteria: ${text}`,
        weight: 5,
      }),
    ),
  });
  const lines = (from, to) =>
    Array.from({ length: to - from }, (_, i) => `${JSON.stringify(question(from + i))}\n`).join('');
  mkdirSync(join(folder, 'questions'), { recursive: true });
  writeFileSync(join(folder, 'questions', 'train.jsonl'), lines(0, 32));
  writeFileSync(join(folder, 'questions', 'test.jsonl'), lines(32, 34).replaceAll('"train"', '"test"'));
  return join(folder, 'questions');
}

async function measure() {
  const folder = given.folder ?? '/tmp/rcsd-scaling';
  const ranks = (given.ranks ?? '8,32,64').split(',').map(Number);
  const steps = Number(given.steps ?? 4);
  rmSync(folder, { recursive: true, force: true });
  const data = writeQuestions(folder);
  // Completions that a small model, asked at this temperature, hardly ever ends before their limit.
  const settings = (rank, workers) => [
    ...['algorithm=rcsd', 'stages=reasoner', 'rubric_source=reference', 'model=smollm2-135m', `data=${data}`],
    ...[
      `steps=${steps}`,
      'batch_size=4',
      'microbatch_size=2',
      'max_tokens=24',
      'temperature=1.2',
      'keep_token_details=0',
    ],
    ...[
      `rank=${rank}`,
      `alpha=${2 * rank}`,
      `workers=${workers}`,
      `runs=${folder}`,
      `name=rank-${rank}-workers-${workers}`,
    ],
    ...['evaluation.questions=1', 'evaluation.samples=1', 'evaluation.max_tokens=1', 'checkpoint_every=1000'],
  ];
  const middle = ranks[ranks.length >> 1];
  const device = join(folder, 'device.json');
  console.error('measuring the speeds of one thread');
  rcsd(
    ...['benchmark', 'model=smollm2-135m', 'stages=decode-1,decode-8,teacher,student,update', `rank=${middle}`],
    ...[
      'batch_size=4',
      'microbatch_size=2',
      'prompt_tokens=80',
      'teacher_tokens=200',
      'completion_tokens=24',
      `output=${device}`,
    ],
  );
  const report = JSON.parse(readFileSync(device, 'utf8'));
  const numbers = Number(run('benchmarks/scaling.mjs', ['numbers', `rank=${middle}`]));
  const summed = run('benchmarks/allReduce.mjs', ['2', String(numbers)]);
  // Each worker sends, and gets, 4 bytes a number between two.
  writeFileSync(
    device,
    JSON.stringify({ ...report, exchange: (4 * numbers) / (Number(/: (\d+) ms/.exec(summed)[1]) / 1000) }),
  );

  console.log(
    `${cpus()[0].model.trim()}, one thread a worker, load ${loadavg()[0].toFixed(1)} before the first step; SmolLM2-135M in fp32, batch of 4, ${steps} steps of which the first is left out; seconds, predicted / measured\n`,
  );
  head(['rank', 'workers', 'rollouts', 'teacher, student, sum, update', 'step', 'off by', 'predicted parts']);
  let worst = 0;
  for (const rank of ranks)
    for (const workers of [1, 2]) {
      const overrides = settings(rank, workers);
      const {
        steps: [{ time }],
      } = await planRun(resolveTrainConfig({ overrides }), { device });
      rcsd('train', ...overrides);
      const file = join(folder, `rank-${rank}-workers-${workers}`, 'stage-2', 'metrics.jsonl');
      const rows = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .slice(1);
      const [drawn, learned] = ['seconds/rollout', 'seconds/update'].map((name) =>
        median(rows.map((each) => each[name])),
      );
      const drawing = time.rollouts + time.other;
      const off = totalOf(time) / (drawn + learned) - 1;
      worst = Math.max(worst, Math.abs(off));
      const pair = (a, b) => `${a.toFixed(2)} / ${b.toFixed(2)}`;
      row([
        ...[
          rank,
          workers,
          pair(drawing, drawn),
          pair(totalOf(time) - drawing, learned),
          pair(totalOf(time), drawn + learned),
        ],
        `${(100 * off).toFixed(0)} %`,
        STEP_PARTS.map((part) => `${part} ${time[part].toFixed(2)}`).join(', '),
      ]);
    }
  console.log(
    `\nThe worst prediction is off by ${(100 * worst).toFixed(0)} %; load ${loadavg()[0].toFixed(1)} at the end.`,
  );
  if (worst > LIMIT) process.exitCode = 1;
}

/** Qwen3's larger shapes, and the completions of 2,560 tokens whose keys and values an h200 has room for beside them. */
const ROWS = { '8 B': 256, '32 B': 64 };
const SHAPES = {
  '8 B': {
    hidden_size: 4096,
    num_hidden_layers: 36,
    intermediate_size: 12288,
    num_attention_heads: 32,
    num_key_value_heads: 8,
  },
  '32 B': {
    hidden_size: 5120,
    num_hidden_layers: 64,
    intermediate_size: 25600,
    num_attention_heads: 64,
    num_key_value_heads: 8,
  },
};
const shapeOf = (name) =>
  parseModelConfig(
    {
      ...{
        model_type: 'qwen3',
        architectures: ['Qwen3ForCausalLM'],
        vocab_size: 151936,
        head_dim: 128,
        rms_norm_eps: 1e-6,
      },
      ...{
        max_position_embeddings: 40960,
        rope_theta: 1e6,
        tie_word_embeddings: false,
        hidden_act: 'silu',
        eos_token_id: 151645,
      },
      ...SHAPES[name],
    },
    name,
  );
/** A step of RCSD's second stage: 512 completions of up to 2,048 tokens, LoRA of rank 64 on all projections. */
const STEP = {
  algorithm: { rollouts: 'student', teacherView: () => ({}) },
  settings: { batch_size: 512, sampling: { max_tokens: 2048 } },
  lora: { rank: 64, targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] },
  format: 'bf16',
  lengths: { student: 512, teacher: 1536 },
};

function tables() {
  const text = (x) => (x >= 100 ? x.toFixed(0) : x >= 1 ? x.toFixed(1) : x.toPrecision(1));
  for (const name of Object.keys(SHAPES)) {
    const shape = shapeOf(name);
    console.log(
      `\n${name}: ${(countParameters(shape) / 1e9).toFixed(1)} billion parameters, ${(trainedParameters(shape, 64) / 1e6).toFixed(0)} million trained; each worker on an h200, network of 25 Gbps; seconds\n`,
    );
    head(['workers', ...STEP_PARTS, 'step', 'with a server']);
    for (const workers of [1, 8, 64, 512]) {
      const spread = {
        workers,
        device: deviceNamed('h200', { name, config: shape, format: 'bf16' }),
        network: networkRate('25Gbps'),
      };
      const step = { ...STEP, rows: ROWS[name] };
      const time = stepTime(step, shape, spread);
      const served = stepTime({ ...step, served: true }, shape, spread);
      row([workers, ...STEP_PARTS.map((part) => text(time[part])), text(totalOf(time)), text(totalOf(served))]);
    }
  }
}

if (what === 'measure') await measure();
else if (what === 'tables') tables();
else if (what === 'numbers') {
  const { outlineModel } = load('./engine/model/load.js');
  const { model } = await outlineModel('smollm2-135m', {});
  console.log(trainedParameters(model.config, Number(given.rank)));
} else {
  console.error('node benchmarks/scaling.mjs measure, or tables');
  process.exitCode = 2;
}
