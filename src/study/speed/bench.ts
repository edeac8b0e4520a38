/** Shared by the stages of the benchmark: their type, seeded token ids, and the student at the start of training. */
import type { SpeedConfig } from '../../base/config/generated/otherConfigs';
import type { OperationOptions } from '../../base/records/events';
import { initializeAdapter } from '../../engine/model/initialize';
import type { LanguageModel } from '../../engine/model/model';
import { loraTargets } from '../../engine/model/shapes';
import { createRandom, hashString, hashWords } from '../../engine/tensors/random';
import type { Student } from '../../method/train/step';
import type { Work } from './work';

/** The model and the settings with which stages are measured. The model's completions never end by themselves. */
export interface Bench {
  readonly config: SpeedConfig;
  readonly model: LanguageModel;
  readonly options: OperationOptions;
}

/** A stage that is ready to run. `before` runs ahead of every call and is not timed; `call` is timed. */
export interface Prepared {
  readonly before?: () => void;
  readonly call: () => Promise<unknown>;
}

/** One stage. `longest` is the longest sequence it needs, in tokens. */
export interface TimedWork {
  readonly longest: number;
  readonly work: Work;
  readonly prepare: (bench: Bench) => Prepared;
}

/** Seeded token ids from a range in which special tokens are unlikely. */
function randomTokens({ config, model }: Bench, name: string, length: number): number[] {
  const random = createRandom(hashWords(config.seed, hashString(name)));
  const { vocabSize } = model.config;
  return Array.from({ length }, () => random.int(Math.floor(vocabSize / 100), vocabSize - 1));
}

/** Seeded rows of token ids. */
export const rowsOf = (bench: Bench, name: string, { rows, length }: { rows: number; length: number }): number[][] =>
  Array.from({ length: rows }, (_, i) => randomTokens(bench, `${name}-${i}`, length));

/** The student at the start of training: a new adapter over the frozen model or, with rank 0, the whole model. */
export function newStudent({ config: { seed }, model }: Bench, rank: number): Student {
  const { params, pairs, precision } = model.weights;
  if (rank === 0) return { trainable: params, precision };
  const adapter = initializeAdapter(model.config, { rank, alpha: 2 * rank, targets: loraTargets, seed });
  return { trainable: adapter.params, frozen: params, pairs, adapterScale: adapter.scale, precision };
}
