// Every reader of the program with good inputs to spoil. A reader gets a folder that holds one good input, in which one file has been
// spoilt, and the path of that file. It may return, or throw an InputError; anything else is a fault.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const require = createRequire(import.meta.url);
/** A module of the compiled program. */
export const lib = (path) => require(join(root, 'dist', path));
const fixture = (...path) => join(root, 'tests', 'fixtures', ...path);
const text = (file) => readFileSync(file, 'utf8');

const copy = (folder, from, names) => {
  mkdirSync(folder, { recursive: true });
  for (const name of names) cpSync(join(from, name), join(folder, name));
};
/** A good input of one or several small files. */
const files = (contents) => (folder) => {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(folder, name), content);
};
const copied =
  (from, ...names) =>
  (folder) =>
    copy(folder, from, names);
const jsonl = (...rows) => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;

const science = join(root, 'data', 'microscience');
const MODELS = ['llama-bias', 'llama3-rope-scaling', 'qwen2', 'qwen3', 'mistral'];
const CHAT =
  "{% for m in messages %}{% if m['role'] == 'user' %}<|im_start|>{{ m.content | trim }}<|im_end|>\n{% else %}{{ m.content.strip() }}{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant{% endif %}";

const QUESTION = {
  ...{ id: 'q', task: 'microscience', split: 'test', question: 'What?', answer: 'B', choices: ['1', '2', '3'] },
  metadata: { unit: 'm/s' },
};
const RUBRIC = JSON.stringify([
  { title: 'Law', description: 'Essential Criteria: names the law.', weight: 5 },
  { title: 'Pitfall', description: 'Pitfall Criteria: forgets the unit.', weight: -1 },
]);
const MATHS = [
  ...[
    '\\frac{1}{2}',
    '\\sqrt{2}+3',
    '(1, 2]',
    'x^{2}+1',
    '1{,}000',
    '50\\%',
    '\\{1,2\\}',
    '3.5\\times 10^{-4}',
    '2\\pi',
  ],
  ...['\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}', 'a_{1}', '\\text{no}', '-1/3', '3:4', '1 \\le x < 2'],
];
const ANSWERS = [
  'So \\boxed{\\frac{1}{2}} m/s.',
  'Answer: (B)',
  'the final answer is $3.0 \\times 10^8$ m/s',
  '**Answer**: 42',
];

/** A run folder as training leaves it, with a stage of its own form. */
function runFolder(folder) {
  const config = {
    schema_version: 3,
    created: '2026-11-30T00:00:00.000Z',
    settings: { algorithm: 'sft', name: 'r' },
    git_commit: null,
    versions: { node: '20' },
    cpu: 'c',
    platform: 'p',
    threads: 2,
  };
  const completion = {
    step: 1,
    question_id: 'q',
    sample: 0,
    seed: 1,
    prompt: 'p',
    teacher_prompt: 't',
    text: 'x',
    finish_reason: 'stop',
    completion_ids: [3, 1],
    tokens: ['a', 'b'],
    logprobs: [-1, -2],
    teacher_logprobs: [-1, -1],
    divergence: [0.1, 0.2],
    reward: 1,
  };
  const metrics = [1, 2, 3].map((step) => ({
    step,
    loss: 0.1 * step,
    grad_norm: null,
    entropy: 0.5,
    'completions/mean_length': 6,
  }));
  files({
    'config.json': JSON.stringify(config),
    'metrics.jsonl': jsonl(...metrics),
    'completions.jsonl': jsonl(completion, { ...completion, sample: 1 }),
    'rubrics.jsonl': jsonl({
      question_id: 'q',
      source: 'generated',
      valid: true,
      text: RUBRIC,
      criteria: [{ id: '1', title: 'Law', description: 'd', weight: 5, importance: 'essential', polarity: null }],
    }),
    'warnings.jsonl': jsonl({ step: 2, name: 'truncation', value: 0.5, message: 'cut' }),
    'trace.jsonl': jsonl({ step: 2, mean: 0.5, strata: { modal: 0.5 } }),
    'validation.jsonl': jsonl({ step: 2, accuracy: 0.5, low: 0.2, high: 0.8, questions: 9 }),
  })(folder);
  evaluationFolder(join(folder, 'eval', 'after'));
}

