/**
 * How far two teachers differ along given completions, and how much that can change the loss: the terms of RCSD's
 * Proposition 1 (appendix D). With p* and p̂ the teachers, q the student and B the largest -log q, at each token
 *   sum((p̂ - p*) (-log q)) <= 2 B TV(p*, p̂), TV = sum |p̂ - p*| / 2.
 * The left side, summed over tokens, is the difference between the two cross-entropies that the student would be
 * trained on.
 */

import type { LanguageModel } from '../../engine/model/model';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { logSoftmax } from '../losses/distributions';
import type { BatchOptions } from './batches';
import { measureSides, type Sided } from './sides';

const SIDES = ['student', 'reference', 'other'] as const;
type Side = (typeof SIDES)[number];

/**
 * For each completion token: TV of the two teachers, B (nats), and the cross-entropy under `other` minus that under
 * `reference` (nats).
 */
export interface TeacherVariation {
  readonly variation: readonly number[];
  readonly surprise: readonly number[];
  readonly difference: readonly number[];
}

/** The measures [N] from logits [N, V]. @internal */
export function variationOf({ student, reference, other }: Readonly<Record<Side, Tensor>>) {
  const surprise = tf.neg(logSoftmax(student));
  const apart = tf.sub(tf.softmax(other), tf.softmax(reference));
  return {
    variation: tf.mul(tf.sum(tf.abs(apart), -1), 0.5),
    surprise: tf.max(surprise, -1),
    difference: tf.sum(tf.mul(apart, surprise), -1),
  };
}

const measure = measureSides({ stage: 'variation', sides: SIDES, of: variationOf });

/**
 * Measures every completion behind the prompts of the student and of both teachers; results come in the order of the
 * completions.
 */
export const teacherVariation = (
  model: LanguageModel,
  completions: readonly Sided<Side>[],
  options: BatchOptions = {},
): Promise<TeacherVariation[]> =>
  measure({ student: model, reference: model, other: model }, completions, { ...options, settings: {} });
