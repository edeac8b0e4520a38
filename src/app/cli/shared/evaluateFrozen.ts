/** The settings of an evaluation as its folder keeps them. */
import { TEMPLATE_DATE } from '../../../base/config/templateDate';
import { formatsOf } from '../../../engine/model/model';
import { profileDefaults } from '../../../method/algorithms/settings';
import { isAddress } from '../../../method/rollout/remote/address';
import { wordingOf } from '../../../method/rollout/remote/settings';
import { hasRows } from '../../../results/evaluation/record';
import { questionsHash } from '../../../results/evaluation/results';
import { type Evaluating, isLikelihood, type Judging } from './evaluateTask';

const frozenJudging = ({ model, kind, maxTokens, endpoint }: Judging) => ({
  ...{ model, kind, max_tokens: maxTokens },
  ...(isAddress(model) && wordingOf(endpoint)),
});

/** Everything that decides the numbers, and nothing about where and how fast the answers are made. */
export function frozenSettings({ config, prepared, endpoint, context, subject, judging }: Evaluating): object {
  const { model, adapter, date, evaluation, seed, rubric_source, stage2 } = config;
  const drawn = { evaluation, seed: seed.sampling };
  return {
    schema_version: 4,
    ...{ model, adapter, context },
    ...(date !== TEMPLATE_DATE && { date }),
    ...{ thinking: stage2.thinking, anti_mention: stage2.anti_mention },
    ...(context.includes('rubric') && { rubric_source, data_seed: seed.data }),
    ...('chat' in subject ? wordingOf(endpoint) : formatsOf(subject.model)),
    ...(judging && { judging: frozenJudging(judging) }),
    ...(prepared.some(isLikelihood) ? {} : drawn),
    tasks: Object.fromEntries(
      prepared.map(({ task, mode, questions }) => [task.name, { mode, questions: questionsHash(questions) }]),
    ),
  };
}

/**
 * The settings of a begun evaluation as its program understood them. One of schema_version 1 names no views, which were
 * those of the profile, without anti_mention; one before 3 knows no ladder; one before 4 sent every field under its own
 * name, and asked a judge behind a server in the form of the model's. A judge that has not judged anything yet may change.
 */
export const understoodBy =
  ({ config, folder, judging: own }: Evaluating) =>
  (begun: Readonly<Record<string, unknown>>): object => {
    const version = Number(begun.schema_version);
    const { thinking } = profileDefaults(config.profile, config.algorithm).stage2;
    const { evaluation, judging, protocol = 'chat', extra = {} } = begun as Begun;
    return {
      ...begun,
      schema_version: 4,
      ...(version < 4 && begun.protocol !== undefined && { fields: {} }),
      ...(version < 4 &&
        judging &&
        isAddress(judging.model) && { judging: { ...judging, protocol, fields: {}, extra } }),
      ...(judging && own && folder !== undefined && !hasRows(folder, 'judgements') && { judging: frozenJudging(own) }),
      ...(version < 2 && { thinking, anti_mention: false }),
      ...(version < 3 && evaluation !== undefined && { evaluation: { ...evaluation, ladder: false } }),
    };
  };

/** What older programs wrote into evaluation.json. */
interface Begun {
  readonly evaluation?: object;
  readonly judging?: { readonly model: string };
  readonly protocol?: string;
  readonly extra?: object;
}
