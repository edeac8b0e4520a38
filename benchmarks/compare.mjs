// Compares `rcsd benchmark` with the PyTorch programs on this machine: runs alternate between the two sides, each in a
// process of its own. README.md says how to read the results.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { CompareError, contendersOf, hasBf16, measure, prepare, root, summarize } from './lib.mjs';

const STAGES = 'rollout,decode-1,decode-16,teacher,teacher-4,student,update,step,grpo,full,adamw-full,loglikelihood';
const USAGE = `Usage: node benchmarks/compare.mjs [--stages LIST] [--peers LIST] [--repeats N] [--calls N] [--threads N] [--output FILE [--resume]] [name=value ...]

  --stages LIST   stages of \`rcsd benchmark\`, separated by commas (default: ${STAGES})
  --peers LIST    only these peers, by the beginnings of their names, such as llama.cpp,transformers (default: all)
  --repeats N     rounds, in each of which every contender has one process for every stage (default: 3)
  --calls N       timed calls in a process, besides the first (default: 2)
  --threads N     threads of every contender (default: as many as there are cores)
  --output FILE   the JSON (default: benchmarks/results/CPU-DATE.json)
  --resume        keep what FILE has of the same settings, and measure only the rest
  name=value      batch_size, prompt_tokens and the other sizes of \`rcsd benchmark\`, for both sides`;

const SIZES = [
  'model',
  'batch_size',
  'microbatch_size',
  'prompt_tokens',
  'teacher_tokens',
  'completion_tokens',
  'rank',
  'questions',
  'choice_tokens',
  'groups',
  'grpo_tokens',
  'seed',
];

function count(text, name) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new CompareError(`--${name} must be a whole number, 1 or more; it is "${text}".`);
}

function readArguments() {
  const text = { type: 'string' };
  const options = {
    stages: text,
    peers: text,
    repeats: text,
    calls: text,
    threads: text,
    output: text,
    resume: { type: 'boolean' },
    help: { type: 'boolean' },
  };
  let parsed;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new CompareError(`${error.message.split('. ')[0]}; see node benchmarks/compare.mjs --help.`);
  }
  const { values, positionals } = parsed;
  const settings = Object.fromEntries(
    positionals.map((word) => {
      const [, name, value] = /^(\w+)=(.+)$/s.exec(word) ?? [];
      if (SIZES.includes(name)) return [name, value];
      throw new CompareError(`${word} is not a setting of the comparison; use ${SIZES.join(', ')}, as name=value.`);
    }),
  );
  const stages = (values.stages ?? STAGES).split(',').map((stage) => stage.trim());
  const unknown = stages.find(
    (stage) => !STAGES.split(',').includes(stage) && !/^(decode|teacher)-[1-9]\d*$/.test(stage),
  );
  if (unknown !== undefined) throw new CompareError(`There is no stage ${unknown}; known are ${STAGES}.`);
  return {
    help: values.help,
    stages,
    peers: values.peers?.split(',').map((peer) => peer.trim()) ?? [''],
    rounds: count(values.repeats ?? '3', 'repeats'),
    threads: count(values.threads ?? String(availableParallelism()), 'threads'),
    settings: { model: 'smollm2-135m', ...settings, repeats: count(values.calls ?? '2', 'calls') },
    output: values.output,
    resume: values.resume ?? false,
  };
}

const cpuName = () => cpus()[0]?.model.trim() ?? 'unknown';

function machine(threads) {
  const facts = {
    cpu: cpuName(),
    cores: availableParallelism(),
    memory_bytes: totalmem(),
    bf16_instructions: hasBf16(),
  };
  return { ...facts, kernel: release(), threads, load_average: loadavg() };
}

function defaultOutput(date) {
  const name = `${cpuName()}-${date.slice(0, 10)}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return join(root, 'benchmarks', 'results', `${name}.json`);
}

function write(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.partial`, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(`${file}.partial`, file);
}

/**
 * The runs that an earlier call with the same settings on this processor left in the file. Failed runs are not among
 * them and are tried again.
 */
