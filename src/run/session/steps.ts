/** The steps of a planned run, part by part in seconds, on a device and over workers that need not be here. */

import { workersOf } from '../../base/config/addresses/workers';
import { readsRubrics } from '../../base/config/algorithm';
import type { TrainConfig } from '../../base/config/configs';
import { requireTokenizer } from '../../engine/model/model';
import { algorithmNamed } from '../../method/algorithms';
import { deviceHere, deviceNamed, networkRate } from './devices';
import { formatOf, type PlannedStage, plannedStages, promptLengths, REACHED, type RunEstimate } from './estimate';
import type { Lengths } from './memory';
import { forStage, type Session } from './session';
import { sourceWithoutWriter, takeRubrics } from './shown';
import { type StepTime, stepTime } from './stepTime';

/** What a plan is made for, as it is written: a device (default: this machine) and a network (default: one without limits). */
export interface PlanFor {
  readonly device?: string;
  readonly network?: string;
}

/** A step of a stage, with prompts of usual length and every completion at its longest. */
export interface StepEstimate {
  readonly stage: 'stage1' | 'stage2';
  readonly workers: number;
  /** What each worker runs on. */
  readonly device: string;
  readonly time: StepTime;
}

/** Mean lengths of a stage's prompts, over a few of its questions as both sides see them. */
function usualLengths(session: Session, config: TrainConfig, { algorithm, settings }: PlannedStage): Lengths {
  const own = forStage(session, settings);
  const questions = own.train.slice(0, 8);
  const { encode } = requireTokenizer(session.model);
  const length = (view: Parameters<Session['views']['render']>[0]): number => encode(session.views.render(view)).length;
  const mean = (values: readonly number[]): number =>
    Math.round(values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length));
  const student = mean(questions.map((question) => length(algorithm.studentView({ question }))));
  const { teacherView } = algorithm;
  if (!teacherView) return { student, teacher: promptLengths(session, config).teacher };
  const answering = settings === config.stage2;
  // Stage I learns to write from the references; between the stages, rubrics are not written yet.
  const source = answering ? sourceWithoutWriter(config) : 'reference';
  const reads = answering
    ? readsRubrics(algorithmNamed(config.algorithm), config.stage2)
    : config.rubric_teacher_sees.includes('rubric');
  const shown = source === 'reference' ? questions.filter(({ rubric }) => own.task.rubric || rubric) : questions;
  const rubrics = reads ? takeRubrics(own, config, { questions: shown, source }).of : undefined;
  const told = reads ? shown.filter((question) => rubrics?.(question)) : questions;
  if (told.length === 0) return { student, teacher: promptLengths(session, config).teacher };
  const teacher = mean(told.map((question) => length(teacherView({ question, rubric: rubrics?.(question) }))));
  return { student, teacher };
}

/**
 * Predicts a step of each stage of an estimated run. Throws InputError for a device or a network that there is not. Without a device, workers
 * of this machine share it, and those of other machines are taken to be like it, as fast as it was when the run was estimated.
 */
export function predictSteps(
  session: Session,
  config: TrainConfig,
  { gflops, criteria }: Pick<RunEstimate, 'gflops' | 'criteria'>,
  { device: named, network }: PlanFor,
): StepEstimate[] {
  const { count, addresses } = workersOf(config);
  const shared = addresses || network !== undefined ? 1 : count;
  const model = { name: config.model, config: session.model.config, format: formatOf(config) };
  const device = named === undefined ? deviceHere(1e9 * gflops, REACHED, shared) : deviceNamed(named, model);
  const spread = { workers: count, device, ...(network !== undefined && { network: networkRate(network) }) };
  return plannedStages(session, config).map((planned) => ({
    stage: planned.settings === config.stage1 ? 'stage1' : 'stage2',
    workers: count,
    device: device.name,
    time: stepTime(
      {
        ...planned,
        lora: config.lora,
        rows: config.batches.rollouts,
        format: model.format,
        lengths: usualLengths(session, config, planned),
        ...(criteria && { teachers: criteria.ratio }),
        served: config.rollouts !== 'here',
      },
      session.model.config,
      spread,
    ),
  }));
}
