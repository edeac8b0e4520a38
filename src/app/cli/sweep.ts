/** `rcsd sweep`: runs the training runs of a YAML file, several at once, and puts their results into one table. */

import { decodingsText } from '../../base/records/decoding';
import { InputError, InterruptedError, PartlyFailedError } from '../../base/records/errors';
import { printable, shellWord } from '../../base/records/printable';
import { duration, type ProgressStream } from '../../base/records/progress';
import { percentInterval } from '../../results/figures/text';
import { type PlannedCell, planSweep, type SweepPlan } from '../../study/sweeps/plan';
import { type SweepMethod, type SweepSummary, title } from '../../study/sweeps/summary';
import { runSweep, type SweepStatus } from '../../study/sweeps/sweep';
import { readSweep } from '../../study/sweeps/sweepCells';
import { numberOption, type ParsedArguments } from './shared/arguments';
import { clusterOf, RAY_OPTION } from './shared/cluster';
import type { Command } from './shared/command';
import { print, printBeside } from './shared/print';
import { textTable } from './shared/textTable';
import { settingsOfTraining } from './shared/trainSettings';

const GIB = 2 ** 30;

/** Printed first: what will be done. */
function planText({ cells, budget }: SweepPlan): string {
  const left = cells.filter(({ state }) => state !== 'done');
  const seconds = left.reduce((sum, cell) => sum + cell.seconds, 0);
  const most = Math.max(0, ...left.map(({ memory }) => memory));
  const threads = [...new Set(left.map(({ cores }) => cores))].join(' or ');
  const finished = cells.length - left.length;
  return [
    `${cells.length} runs${finished > 0 ? `, ${finished} of them finished already` : ''}`,
    ...(left.length > 0
      ? [
          `about ${duration(seconds)} in all, if every completion has its full length`,
          `runs in parallel within ${budget.cores} cores and ${(budget.memory / GIB).toFixed(1)} GiB of memory; ` +
            `each run takes ${threads} of the cores and at most about ${(most / GIB).toFixed(1)} GiB`,
        ]
      : []),
  ].join('\n');
}

function cellTable(cells: readonly PlannedCell[]): string {
  const rows = cells.map(({ cell, state, begun, seconds, memory }) => [
    cell.name,
    state === 'waiting' && begun ? 'begun' : state,
    duration(seconds),
    `${(memory / GIB).toFixed(1)} GiB`,
    cell.overrides.join(' '),
  ]);
  return textTable(['run', 'state', 'time', 'memory', 'settings'], rows);
}

/** Shows the progress of the sweep: in a terminal updated in place, otherwise a line every ten seconds. */
function statusPrinter(stream: ProgressStream): (status: SweepStatus) => void {
  let shown = 0;
  let last = Number.NEGATIVE_INFINITY;
  return ({ running, done, failed, total, secondsLeft }) => {
    const ended = running.length === 0;
    if (!stream.isTTY && !ended && Date.now() - last < 10_000) return;
    last = Date.now();
    const width = Math.max(0, ...running.map(({ name }) => name.length));
    const left = done + failed < total ? `, about ${duration(secondsLeft)} left` : '';
    const lines = [
      ...running.map(({ name, line }) => printable(`  ${name.padEnd(width)}  ${line}`, 300)),
      `${done} of ${total} done${failed > 0 ? `, ${failed} failed` : ''}, ${running.length} running${left}`,
    ].map((line) => (stream.isTTY ? line.slice(0, (stream.columns ?? 80) - 1) : line));
    const back = stream.isTTY && shown > 0 ? `\x1b[${shown}A\x1b[0J` : '';
    stream.write(`${back}${lines.join('\n')}\n`);
    shown = lines.length;
  };
}

