/** What a run measures, and on which questions: the test questions before and after, validation questions while it trains. */
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import type { ProgressEvent } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { LanguageModel } from '../../engine/model/model';
import { createRandom, hashWords } from '../../engine/tensors/random';
import type { Trace } from '../../method/train/trace';
import type { Validation } from '../../method/train/validation';
import { type EvaluationRequest, evaluate } from '../../results/evaluation/evaluate';
import type { Session } from './session';
import { studentView } from './shown';
import { meanTrueRule } from './trueRule';

/** The evaluation of a model in the student's view, on the test questions. */
export function evaluationRequest(session: Session, config: TrainConfig, model: LanguageModel): EvaluationRequest {
  return {
    model,
    task: session.task,
    views: session.views,
    questions: session.test,
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

/** The training questions in seeded order; validation holds the last ones back. Throws InputError when none are left. */
export function splitTraining({ train }: Session, { seed, validation }: TrainConfig): TrainingSplit {
  const order = createRandom(hashWords(seed.data, 1)).shuffle(train);
  if (validation.every === 0) return { learn: order, validate: [] };
  const kept = order.length - validation.questions;
  if (kept > 0) return { learn: order.slice(0, kept), validate: order.slice(kept) };
  throw new InputError(
    `validation.questions=${validation.questions} leaves none of ${order.length} questions to train on; choose fewer.`,
  );
}

/** The questions a stage will see, of its strata and without those left out, in seeded order and no more than it needs; each is answered `groupSize` times. */
export function stageQuestions(
  session: Session,
  config: TrainConfig,
  { settings, groupSize = 1 }: { readonly settings: StageSettings; readonly groupSize?: number },
): readonly Question[] {
  const { learn } = splitTraining(session, config);
  return notLeftOut(ofStrata(learn, settings), settings).slice(0, (settings.steps * settings.batch_size) / groupSize);
}

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
  const questions = session.test.slice(0, most);
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
  const questions = splitTraining(session, config).validate;
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
