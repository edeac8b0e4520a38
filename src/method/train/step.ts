/** One optimisation step: gradients of a batch, micro-batch by micro-batch, compiled as one graph each, then AdamW. */
import type { OptimizerSettings } from '../../base/config/configs';
import { perConfig } from '../../engine/model/perConfig';
import type { Weights } from '../../engine/model/transformer';
import { compile } from '../../engine/tensors/compile';
import { type Params, valueAndGradients } from '../../engine/tensors/gradients';
import type { Precision } from '../../engine/tensors/hardware';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';
import { type LossSpec, lossFunction } from '../losses/spec';
import { overVocabulary } from '../losses/tokenLoss';
import type { DeviceView } from '../scoring/align';
import { readingOf, readOut } from '../scoring/hidden';
import { adamw, type Moments, mapParams, zeroMoments } from './adamw';

/** The student: everything is trained (`adapterScale` absent), or only an adapter over frozen base weights. */
export interface Student {
  readonly trainable: Params;
  readonly frozen?: Params;
  readonly adapterScale?: number;
  readonly precision?: Precision;
  readonly rematerialize?: boolean;
}

/** The student's weights as the model takes them. @internal */
export function studentWeights({ trainable, frozen, adapterScale, ...how }: Student): Weights {
  return frozen && adapterScale !== undefined
    ? { params: frozen, adapter: { params: trainable, scale: adapterScale }, ...how }
    : { params: trainable, ...how };
}

/** A micro-batch on the device: N completion tokens in both views, their ids, loss weights, and numbers [N] for the loss. */
export interface MicroBatch {
  readonly student: DeviceView;
  readonly teacher?: DeviceView;
  readonly targets: Tensor;
  readonly weights: Tensor;
  readonly signals?: Readonly<Record<string, Tensor>>;
}

/** The weighted loss of a micro-batch, metrics [N] per token, and the gradient of every trainable parameter. */
export interface BatchGradients {
  readonly loss: Tensor;
  readonly metrics: Readonly<Record<string, Tensor>>;
  readonly gradients: Params;
}

/** Loss, metrics and gradients of a micro-batch as one compiled call; teacher and student forward included. @internal */
export const gradientStep = perConfig((config) =>
  compile((student: Student, teacher: Weights | null, batch: MicroBatch, spec: LossSpec): BatchGradients => {
    const teacherSide =
      teacher && batch.teacher ? { teacher: readOut(config, teacher, readingOf(config, batch.teacher)) } : {};
    const { targets, weights, signals } = batch;
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

/** Adds micro-batches' gradients up; takes both over and frees them. @internal */
export function addGradients(total: Params | undefined, gradients: Params): Params {
  if (!total) return gradients;
  const added = sum(total, gradients);
  disposeTree(total);
  disposeTree(gradients);
  return added;
}

/** What training changes: parameters, their moments, and how many updates there were. */
export interface TrainState {
  readonly trainable: Params;
  readonly moments: Moments;
  readonly updates: number;
}

/** The state before the first update; it owns copies of nothing: the parameters stay the caller's until the first update. @internal */
export function initialState(trainable: Params): TrainState {
  return { trainable, moments: zeroMoments(trainable), updates: 0 };
}

/** Applies gradients, which it frees, and takes the moments over; the new state's tensors are the caller's. @internal */
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
