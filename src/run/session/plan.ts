/** What a run will learn from and ask of the machine, before it is started. */
import type { TrainConfig } from '../../base/config/configs';
import type { StageData } from '../../base/records/rows';
import { estimateRun, plannedFormat, plannedStages, type RunEstimate, withBatches } from './estimate';
import { outlineSession, type Session } from './session';
import { type PlanFor, predictSteps, type StepEstimate } from './steps';
import { chooseQuestions, gradable, type StageSelection } from './validation';

/** What a stage learns from, under its name. */
export interface NamedSelection extends StageSelection {
  readonly stage: 'stage1' | 'stage2';
}

/** What each stage of a run learns from. */
export const selectionsOf = (session: Session, config: TrainConfig): NamedSelection[] =>
  plannedStages(session, config).map(({ algorithm: { groupSize }, settings }) => ({
    stage: settings === config.stage1 ? 'stage1' : 'stage2',
    ...chooseQuestions(session, config, { settings, ...(groupSize !== undefined && { groupSize }) }),
  }));

/** What a user should know of the data before it is used. */
export function sayOfData({ test }: Session, selections: readonly NamedSelection[]): string[] {
  const without = test.length - gradable(test).length;
  return [
    ...selections.flatMap(({ stage, tooLong }) =>
      tooLong
        ? `${stage}: ${tooLong.count} of the first ${tooLong.of} training questions are left out, because their prompts are longer than max_prompt_tokens=${tooLong.limit}.`
        : [],
    ),
    ...(without > 0
      ? [
          `${without} of ${test.length} questions to evaluate on have no reference answer and are not asked; rcsd evaluate --judge scores answers to them.`,
        ]
      : []),
  ];
}

/** A selection as data.json holds it. */
export const recorded = ({ stage, sets, tooLong }: NamedSelection): StageData => ({
  stage,
  sets,
  ...(tooLong && { too_long: { max_prompt_tokens: tooLong.limit, left_out: tooLong.count, of: tooLong.of } }),
});

/** What a run would be, without its weights being read: the settings as they would be frozen, and its estimate. */
export interface RunPlan {
  readonly config: TrainConfig;
  readonly estimate: RunEstimate;
  readonly selections: readonly NamedSelection[];
  readonly steps: readonly StepEstimate[];
}

/** Plans a run without starting it, for this machine or another. */
export async function planRun(given: TrainConfig, where: PlanFor = {}): Promise<RunPlan> {
  const { session, bf16 } = await outlineSession(given);
  const { precision = 'fp32' } = session.model.weights;
  const weights = given.weights !== 'auto' ? given.weights : bf16 ? plannedFormat(session, given) : 'fp32';
  const config = withBatches(session, { ...given, precision, weights });
  const estimate = estimateRun(session, config);
  const steps = predictSteps(session, config, estimate, where);
  return { config, estimate, selections: selectionsOf(session, config), steps };
}
