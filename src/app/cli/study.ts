/** `rcsd study`: runs or shows the committed study, in tiers; a stopped study can be resumed. */
import { availableParallelism } from 'node:os';
import { decodingText } from '../../base/records/decoding';
import { InputError, InterruptedError, PartlyFailedError } from '../../base/records/errors';
import { printable } from '../../base/records/printable';
import { duration, type ProgressStream } from '../../base/records/progress';
import { percent } from '../../results/figures/text';
import { checkRow, type RowCheck } from '../../study/check';
import { EXPERIMENTS, TIERS, type Tier } from '../../study/experiments';
import { decodingOfRow, RESULTS, readRows } from '../../study/row';
import {
  costOf,
  runStudy,
  type StudyCost,
  type StudyFailure,
  type StudyOptions,
  type StudyStatus,
} from '../../study/study';
import { studyTables } from '../../study/tables';
import { choiceOption, numberOption, type ParsedArguments, textOption } from './shared/arguments';
import { clusterOf, RAY_OPTION } from './shared/cluster';
import type { Command } from './shared/command';
import { print, printBeside } from './shared/print';
import { textTable } from './shared/textTable';

/** Printed first: what will be done, and its cost. */
function planText({ runs, left, bases, seconds }: StudyCost, workers: number): string {
  const rows = EXPERIMENTS.flatMap(({ name, question }) => {
    const own = runs.filter(({ experiment }) => experiment === name);
    const done = own.filter((run) => !left.includes(run)).length;
    return own.length > 0 ? [[name, String(own.length), String(done), question]] : [];
  });
  const made = bases.length > 0 ? `\nbases to pretrain first: ${bases.join(', ')}` : '';
  return [
    textTable(['experiment', 'runs', 'done', 'question'], rows),
    `${left.length} of ${runs.length} runs left, about ${duration(seconds)} on one core, ${duration(seconds / workers)} with ${workers} workers${made}`,
  ].join('\n');
}

const failureLine = ({ run, message }: StudyFailure): string => `${printable(`failed: ${run}: ${message}`, 400)}\n`;

/** A failure is told at once. In a terminal, the line is updated in place; otherwise a line is printed every ten seconds. */
function statusPrinter(stream: ProgressStream): (status: StudyStatus) => void {
  let last = 0;
  let told = 0;
  return ({ done, total, failures, running, secondsLeft }) => {
    for (const failure of failures.slice(told))
      stream.write(`${stream.isTTY ? '\r\x1b[K' : ''}${failureLine(failure)}`);
    told = failures.length;
    if (!stream.isTTY && Date.now() - last < 10_000) return;
    last = Date.now();
    const problems = told > 0 ? `, ${told} failed` : '';
    const line = `${done} of ${total} done${problems}, about ${duration(secondsLeft)} left  ${printable(running.join(' | '), 160)}`;
    stream.write(stream.isTTY ? `\r\x1b[K${line.slice(0, (stream.columns ?? 80) - 1)}` : `${line}\n`);
  };
}

const resultsOf = (args: ParsedArguments): string => textOption(args, 'results', RESULTS);

/** All tables of the rows, or one of them. */
function tablesText(wanted: string | true, results: string): string {
  const tables = studyTables(readRows(results));
  const shown = wanted === true ? tables : tables.filter(({ name }) => name === wanted);
  if (shown.length === 0) {
    const names = tables.map(({ name }) => name).join(', ') || 'none yet';
    throw new InputError(`There is no table ${String(wanted)} with rows; choose one of ${names}.`);
  }
  return shown.map(({ name, title, head, rows }) => `${name}: ${title}\n${textTable(head, rows)}\n`).join('\n');
}

function optionsOf(args: ParsedArguments, cores = availableParallelism()): StudyOptions & { readonly workers: number } {
  const only = textOption(args, 'experiment', undefined)
    ?.split(',')
    .map((name) => name.trim());
  const unknown = only?.find((name) => !EXPERIMENTS.some((each) => each.name === name));
  if (unknown !== undefined) {
    throw new InputError(
      `There is no experiment ${unknown}; choose from ${EXPERIMENTS.map(({ name }) => name).join(', ')}.`,
    );
  }
  return {
    tier: choiceOption<Tier>(args, 'tier', ['night', 'hour', 'minutes']),
    workers: numberOption(args, 'workers', cores, { min: 1, whole: true }),
    results: resultsOf(args),
    ...(only && { only }),
    ...(args.options.present && { present: true }),
  };
}

function checkText({ row, again, same, within }: RowCheck): string {
  const how = decodingText(decodingOfRow(row));
  const shown = `${row.key}: ${percent(row.accuracy)} in the row, ${percent(again.accuracy)} now (${how})`;
  if (same) return `${shown}; every number is the same, bit for bit`;
  const otherwise = row.cpu === again.cpu ? 'the same type of processor' : `${again.cpu} here, ${row.cpu} there`;
  if (within) return `${shown}; this is within its interval, on ${otherwise}`;
  throw new PartlyFailedError(`${shown}; this is outside its interval, on ${otherwise}.`);
}

export const command: Command = {
  options: [
    { name: 'tier', value: TIERS.join('|'), help: 'how much to run (default: night, which is everything)' },
    { name: 'experiment', value: 'NAMES', help: 'run only these experiments, separated by commas' },
    { name: 'workers', value: 'N', help: 'number of processes, one thread each (default: one for each core)' },
    RAY_OPTION,
    { name: 'present', help: 'leave out runs that would need a base model to be pretrained' },
    {
      name: 'tables',
      value: 'NAME',
      optional: true,
      help: 'print the tables of the committed rows (or one of them), and stop',
    },
    {
      name: 'results',
      value: 'FOLDER',
      help: 'folder of the rows (default: the committed data/results/study); an empty folder makes every run anew',
    },
    { name: 'check', help: 'repeat one short committed run and compare it with its row' },
    { name: 'dry_run', help: 'print the plan with its cost, and stop' },
  ],
  notes: `Every finished run is a row of data/results/study/runs.jsonl, and a run that has a row is not made again: running the same
command again resumes a stopped study. Base models that are not committed are pretrained into runs/study. docs/study.md says
what is asked and what was found.`,
  examples: ['rcsd study --dry-run', 'rcsd study --tier minutes', 'rcsd study --tables main', 'rcsd study --check'],
  async run(args, { signal, progress: { onProgress } }) {
    if (args.options.tables !== undefined) {
      print(tablesText(args.options.tables, resultsOf(args)));
      return;
    }
    if (args.options.check) {
      print(`${checkText(await checkRow({ results: resultsOf(args), signal }))}\n`);
      return;
    }
    const ray = await clusterOf(args, { signal, onProgress });
    const options = optionsOf(
      args,
      ray?.machines.reduce((sum, { cores }) => sum + cores, 0),
    );
    const text = planText(costOf(options), options.workers);
    if (args.options.dry_run) {
      print(`${text}\n`);
      return;
    }
    printBeside(`${text}\n`);
    try {
      const failures = await runStudy({
        ...options,
        open: ray?.open,
        ...{ signal, onProgress, onStatus: statusPrinter(process.stderr) },
      });
      printBeside('\n');
      if (failures.length === 0) return;
      const list = failures.map(failureLine);
      printBeside(list.join(''));
      throw new PartlyFailedError(`${failures.length} runs failed; run the same command again to repeat them.`);
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      throw new InterruptedError(
        'Stopped on request; every finished run has its row; run the same command again to resume.',
      );
    }
  },
};
