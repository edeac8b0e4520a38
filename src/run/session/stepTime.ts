/**
 * How long a step takes, part by part: operations (engine/model/operations.ts) over a device's speed, the bytes of the weights over its memory's,
 * and the bytes of the gradients over the network's. Every completion has its full length, so that nobody waits for the longest one; what a
 * device's speeds hold, and where they come from, is in devices.ts.
 */
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import type { ModelConfig } from '../../engine/model/config';
import { backwardOperations, forwardOperations, reading, trainedParameters } from '../../engine/model/operations';
import { adaptedMatrices, parameterShapes } from '../../engine/model/shapes';
import type { Precision } from '../../engine/tensors/hardware';
import type { Algorithm } from '../../method/algorithms/algorithm';
import { type Lengths, weightBytes } from './memory';

/** Speeds that a worker reaches; operations are FLOP. */
export interface Device {
  readonly name: string;
  /** Operations a second of forward passes over whole sequences, of passes forward and backward, and of drawing token by token. */
  readonly reading: number;
  readonly learning: number;
  readonly drawing: number;
  /** Bytes a second of what drawing reads for every token: the weights, however many rows get one, and a row's keys and values. */
  readonly memory: number;
  /** Parameters a second that AdamW updates. */
  readonly update: number;
  /** Bytes a second that a worker takes out of its gradients and puts back, without the network. */
  readonly exchange: number;
}

/** What is spread over what. */
export interface Spread {
  readonly workers: number;
  /** What each worker runs on. */
  readonly device: Device;
  /** Bytes that each worker sends a second at most, and as many that it receives; unlimited in one machine. */
  readonly network?: number;
}

/** The parts of a step, in seconds. */
export const STEP_PARTS = ['rollouts', 'teacher', 'student', 'all-reduce', 'update', 'other'] as const;
export type StepTime = Readonly<Record<(typeof STEP_PARTS)[number], number>>;

/** A step to predict. */
export interface PlannedStep {
  readonly algorithm: Pick<Algorithm, 'rollouts' | 'teacherView' | 'hintViews' | 'updates' | 'groupSize'>;
  readonly settings: Pick<StageSettings, 'batch_size' | 'sampling'>;
  readonly lora: Pick<TrainConfig['lora'], 'rank' | 'targets'>;
  /** Completions that are drawn side by side. */
  readonly rows: number;
  readonly format: Precision;
  /** Usual lengths of the prompts, in tokens. */
  readonly lengths: Lengths;
  /** How many times the tokens of one teacher are read; default 1. */
  readonly teachers?: number;
  /** Whether a server draws the completions; its time is then left out. */
  readonly served?: boolean;
}

const FLOAT = 4;

/** The completions of a step behind prompts of a length, as the worker with the most of them has them. */
function shareOf({ algorithm, settings }: PlannedStep, workers: number) {
  const completions = Math.ceil(settings.batch_size / workers);
  const samples = Math.min(algorithm.groupSize ?? 1, completions);
  const completion = settings.sampling.max_tokens;
  return {
    completions,
    behind: (prompt: number) => reading({ prompts: Math.ceil(completions / samples), samples, prompt, completion }),
    alone: (prompt: number) => reading({ prompts: completions, samples: 1, prompt, completion }),
    completion,
  };
}

/** Bytes of keys and values at positions that queries see. */
export const cacheBytes = ({ layers, kvHeads, headDim }: ModelConfig, format: Precision, seen: number): number =>
  seen * layers * 2 * kvHeads * headDim * (format === 'bf16' ? 2 : FLOAT);

/** Seconds of drawing a worker's completions: prompts at once, then a token of every row at a time, for which weights and cache are read. */
function rolloutSeconds(step: PlannedStep, model: ModelConfig, { workers, device }: Spread): number {
  if (step.algorithm.rollouts === 'data' || step.served) return 0;
  const { completions, behind, completion } = shareOf(step, workers);
  const all = behind(step.lengths.student);
  const prompts = reading({ prompts: 1, samples: 1, prompt: step.lengths.student, completion: 1 });
  const groups = Math.ceil(completions / Math.min(step.algorithm.groupSize ?? 1, completions));
  const first = groups * forwardOperations(model, prompts);
  const rounds = Math.ceil(completions / Math.max(1, step.rows || completions)) * (completion - 1);
  return (
    first / device.reading +
    (forwardOperations(model, all) - first) / device.drawing +
    (rounds * weightBytes(model, step.format) + cacheBytes(model, step.format, all.seen - groups * prompts.seen)) /
      device.memory
  );
}

/** Seconds of adding the adapter's products to the matrices before drawing, which are read and written for it. */
function mergeSeconds({ lora }: PlannedStep, model: ModelConfig, device: Device): number {
  const shapes = parameterShapes(model);
  const entries = adaptedMatrices(model, lora.targets).reduce(
    (sum, name) => sum + (shapes[`${name}.weight`] ?? []).reduce((a, b) => a * b, 1),
    0,
  );
  return (2 * lora.rank * entries) / device.reading + (2 * FLOAT * entries) / device.memory;
}

/** The seconds of a step. */
export function stepTime(step: PlannedStep, model: ModelConfig, spread: Spread): StepTime {
  const { algorithm, lora, lengths, teachers = 1 } = step;
  const { workers, device, network = Number.POSITIVE_INFINITY } = spread;
  const { alone } = shareOf(step, workers);
  const { rank } = lora;
  const updates = algorithm.updates ?? 1;
  const numbers = trainedParameters(model, rank, lora.targets);
  const learned = alone(lengths.student);
  const taught = algorithm.teacherView || algorithm.hintViews;
  const draws = algorithm.rollouts !== 'data';
  // A ring sends every number twice, but for the share that a worker has already.
  const exchanged = workers > 1 ? 2 * FLOAT * numbers * (1 - 1 / workers) : 0;
  return {
    rollouts: rolloutSeconds(step, model, spread),
    teacher: taught ? (teachers * forwardOperations(model, alone(lengths.teacher))) / device.reading : 0,
    student:
      (updates * (forwardOperations(model, learned, { rank }) + backwardOperations(model, learned, { rank }))) /
      device.learning,
    'all-reduce': updates * exchanged * (1 / network + 1 / device.exchange),
    update: (updates * numbers) / device.update,
    other: draws && rank > 0 && !step.served ? mergeSeconds(step, model, device) : 0,
  };
}

export const totalOf = (time: StepTime): number => STEP_PARTS.reduce((sum, part) => sum + time[part], 0);
