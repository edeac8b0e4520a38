/** What a step is predicted for: this machine, one that `rcsd benchmark` measured, or a GPU by its data sheet. */
import { existsSync } from 'node:fs';
import { InputError } from '../../base/records/errors';
import { shownValue } from '../../base/records/printable';
import { isObject } from '../../base/records/values';
import { readJsonFile } from '../../engine/files/jsonl';
import type { ModelConfig } from '../../engine/model/config';
import { forwardOperations, reading } from '../../engine/model/operations';
import type { Precision } from '../../engine/tensors/hardware';
import { weightBytes } from './memory';
import { cacheBytes, type Device } from './stepTime';

/**
 * `exchange`: 20 million numbers between two workers took 1.0 s over loopback (`node benchmarks/allReduce.mjs 2` on two busy cores; docs/scale.md),
 * and each sent and received 80 MB.
 */
export const EXCHANGE = 80e6;
/** Parameters a second of AdamW on two cores: the stage `update` of benchmarks/results/amd-epyc-2026-11-24.json, 19.5 million in 0.034 s. */
const UPDATE = 570e6;

/** This machine by the speed of its matrix products now, shared by `workers` processes; what they reach of it is the estimate's. */
export const deviceHere = (
  flops: number,
  reached: { readonly reading: number; readonly drawing: number },
  workers: number,
): Device => ({
  name: 'this machine',
  reading: (reached.reading * flops) / workers,
  learning: (reached.reading * flops) / workers,
  drawing: (reached.drawing * flops) / workers,
  memory: Number.POSITIVE_INFINITY,
  update: UPDATE / workers,
  exchange: EXCHANGE,
});

/** Dense bf16 FLOP/s and bytes of memory a second by the maker's data sheets; none of them was at hand. */
const SHEETS = {
  a100: { flops: 312e12, memory: 2.04e12 },
  h100: { flops: 989e12, memory: 3.35e12 },
  h200: { flops: 989e12, memory: 4.8e12 },
} as const;

export const DEVICES = Object.keys(SHEETS) as (keyof typeof SHEETS)[];
/** Shares of a data sheet's numbers that programs usually reach; assumed. */
const ASSUMED = { flops: 0.4, memory: 0.6 } as const;
/** Bytes that AdamW reads and writes for a parameter: the parameter, two moments and the gradient in fp32. */
const UPDATE_BYTES = 28;

function fromSheet(name: (typeof DEVICES)[number]): Device {
  const flops = ASSUMED.flops * SHEETS[name].flops;
  const memory = ASSUMED.memory * SHEETS[name].memory;
  const speeds = { reading: flops, learning: flops, drawing: flops, memory };
  return { name: `${name} by its data sheet`, ...speeds, update: memory / UPDATE_BYTES, exchange: EXCHANGE };
}

/** A model as the plan has it: its name as in the settings, its shape, the format of its weights. */
export interface PlannedModel {
  readonly name: string;
  readonly config: ModelConfig;
  readonly format: Precision;
}

/**
 * The device that a plan names: a GPU, or the file of a benchmark of the same model. Throws InputError for another name, and for a file that
 * does not tell what is needed.
 */
export function deviceNamed(text: string, model: PlannedModel): Device {
  const known = DEVICES.find((name) => name === text.toLowerCase());
  if (known) return fromSheet(known);
  if (!existsSync(text))
    throw new InputError(
      `device must be ${DEVICES.join(', ')}, or a JSON file of rcsd benchmark; there is no file ${shownValue(text)}.`,
    );
  return fromBenchmark(text, model);
}

/** Stages that a benchmark must have: drawing of one row and of another number of rows, the teacher, the student, the update. */
const STAGES = 'decode-1,decode-8,teacher,student,update';

function fromBenchmark(file: string, { name, config, format }: PlannedModel): Device {
  const refuse = (what: string): never => {
    throw new InputError(`${file} ${what}; make it by: rcsd benchmark model=${name} stages=${STAGES} output=${file}`);
  };
  const { stages, settings, threads, cpu, exchange } = readJsonFile(file);
  if (!Array.isArray(stages) || !isObject(settings)) return refuse('is no report of rcsd benchmark');
  if (settings.model !== name) refuse(`was measured with the model ${shownValue(settings.model)}`);
  const found = (pattern: RegExp): { readonly rows: number; readonly seconds: number; readonly flops: number } => {
    const stage = stages.filter(isObject).find((each) => pattern.test(String(each.stage)));
    const { median_seconds: seconds, flops } = stage ?? {};
    if (typeof seconds !== 'number' || typeof flops !== 'number' || !(seconds > 0) || !(flops > 0))
      return refuse(`lacks one of the stages ${STAGES}`);
    return { rows: Number(/\d+$/.exec(String(stage?.stage))?.[0] ?? 1), seconds, flops };
  };
  const speed = (pattern: RegExp): number => found(pattern).flops / found(pattern).seconds;
  const read = speed(/^teacher$/);
  const one = found(/^decode-1$/);
  const more = found(/^decode-(?!1$)\d+$/);
  const { prompt_tokens: prompt, completion_tokens: completion } = settings;
  if (typeof prompt !== 'number' || typeof completion !== 'number') return refuse('does not say its lengths');
  // A row takes its prompt, its products and its cache; what the first row takes besides is the reading of the weights.
  const asked = reading({ prompts: 1, samples: 1, prompt, completion: 1 });
  const first = forwardOperations(config, asked);
  const row = (more.seconds - one.seconds) / (more.rows - 1);
  const memory = ((completion - 1) * weightBytes(config, format)) / (one.seconds - row);
  const drawn = reading({ prompts: 1, samples: 1, prompt, completion });
  const products = row - first / read - cacheBytes(config, format, drawn.seen - asked.seen) / memory;
  if (!(products > 0) || !(memory > 0))
    return refuse('was measured on a machine that was too busy to tell rows from weights');
  return {
    name: `${shownValue(cpu)} with ${Number(threads)} threads, measured`,
    reading: read,
    learning: speed(/^student$/),
    drawing: (one.flops - first) / products,
    memory,
    // The benchmark counts operations of the update, 16 a parameter.
    update: speed(/^update$/) / 16,
    // benchmarks/scaling.mjs adds what it measured.
    exchange: typeof exchange === 'number' && exchange > 0 ? exchange : EXCHANGE,
  };
}

/** Bytes a second of a network's rate, as in 25Gbps. Throws InputError for what is none. */
export function networkRate(text: string): number {
  const [, value, unit] = /^(\d+(?:\.\d+)?)\s*([GM])bps$/i.exec(text.trim()) ?? [];
  const rate = (Number(value) * (unit?.toUpperCase() === 'G' ? 1e9 : 1e6)) / 8;
  if (!(rate > 0)) throw new InputError(`network must be a rate as in 25Gbps or 100Mbps; it is ${shownValue(text)}.`);
  return rate;
}
