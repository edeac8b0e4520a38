/**
 * Turns rollouts into the input of the compiled step: two aligned views, target tokens, and each token's weight in the
 * loss.
 */
import type { StageSettings } from '../../base/config/configs';
import type { MixingSettings } from '../../base/config/parts';
import { yieldToEvents } from '../../base/records/events';
import type { ModelConfig } from '../../engine/model/config';
import { sumParams } from '../../engine/model/rankParams';
import { type Ranks, shared } from '../../engine/model/ranks';
import type { Weights } from '../../engine/model/transformer';
import type { Params } from '../../engine/tensors/gradients';
import { int32 } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';
import type { LossSpec } from '../losses/spec';
import { layOut, layOutCriteria, perSequence, toDevice } from '../scoring/align';
import { byFamily } from '../scoring/pack';
import { type Sequence, type TrainingSequence, targetsOf } from '../scoring/sequence';
import { addGradients, gradientStep, type MicroBatch, type Student } from './step';

const lossTokens = ({ completionTokens, mask }: TrainingSequence): number =>
  mask ? mask.filter(Boolean).length : completionTokens.length;

/**
 * Each completion token's weight in the batch's loss, for each micro-batch (the aggregations of TRL's loss types, and
 * of RCSD), times its importance; the denominators count tokens. `longest` is the greatest length that a completion may have.
 */
export function tokenWeights(
  microBatches: readonly (readonly TrainingSequence[])[],
  aggregation: StageSettings['loss_aggregation'],
  longest: number,
): Float32Array[] {
  const all = microBatches.flat();
  const total = all.reduce((sum, sequence) => sum + lossTokens(sequence), 0);
  return microBatches.map((sequences) => {
    const here = sequences.reduce((sum, sequence) => sum + lossTokens(sequence), 0);
    const weightOf = (sequence: TrainingSequence): number => {
      if (aggregation === 'sum') return 1;
      if (aggregation === 'sequence-sum') return 1 / all.length;
      if (aggregation === 'longest-token') return 1 / (all.length * longest);
      if (aggregation === 'sequence') return 1 / (all.length * Math.max(1, lossTokens(sequence)));
      if (aggregation === 'microbatch-token') return 1 / (microBatches.length * Math.max(1, here));
      return 1 / Math.max(1, total);
    };
    return Float32Array.from(
      sequences.flatMap((sequence) => {
        const weight = weightOf(sequence);
        return sequence.completionTokens.map((_, t) =>
          sequence.mask?.[t] === false ? 0 : weight * (sequence.importance?.[t] ?? 1),
        );
      }),
    );
  });
}

/**
 * Splits a batch into micro-batches of at most `size`. The longest sequences come together, so that little is padding,
 * and so do those of one prompt, so that the prompt is read once.
 */
export function splitBatch<T extends TrainingSequence>(sequences: readonly T[], size: number): T[][] {
  const sizes = sequences.map(({ studentPrompt, teacherPrompt = [], criterionPrompts = [], completionTokens }) => ({
    length: studentPrompt.length + [...criterionPrompts, teacherPrompt].flat().length + completionTokens.length,
    family: studentPrompt.join(),
  }));
  const sorted = byFamily(sizes)
    .reverse()
    .map((i) => sequences[i] as T);
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) => sorted.slice(i * size, (i + 1) * size));
}

/** The teacher's side of a micro-batch on the device: one view, or with a teacher for each criterion all of theirs. */
function teacherSide(
  sequences: readonly TrainingSequence[],
  maxPositions: number,
  mixing?: MixingSettings,
): Pick<MicroBatch, 'teacher' | 'mixing'> {
  const { length } = sequences;
  const prompted = sequences.flatMap(({ teacherPrompt: promptTokens, completionTokens }) =>
    promptTokens ? { promptTokens, completionTokens } : [],
  );
  if (prompted.length === length) return { teacher: toDevice(layOut(prompted, { maxPositions })) };
  const guided = sequences.flatMap(({ criterionPrompts: prompts, completionTokens }) =>
    prompts ? { prompts, completionTokens } : [],
  );
  if (guided.length < length || !mixing) return {};
  const view = layOutCriteria(guided, { maxPositions });
  const { teacher_mixture, divergence, beta, loss_temperature } = mixing;
  const present = tf.tensor2d(view.present, [view.teachers, view.present.length / view.teachers]);
  return { teacher: toDevice(view), mixing: { teacher_mixture, divergence, beta, loss_temperature, present } };
}

