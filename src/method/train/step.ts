/** One optimisation step: the gradients of each micro-batch as one compiled graph, their sum, then AdamW. */
import type { OptimizerSettings } from '../../base/config/configs';
import { perConfig } from '../../engine/model/perConfig';
import type { Weights } from '../../engine/model/transformer';
import { compile } from '../../engine/tensors/compile';
import { type Params, valueAndGradients } from '../../engine/tensors/gradients';
import type { Precision } from '../../engine/tensors/hardware';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';
import { type LossSpec, lossFunction } from '../losses/spec';
import { type Mixing, overVocabulary } from '../losses/tokenLoss';
import type { DeviceView } from '../scoring/align';
import { readingOf, readOut } from '../scoring/hidden';
import { adamw, type Moments, mapParams, zeroMoments } from './adamw';

/**
 * The student's weights. Without `adapterScale` everything is trained; with it, only an adapter over frozen base
 * weights.
 */
export interface Student {
  readonly trainable: Params;
  readonly frozen?: Params;
  /** Frozen matrices that are kept in bf16, as in `Weights`. */
  readonly pairs?: Params;
  readonly adapterScale?: number;
  readonly precision?: Precision;
  readonly rematerialize?: boolean;
}

/** The student's weights in the form that the model takes. @internal */
export function studentWeights({ trainable, frozen, adapterScale, ...how }: Student): Weights {
  return frozen && adapterScale !== undefined
    ? { params: frozen, adapter: { params: trainable, scale: adapterScale }, ...how }
    : { params: trainable, ...how };
}

/**
 * A micro-batch on the device: N completion tokens in both views, their ids, loss weights, and signals [N] for the
 * loss.
 */
export interface MicroBatch {
  readonly student: DeviceView;
  readonly teacher?: DeviceView;
  /** With a teacher for each criterion: how they are mixed. The rows of `teacher` are then those of all teachers, [K * N]. */
  readonly mixing?: Mixing;
  readonly targets: Tensor;
  readonly weights: Tensor;
  readonly signals?: Readonly<Record<string, Tensor>>;
}

/** The weighted loss of a micro-batch, metrics [N] for each token, and the gradient of every trainable parameter. */
export interface BatchGradients {
  readonly loss: Tensor;
  readonly metrics: Readonly<Record<string, Tensor>>;
  readonly gradients: Params;
}

/**
 * Loss, metrics and gradients of a micro-batch in one compiled call, which includes the forward passes of teacher and
 * student. @internal
 */
export const gradientStep = perConfig((config) =>
  compile((student: Student, teacher: Weights | null, batch: MicroBatch, spec: LossSpec): BatchGradients => {
    const { targets, weights, signals, mixing } = batch;
    const teacherSide =
      teacher && batch.teacher
        ? { teacher: { ...readOut(config, teacher, readingOf(config, batch.teacher)), ...(mixing && { mixing }) } }
        : {};
    const inputs = { targets, weights, ...teacherSide, ...(signals && { signals }) };
    const reading = readingOf(config, batch.student);
    const { loss, aux, gradients } = valueAndGradients((trainable) => {
      const side = readOut(config, studentWeights({ ...student, trainable }), reading);
      const result = overVocabulary(side, inputs, { loss: lossFunction(spec) });
      return { loss: result.loss, aux: result.metrics };
    }, student.trainable);
    return { loss, metrics: aux, gradients };
  }, 'gradients'),
);

const sum = compile((a: Params, b: Params) => mapParams(a, (value, name) => tf.add(value, b[name] as Tensor)), 'sum');

/** Adds gradients of micro-batches; takes ownership of both arguments and frees them. @internal */
export function addGradients(total: Params | undefined, gradients: Params): Params {
  if (!total) return gradients;
  const added = sum(total, gradients);
  disposeTree(total);
  disposeTree(gradients);
  return added;
}

/** What training changes: parameters, their moments, and the number of updates so far. */
export interface TrainState {
  readonly trainable: Params;
  readonly moments: Moments;
  readonly updates: number;
}

/**
 * The state before the first update. The parameters are not copied: the caller owns them until the first update.
 * @internal
 */
export function initialState(trainable: Params): TrainState {
  return { trainable, moments: zeroMoments(trainable), updates: 0 };
}

/**
 * Applies gradients and frees them. Takes ownership of the moments; the caller owns the new state's tensors. @internal
 */
export function applyUpdate(
  state: TrainState,
  gradients: Params,
  { optimizer, learningRate }: { readonly optimizer: OptimizerSettings; readonly learningRate: number },
): { state: TrainState; gradNorm: number } {
  const updates = state.updates + 1;
  const { params, moments, norm } = adamw(state.trainable, gradients, state.moments, {
    learningRate,
    step: updates,
    beta1: optimizer.adam_beta1,
    beta2: optimizer.adam_beta2,
    epsilon: optimizer.adam_epsilon,
    weightDecay: optimizer.weight_decay,
    maxGradNorm: optimizer.max_grad_norm,
  });
  disposeTree(gradients);
  const gradNorm = norm.dataSync()[0] as number;
  norm.dispose();
  return { state: { trainable: params, moments, updates }, gradNorm };
}