function evaluationFolder(folder) {
  const decoding = { temperature: 1, top_p: 0.95, top_k: 0, max_tokens: 8, samples: 2 };
  const score = { value: 0.5, stderr: 0.1, low: 0.3, high: 0.7, n: 2 };
  const row = (i) => ({
    doc_id: i,
    decoding,
    doc: { id: `q${i}`, question: 'What?', subject: 's' },
    target: 'B',
    arguments: { gen_args_0: { arg_0: 'p' } },
    resps: ['A', 'B'],
    filtered_resps: ['A', null],
    correct: [false, true],
    truncated: [false, true],
    tokens: [3, 8],
    doc_hash: 'd',
    prompt_hash: 'p',
    target_hash: 't',
  });
  const results = {
    results: { t: { alias: 't', sample_len: 2, 'avg@2,none': 0.5, 'avg@2_stderr,none': 0.1 } },
    'n-samples': { t: { original: 2, effective: 2 } },
    counts: { t: { unparsed: 1, truncated: 1, unscored: 0 } },
    decodings: {
      t: [{ decoding, seed: 1, unparsed: 1, truncated: 1, unscored: 0, mean_length: 5, scores: { 'avg@2': score } }],
    },
    versions: { t: 1 },
    higher_is_better: { t: { 'avg@2': true } },
    config: { model: 'm', gen_kwargs: decoding, random_seed: 1 },
    configs: { t: { mode: 'task' } },
    chat_template_sha: null,
    task_hashes: { t: 'h' },
    git_hash: null,
    date: 1,
    total_evaluation_time_seconds: 1,
  };
  files({ 'results.json': JSON.stringify(results), 'samples_t.jsonl': jsonl(row(0), row(1)) })(folder);
}

/** A checkpoint in two shards with their index. */
function shards(folder) {
  const { openSafetensors, writeSafetensors } = lib('engine/files/safetensors.js');
  copy(folder, fixture('models', 'qwen3'), ['config.json']);
  const whole = openSafetensors(fixture('models', 'qwen3', 'model.safetensors'));
  const half = Math.ceil(whole.names.length / 2);
  const weight_map = {};
  [whole.names.slice(0, half), whole.names.slice(half)].forEach((names, i) => {
    const file = `model-0000${i + 1}-of-00002.safetensors`;
    writeSafetensors(
      join(folder, file),
      names.map((name) => ({ name, shape: whole.shape(name), data: whole.read(name) })),
    );
    for (const name of names) weight_map[name] = file;
  });
  whole.close();
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map }));
}

async function zipped(folder) {
  const { zipSync, strToU8 } = await import('fflate');
  files({
    'a.zip': zipSync({ 'test.jsonl': strToU8(jsonl({ a: 1 }, { a: 2 })), 'x/train.csv': strToU8('a,b\n1,2\n') }),
  })(folder);
}

const allTensors = (file) => {
  try {
    for (const name of file.names) file.read(name);
  } finally {
    file.close();
  }
};
const openModelFolder = async (folder) => {
  const { openCheckpoint } = lib('engine/files/huggingface.js');
  const { configJson, generationJson, weights } = await openCheckpoint(folder);
  try {
    lib('engine/model/config.js').parseModelConfig(configJson, folder, generationJson);
    for (const name of weights.names) weights.shape(name);
  } finally {
    weights.close();
  }
};
const useTokenizer = (folder) => {
  const tokenizer = lib('engine/files/tokenizer.js').readTokenizer(folder);
  if (!tokenizer) return;
  tokenizer.decode(tokenizer.encode('Given the law, v = 3 m/s. \u{1f9ea}'));
  if (tokenizer.chatTemplate)
    tokenizer.renderChat([{ role: 'user', content: ' Hello ' }], { addGenerationPrompt: true });
};
const words = (file) => text(file).split('\n');
const rowsIn = async (path) => {
  const { openSources, rowsOf, isTable } = lib('engine/files/rows.js');
  for (const source of await openSources(path)) if (isTable(source)) await rowsOf(source);
};

