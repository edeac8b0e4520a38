/**
 * What the student and the teacher see of a question: the one place that decides it, for training and for everything that measures
 * a teacher without training it. It goes by the settings (`teacher_context`, `rubric_source`, `thinking`, `anti_mention`, the seeds)
 * and the question, and by nothing of the caller. Views become text in method/prompts.
 */
import type { TrainConfig } from '../../base/config/configs';
import type { TeacherContext } from '../../base/config/parts';
import { InputError } from '../../base/records/errors';
import type { Question } from '../../base/records/question';
import type { RubricRow } from '../../base/records/rows';
import type { Rubric } from '../../base/records/rubric';
import { requireTokenizer } from '../../engine/model/model';
import { privileged, studentAnswers, teacherAnswers } from '../../method/algorithms/algorithm';
import { type ParsedRubric, parseRubric } from '../../method/rubrics/parse';
import { rubricsFromSource } from '../../method/rubrics/sources';
import type { RubricYield } from '../../method/rubrics/yield';
import type { Sequence } from '../../method/scoring/sequence';
import type { Task } from '../../questions/tasks/task';
import type { ViewRequest } from '../../questions/tasks/views';
import type { Session } from './session';

/** The questions of a task, with or without a model that is open beside them. */
export interface Opened {
  readonly task: Task;
  readonly train: readonly Question[];
  readonly test: readonly Question[];
}

/** The settings that decide what is seen of a question. */
export type ShownSettings = Pick<TrainConfig, 'rubric_source' | 'seed'> & {
  readonly stage2: Pick<TrainConfig['stage2'], 'teacher_context' | 'thinking' | 'anti_mention'>;
};

/** The student's view of a question. */
export const studentView = ({ stage2 }: ShownSettings, question: Question): ViewRequest =>
  studentAnswers(stage2)({ question });

/** What the teacher is shown: which context, and where it is not the question's own, whose answer and rubric. */
export interface TeacherOptions {
  /** Default: `teacher_context`. */
  readonly context?: TeacherContext;
  readonly rubric?: Rubric;
  /** Default: the question's. */
  readonly answer?: string;
}

/** The teacher's view of a question. Throws where the context needs a rubric and none is given. */
export function teacherView({ stage2 }: ShownSettings, question: Question, options: TeacherOptions = {}): ViewRequest {
  const { context = stage2.teacher_context, rubric, answer = question.answer } = options;
  return teacherAnswers(stage2)(question, privileged({ question: { ...question, answer }, rubric }, context));
}

/** The source that rubrics are taken from where no stage-I model has written any: the reference stands in for `generated`. */
export const sourceWithoutWriter = ({ rubric_source: source }: Pick<TrainConfig, 'rubric_source'>): string =>
  source === 'generated' ? 'reference' : source;

/** How a task reads a written rubric: by its own strict rules, or by the general ones. */
export function rubricParser(task: Task): (text: string, question: Pick<Question, 'id'>) => ParsedRubric {
  return (text, { id: questionId }) => {
    if (!task.parseRubric) return parseRubric(text, { questionId, source: 'generated' });
    const criteria = task.parseRubric(text);
    const base = { questionId, source: 'generated', issues: [] };
    return criteria
      ? { ...base, valid: true, criteria }
      : { ...base, valid: false, reason: `not a rubric of ${task.name}`, criteria: [] };
  };
}

/** Rubrics of some questions; `of` finds a question's. */
export interface ShownRubrics {
  readonly rubrics: readonly Rubric[];
  readonly of: (question: Pick<Question, 'id'>) => Rubric | undefined;
  readonly counts: RubricYield;
  /** As rubrics.jsonl holds them. */
  readonly rows: RubricRow[];
}

/**
 * The rubrics of a source other than `generated`. What is taken from other questions (placebo, random, noisy) is taken from the
 * training questions, as in training (from the held-out ones where there are no others), and drawn by `seed.data` for each question.
 */
export function takeRubrics(
  { task, train, test }: Opened,
  { seed }: Pick<TrainConfig, 'seed'>,
  { questions, source }: { readonly questions: readonly Question[]; readonly source: string },
): ShownRubrics {
  const pool = train.length > 0 ? train : test;
  const parse = (text: string, id: string) => rubricParser(task)(text, { id });
  const { rubrics, counts } = rubricsFromSource(questions, source, { seed: seed.data, pool, task, parse });
  const rows = rubrics.map(({ questionId, criteria, source: from }) => ({
    question_id: questionId,
    source: from,
    valid: true,
    criteria,
  }));
  return { rubrics, of: byQuestion(rubrics), counts, rows };
}

/** Finds the rubric of a question. */
export function byQuestion(rubrics: readonly Rubric[]): ShownRubrics['of'] {
  const found = new Map(rubrics.map((rubric) => [rubric.questionId, rubric]));
  return ({ id }) => found.get(id);
}

/** Throws InputError where some of the questions have no reference answer, which `what` would show or compare with. */
export function requireReferences(questions: readonly Question[], what: string): void {
  const without = questions.filter(({ answer }) => answer === '');
  if (without.length > 0)
    throw new InputError(
      `${what} needs reference answers, and ${without.length} of ${questions.length} questions have none (the first is "${without[0]?.id}"); use questions with answers, or settings that read none.`,
    );
}

/** A teacher: the questions that have what it is shown, and its view of each. */
export interface ShownTeacher {
  readonly questions: readonly Question[];
  readonly view: (question: Question) => ViewRequest;
}

/**
 * The teacher of some questions. Its rubrics are the given ones (a stage-I model's), or those of `source`, by default the settings'
 * with the reference for `generated`. Throws InputError where a source cannot serve a question.
 */
export function teacherOf(
  opened: Opened,
  config: ShownSettings,
  {
    questions,
    context = config.stage2.teacher_context,
    source = sourceWithoutWriter(config),
    rubrics = context.includes('rubric') ? takeRubrics(opened, config, { questions, source }).of : undefined,
  }: {
    readonly questions: readonly Question[];
    readonly context?: TeacherContext;
    readonly source?: string;
    readonly rubrics?: ShownRubrics['of'];
  },
): ShownTeacher {
  const wantsRubric = context.includes('rubric');
  if (context.includes('answer')) requireReferences(questions, `teacher_context=${context}`);
  return {
    questions: wantsRubric ? questions.filter((question) => rubrics?.(question)) : questions,
    view: (question) => teacherView(config, question, { context, rubric: rubrics?.(question) }),
  };
}

/** The reference solution (the answer where there is none) behind a view of the question, without an end token. */
export function solutionBehind({ model, views }: Pick<Session, 'model' | 'views'>, view: ViewRequest): Sequence {
  const { encode, encodeReply } = requireTokenizer(model);
  const { solution, answer } = view.question;
  if (solution === undefined) requireReferences([view.question], 'The probability of a reference');
  return { promptTokens: encode(views.render(view)), completionTokens: encodeReply(solution ?? answer) };
}
