/** Updates the student from one batch of completions, once or several times: signals for the loss, gradients, AdamW. */

import type { StageSettings } from '../../base/config/configs';
import { type LanguageModel, withWeights } from '../../engine/model/model';
import type { Weights } from '../../engine/model/transformer';
import { disposeTree } from '../../engine/tensors/tree';
import type { Algorithm, TrainingRollout } from '../algorithms/algorithm';
import { compareCompletions } from '../scoring/compare';
import { scoreCompletions } from '../scoring/logprobs';
import type { Teacher } from '../scoring/teacher';
import { type BatchResult, batchGradients } from './batch';
import { applyUpdate, type Student, studentWeights, type TrainState } from './step';

/** What all updates of a step share. */
export interface UpdateContext {
  readonly model: LanguageModel;
  readonly algorithm: Algorithm;
  readonly settings: StageSettings;
  readonly student: Student;
  readonly teacher: Teacher;
  readonly learningRate: number;
}

/** One update: its loss, the gradient norm before the clip, and the batch with the loss's numbers for each token. */
export interface UpdateRecord {
  readonly loss: number;
  readonly gradNorm: number;
  readonly scored: BatchResult<TrainingRollout>['scored'];
}

/**
 * Learns from a batch. Takes ownership of the state and returns the next one. If judging left no completion, nothing is
 * updated or recorded.
 */
export async function learn(
  context: UpdateContext,
  start: TrainState,
  learned: readonly TrainingRollout[],
): Promise<{ state: TrainState; records: readonly UpdateRecord[] }> {
  const { model, algorithm, settings, student, teacher } = context;
  const records: UpdateRecord[] = [];
  let state = start;
  const updates = algorithm.assess && learned.length === 0 ? 0 : (algorithm.updates ?? 1);
  while (records.length < updates) {
    const first = records[0]?.scored;
    const batch = first ? first.map(({ tokens, ...rollout }) => ({ ...rollout, first: tokens })) : learned;
    const { loss, gradients, scored } = await batchGradients({
      config: model.config,
      student: { ...student, trainable: state.trainable },
      teacher: algorithm.teacherView ? weightsOfTeacher(context, state) : null,
      sequences: await withSignals(context, state, batch),
      settings,
      loss: algorithm.loss,
    });
    const next = applyUpdate(state, gradients, {
      optimizer: settings.optimizer,
      learningRate: context.learningRate,
    });
    teacher.afterUpdate(next.state.updates, next.state.trainable);
    if (state.updates > 0) disposeTree(state.trainable);
    state = next.state;
    records.push({ loss, gradNorm: next.gradNorm, scored });
  }
  return { state, records };
}

async function withSignals(
  context: UpdateContext,
  state: TrainState,
  batch: readonly TrainingRollout[],
): Promise<readonly TrainingRollout[]> {
  const { model, algorithm, settings, student } = context;
  if (!algorithm.signals) return batch;
  const current = withWeights(model, studentWeights({ ...student, trainable: state.trainable }));
  const { temperature } = settings.sampling;
  const signals = await algorithm.signals(batch, {
    score: () => scoreCompletions(current, batch, { temperature }),
    compare: () => {
      const teacher = withWeights(model, weightsOfTeacher(context, state));
      return compareCompletions({ student: current, teacher }, batch, { temperature });
    },
    updates: state.updates,
  });
  return batch.map((rollout, i) => ({ ...rollout, signals: signals[i] ?? {} }));
}

/**
 * The teacher's weights. A fixed teacher under LoRA is the initial model without the new adapter, which has no effect
 * at the start. @internal
 */
export function weightsOfTeacher(
  { model, settings, student, teacher }: Pick<UpdateContext, 'model' | 'settings' | 'student' | 'teacher'>,
  { trainable }: TrainState,
): Weights {
  if (settings.teacher === 'fixed') return model.weights;
  return studentWeights({ ...student, trainable: teacher.trainable(trainable) });
}
