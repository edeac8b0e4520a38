/**
 * How far two teachers are from each other along given completions, and what that can cost: the terms of RCSD's Proposition 1
 * (appendix D). With p* and p̂ the teachers, q the student and B the largest -log q, at each token
 *   sum((p̂ - p*) (-log q)) <= 2 B TV(p*, p̂),  TV = sum |p̂ - p*| / 2.
 * The left side, summed over tokens, is the difference of the two cross-entropies that the student would be trained on.
 */

import { logSoftmax } from '../losses/distributions';
import type { ReadOut } from '../losses/tokenLoss';
import type { LanguageModel } from '../model/model';
import { perConfig } from '../model/perConfig';
import type { Weights } from '../model/transformer';
import { after, compile } from '../tensors/compile';
import { linear } from '../tensors/ops';
import { type Tensor, tf } from '../tensors/tensorflow';
import { type DeviceView, layOut, perSequence, toDevice } from './align';
import { type BatchOptions, inBatches } from './batches';
import { readingOf, readOut } from './hidden';

/** A completion behind the student's prompt and those of two teachers, all of one model. */
export interface TwiceTaught {
  readonly student: readonly number[];
  readonly reference: readonly number[];
  readonly other: readonly number[];
  readonly completionTokens: readonly number[];
}

/** For each completion token: TV of the teachers, B (nats) and the cross-entropy of `other` above `reference` (nats). */
export interface TeacherVariation {
  readonly variation: readonly number[];
  readonly surprise: readonly number[];
  readonly difference: readonly number[];
}

const SIDES = ['student', 'reference', 'other'] as const;
type Sides<T> = Readonly<Record<(typeof SIDES)[number], T>>;
type Measures = Readonly<Record<keyof TeacherVariation, Tensor>>;

/** The measures [N] of logits [N, V]. @internal */
export function variationOf({ student, reference, other }: Sides<Tensor>): Measures {
  const surprise = tf.neg(logSoftmax(student));
  const apart = tf.sub(tf.softmax(other), tf.softmax(reference));
  return {
    variation: tf.mul(tf.sum(tf.abs(apart), -1), 0.5),
    surprise: tf.max(surprise, -1),
    difference: tf.sum(tf.mul(apart, surprise), -1),
  };
}

/** Tokens whose logits exist at once. */
const CHUNK = 256;

const scorerFor = perConfig((config) =>
  compile((weights: Weights, views: Sides<DeviceView>): Measures => {
    const sides = SIDES.map((side) => readOut(config, weights, readingOf(config, views[side])));
    const tokens = sides[0]?.hidden.shape[0] as number;
    const parts: Measures[] = [];
    for (let start = 0; start < tokens; start += CHUNK) {
      const size = Math.min(CHUNK, tokens - start);
      const previous = parts[parts.length - 1]?.difference;
      const logits = ({ hidden, head, precision }: ReadOut): Tensor => {
        const rows = tf.slice(hidden, start, size);
        return linear(previous ? after(rows, previous) : rows, head, precision);
      };
      const [student, reference, other] = sides.map(logits) as [Tensor, Tensor, Tensor];
      parts.push(variationOf({ student, reference, other }));
    }
    const join = (name: keyof TeacherVariation): Tensor => tf.concat(parts.map((part) => part[name]));
    return { variation: join('variation'), surprise: join('surprise'), difference: join('difference') };
  }, 'variation'),
);

/** Measures every completion, in batches of about `batchTokens` padded tokens a view; results come in the order given. */
export function teacherVariation(
  model: LanguageModel,
  completions: readonly TwiceTaught[],
  options: BatchOptions = {},
): Promise<TeacherVariation[]> {
  const sizeOf = (each: TwiceTaught): { length: number; family: string } => ({
    length: Math.max(...SIDES.map((side) => each[side].length)) + each.completionTokens.length,
    family: each.student.join(),
  });
  return inBatches({ stage: 'variation', items: completions, sizeOf }, options, (batch) => measureBatch(model, batch));
}

function measureBatch(model: LanguageModel, batch: readonly TwiceTaught[]): TeacherVariation[] {
  const { maxPositions } = model.config;
  const read = tf.tidy(() => {
    const view = (side: keyof Sides<unknown>): DeviceView => {
      const sequences = batch.map((each) => ({ promptTokens: each[side], completionTokens: each.completionTokens }));
      return toDevice(layOut(sequences, { maxPositions }));
    };
    const views = { student: view('student'), reference: view('reference'), other: view('other') };
    const measures = Object.entries(scorerFor(model.config)(model.weights, views));
    return Object.fromEntries(measures.map(([name, values]) => [name, perSequence(batch, values.dataSync())])) as never;
  }) as Record<keyof TeacherVariation, number[][]>;
  return batch.map((_, i) => ({
    variation: read.variation[i] as number[],
    surprise: read.surprise[i] as number[],
    difference: read.difference[i] as number[],
  }));
}
