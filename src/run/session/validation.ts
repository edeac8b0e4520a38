/** What a run measures, and on which questions: the test questions before and after, validation questions while it trains. */
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import { dataSets, weightsOf } from '../../base/config/dataSets';
import { InputError } from '../../base/records/errors';
import type { ProgressEvent } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { Rubric } from '../../base/records/rubric';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { createRandom, hashWords } from '../../engine/tensors/random';
import { algorithmNamed } from '../../method/algorithms';
import { lookingAt } from '../../method/algorithms/algorithm';
import type { Trace } from '../../method/train/trace';
import type { Validation } from '../../method/train/validation';
import { drawsOfSets, type Mixture } from '../../questions/mixture';
import type { Views } from '../../questions/tasks/views';
import { type EvaluationRequest, evaluate } from '../../results/evaluation/evaluate';
import { forStage, type Session } from './session';
import { studentView } from './shown';
import { meanTrueRule } from './trueRule';

/** The questions with a reference answer, which a rule can grade. */
export const gradable = (questions: readonly Question[]): readonly Question[] =>
  questions.filter(({ answer }) => answer !== '');

/** The evaluation of a model in the student's view, on the test questions that a rule can grade. */
export function evaluationRequest(session: Session, config: TrainConfig, model: LanguageModel): EvaluationRequest {
  return {
    model,
    task: session.task,
    views: session.views,
    questions: gradable(session.test),
    settings: config.evaluation,
    seed: config.seed.sampling,
    maxBatch: config.batches.evaluation || undefined,
    view: (question) => studentView(config, question),
  };
}

interface TrainingSplit {
  readonly learn: readonly Question[];
  readonly validate: readonly Question[];
}

/** The training questions in seeded order; validation holds back the last ones that a rule can grade. Throws InputError when none are left. */
export function splitTraining({ train }: Session, { seed, validation }: TrainConfig): TrainingSplit {
  const order = createRandom(hashWords(seed.data, 1)).shuffle(train);
  if (validation.every === 0) return { learn: order, validate: [] };
  const validate = gradable(order).slice(-validation.questions);
  const held = new Set(validate);
  const learn = order.filter((question) => !held.has(question));
  if (learn.length > 0 && validate.length === validation.questions) return { learn, validate };
  throw new InputError(
    `validation.questions=${validation.questions} leaves none of ${order.length} questions to train on; choose fewer.`,
  );
}

/** What a stage learns from, and how it was chosen. */
export interface StageSelection {
  /** In seeded order, no more than the stage needs. */
  readonly questions: readonly Question[];
  /** Each data set: its training questions, how many of them were chosen and, where sets have weights, how often the stage draws from it. */
  readonly sets: readonly SelectedSet[];
  /** Questions that were left out because their prompts are too long, of those that were looked at. */
  readonly tooLong?: { readonly limit: number; readonly count: number; readonly of: number };
}

export interface SelectedSet {
  readonly data: string;
  readonly questions: number;
  readonly chosen: number;
  readonly weight?: number;
  readonly draws?: number;
}

interface Choosing {
  readonly settings: StageSettings;
  /** How often each question is answered; default once. */
  readonly groupSize?: number;
}

/** The data sets of a stage with their weights; undefined where every question counts the same. */
export function mixtureOf(session: Session, config: TrainConfig, settings: StageSettings): Mixture | undefined {
  const weights = weightsOf(config, settings);
  const { origins } = forStage(session, settings);
  return weights && origins && { sets: dataSets(settings.data ?? config.data), weights, origins };
}

/**
 * The questions that a stage will see, of its strata, without those left out and those whose prompt is too long. Throws InputError when
 * none is left, of any data set that is drawn from.
 */
export function chooseQuestions(
  session: Session,
  config: TrainConfig,
  { settings, groupSize = 1 }: Choosing,
): StageSelection {
  const own = forStage(session, settings);
  const held = new Set(splitTraining(forStage(session, config.stage2), config).validate.map(({ id }) => id));
  const { learn } = splitTraining(own, { ...config, validation: { ...config.validation, every: 0 } });
  const candidates = notLeftOut(
    ofStrata(
      learn.filter(({ id }) => !held.has(id)),
      settings,
    ),
    settings,
  );
  const needed = (settings.steps * settings.batch_size) / groupSize;
  const mixture = mixtureOf(session, config, settings);
  const draws = mixture && drawsOfSets(mixture.weights, needed);
  const room = new Map(mixture ? mixture.sets.map((name, i) => [name, draws?.[i] as number]) : [[undefined, needed]]);
  const setOf = ({ id }: Question): string | undefined => mixture && own.origins?.get(id);
  const fits = promptLimit(own, config, settings);
  const looked = { kept: [] as Question[], tooLong: 0 };
  for (const question of candidates) {
    const left = room.get(setOf(question)) as number;
    if (left < 1) continue;
    if (!fits(question)) looked.tooLong++;
    else {
      room.set(setOf(question), left - 1);
      looked.kept.push(question);
    }
  }
  const { kept, tooLong } = looked;
  const { max_prompt_tokens: limit } = settings;
  if (kept.length === 0 && tooLong > 0)
    throw new InputError(
      `max_prompt_tokens=${limit} leaves no question to learn from: all ${tooLong} prompts are longer; raise it.`,
    );
  const names = own.origins ? dataSets(settings.data ?? config.data) : [undefined];
  const from = (questions: readonly Question[], name: string | undefined): number =>
    questions.filter(({ id }) => own.origins?.get(id) === name).length;
  return {
    questions: kept,
    sets: names.map((name, i) => ({
      data: name ?? settings.data ?? config.data,
      questions: from(own.train, name),
      chosen: from(kept, name),
      ...(mixture && draws && { weight: mixture.weights[i] as number, draws: draws[i] as number }),
    })),
    ...(limit !== undefined && { tooLong: { limit, count: tooLong, of: kept.length + tooLong } }),
  };
}

