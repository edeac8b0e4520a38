/** The trace of a run: how likely the right rule is while the student learns. */
import type { OperationOptions } from '../../base/records/events';
import type { TraceRow } from '../../base/records/rows';
import { openRun } from '../../base/records/runReader';
import { type LanguageModel, withWeights } from '../../engine/model/model';
import { led } from '../../engine/model/ranks';
import { studentWeights } from './step';
import type { Validated } from './validation';

/** How a stage is traced. */
export interface Trace {
  readonly every: number;
  readonly measure: (model: LanguageModel, options: OperationOptions) => Promise<Omit<TraceRow, 'step'>>;
}

/** Measures the student if the step is due and has no row yet; the untrained one is step 0. */
export async function trace(
  { every, measure }: Trace,
  { model, folder, student, state, step }: Omit<Validated, 'lora'>,
  options: OperationOptions,
): Promise<void> {
  const { ranks } = model;
  if (step % every !== 0) return;
  const known = () =>
    openRun(folder.path)
      .trace()
      .some((row) => row.step === step);
  if (await led(ranks, known)) return;
  const current = withWeights(model, studentWeights({ ...student, trainable: state.trainable }));
  folder.appendTrace({ step, ...(await measure(current, options)) });
}
