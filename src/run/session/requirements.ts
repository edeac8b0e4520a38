/** What the data must have for the settings, told before anything is computed. */
import { readsRubrics, readsSetting } from '../../base/config/algorithms';
import type { TrainConfig } from '../../base/config/train';
import { InputError } from '../../base/records/errors';
import { SINGLE_STAGE } from '../../method/algorithms';
import { checkRubricYield } from '../../method/rubrics/yield';
import { takeRubrics } from './rubrics';
import type { Session } from './session';
import { stageQuestions } from './validation';

/** The setting, as on the command line, by which a run reads reference answers; undefined where it reads none. */
function answerReader(config: TrainConfig): string | undefined {
  const { algorithm, stages, stage2, rubric_teacher_sees: sees } = config;
  if (algorithm === 'rcsd' && stages !== 'reasoner' && sees.includes('answer')) return `rubric_teacher_sees=${sees}`;
  if (algorithm === 'rcsd' && stages === 'rubric') return undefined;
  const { teacher_context: context, grpo, relatives } = stage2;
  if (algorithm === 'sft' && relatives.sft_source !== 'reference') return `sft_source=${relatives.sft_source}`;
  if (readsSetting(algorithm, 'teacher_context') && context.includes('answer')) return `teacher_context=${context}`;
  if (!readsSetting(algorithm, 'grpo.rewards')) return undefined;
  if (grpo.rewards.includes('answer')) return 'rewards=answer';
  return grpo.rewards.includes('judge') && grpo.judge_kind === 'grpo' ? 'judge_kind=grpo' : undefined;
}

/**
 * Throws InputError where a run reads reference answers and a question to train on has none (ResearchQA's have none), or
 * learns solutions and one has no solution.
 */
export function requireAnswers({ train }: Pick<Session, 'train'>, config: TrainConfig): void {
  const reader = answerReader(config);
  const refuse = (without: Session['train'], reads: string, instead: string): void => {
    if (without.length === 0) return;
    throw new InputError(
      `${reads}, and ${without.length} of ${train.length} questions of data=${config.data} have none (the first is "${without[0]?.id}"); ${instead}.`,
    );
  };
  if (reader !== undefined)
    refuse(
      train.filter(({ answer }) => answer === ''),
      `${reader} reads reference answers`,
      config.algorithm === 'sft'
        ? 'use data with answers'
        : 'use data with answers, or settings that read rubrics alone',
    );
  if (config.algorithm === 'sft' && config.stage2.relatives.sft_source === 'reference')
    refuse(
      train.filter(({ solution }) => solution === undefined),
      'sft_source=reference learns the solutions',
      'use data with solutions, or sft_source=answer or filtered',
    );
}

/**
 * Throws InputError where rubrics that no model writes cannot be had for the questions that a run trains on: a file that cannot be
 * read or has too few of them, a source that the data cannot serve.
 */
export function requireRubrics(session: Session, config: TrainConfig): void {
  const { algorithm, stages, stage1, stage2, rubric_source, rubric_min_valid, seed } = config;
  const take = (source: string, settings: typeof stage1, groupSize = 1): void => {
    const questions = stageQuestions(session, config, { settings, groupSize });
    const { counts } = takeRubrics(session, { questions, source, pool: session.train, seed: seed.data });
    if (questions.length > 0) checkRubricYield(counts, rubric_min_valid);
  };
  if (algorithm === 'rcsd' && stages !== 'reasoner' && config.rubric_teacher_sees.includes('rubric'))
    take('reference', stage1);
  if (rubric_source === 'generated' || !readsRubrics(config)) return;
  if (algorithm !== 'rcsd')
    take(rubric_source, stage2, SINGLE_STAGE[algorithm](stage2, { task: session.task, rewards: () => [] }).groupSize);
  else if (stages !== 'rubric') take(rubric_source, stage2);
}