/**
 * Copies a micro-batch to the device; the caller owns it. `mixing` says how the teachers of one criterion each are mixed, where there are any.
 */
export function toMicroBatch(
  sequences: readonly TrainingSequence[],
  weights: Float32Array,
  maxPositions: number,
  mixing?: MixingSettings,
): MicroBatch {
  const view = (promptOf: (s: TrainingSequence) => readonly number[]): Sequence[] =>
    sequences.map((s) => ({ promptTokens: promptOf(s), completionTokens: s.completionTokens }));
  const student = layOut(
    view((s) => s.studentPrompt),
    { maxPositions },
  );
  const padded = (values: ArrayLike<number>): Tensor => {
    const all = new Float32Array(student.rows.length);
    all.set(values);
    return tf.tensor1d(all);
  };
  const signals = Object.keys(sequences[0]?.signals ?? {}).map(
    (name) => [name, padded(sequences.flatMap((s) => s.signals?.[name] ?? []))] as const,
  );
  return {
    student: toDevice(student),
    ...teacherSide(sequences, maxPositions, mixing),
    targets: int32(
      targetsOf(
        view((s) => s.studentPrompt),
        student.rows.length,
      ),
    ),
    weights: padded(weights),
    ...(signals.length > 0 && { signals: Object.fromEntries(signals) }),
  };
}

/** A batch's loss, its summed gradients, and every sequence with its numbers per token (by the loss's metric names). */
export interface BatchResult<T> {
  readonly loss: number;
  readonly gradients: Params;
  readonly scored: readonly (T & { readonly tokens: Readonly<Record<string, readonly number[]>> })[];
}

/** A micro-batch's part of the loss, and the numbers of its sequences per token, by the loss's metric names. */
interface MicroBatchResult {
  readonly loss: number;
  readonly numbers: readonly (readonly [name: string, rows: readonly number[][]])[];
}

/**
 * Runs the compiled gradient step over a batch, one micro-batch after the other, each in one of the ranks; the caller owns the
 * gradients.
 */
export async function batchGradients<T extends TrainingSequence>(batch: {
  readonly config: ModelConfig;
  readonly student: Student;
  readonly teacher: Weights | null;
  readonly sequences: readonly T[];
  readonly settings: StageSettings;
  readonly loss: LossSpec;
  readonly ranks?: Ranks;
}): Promise<BatchResult<T>> {
  const microBatches = splitBatch(batch.sequences, batch.settings.microbatch_size);
  const { loss_aggregation: aggregation, sampling } = batch.settings;
  const weights = tokenWeights(microBatches, aggregation, sampling.max_tokens);
  if (microBatches.length === 0) throw new Error('the batch is empty: no completion is left to learn from');
  let gradients: Params | undefined;
  const items = microBatches.map((sequences, i) => ({ sequences, weights: weights[i] as Float32Array }));
  const parts = await shared(batch.ranks, { items, deal: 'turns' }, async (own) => {
    const done: MicroBatchResult[] = [];
    for (const { sequences, weights } of own) {
      const onDevice = toMicroBatch(sequences, weights, batch.config.maxPositions, batch.settings);
      const result = gradientStep(batch.config)(batch.student, batch.teacher, onDevice, batch.loss);
      gradients = addGradients(gradients, result.gradients);
      const numbers = Object.entries(result.metrics).map(
        ([name, values]) => [name, perSequence(sequences, values.dataSync())] as const,
      );
      done.push({ loss: result.loss.dataSync()[0] as number, numbers });
      disposeTree([onDevice, result.loss, result.metrics]);
      await yieldToEvents();
    }
    return done;
  });
  if (batch.ranks) gradients = await sumParams(batch.ranks, gradients, batch.student.trainable);
  const scored = parts.flatMap(({ numbers }, i) =>
    (microBatches[i] ?? []).map((sequence, row) => ({
      ...sequence,
      tokens: Object.fromEntries(numbers.map(([name, rows]) => [name, rows[row] ?? []])),
    })),
  );
  return { loss: parts.reduce((sum, { loss }) => sum + loss, 0), gradients: gradients as Params, scored };
}
