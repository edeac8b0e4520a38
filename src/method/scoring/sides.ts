/** Measures completions token by token from the logits that models give behind several prompts (the "sides"). */

import type { LanguageModel } from '../../engine/model/model';
import { perConfig } from '../../engine/model/perConfig';
import type { Weights } from '../../engine/model/transformer';
import { after, compile } from '../../engine/tensors/compile';
import { timesTransposed } from '../../engine/tensors/pairs';
import { int32 } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import type { ReadOut } from '../losses/tokenLoss';
import { type DeviceView, layOut, perSequence, toDevice } from './align';
import { type BatchOptions, inBatches } from './batches';
import { readingOf, readOut } from './hidden';
import { targetsOf } from './sequence';

/** A completion with the prompt of each side. */
export type Sided<Side extends string> = Readonly<Record<Side, readonly number[]>> & {
  readonly completionTokens: readonly number[];
};

type Each<Name extends string, T> = Readonly<Record<Name, T>>;

/** A measure: its sides, and the function from their logits [N, V] and the tokens int32 [N] to numbers [N]. @internal */
export interface SidesMeasure<Side extends string, Name extends string, Settings> {
  /** Names the work in progress reports. */
  readonly stage: string;
  readonly sides: readonly Side[];
  of(logits: Each<Side, Tensor>, settings: Settings, targets: Tensor): Each<Name, Tensor>;
}

/**
 * Measures every completion, in batches of about `batchTokens` padded tokens for each side; results come in the order
 * of the completions. The sides' models are of one architecture.
 */
export type MeasureCompletions<Side extends string, Name extends string, Settings> = (
  models: Each<Side, LanguageModel>,
  completions: readonly Sided<Side>[],
  options: BatchOptions & { readonly settings: Settings },
) => Promise<Each<Name, readonly number[]>[]>;

/** How many tokens have their logits in memory at once. */
const CHUNK = 256;

/** Compiles a measure into a function of completions. @internal */
export function measureSides<Side extends string, Name extends string, Settings>(
  measure: SidesMeasure<Side, Name, Settings>,
): MeasureCompletions<Side, Name, Settings> {
  const { stage, sides } = measure;
  const each = <T>(of: (side: Side) => T) =>
    Object.fromEntries(sides.map((side) => [side, of(side)])) as Record<Side, T>;
  const scorerFor = perConfig((config) =>
    compile(
      (weights: Each<Side, Weights>, views: Each<Side, DeviceView>, given: { settings: Settings; targets: Tensor }) => {
        const readOuts = each((side) => readOut(config, weights[side], readingOf(config, views[side])));
        return overChunks(measure, readOuts, given);
      },
      stage,
    ),
  );
  const measureBatch = (models: Each<Side, LanguageModel>, batch: readonly Sided<Side>[], settings: Settings) => {
    const { config } = models[sides[0] as Side];
    const { maxPositions } = config;
    const weights = each((side) => models[side].weights);
    const read = tf.tidy(() => {
      const views = each((side) => {
        const sequences = batch.map((own) => ({ promptTokens: own[side], completionTokens: own.completionTokens }));
        return toDevice(layOut(sequences, { maxPositions }));
      });
      const behindFirst = batch.map((own) => ({ promptTokens: own[sides[0] as Side], ...own }));
      const rows = views[sides[0] as Side].rows.shape[0] as number;
      const given = { settings, targets: int32(targetsOf(behindFirst, rows)) };
      const measured = Object.entries<Tensor>(scorerFor(config)(weights, views, given));
      return measured.map(([name, values]) => [name, perSequence(batch, values.dataSync())]) as never;
    }) as [Name, number[][]][];
    return batch.map((_, i) => ({
      result: Object.fromEntries(read.map(([name, values]) => [name, values[i]])) as Each<Name, number[]>,
      numbers: read.map(([, values]) => values[i] as number[]),
    }));
  };
  return (models, completions, { settings, ...options }) => {
    const sizeOf = (own: Sided<Side>): { length: number; family: string } => ({
      length: Math.max(...sides.map((side) => own[side].length)) + own.completionTokens.length,
      family: own[sides[0] as Side].join(),
    });
    return inBatches({ stage, items: completions, sizeOf }, options, (batch) => measureBatch(models, batch, settings));
  };
}

/** Measures all tokens in chunks; the logits of one chunk are freed before those of the next are made. */
function overChunks<Side extends string, Name extends string, Settings>(
  { sides, of }: SidesMeasure<Side, Name, Settings>,
  readOuts: Each<Side, ReadOut>,
  { settings, targets }: { readonly settings: Settings; readonly targets: Tensor },
): Each<Name, Tensor> {
  const tokens = readOuts[sides[0] as Side].hidden.shape[0] as number;
  const parts: Each<Name, Tensor>[] = [];
  for (let start = 0; start < tokens; start += CHUNK) {
    const size = Math.min(CHUNK, tokens - start);
    const previous = Object.values<Tensor>(parts[parts.length - 1] ?? ({} as never))[0];
    const logits = sides.map((side) => {
      const { hidden, head, precision } = readOuts[side];
      const rows = tf.slice(hidden, start, size);
      return [side, timesTransposed(previous ? after(rows, previous) : rows, head, precision)];
    });
    const own = tf.slice(targets, start, size);
    parts.push(of(Object.fromEntries(logits) as Each<Side, Tensor>, settings, own));
  }
  const names = Object.keys(parts[0] ?? {}) as Name[];
  return Object.fromEntries(names.map((name) => [name, tf.concat(parts.map((part) => part[name]))])) as never;
}