function summaryText({ methods, runs, intervals }: SweepSummary): string {
  const first = methods[0]?.method ?? '';
  const row = (each: SweepMethod): string[] => {
    const { method, task, before, after, difference, samples, unparsed, truncated } = each;
    const size = after ?? before;
    return [
      title(method, task, methods),
      percentInterval(before),
      percentInterval(after),
      percentInterval(difference),
      `${size?.n} x ${samples} x ${size?.seeds}`,
      String(unparsed),
      String(truncated),
    ];
  };
  const head = [
    'method',
    'before',
    'after',
    `after, less ${first}`,
    'questions x samples x seeds',
    'unparsed',
    'cut off',
  ];
  const how = decodingsText(methods.map(({ decoding }) => decoding));
  const failed = runs.filter(({ state }) => state === 'failed');
  return [
    methods.length > 0 ? `${textTable(head, methods.map(row))}\ndecoding: ${how}; intervals: ${intervals}\n` : '',
    ...failed.map(({ name, error }) => `${printable(`failed: ${name}: ${error ?? ''}`, 400)}\n`),
  ].join('');
}

function budgetOf(args: ParsedArguments): { cores?: number; memory?: number } {
  const cores = numberOption(args, 'cores', 0, { min: 1, whole: true });
  const memory = numberOption(args, 'memory', 0, { min: 0, above: true });
  return { ...(cores > 0 && { cores }), ...(memory > 0 && { memory: memory * GIB }) };
}

export const command: Command = {
  positionals: 'FILE.yaml',
  options: [
    { name: 'dry_run', help: 'print the runs with their settings and needs, and stop' },
    { name: 'cores', value: 'N', help: 'cores for all runs together (default: all)' },
    {
      name: 'memory',
      value: 'GIB',
      help: 'memory in GiB for all runs together (default: nine tenths of what is free)',
    },
    RAY_OPTION,
  ],
  settings: settingsOfTraining('sweep'),
  notes: `FILE.yaml has base (settings of all runs), grid (settings with lists of values), runs (labelled settings) and exclude; see
docs/sweeps.md. The runs, summary.json, summary.csv and accuracy.svg are written to RUNS/NAME. Running the same command again
resumes a stopped sweep; name=value settings apply to every run.`,
  examples: [
    'rcsd sweep configs/microscience/methods.yaml --dry-run',
    'rcsd sweep configs/microscience/methods.yaml --cores 8 --memory 16',
    'rcsd sweep configs/microscience/steps.yaml evaluation.questions=70 name=short',
    'rcsd sweep configs/microscience/methods.yaml --ray http://127.0.0.1:8265',
  ],
  async run(args, { signal, progress: { onProgress } }) {
    const [file, more] = args.positionals;
    if (file === undefined || more !== undefined)
      throw new InputError('rcsd sweep takes one file, for example: rcsd sweep configs/microscience/methods.yaml');
    const sweep = readSweep(file, args.overrides);
    const ray = await clusterOf(args, { signal, onProgress });
    const plan = await planSweep(sweep, { ...budgetOf(args), machines: ray?.machines }, { signal, onProgress });
    printBeside(`${planText(plan)}\n`);
    if (args.options.dry_run) {
      print(`${cellTable(plan.cells)}\n`);
      return;
    }
    const there = ray ? ['--ray', ray.address] : [];
    const again = ['rcsd sweep', ...[file, ...args.overrides, ...there].map(shellWord)].join(' ');
    try {
      const shown = { signal, onProgress, onStatus: statusPrinter(process.stderr) };
      const summary = await runSweep(plan, { ...shown, open: ray?.open });
      print(`\n${summaryText(summary)}summary: ${sweep.runs}/summary.json\n`);
      const failed = summary.runs.filter(({ state }) => state === 'failed').length;
      if (failed > 0)
        throw new PartlyFailedError(
          `${failed} of ${summary.runs.length} runs failed; the log.txt of each says more, and the same command repeats them: ${again}`,
        );
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      throw new InterruptedError(`Stopped on request; resume with: ${again}`);
    }
  },
};
