/** `rcsd train`: starts or resumes a training run in its run folder. */
import { basename, dirname, join, resolve } from 'node:path';
import { rolloutServer } from '../../base/config/addresses/rolloutServer';
import { workersOf } from '../../base/config/addresses/workers';
import type { TrainConfig } from '../../base/config/configs';
import { defaultName } from '../../base/config/resolve';
import { samplingText } from '../../base/records/decoding';
import { InputError, InterruptedError, LostWorkerError } from '../../base/records/errors';
import { untilFree } from '../../base/records/lock';
import { shellWord } from '../../base/records/printable';
import { duration } from '../../base/records/progress';
import { openRun } from '../../base/records/runReader';
import { freeRunName, requireNewRun, requireSameSettings } from '../../base/records/runWriter';
import { describeConfig, frozenTrainConfig, resolveTrainConfig, trainSettings } from '../../method/algorithms/settings';
import type { EvaluationSummary } from '../../results/evaluation/evaluate';
import { sizeText } from '../../results/evaluation/power';
import { percentInterval } from '../../results/figures/text';
import { type TrainOutcome, train } from '../../run/experiments/train';
import { begunRun } from '../../run/session/begun';
import { DEVICES } from '../../run/session/devices';
import type { RunEstimate } from '../../run/session/estimate';
import { planRun } from '../../run/session/plan';
import { type ParsedArguments, textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { gib, printPlan } from './shared/planText';
import { print, printBeside } from './shared/print';
import { settingsOfTraining } from './shared/trainSettings';

/** The run that a folder belongs to: the folder itself, or the one above a `stage-1`. */
function wholeRun(path: string): string {
  return /^stage-\d+$/.test(basename(resolve(path))) ? dirname(resolve(path)) : path;
}

/** Settings that a begun run may go on with otherwise; others would make it another run. */
const FREE = [
  ...['collapse_stop', 'workers', 'worker', 'worker_timeout', 'insecure', 'rollouts', 'rollout_model'],
  ...['rollout_adapters', 'rollout_limit', 'rollout_concurrency', 'rollout_timeout'],
];

const nameAndValue = (override: string): [string, string] => {
  const at = override.indexOf('=');
  return [override.slice(0, at), override.slice(at + 1)];
};

/** The settings of a begun run, with those that are free as they are given now. */
function begunConfig(args: ParsedArguments, path: string): TrainConfig {
  const given = args.overrides.map(nameAndValue);
  const frozen = given.filter(([name]) => !FREE.includes(name));
  if (frozen.length > 0 || args.options.config !== undefined) {
    throw new InputError(
      `--resume RUN uses the settings of the run; leave out --config and name=value (except ${FREE.join(', ')}).`,
    );
  }
  const run = openRun(wholeRun(path));
  const config = frozenTrainConfig(run.config, join(run.path, 'config.json'));
  const now = given.map(([name, value]) => [name, trainSettings.check(name, value)]);
  const free = Object.fromEntries(now) as Partial<TrainConfig>;
  const resumed = { ...config, ...free, runs: dirname(resolve(run.path)), name: run.name };
  workersOf(resumed);
  rolloutServer(resumed);
  return resumed;
}

function givenConfig(args: ParsedArguments): TrainConfig {
  const file = textOption(args, 'config', undefined);
  const onlyShown = args.options.show === true;
  return resolveTrainConfig({ overrides: args.overrides, onlyShown, ...(file !== undefined && { file }) });
}

/**
 * The settings of the run to do: a new one, the one that `--resume RUN` names, or with `--resume` alone the one that
 * the settings describe.
 */
function configOf(args: ParsedArguments): TrainConfig {
  const { resume } = args.options;
  if (typeof resume === 'string') return begunConfig(args, resume);
  const config = givenConfig(args);
  // The first worker finds the folder; the others do not look at it.
  if (config.worker > 0) return config;
  if (resume) requireSameSettings(join(config.runs, config.name), { settings: config, understand: begunRun });
  else if (config.name === defaultName(config)) return { ...config, name: freeRunName(config.runs, config.name) };
  else if (!args.options.show) requireNewRun(join(config.runs, config.name));
  return config;
}

/** Prints the run's needs before it starts. */
function printEstimate({ memory, disk, seconds, gflops, criteria }: RunEstimate): void {
  printBeside(
    `Estimate: ${gib(memory.peak)} of memory, ${gib(disk)} of disk, at most about ${duration(seconds)} ` +
      `if every completion has its full length (matrix products run at ${gflops.toFixed(0)} GFLOP/s here).\n`,
  );
  if (criteria)
    printBeside(
      `The teachers of one criterion each (${criteria.count.toFixed(1)} a rubric) then read ${criteria.ratio.toFixed(1)} times the tokens of a joint teacher.\n`,
    );
}

function accuracyLine({ decoding, accuracy, samples, unparsed, truncated }: EvaluationSummary): string {
  const counts = `${samplingText(decoding)}, ${sizeText(accuracy.n, samples)}, ${unparsed} without an answer, ${truncated} cut off`;
  return `${percentInterval(accuracy)}  (${counts})`;
}

function printOutcome({ path, decodings, rubricYield, report }: TrainOutcome): void {
  for (const moment of ['before', 'after'] as const)
    for (const { summary } of decodings[moment] ?? [])
      print(`accuracy ${moment.padEnd(6)}  ${accuracyLine(summary)}\n`);
  if (rubricYield) print(`valid rubrics    ${rubricYield.valid} of ${rubricYield.questions} by the stage-I model\n`);
  print(`run folder       ${path}\nreport           ${report}\n`);
}

export const command: Command = {
  options: [
    { name: 'config', value: 'FILE', help: 'YAML or JSON file with settings; name=value overrides them' },
    {
      name: 'resume',
      value: 'RUN',
      optional: true,
      help: 'resume a stopped run: RUN, or the one that the settings describe',
    },
    {
      name: 'wait',
      help: 'wait until no other process writes the run folder (on another machine: until its lease has run out)',
    },
    { name: 'show', help: 'print the settings as they would be used, and stop' },
    {
      name: 'dry_run',
      help: 'print the plan: memory by part, tokens, operations, time, disk, a step by part; and stop',
    },
    {
      name: 'device',
      value: 'DEVICE',
      help: `with --dry-run: what each worker runs on, ${DEVICES.join(', ')} or a JSON file of rcsd benchmark (default: this machine)`,
    },
    { name: 'network', value: 'RATE', help: 'with --dry-run: the network between the workers, as in 25Gbps' },
  ],
  settings: settingsOfTraining('train'),
  notes:
    'Trains a model and evaluates it before and after; everything is written to the folder RUNS/NAME. Ctrl-C saves and stops.',
  examples: [
    'rcsd train algorithm=rcsd',
    'rcsd train algorithm=rcsd model=smollm2-135m data=data/science-sample rubric_source=reference steps=20',
    'rcsd train algorithm=grpo rewards=answer,rubric reward_weights=1,0.5 rubric_source=reference',
    'rcsd train --config run.yaml stage2.learning_rate=1e-5 --show',
    'rcsd train --resume runs/rcsd-microscience',
    'rcsd train --dry-run algorithm=rcsd model=smollm2-135m data=data/science-sample workers=64 network=25Gbps device=h100',
    'rcsd train algorithm=grpo model=smollm2-135m data=data/science-sample workers=2',
    'rcsd train algorithm=grpo model=smollm2-135m data=data/science-sample rollouts=http://127.0.0.1:8000',
  ],
  async run(args, { signal, progress }) {
    const config = configOf(args);
    if (args.options.show) {
      print(`${describeConfig(config)}\n`);
      return;
    }
    const where = { device: textOption(args, 'device', undefined), network: textOption(args, 'network', undefined) };
    if (args.options.dry_run) {
      printPlan(await planRun(config, where));
      return;
    }
    if (where.device !== undefined || where.network !== undefined)
      throw new InputError('--device and --network say what a plan is made for; give them with --dry-run.');
    const path = join(config.runs, config.name);
    if (args.options.wait) await untilFree(path, { onWait: (sentence) => printBeside(`${sentence}\n`), signal });
    try {
      const outcome = await train(config, { signal, onProgress: progress.onProgress, onEstimate: printEstimate });
      const { model, rubricModel } = outcome;
      progress.finish();
      if (config.worker > 0) print(`worker ${config.worker} is done; worker 0 has written the run.\n`);
      else printOutcome(outcome);
      model.dispose();
      if (rubricModel !== model) rubricModel?.dispose();
    } catch (error) {
      if (!(error instanceof InterruptedError) || error instanceof LostWorkerError) throw error;
      throw new InterruptedError(`Stopped on request; resume with: rcsd train --resume ${shellWord(path)}`);
    }
  },
};
