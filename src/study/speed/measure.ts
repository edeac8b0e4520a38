/**
 * Measures one stage in this process. The process should do nothing else, so that peaks of memory do not mix; what it
 * opens is freed when it ends.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { median } from 'simple-statistics';
import type { SpeedConfig } from '../../base/config/generated/otherConfigs';
import { InputError, throwIfAborted } from '../../base/records/errors';
import { type OperationOptions, yieldToEvents } from '../../base/records/events';
import { openCheckpoint } from '../../engine/files/huggingface';
import { resolveModelPath } from '../../engine/files/models';
import { type ModelConfig, parseModelConfig } from '../../engine/model/config';
import { initializeParameters } from '../../engine/model/initialize';
import { openModel } from '../../engine/model/load';
import type { LanguageModel } from '../../engine/model/model';
import { hasBf16 } from '../../engine/tensors/hardware';
import { runtimeInfo } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';
import type { Prepared } from './bench';
import { measurePeak, type PeakProduct } from './peak';
import { shapeOf, stageOf } from './stages';

/** One measured stage; seconds are wall-clock, bytes are resident memory. */
export interface StageRecord {
  readonly stage: string;
  /** The first call, which traces graphs and warms caches. */
  readonly first_seconds: number;
  /** The later calls, and their median. */
  readonly seconds: readonly number[];
  readonly median_seconds: number;
  /** Processor seconds of the same calls, over all threads. */
  readonly cpu_seconds: readonly number[];
  /** Time for opening the model and making the inputs. */
  readonly opening_seconds: number;
  readonly tokens: number;
  /** Null for stages that do not process tokens. */
  readonly tokens_per_second: number | null;
  /** What the stage needs by `formula`, not what was actually computed. */
  readonly flops: number;
  readonly formula: string;
  readonly flops_per_second: number;
  /** Peak of the whole process, including the model and the start. */
  readonly peak_rss_bytes: number;
  /** Peak during the calls minus the memory in use before the first one. */
  readonly working_bytes: number;
  /** Of the last minute, when the first call began. */
  readonly load_average: number;
}

/** The processor's speed, and facts that only the engine knows. */
export interface PeakRecord {
  readonly flops_per_second: number;
  readonly products: readonly PeakProduct[];
  readonly tensorflow: string;
  readonly gpu: boolean;
  readonly bf16_instructions: boolean;
}

/** The shape of the model that the settings name, read without its weights. */
async function readShape(name: string): Promise<ModelConfig> {
  const path = resolveModelPath(name);
  const { configJson, generationJson, weights } = await openCheckpoint(path);
  weights.close();
  return parseModelConfig(configJson, path, generationJson);
}

/** Best speeds of the model's matrix products. */
export async function measureMachine({ model, precision }: SpeedConfig): Promise<PeakRecord> {
  const products = measurePeak(await readShape(model), precision);
  const flops_per_second = Math.max(...products.map((product) => product.flops_per_second));
  return { flops_per_second, products, ...runtimeInfo(), bf16_instructions: hasBf16() };
}

/**
 * A model whose completions never end early. It has random weights if the stage needs another shape than the
 * checkpoint's.
 */
async function openShape(
  { model: name, precision, seed }: SpeedConfig,
  shape: ModelConfig,
  random: boolean,
): Promise<LanguageModel> {
  const config = { ...shape, eosTokenIds: [] };
  if (!random) return { ...(await openModel(name, { precision })), config };
  const weights = { params: initializeParameters(config, seed), precision };
  return { name, config, tokenizer: undefined, weights, dispose: () => disposeTree(weights) };
}

/** Measures one stage. Throws InputError when the model is too short for the settings. */
export async function measureStage(
  name: string,
  config: SpeedConfig,
  options: OperationOptions = {},
): Promise<StageRecord> {
  const opening = stopwatch();
  const checkpoint = await readShape(config.model);
  const shape = shapeOf(name, checkpoint);
  const stage = stageOf(name, config, shape);
  if (stage.longest > shape.maxPositions) {
    throw new InputError(
      `${name} needs sequences of ${stage.longest} tokens, but ${config.model} takes at most ${shape.maxPositions}; choose smaller prompt_tokens, teacher_tokens, completion_tokens or grpo_tokens.`,
    );
  }
  const model = await openShape(config, shape, shape !== checkpoint);
  const prepared = stage.prepare({ config, model, options });
  const opening_seconds = opening().wall;
  const { times, memory, load } = await timeCalls(name, prepared, { repeats: config.repeats, ...options });
  const [first, ...later] = times as [Times, ...Times[]];
  const middle = median(later.map(({ wall }) => wall));
  const { tokens, flops, formula } = stage.work;
  return {
    stage: name,
    first_seconds: first.wall,
    seconds: later.map(({ wall }) => wall),
    median_seconds: middle,
    cpu_seconds: later.map(({ cpu }) => cpu),
    opening_seconds,
    tokens,
    tokens_per_second: tokens > 0 ? tokens / middle : null,
    flops,
    formula,
    flops_per_second: flops / middle,
    ...memory,
    load_average: load,
  };
}

interface Times {
  readonly wall: number;
  readonly cpu: number;
}

/** Gives the seconds since the call: wall-clock, and of the processor. */
function stopwatch(): () => Times {
  const started = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { wall: Number(process.hrtime.bigint() - started) / 1e9, cpu: (user + system) / 1e6 };
  };
}

async function timeCalls(
  stage: string,
  { before, call }: Prepared,
  { repeats, signal, onProgress }: OperationOptions & { repeats: number },
) {
  const total = repeats + 1;
  const times: Times[] = [];
  const { resident, peak: peakBefore } = residentMemory();
  resetPeak();
  const load = loadavg()[0] as number;
  for (let done = 0; done < total; done++) {
    throwIfAborted(signal);
    onProgress?.({ stage, done, total, detail: done === 0 ? 'first call' : `${times.at(-1)?.wall.toFixed(3)} s` });
    before?.();
    const elapsed = stopwatch();
    await call();
    times.push(elapsed());
    await yieldToEvents();
  }
  onProgress?.({ stage, done: total, total, detail: `${times.at(-1)?.wall.toFixed(3)} s` });
  const { peak } = residentMemory();
  const memory = { peak_rss_bytes: Math.max(peak, peakBefore), working_bytes: Math.max(0, peak - resident) };
  return { times, memory, load };
}

/**
 * This process's resident memory now and at its peak, in bytes. Collects garbage before, if Node runs with --expose-gc.
 */
function residentMemory(): { resident: number; peak: number } {
  (globalThis as { gc?: () => void }).gc?.();
  const status = readFileSync('/proc/self/status', 'utf8');
  const bytes = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/**
 * Restarts the kernel's record of peak memory. Where that is not allowed, the record still contains the peak of the
 * start.
 */
function resetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Some containers forbid it.
  }
}