/** The questions that a stage will see. */
export const stageQuestions = (session: Session, config: TrainConfig, choosing: Choosing): readonly Question[] =>
  chooseQuestions(session, config, choosing).questions;

/** Lengths of prompts in tokens, known by views, question and what else decides them. */
const LENGTHS = new WeakMap<Views, WeakMap<Question, Map<string, number>>>();

/** Whether the student's prompt of a question is no longer than the stage allows; a rubric that it reads is not written yet and does not count. */
function promptLimit(session: Session, config: TrainConfig, settings: StageSettings): (question: Question) => boolean {
  const { max_prompt_tokens: most } = settings;
  if (most === undefined) return () => true;
  const { views, task, model } = session;
  const { encode } = requireTokenizer(model);
  const { writing, answering } = algorithmNamed(config.algorithm);
  const stage = settings === config.stage1 && writing ? writing(config) : answering(settings, lookingAt(task));
  const known = LENGTHS.get(views) ?? new WeakMap<Question, Map<string, number>>();
  LENGTHS.set(views, known);
  const kind = JSON.stringify([stage.name, settings.thinking.student, config.rubric_student_sees_answer]);
  return (question) => {
    const own = known.get(question) ?? new Map<string, number>();
    known.set(question, own);
    const view = (): string => views.render(stage.studentView({ question, rubric: unwritten(question) }));
    const length = own.get(kind) ?? encode(view()).length;
    own.set(kind, length);
    return length <= most;
  };
}

/** A rubric in the place of one that is not there yet, for students that read one. */
export const unwritten = ({ id }: Question): Rubric => ({ questionId: id, source: 'generated', criteria: [] });

/** Throws InputError when no question is of the strata that the settings name. */
function ofStrata(questions: readonly Question[], { strata }: StageSettings): readonly Question[] {
  if (strata === 'all') return questions;
  const stratumOf = ({ metadata }: Question): string => String(metadata?.stratum ?? 'none');
  const asked = strata.split(',').map((name) => name.trim());
  const found = [...new Set(questions.map(stratumOf))].sort();
  const unknown = asked.find((name) => !found.includes(name));
  if (unknown !== undefined)
    throw new InputError(
      `strata=${strata}: no training question is of the stratum ${unknown}; there are ${found.join(', ')}.`,
    );
  return questions.filter((question) => asked.includes(stratumOf(question)));
}

/** Throws InputError for a value that no question has, and when no question is left. */
function notLeftOut(questions: readonly Question[], { leave_out: asked }: StageSettings): readonly Question[] {
  if (asked === 'none') return questions;
  const left = asked.split(',').map((pair) => {
    const [, name, value] = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    if (name === undefined) throw new InputError(`leave_out=${asked}: write name=value, such as phrasing=3.`);
    const has = ({ metadata }: Question): boolean => String(metadata?.[name]) === value;
    if (!questions.some(has))
      throw new InputError(`leave_out=${asked}: no question to learn from has the value ${value} of ${name}.`);
    return has;
  });
  const kept = questions.filter((question) => !left.some((has) => has(question)));
  if (kept.length === 0) throw new InputError(`leave_out=${asked} leaves no question to learn from; leave out less.`);
  return kept;
}

/** How the answering stage is traced; undefined when it is not. Throws InputError for questions that know no rule. */
export function traceOf(session: Session, config: TrainConfig): Trace | undefined {
  const { trace_every: every, trace_questions: most } = config;
  if (every === 0) return undefined;
  const questions = gradable(session.test).slice(0, most);
  return {
    every,
    measure: async (model, options) => {
      const rule = await meanTrueRule({ ...evaluationRequest(session, config, model), questions }, options);
      if (!rule)
        throw new InputError(
          `trace_every=${every} follows the right rule, and data=${config.data} knows none; set it to 0.`,
        );
      return rule;
    },
  };
}

/** How the stage that answers is validated; undefined when it is not. */
export function validationOf(session: Session, config: TrainConfig): Validation | undefined {
  const { every } = config.validation;
  if (every === 0) return undefined;
  const questions = splitTraining(forStage(session, config.stage2), config).validate;
  const settings = { ...config.evaluation, questions: 0 };
  return {
    every,
    score: async (model, { signal, onProgress }) => {
      const request = { ...evaluationRequest(session, config, model), questions, settings };
      const report = (event: ProgressEvent): void => onProgress?.({ ...event, stage: 'validate' });
      const { value, low, high, n } = (await evaluate(request, { signal, onProgress: report })).summary.accuracy;
      return { accuracy: value, low, high, questions: n };
    },
  };
}

/** What follows the stage that answers while it trains. */
export const watchersOf = (session: Session, config: TrainConfig) => ({
  validation: validationOf(session, config),
  trace: traceOf(session, config),
});
