/** Writing a run folder (the layout is in docs/run-folder.md): only training does this; everything else reads. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic';
import { difference } from './differences';
import { InputError } from './errors';
import { type Machine, otherMachine, requireSameInputs } from './inputs';
import { appendLines, cutLines, type LineWriter } from './lines';
import { type Lock, lockFolder } from './lock';
import { shellWord } from './printable';
import type { Inputs } from './rows';
import {
  type CompletionRow,
  type EvaluationMoment,
  type EvaluationResults,
  type MetricsRow,
  type RolloutServerRow,
  type RubricRow,
  type RunConfig,
  type SampleRow,
  SCHEMA_VERSION,
  type StageData,
  type TraceRow,
  type ValidationRow,
  type WarningRow,
} from './rows';
import { openRun, samplesFile } from './runReader';
import { createEventsWriter, type EventsWriter } from './tensorboard';
import { isObject } from './values';

/** A run folder open for writing. */
export interface RunFolder {
  readonly path: string;
  /** Appends to metrics.jsonl and to TensorBoard's event file. */
  appendMetrics(row: MetricsRow): void;
  /** Appends to validation.jsonl and, as `validation/accuracy`, to the event file. */
  appendValidation(row: ValidationRow): void;
  /** Appends to trace.jsonl and, as `true_rule` and `true_rule/STRATUM`, to the event file. */
  appendTrace(row: TraceRow): void;
  appendCompletions(rows: readonly CompletionRow[]): void;
  appendRubrics(rows: readonly RubricRow[]): void;
  appendWarnings(rows: readonly WarningRow[]): void;
  appendRolloutServer(row: RolloutServerRow): void;
  /** Writes eval/MOMENT/results.json and one samples_TASK.jsonl a task. */
  writeEvaluation(
    moment: EvaluationMoment,
    results: EvaluationResults,
    samples: Readonly<Record<string, readonly SampleRow[]>>,
  ): void;
  /** Writes data.json. */
  writeData(stages: readonly StageData[]): void;
  /** Writes comparison.json. */
  writeComparison(comparison: object): void;
  /** Returns when all rows are on the disk: to be called before a checkpoint counts them. */
  sync(): void;
  /** Closes the files and gives the folder free. */
  close(): void;
}

/** What only the engine knows of the machine and the model. */
export interface RuntimeFacts {
  /** TensorFlow's version, the model's name or checksum, ... by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Threads of the engine; by default as many as the machine offers. */
  readonly threads?: number;
  readonly kernels?: string;
  readonly inputs?: Inputs;
}

/**
 * The commit of this program's own repository, `-dirty` behind it for uncommitted changes (results apart, which grow while it
 * works); null without one.
 */
export function gitCommit(): string | null {
  const root = join(__dirname, '..', '..', '..');
  if (!existsSync(join(root, '.git'))) return null;
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changes = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!data/results');
    return `${git('rev-parse', 'HEAD')}${changes === '' ? '' : '-dirty'}`;
  } catch {
    return null;
  }
}

/** The contents of config.json for settings that start now on this machine. */
export function runConfig(settings: object, { kernels, inputs, ...facts }: RuntimeFacts): RunConfig {
  return {
    schema_version: SCHEMA_VERSION,
    created: new Date().toISOString(),
    settings: JSON.parse(JSON.stringify(settings)) as Record<string, unknown>,
    git_commit: gitCommit(),
    versions: { node: process.versions.node, ...facts.versions },
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    platform: `${process.platform}-${process.arch}`,
    threads: facts.threads ?? Number(process.env.TF_NUM_INTRAOP_THREADS || availableParallelism()),
    ...(kernels !== undefined && { kernels }),
    ...(inputs && { inputs }),
  };
}

/** What only a run leaves in a folder: without its config.json, nobody knows which run. */
const LEFT_BY_A_RUN = ['metrics.jsonl', 'completions.jsonl', 'checkpoints', 'stage-1', 'stage-2', 'eval'];

const leftBehind = (path: string): string | undefined => LEFT_BY_A_RUN.find((name) => existsSync(join(path, name)));

/** `name` if `runs` has no run of that name yet, otherwise `name-2`, `name-3` ... */
export function freeRunName(runs: string, name: string): string {
  const isTaken = (path: string): boolean => existsSync(join(path, 'config.json')) || leftBehind(path) !== undefined;
  let free = name;
  for (let i = 2; isTaken(join(runs, free)); i++) free = `${name}-${i}`;
  return free;
}