/** @type {Record<string, { good: ((folder: string) => void | Promise<void>)[], spoil: (name: string) => boolean, read: (folder: string, file: string) => unknown }>} */
export const READERS = {
  'model config': {
    good: MODELS.map((name) => copied(fixture('models', name), 'config.json', 'model.safetensors')),
    spoil: (name) => name === 'config.json',
    read: openModelFolder,
  },
  tokenizer: {
    good: [copied(science, 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json')],
    spoil: () => true,
    read: useTokenizer,
  },
  'chat template': {
    good: [
      (folder) => {
        copy(folder, science, ['tokenizer.json']);
        files({ 'tokenizer_config.json': '{}', 'chat_template.jinja': CHAT })(folder);
      },
    ],
    spoil: (name) => name === 'chat_template.jinja',
    read: useTokenizer,
  },
  adapter: {
    good: ['rslora', 'attention-only'].map((name) =>
      copied(fixture('adapters', name), 'adapter_config.json', 'adapter_model.safetensors'),
    ),
    spoil: () => true,
    read: (folder) => allTensors(lib('engine/files/adapter.js').openAdapter(folder).weights),
  },
  safetensors: {
    good: [copied(fixture('files'), 'halves.safetensors'), copied(fixture('models', 'qwen2'), 'model.safetensors')],
    spoil: () => true,
    read: (_, file) => allTensors(lib('engine/files/safetensors.js').openSafetensors(file)),
  },
  shards: {
    good: [shards],
    spoil: (name) => name.endsWith('.index.json') || name.endsWith('.safetensors'),
    read: openModelFolder,
  },
  gguf: {
    good: ['llama.gguf', 'qwen2.gguf', 'qwen3.gguf'].map((name) => copied(fixture('files'), name)),
    spoil: () => true,
    read: (_, file) => openModelFolder(file),
  },
  parquet: {
    good: ['arc', 'pubmedqa', 'rubrichub'].map((name) => copied(fixture('tables'), `${name}.parquet`)),
    spoil: () => true,
    read: (_, file) => lib('engine/files/parquet.js').parseParquet(readFileSync(file), 't.parquet'),
  },
  csv: {
    good: [files({ 't.csv': '\uFEFFa,b,c\r\n1,"x\ny",2\r\n3,"p ""q""",4\r\n' })],
    spoil: () => true,
    read: (_, file) => lib('engine/files/csv.js').parseCsv(readFileSync(file), 't.csv'),
  },
  json: {
    good: [
      files({ 't.json': '[\n{"a": "},{\\"", "b": [1,\n2]},\n{"a": 2}]' }),
      files({ 't.json': '{"10": {"a": 1},\n"9": {"a": 2}}' }),
    ],
    spoil: () => true,
    read: (_, file) => lib('engine/files/rows.js').parseJsonRows(readFileSync(file), 't.json'),
  },
  jsonl: {
    good: [
      files({ 't.jsonl': jsonl({ id: '1', prompt: 'a' }, { id: '2', messages: [{ role: 'user', content: 'b' }] }) }),
    ],
    spoil: () => true,
    read: (_, file) => lib('engine/files/jsonl.js').parseJsonl(readFileSync(file), 't.jsonl', (row) => row),
  },
  zip: { good: [zipped], spoil: () => true, read: (_, file) => rowsIn(file) },
  'settings file': {
    good: ['paper/table-1-rcsd.yaml', 'paper/table-1-grpo.yaml'].map(
      (name) => (folder) => files({ 'run.yaml': readFileSync(join(root, 'configs', name)) })(folder),
    ),
    spoil: () => true,
    read: (_, file) => lib('method/algorithms/settings.js').resolveTrainConfig({ file }),
  },
  'sweep file': {
    good: ['methods', 'steps', 'degraded'].map((name) => copied(join(root, 'configs', 'microscience'), `${name}.yaml`)),
    spoil: () => true,
    read: (_, file) => lib('study/sweeps/sweepFile.js').readSweepFile(file),
  },
  'prompt templates': {
    good: [
      (folder) => {
        const templates = Object.entries(lib('method/prompts/templates.js').defaultTemplates());
        files({ 'prompts.yaml': templates.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join('\n') })(
          folder,
        );
      },
    ],
    spoil: () => true,
    read: (_, file) => lib('method/prompts/templates.js').readTemplates(file),
  },
  'rubric text': {
    good: [
      files({ text: `Here it is.\n${RUBRIC}\nDone.` }),
      files({ text: `<think>[1]</think>\n\`\`\`json\n${RUBRIC}\n\`\`\`` }),
    ],
    spoil: () => true,
    read: (_, file) => {
      for (const parser of ['lab', 'released'])
        lib('method/rubrics/parse.js').parseRubric(text(file), { questionId: 'q', source: 's', parser });
    },
  },
  'rubric file': {
    good: [
      files({
        'r.jsonl': jsonl({ question_id: 'q', criteria: JSON.parse(RUBRIC) }, { question_id: 'p', text: RUBRIC }),
      }),
    ],
    spoil: () => true,
    read: (_, file) => lib('method/rubrics/file.js').readRubricFile(file, 's'),
  },
  'maths answers': {
    good: MATHS.map((answer, i) => files({ text: `${answer}\n${MATHS[(i + 3) % MATHS.length]}` })),
    spoil: () => true,
    read: (_, file) => {
      const [given, reference = ''] = words(file);
      lib('questions/grading/equivalence/equivalence.js').equivalent(given, reference);
      lib('questions/grading/equivalence/equivalence.js').equivalent(reference, given);
    },
  },
  'written answers': {
    good: ANSWERS.map((answer) => files({ text: answer })),
    spoil: () => true,
    read: (_, file) => {
      const response = text(file);
      const open = { ...QUESTION, choices: undefined, answer: '0.5' };
      for (const mode of lib('questions/grading/modes/index.js').MODES)
        for (const question of [QUESTION, open])
          lib('questions/grading/modes/index.js').gradeIfKnown(mode, question, response);
      lib('questions/grading/equivalence/units.js').readQuantity(response);
      lib('questions/grading/equivalence/units.js').readUnit(response);
    },
  },
  verdicts: {
    good: [files({ text: 'I think {"score": 7, "reason": "good"}' }), files({ text: '{"met": [true, false]}' })],
    spoil: () => true,
    read: (_, file) => lib('method/rewards/judges/verdict.js').readObject(text(file), 'score'),
  },
  'argument line': {
    good: [
      files({
        words: ['--config', 'x.yaml', 'steps=3', '--stage2.learning_rate', '1e-5', 'rewards=answer,format'].join('\n'),
      }),
      files({
        words: ['algorithm=grpo', 'batch_size=8', 'num_generations=4', '--name=a', 'clip=0.05', 'clip_mode=entry'].join(
          '\n',
        ),
      }),
    ],
    spoil: () => true,
    read: (_, file) => {
      const { settingKind, resolveTrainConfig } = lib('method/algorithms/settings.js');
      const rules = { command: 'train', options: [{ name: 'config', value: 'FILE', help: '' }], settingKind };
      const { overrides } = lib('app/cli/shared/arguments.js').parseArguments(words(file), rules);
      resolveTrainConfig({ overrides });
    },
  },
  'run folder': {
    good: [runFolder],
    spoil: () => true,
    read: (folder) => {
      const run = lib('base/records/runReader.js').openRun(folder);
      for (const part of [
        'metrics',
        'validation',
        'completions',
        'rubrics',
        'comparison',
        'checkpoints',
        'stages',
        'trainingWarnings',
        'warnings',
      ])
        run[part]();
      run.evaluation('after')?.samples('t');
      lib('results/report/report.js').renderReport(lib('run/experiments/report.js').reportData(run));
    },
  },
  'evaluation folder': {
    good: [evaluationFolder],
    spoil: () => true,
    read: (folder) => lib('results/evaluation/compareRead.js').readMeasured([folder]),
  },
  'data set': {
    good: [
      files({
        'test.jsonl': jsonl(
          { id: 'a', question: 'What?', choices: ['1', '2'], answer: 'A' },
          { id: 'b', question: 'Why?', answer: '3.5', solution: 's' },
        ),
      }),
    ],
    spoil: () => true,
    read: (folder) => lib('questions/load.js').loadTask(folder),
  },
};
