/** The two trainings as the page follows them: each in a worker of its own, so that neither waits for the other. */
import { ARMS, type Arm, type Files, type StratumScore, type Told, type Trained } from '../protocol';
import { type LabWorker, startWorker } from './worker';

export const NAMES: Readonly<Record<Arm, string>> = { rcsd: 'RCSD', placebo: 'placebo' };

/** The scores of the student after a step. */
export interface Measured {
  readonly step: number;
  readonly scores: readonly StratumScore[];
}

/** What is known of one training. */
export interface ArmState {
  readonly running: boolean;
  readonly step: number;
  readonly seconds: number;
  /** What the worker does at the moment. */
  readonly doing: string;
  readonly loss?: number;
  readonly measured: readonly Measured[];
  readonly ended?: Trained;
  readonly problem?: string;
}

export const IDLE: ArmState = { running: false, step: 0, seconds: 0, doing: '', measured: [] };

/** The next state of a training that has told something. */
export function afterTold(state: ArmState, told: Told): ArmState {
  if (told.kind === 'scores') return { ...state, measured: [...state.measured, told] };
  const { event, seconds } = told;
  if (event.stage !== 'rcsd-reasoner') return { ...state, seconds, doing: event.stage };
  const loss = event.metrics?.loss ?? state.loss;
  return { ...state, seconds, step: event.done, doing: 'training', ...(loss !== undefined && { loss }) };
}

/** Seconds until a training is done, at the pace that it has had. */
export const secondsLeft = ({ step, seconds }: ArmState, steps: number): number | undefined =>
  step === 0 ? undefined : (seconds / step) * (steps - step);

export type Workers = Readonly<Record<Arm, LabWorker>>;

/** Starts the workers of both trainings; their models are opened when they are first needed. */
export const trainingWorkers = (files: Files, onTold: (arm: Arm, told: Told) => void): Workers =>
  Object.fromEntries(ARMS.map((arm) => [arm, startWorker(files, (told) => onTold(arm, told))])) as Workers;
