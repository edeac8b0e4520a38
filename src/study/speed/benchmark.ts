/**
 * Runs `rcsd benchmark`: measures speed and memory of the stages of training and scoring, each in a child process, and
 * compares them with the speed of matrix products on this machine at the same time. Uses random token ids and exact
 * lengths; the first call of a stage is reported separately.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism, loadavg, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import type { SpeedConfig } from '../../base/config/generated/otherConfigs';
import { requireWritable, writeFileAtomic } from '../../base/records/atomic';
import { InputError, InterruptedError, throwIfAborted } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import type { RunConfig } from '../../base/records/rows';
import { runConfig } from '../../base/records/runWriter';
import { growthFigure } from '../../results/figures/growth';
import { figureToSvg } from '../../results/figures/svg/render';
import type { PeakRecord, StageRecord } from './measure';
import { FORMULA_WORDS } from './work';
import type { Answer, Task } from './worker';

/** A stage with its share of the machine's matrix-product speed. */
export interface StageResult extends StageRecord {
  readonly share_of_peak: number;
}

/** The JSON file: what every run records about machine and settings, the peak speed, and the stages measured so far. */
export interface BenchmarkReport extends RunConfig {
  readonly cores: number;
  readonly memory_bytes: number;
  /** Of the last 1, 5 and 15 minutes, when the benchmark began. */
  readonly load_average: readonly number[];
  readonly peak: PeakRecord;
  readonly formula_words: string;
  readonly stages: readonly StageResult[];
}

/** The files that a benchmark wrote. */
export interface BenchmarkOutcome {
  readonly report: BenchmarkReport;
  readonly files: readonly string[];
}

/**
 * Measures the stages in the settings. The JSON file is rewritten after each stage, so that an interrupted benchmark
 * keeps its results.
 */
export async function benchmark(
  config: SpeedConfig,
  { onStage, ...options }: OperationOptions & { readonly onStage?: (result: StageResult) => void } = {},
): Promise<BenchmarkOutcome> {
  requireWritable(dirname(config.output));
  const load_average = loadavg();
  const { peak } = await inChild<{ peak: PeakRecord }>({ config }, options);
  const { tensorflow } = peak;
  const machine = { cores: availableParallelism(), memory_bytes: totalmem(), load_average };
  const stages: StageResult[] = [];
  const report = {
    ...runConfig(config, { versions: { tensorflow } }),
    ...machine,
    peak,
    formula_words: FORMULA_WORDS,
    stages,
  };
  for (const name of config.stages) {
    const { stage } = await inChild<{ stage: StageRecord }>({ config, stage: name }, options);
    const result = { ...stage, share_of_peak: stage.flops_per_second / peak.flops_per_second };
    stages.push(result);
    writeFileAtomic(config.output, `${JSON.stringify(report, null, 2)}\n`);
    onStage?.(result);
  }
  return { report, files: [config.output, ...writeGrowth(config, report)] };
}

/** Draws how time and memory grow, if the stages for that were measured. */
function writeGrowth({ output }: SpeedConfig, { stages, settings }: BenchmarkReport): string[] {
  const figure = growthFigure(stages, Number(settings.batch_size) * Number(settings.completion_tokens));
  if (!figure) return [];
  const path = `${output.replace(/\.json$/, '')}-growth.svg`;
  writeFileAtomic(path, `${figureToSvg(figure)}\n`);
  return [path];
}

/** Lets a child process do one task. Aborting kills it at once, because a measurement has nothing to save. */
async function inChild<T extends Answer>(task: Task, { signal, onProgress }: OperationOptions): Promise<T> {
  throwIfAborted(signal);
  // Collecting garbage before memory is read keeps the garbage of loading a model out of a stage's own memory.
  const child = fork(join(__dirname, 'worker.js'), { execArgv: ['--expose-gc'] });
  const stop = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop);
  try {
    child.send(task);
    return await answerOf<T>(child, { signal, onProgress });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function answerOf<T extends Answer>(child: ChildProcess, { signal, onProgress }: OperationOptions): Promise<T> {
  let answer: Exclude<Answer, { progress: unknown }> | undefined;
  child.on('message', (message: Answer) => {
    if ('progress' in message) onProgress?.(message.progress);
    else answer = message;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, killed) => {
      if (signal?.aborted) reject(new InterruptedError('Stopped on request.'));
      else if (!answer) reject(new Error(`a stage ended without an answer (${killed ?? `exit status ${code}`})`));
      else if ('failure' in answer) reject(new (answer.input ? InputError : Error)(answer.failure));
      else resolve(answer as T);
    });
  });
}
