/** The settings of an evaluation as its folder keeps them. */
import { profileDefaults } from '../../../method/algorithms/settings';
import { questionsHash } from '../../../results/evaluation/results';
import { type Evaluating, isLikelihood } from './evaluateTask';

/** Everything that decides the numbers, and nothing about where and how fast the answers are made. */
export function frozenSettings({ config, prepared, endpoint, context, subject, judging }: Evaluating): object {
  const { model, adapter, evaluation, seed, rubric_source, stage2 } = config;
  const { protocol, extra } = endpoint;
  const drawn = { evaluation, seed: seed.sampling };
  return {
    schema_version: 3,
    ...{ model, adapter, context },
    ...{ thinking: stage2.thinking, anti_mention: stage2.anti_mention },
    ...(context.includes('rubric') && { rubric_source, data_seed: seed.data }),
    ...('chat' in subject ? { protocol, extra } : { precision: subject.model.weights.precision }),
    ...(judging && { judging: { model: judging.model, kind: judging.kind, max_tokens: judging.maxTokens } }),
    ...(prepared.some(isLikelihood) ? {} : drawn),
    tasks: Object.fromEntries(
      prepared.map(({ task, mode, questions }) => [task.name, { mode, questions: questionsHash(questions) }]),
    ),
  };
}

/**
 * The settings of a begun evaluation as its program understood them. One of schema_version 1 names no views, which were
 * those of the profile, without anti_mention; one before 3 knows no ladder.
 */
export const understoodBy =
  ({ config }: Evaluating) =>
  (begun: Readonly<Record<string, unknown>>): object => {
    const version = Number(begun.schema_version);
    const { thinking } = profileDefaults(config.profile, config.algorithm).stage2;
    const { evaluation } = begun;
    return {
      ...begun,
      schema_version: 3,
      ...(version < 2 && { thinking, anti_mention: false }),
      ...(version < 3 && evaluation !== undefined && { evaluation: { ...(evaluation as object), ladder: false } }),
    };
  };
