/** What the data must have for the settings, told before anything is computed. */
import { readsSetting } from '../../base/config/algorithms';
import type { TrainConfig } from '../../base/config/train';
import { InputError } from '../../base/records/errors';
import type { Session } from './session';

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