function runsIn(file, { settings, machine: { cpu, threads } }) {
  if (!existsSync(file)) return [];
  const before = JSON.parse(readFileSync(file, 'utf8'));
  const [had, has] = [before, { settings, machine: { cpu, threads } }].map((result) =>
    JSON.stringify([{ ...result.settings, rounds: 0 }, result.machine.cpu, result.machine.threads]),
  );
  if (had !== has) throw new CompareError(`${file} was measured with other settings; give another --output.`);
  return before.runs.filter(({ record }) => record);
}

/** Runs all processes in order. The results are written after each, so that an interrupted comparison keeps them. */
async function compare({ stages, peers, rounds, threads, settings, output, resume }, signal) {
  const llama = prepare(settings.model);
  const created = new Date().toISOString();
  const file = output ?? defaultOutput(created);
  const plan = Array.from({ length: rounds }, (_, i) => i + 1).flatMap((round) =>
    stages.flatMap((stage) =>
      contendersOf(stage, { bf16: hasBf16(), llama })
        .filter(({ name }) => ['rcsd', ...peers].some((start) => name.startsWith(start)))
        .map((contender) => ({ round, stage, contender })),
    ),
  );
  const result = {
    schema_version: 1,
    created,
    machine: machine(threads),
    settings: { ...settings, rounds },
    summary: [],
    runs: [],
  };
  if (resume) result.runs.push(...runsIn(file, result));
  const { load_average, cores } = result.machine;
  if (load_average[0] > cores / 4) {
    console.error(
      `The machine is busy (load ${load_average[0].toFixed(1)} on ${cores} cores), so the numbers will be rough.`,
    );
  }
  if (!llama && stages.some((stage) => stage.startsWith('decode-')))
    console.error('llama-cpp-python is not installed, so llama.cpp is left out; see benchmarks/README.md.');
  for (const [i, { round, stage, contender }] of plan.entries()) {
    const run = { stage, contender: contender.name, round };
    if (result.runs.some((had) => Object.entries(run).every(([name, value]) => had[name] === value))) continue;
    console.error(`${i + 1}/${plan.length}  round ${round}  ${stage}  ${contender.name}`);
    try {
      result.runs.push({ ...run, record: await measure(stage, contender, settings, { signal, threads }) });
    } catch (error) {
      if (signal.aborted) break;
      console.error(`  failed: ${error.message}`);
      result.runs.push({ ...run, failure: error.message });
    }
    result.summary = summarize(result.runs);
    write(file, result);
  }
  return { result, file };
}

const seconds = (value) => `${value.toPrecision(3)} s`;
const gib = (bytes) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

function ratioText(ratio) {
  if (!ratio) return '1';
  const interval = ratio.low === null ? '' : ` [${ratio.low.toFixed(2)}, ${ratio.high.toFixed(2)}]`;
  return `${ratio.value.toFixed(2)}${interval}`;
}

function row(line) {
  if (line.median_seconds === undefined) return [line.stage, line.contender, `failed: ${line.failure}`];
  const { stage, contender, median_seconds, least_seconds, most_seconds, ratio, first_seconds } = line;
  const spread = `[${least_seconds.toPrecision(3)}, ${most_seconds.toPrecision(3)}]`;
  const times = [`${seconds(median_seconds)} ${spread}`, ratioText(ratio), seconds(first_seconds)];
  return [stage, contender, ...times, gib(line.peak_rss_bytes), gib(line.working_bytes)];
}

async function print({ machine: { cpu, threads }, settings, summary }) {
  const { textTable } = await import('../dist/app/cli/shared/textTable.js');
  const head = ['stage', 'contender', 'median [least, most]', 'times rcsd fp32 [95 %]', 'first', 'peak RSS', 'own'];
  console.log(
    `${cpu}, ${threads} threads, ${settings.model}; ${settings.rounds} rounds of ${settings.repeats} timed calls\n`,
  );
  console.log(textTable(head, summary.map(row)));
}

const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
process.once('SIGTERM', () => controller.abort());
try {
  const options = readArguments();
  if (options.help) console.log(USAGE);
  else {
    const { result, file } = await compare(options, controller.signal);
    if (result.runs.length > 0) {
      await print(result);
      console.log(`\nwritten: ${relative(process.cwd(), file)}`);
    }
    if (controller.signal.aborted) {
      console.error('Stopped on request; what was measured is kept.');
      process.exitCode = 130;
    }
  }
} catch (error) {
  if (!(error instanceof CompareError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
