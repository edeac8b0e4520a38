/** What the data must have for the settings, told before anything is computed. */
import { readsRubrics, readsSetting } from '../../base/config/algorithm';
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import { shellWord } from '../../base/records/printable';
import type { Question } from '../../base/records/question';
import { adapterRank } from '../../engine/model/merge';
import { requireTokenizer } from '../../engine/model/model';
import { algorithmNamed } from '../../method/algorithms';
import { lookingAt } from '../../method/algorithms/algorithm';
import { checkRequests } from '../../method/rollout/generate';
import { checkRubricYield } from '../../method/rubrics/yield';
import { plannedStages } from './estimate';
import { forStage, type Session } from './session';
import { takeRubrics } from './shown';
import { stageQuestions, unwritten } from './validation';

/** Settings, as on the command line, by which a stage reads the questions' answers and solutions; absent where it reads none. */
export interface Readers {
  readonly answers?: string;
  readonly solutions?: string;
}

/** How the stage that learns to answer reads them: by the algorithm itself, its teacher's context, or a reward. */
export function answeringReaders({ algorithm: name, stage2 }: TrainConfig): Readers {
  const algorithm = algorithmNamed(name);
  const { answers, solutions } = algorithm.needs(stage2);
  const { teacher_context: context, rollout_context: told, grpo } = stage2;
  const rewarded = readsSetting(algorithm, 'grpo.rewards');
  const byJudge = grpo.rewards.includes('judge') && grpo.judge_kind === 'grpo';
  if (answers !== undefined) return { answers, solutions };
  if (readsSetting(algorithm, 'teacher_context') && context.includes('answer'))
    return { answers: `teacher_context=${context}`, solutions };
  if (readsSetting(algorithm, 'rollout_context') && told.includes('answer'))
    return { answers: `rollout_context=${told}`, solutions };
  if (rewarded && grpo.rewards.includes('answer')) return { answers: 'rewards=answer', solutions };
  return { ...(rewarded && byJudge && { answers: 'judge_kind=grpo' }), solutions };
}

/** Whether the run has a stage that learns to write rubrics. */
const writesRubrics = ({ algorithm, stages }: TrainConfig): boolean =>
  algorithmNamed(algorithm).rubricStage === true && stages !== 'reasoner';

/** How each stage of the run reads them. */
function readers(config: TrainConfig): { readonly settings: StageSettings; readonly reads: Readers }[] {
  const { stages, stage1, stage2, rubric_teacher_sees: sees, rubric_student_sees_answer: told } = config;
  const writes = writesRubrics(config);
  const shown = sees.includes('answer') ? `rubric_teacher_sees=${sees}` : told && 'rubric_student_sees_answer=true';
  return [
    ...(writes && shown ? [{ settings: stage1, reads: { answers: shown } }] : []),
    ...(writes && stages === 'rubric' ? [] : [{ settings: stage2, reads: answeringReaders(config) }]),
  ];
}

/**
 * Throws InputError where a stage reads reference answers and a question that it learns from has none (ResearchQA's have none), or
 * reads solutions and one has no solution.
 */
export function requireAnswers(session: Session, config: TrainConfig): void {
  for (const { settings, reads } of readers(config)) {
    const { train } = forStage(session, settings);
    const { answers, solutions } = reads;
    const refuse = (has: (question: Question) => boolean, what: string, instead: string): void => {
      const without = train.filter((question) => !has(question));
      if (without.length === 0) return;
      throw new InputError(
        `${what}, and ${without.length} of ${train.length} questions of data=${settings.data ?? config.data} have none (the first is "${without[0]?.id}"); ${instead}.`,
      );
    };
    if (answers !== undefined)
      refuse(
        ({ answer }) => answer !== '',
        `${answers} reads reference answers`,
        'use data with answers, or settings that read none',
      );
    if (solutions !== undefined)
      refuse(
        ({ solution }) => solution !== undefined,
        `${solutions} learns from the solutions of the questions`,
        'use data with solutions, or settings that read none',
      );
  }
}

/**
 * Throws InputError for an adapter whose rank or alpha differ from the settings, because it will be saved under theirs, and for one that
 * cannot be trained further.
 */
export function requireAdapter({ model }: Pick<Session, 'model'>, config: TrainConfig): void {
  const { rank, alpha } = config.lora;
  const { adapter } = model.weights;
  if (config.adapter !== undefined && !adapter)
    throw new InputError(
      `adapter=${config.adapter} has use_dora or modules_to_save, with which it can be read and exported but not trained further; merge it first (rcsd export ${shellWord(config.model)} --adapter ${shellWord(config.adapter)} --output FOLDER), then train with model=FOLDER.`,
    );
  if (!adapter || rank === 0) return;
  const own = adapterRank(adapter);
  if (own === rank && Math.abs(adapter.scale - alpha / rank) < 1e-6) return;
  throw new InputError(
    `The adapter has rank ${own} and alpha ${adapter.scale * own}, but the settings say ${rank} and ${alpha}; set lora.rank=${own} lora.alpha=${adapter.scale * own}.`,
  );
}

/**
 * Throws InputError where a prompt of the student leaves no room for its completion in the model's positions. The teacher's are
 * longer by what it alone sees, which is not written yet.
 */
export function requireRoom(session: Session, config: TrainConfig): void {
  const { model, views } = session;
  const { encode } = requireTokenizer(model);
  for (const { algorithm, settings } of plannedStages(session, config)) {
    const { groupSize, rollouts } = algorithm;
    const questions = stageQuestions(session, config, { settings, groupSize });
    const requests = questions.map((question) => ({
      questionId: question.id,
      sample: 0,
      promptTokens: encode(views.render(algorithm.studentView({ question, rubric: unwritten(question) }))),
    }));
    checkRequests(model, requests, { maxTokens: rollouts === 'data' ? 1 : settings.sampling.max_tokens });
  }
}

/**
 * Throws InputError where rubrics that no model writes cannot be had for the questions that a run trains on: a file that cannot be
 * read or has too few of them, a source that the data cannot serve.
 */
export function requireRubrics(session: Session, config: TrainConfig): void {
  const { stages, stage1, stage2, rubric_source, rubric_min_valid } = config;
  const algorithm = algorithmNamed(config.algorithm);
  const take = (source: string, settings: typeof stage1, groupSize = 1): void => {
    const questions = stageQuestions(session, config, { settings, groupSize });
    const { counts, rubrics } = takeRubrics(forStage(session, settings), config, { questions, source });
    const empty = rubrics.find(({ criteria }) => criteria.length === 0);
    if (empty && settings.teacher_mixture !== 'joint')
      throw new InputError(
        `teacher_mixture=${settings.teacher_mixture} has a teacher for each criterion, and the rubric of question ${empty.questionId} from rubric_source=${source} has none; use another rubric_source or teacher_mixture=joint.`,
      );
    if (questions.length > 0) checkRubricYield(counts, rubric_min_valid);
  };
  const writes = writesRubrics(config);
  if (writes && config.rubric_teacher_sees.includes('rubric')) take('reference', stage1);
  if (rubric_source === 'generated' || !readsRubrics(algorithm, stage2) || (writes && stages === 'rubric')) return;
  const { groupSize } = algorithm.answering(stage2, lookingAt(session.task));
  take(rubric_source, stage2, groupSize);
}
