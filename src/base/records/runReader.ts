/** Reading a run folder, finished or not: notebooks, figures, reports and comparison go through here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { InputError } from './errors';
import { checkResults, checkSampleRow } from './evaluationFiles';
import { readLines } from './lines';
import { shownValue } from './printable';
import {
  type CompletionRow,
  type EvaluationMoment,
  type EvaluationResults,
  type MetricsRow,
  type RubricRow,
  type RunConfig,
  type SampleRow,
  SCHEMA_VERSION,
  type StageData,
  type TraceRow,
  type ValidationRow,
  type WarningRow,
} from './rows';
import { isObject } from './values';

/** A checkpoint inside a run folder. */
export interface CheckpointEntry {
  readonly step: number;
  readonly path: string;
}

/** One evaluation: results.json, and the samples when asked for. */
export interface EvaluationRecord {
  readonly results: EvaluationResults;
  /** The samples of one task; empty when the task was not evaluated. */
  samples(task: string): readonly SampleRow[];
}

/** A run folder as it stands on the disk. The large files are read when asked for. */
export interface Run {
  readonly path: string;
  readonly name: string;
  readonly config: RunConfig;
  metrics(): readonly MetricsRow[];
  validation(): readonly ValidationRow[];
  trace(): readonly TraceRow[];
  completions(): readonly CompletionRow[];
  rubrics(): readonly RubricRow[];
  evaluation(moment: EvaluationMoment): EvaluationRecord | undefined;
  /** What each stage learns from, by data.json; empty where an earlier version wrote none. */
  data(): readonly StageData[];
  /** comparison.json, undefined before the run wrote it. */
  comparison(): Readonly<Record<string, unknown>> | undefined;
  /** Finished checkpoints, oldest first. */
  checkpoints(): readonly CheckpointEntry[];
  /** stage-1, stage-2 ... of a run of several stages, in order. */
  stages(): readonly Run[];
  /** What training warned of, oldest first. */
  trainingWarnings(): readonly WarningRow[];
  /** One sentence for each file whose last line a crash cut off. */
  warnings(): readonly string[];
}

/** Opens a run folder for reading. Throws InputError when it is none or was written by a newer version. */
export function openRun(path: string): Run {
  const config = readObject(join(path, 'config.json'));
  if (!config) throw new InputError(`${path} is not a run folder (it has no config.json).`);
  const { schema_version: version } = config;
  if (typeof version !== 'number' || version > SCHEMA_VERSION) {
    throw new InputError(
      `${join(path, 'config.json')}: schema_version is ${shownValue(version)}, and this version reads ${SCHEMA_VERSION} and older ones; update rcsd.`,
    );
  }
  const lacking = ['settings', 'versions'].find((part) => !isObject(config[part]));
  if (lacking !== undefined)
    throw new InputError(
      `${join(path, 'config.json')} is damaged: it has no ${lacking}; restore it, or repeat the run.`,
    );
  const rows = <T extends object>(name: string) => readLines<T>(join(path, name)).rows;
  return {
    path,
    name: basename(resolve(path)),
    config: config as unknown as RunConfig,
    metrics: () => rows<MetricsRow>('metrics.jsonl'),
    validation: () => rows<ValidationRow>('validation.jsonl'),
    trace: () => rows<TraceRow>('trace.jsonl'),
    completions: () => rows<CompletionRow>('completions.jsonl'),
    rubrics: () => rows<RubricRow>('rubrics.jsonl'),
    evaluation: (moment) => readEvaluation(join(path, 'eval', moment)),
    data: () => (readObject(join(path, 'data.json'))?.stages ?? []) as readonly StageData[],
    comparison: () => readObject(join(path, 'comparison.json')),
    checkpoints: () => listCheckpoints(path),
    stages: () => stageFolders(path).map(openRun),
    trainingWarnings: () => readWarnings(join(path, 'warnings.jsonl')),
    warnings: () => tornFiles(path),
  };
}

function readWarnings(file: string): readonly WarningRow[] {
  const { rows } = readLines<WarningRow>(file);
  const wrong = rows.findIndex(({ step, message }) => !Number.isFinite(step) || typeof message !== 'string');
  if (wrong < 0) return rows;
  throw new InputError(`${file} row ${wrong + 1} is damaged: it has no step with a message; remove the line.`);
}

/** The run folders directly inside a folder, by name; empty when there is no such folder. */
export function listRuns(runs: string): readonly string[] {
  if (!existsSync(runs)) return [];
  return readdirSync(runs)
    .map((name) => join(runs, name))
    .filter((path) => existsSync(join(path, 'config.json')))
    .sort();
}

/** The JSON object in a file, undefined where there is none. Throws InputError when it holds something else. */
export function readObject(path: string): Record<string, unknown> | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new InputError(`${path} is not valid JSON (${(error as Error).message}); restore it.`);
  }
  throw new InputError(`${path} does not hold a JSON object; restore it.`);
}

/** The file of a task's samples. Task names come from data files; as a part of a path they lose what could lead elsewhere. */
export const samplesFile = (folder: string, task: string): string =>
  join(folder, `samples_${task.replace(/[^\w.-]+/g, '_')}.jsonl`);

/** The evaluation in a folder, undefined where there is no results.json. */
export function readEvaluation(folder: string): EvaluationRecord | undefined {
  const path = join(folder, 'results.json');
  const results = readObject(path);
  if (!results) return undefined;
  return {
    results: checkResults(results, path),
    samples: (task) => {
      const file = samplesFile(folder, task);
      return readLines(file).rows.map((row, i) => checkSampleRow(row, `${file} row ${i + 1}`));
    },
  };
}

/** Numbered entries of a folder such as `step-000100`, in the order of their numbers. */
function numbered(folder: string, pattern: RegExp): { path: string; number: number }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const found = pattern.exec(name);
      return found ? [{ path: join(folder, name), number: Number(found[1]) }] : [];
    })
    .sort((a, b) => a.number - b.number);
}

function listCheckpoints(path: string): CheckpointEntry[] {
  return numbered(join(path, 'checkpoints'), /^step-(\d+)$/).map((entry) => ({ step: entry.number, path: entry.path }));
}

export function stageFolders(path: string): string[] {
  return numbered(path, /^stage-(\d+)$/)
    .map((entry) => entry.path)
    .filter((stage) => existsSync(join(stage, 'config.json')));
}

function tornFiles(path: string): string[] {
  return ['metrics.jsonl', 'validation.jsonl', 'trace.jsonl', 'completions.jsonl', 'rubrics.jsonl', 'warnings.jsonl']
    .map((name) => join(path, name))
    .filter((file) => readLines(file).torn)
    .map((file) => `${file}: the last line was cut off, as a crash leaves it; it is left out.`);
}