function writeJson(path: string, value: object): void {
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Throws InputError when the folder already holds a run, or what is left of one. */
export function requireNewRun(path: string): void {
  if (existsSync(join(path, 'config.json'))) {
    throw new InputError(
      `${path} already holds a run; choose another name=NAME, or go on with it by --resume ${shellWord(path)}.`,
    );
  }
  const left = leftBehind(path);
  if (left !== undefined)
    throw new InputError(
      `${path} holds ${left} of an earlier run, whose config.json is gone; restore it, move the folder away, or choose another name.`,
    );
}

/** How a run folder is opened. */
export interface Opening {
  /** What writes there, as in `rcsd train`, for whoever else wants to. */
  readonly work?: string;
  /** Hears what a user should know, in sentences. */
  readonly say?: (sentence: string) => void;
}

/** Makes a run folder and freezes its config.json. Throws InputError when it already holds a run, or another process writes there. */
export function createRunFolder(path: string, config: RunConfig, opening: Opening = {}): RunFolder {
  return locked(path, opening, (lock) => {
    requireNewRun(path);
    writeJson(join(path, 'config.json'), config);
    return writerOf(path, { events: createEventsWriter(path), lock });
  });
}

/** A run folder that another worker of the run writes. */
export function unwrittenFolder(path: string): RunFolder {
  const nothing = (): void => {};
  return {
    path,
    ...{ appendMetrics: nothing, appendValidation: nothing, appendCompletions: nothing, appendRubrics: nothing },
    ...{
      appendTrace: nothing,
      appendWarnings: nothing,
      appendRolloutServer: nothing,
      writeEvaluation: nothing,
      writeComparison: nothing,
      writeData: nothing,
      sync: nothing,
      close: nothing,
    },
  };
}

/** Opens a folder that nobody else writes, and gives it free again where that fails. */
function locked(path: string, { work = 'rcsd', say }: Opening, open: (lock: Lock) => RunFolder): RunFolder {
  const lock = lockFolder(path, work);
  try {
    if (lock.takenOver !== undefined) say?.(lock.takenOver);
    return open(lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Settings that change no number but in the last digits: where the run lies, what it keeps to be looked at, whether a collapse ends it,
 * what memory it may use, how many work at it, how a server is reached.
 */
const INDECISIVE = [
  'runs',
  'name',
  'collapse_stop',
  'keep_token_details',
  'memory',
  'workers',
  'worker',
  'worker_timeout',
  'insecure',
  'rollout_model',
  'rollout_adapters',
  'rollout_limit',
  'rollout_concurrency',
  'rollout_timeout',
];

/** Settings as plain data, without those that change no number. */
export function decisive(settings: object): Record<string, unknown> {
  const plain = JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
  const decisive = Object.fromEntries(Object.entries(plain).filter(([name]) => !INDECISIVE.includes(name)));
  const { rollouts } = decisive;
  // Which server draws does not matter, whether one does matters.
  return typeof rollouts === 'string' && rollouts !== 'here' ? { ...decisive, rollouts: 'a server' } : decisive;
}

/** The settings of a run, with what its program did where they lack those of today. */
export type Understand = (config: RunConfig) => object;

/** Settings that are to be those of a begun run; `understand` is for the ones that lie there. */
export interface WantedSettings {
  readonly settings: object;
  readonly understand?: Understand;
}

/** The settings of the run that a folder holds, as plain data. */
function begunSettings(path: string, understand?: Understand): Record<string, unknown> {
  const { config } = openRun(path);
  return { ...(understand?.(config) ?? config.settings) };
}

/** The settings, with what they leave to the program (`auto`, batches of 0 rows) as it is in the run that the folder holds, if any. */
export function asBegun<T extends object>(path: string, { settings, understand }: WantedSettings & { settings: T }): T {
  if (!existsSync(join(path, 'config.json'))) return settings;
  const begun = begunSettings(path, understand);
  const left = Object.entries(settings).map(([name, wanted]) => {
    const own = begun[name];
    if (wanted === 'auto') return [name, own ?? wanted];
    if (name !== 'batches' || !isObject(wanted) || !isObject(own)) return [name, wanted];
    return [
      name,
      Object.fromEntries(Object.entries(wanted).map(([kind, rows]) => [kind, rows === 0 ? own[kind] : rows])),
    ];
  });
  return Object.fromEntries(left) as T;
}

/** Throws InputError when the folder holds no run, or one that was begun with other settings. */
export function requireSameSettings(path: string, { settings, understand }: WantedSettings): void {
  const wanted = asBegun(path, { settings, ...(understand && { understand }) });
  const other = difference(decisive(begunSettings(path, understand)), decisive(wanted));
  if (other) throw new InputError(`${path} holds a run with other settings (${other}); choose another name=NAME.`);
}

/** Throws InputError that names the inputs of a begun run that have another content now; returns a sentence where it recorded none. */
export const requireRunInputs = (path: string, now: Inputs): string | undefined =>
  requireSameInputs(openRun(path).config.inputs, now, { where: path, instead: 'choose another name=NAME' });

/** How a begun run is gone on with; what is left out is not compared. */
export interface Resuming extends Opening, Partial<WantedSettings> {
  /** Machine and inputs of today. */
  readonly now?: Machine & Pick<RunConfig, 'inputs'>;
  /** Steps between two rows of metrics.jsonl; default 1. */
  readonly metricsEvery?: number;
}

/**
 * Opens a run folder to go on behind a checkpoint: metrics, validation, trace, completions and warnings of later steps are cut, so that
 * the resumed run writes them once. Rubrics stay; they belong to no step. `stepOf` finds the checkpoint once nobody else can write
 * there. Throws InputError when the folder holds no run, one that was begun with other settings or inputs than those of now, or when
 * another process writes there.
 */
export function resumeRunFolder(
  path: string,
  stepOf: number | (() => number),
  { settings, understand, now, metricsEvery = 1, ...opening }: Resuming = {},
): RunFolder {
  const { config } = openRun(path);
  if (settings) requireSameSettings(path, { settings, ...(understand && { understand }) });
  const told = now ? [now.inputs && requireRunInputs(path, now.inputs), otherMachine(path, config, now)] : [];
  return locked(path, opening, (lock) => {
    for (const sentence of told) if (sentence) opening.say?.(sentence);
    const step = typeof stepOf === 'number' ? stepOf : stepOf();
    const upToStep = (row: { readonly step: number }) => row.step <= step;
    const metrics = cutLines<MetricsRow>(join(path, 'metrics.jsonl'), upToStep);
    const validation = cutLines<ValidationRow>(join(path, 'validation.jsonl'), upToStep);
    const trace = cutLines<TraceRow>(join(path, 'trace.jsonl'), upToStep);
    cutLines<CompletionRow>(join(path, 'completions.jsonl'), upToStep);
    cutLines<WarningRow>(join(path, 'warnings.jsonl'), upToStep);
    cutLines<RubricRow>(join(path, 'rubrics.jsonl'), () => true);
    const missing = Math.floor(step / metricsEvery) - new Set(metrics.map((row) => row.step)).size;
    if (missing > 0)
      opening.say?.(
        `${join(path, 'metrics.jsonl')} lacks ${missing} of the rows up to step ${step}, at which the run goes on; they stay missing.`,
      );
    const events = createEventsWriter(path);
    for (const { step: at, ...scalars } of metrics) events.add(at, scalars);
    for (const row of validation) events.add(row.step, validationScalars(row));
    for (const row of trace) events.add(row.step, traceScalars(row));
    return writerOf(path, { events, lock });
  });
}

/** Writes results.json and one samples_TASK.jsonl a task into a folder; results.json comes last. */
export function writeEvaluationFiles(
  folder: string,
  results: EvaluationResults,
  samples: Readonly<Record<string, readonly SampleRow[]>>,
): void {
  for (const [task, rows] of Object.entries(samples)) {
    writeFileAtomic(samplesFile(folder, task), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  writeJson(join(folder, 'results.json'), results);
}

const validationScalars = ({ accuracy }: ValidationRow) => ({ 'validation/accuracy': accuracy });

const traceScalars = ({ mean, strata = {} }: TraceRow) => ({
  true_rule: mean,
  ...Object.fromEntries(Object.entries(strata).map(([name, value]) => [`true_rule/${name}`, value])),
});

function writerOf(path: string, { events, lock }: { readonly events: EventsWriter; readonly lock: Lock }): RunFolder {
  const open: LineWriter[] = [];
  const lines = (name: string): LineWriter => {
    const writer = appendLines(join(path, name));
    open.push(writer);
    return writer;
  };
  const metrics = lines('metrics.jsonl');
  const validation = lines('validation.jsonl');
  const trace = lines('trace.jsonl');
  const completions = lines('completions.jsonl');
  const rubrics = lines('rubrics.jsonl');
  const warnings = lines('warnings.jsonl');
  const servers = lines('rollout_servers.jsonl');
  return {
    path,
    appendMetrics: (row) => {
      metrics.append(row);
      const { step, ...scalars } = row;
      events.add(step, scalars);
    },
    appendValidation: (row) => {
      validation.append(row);
      events.add(row.step, validationScalars(row));
    },
    appendTrace: (row) => {
      trace.append(row);
      events.add(row.step, traceScalars(row));
    },
    appendCompletions: (rows) => rows.forEach(completions.append),
    appendRubrics: (rows) => rows.forEach(rubrics.append),
    appendWarnings: (rows) => rows.forEach(warnings.append),
    appendRolloutServer: servers.append,
    writeEvaluation: (moment, results, samples) => writeEvaluationFiles(join(path, 'eval', moment), results, samples),
    writeData: (stages) => writeJson(join(path, 'data.json'), { stages }),
    writeComparison: (comparison) => writeJson(join(path, 'comparison.json'), comparison),
    sync: () => {
      for (const writer of open) writer.sync();
    },
    close: () => {
      try {
        for (const writer of open) writer.close();
        events.close();
      } finally {
        lock.release();
      }
    },
  };
}
