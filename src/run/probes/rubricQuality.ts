/**
 * How good a set of rubrics is for a model and its questions, without a judge (papers: RCSD Proposition 1; RGSD's conditioning
 * gap; ROPD's discrimination). One set of the model's own answers serves all sources, so that they are compared on the same text.
 */
import type { TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { Rubric } from '../../base/records/rubric';
import { requireTokenizer } from '../../engine/model/model';
import type { Rollout } from '../../method/rollout/rollout';
import { areaUnderCurve, ruleScore } from '../../method/rubrics/discrimination';
import { type RubricQuality, rubricQuality } from '../../method/rubrics/quality';
import type { RubricSet, RubricYield } from '../../method/rubrics/yield';
import { scoreCompletions } from '../../method/scoring/logprobs';
import { type TeacherVariation, teacherVariation } from '../../method/scoring/variation';
import type { LoadedTask } from '../../questions/load';
import type { ViewRequest } from '../../questions/tasks/views';
import {
  type Evaluation,
  type EvaluationRequest,
  gradeAnswers,
  limitQuestions,
  sampleAnswers,
  scoresOf,
} from '../../results/evaluation/evaluate';
import type { Estimate } from '../../results/evaluation/intervals';
import { clusteredMean, estimate, pairedShareDifference } from '../../results/evaluation/statistics';
import { writeRubrics } from '../session/rubrics';
import type { Session } from '../session/session';
import { type ShownRubrics, solutionBehind, studentView, takeRubrics, teacherOf, teacherView } from '../session/shown';
import { evaluationRequest } from '../session/validation';

/** What is measured. */
export interface RubricQualityRequest extends OperationOptions {
  readonly config: TrainConfig;
  /** Rubric sources of the settings; `generated` ones are written by the session's model. */
  readonly sources: readonly string[];
  readonly split: 'train' | 'test';
  /** Words in the sequences of the answer that the leakage looks for. */
  readonly piece: number;
}

/** What the model gains from the rubrics, paired over the questions that have one. */
export interface Uplift {
  /** With the rubric in the prompt, and above the same questions without it. */
  readonly accuracy: Estimate;
  readonly gain: Estimate;
  /** Log-probability of the reference solution (else answer) given question and rubric, minus given the question; nats. */
  readonly logprob: Estimate;
  readonly unparsed: number;
  readonly truncated: number;
}

/** Whether a rubric's score tells right answers of the model from wrong ones. */
export interface Discrimination {
  /** Mean over the questions that have both kinds of answers and a criterion that a rule can check; its n says how many. */
  readonly auc: Estimate;
  readonly criteria: number;
  /** Of these, the ones that a rule can check. */
  readonly checkable: number;
}

/** Proposition 1 along the model's own answers: sums over an answer's tokens, in nats, meaned over answers, then questions. */
export interface VariationSummary {
  /** Mean total variation of a token, 0..1. */
  readonly perToken: Estimate;
  readonly bound: Estimate;
  readonly difference: Estimate;
  /** The mean B of a token, in nats. */
  readonly surprise: Estimate;
}

/** One source's rubrics, measured. What could not be measured is absent, and `notes` say why. */
export interface SourceQuality {
  readonly source: string;
  readonly counts: RubricYield;
  readonly text: Readonly<Record<keyof RubricQuality, Estimate>>;
  readonly uplift?: Uplift;
  readonly discrimination?: Discrimination;
  readonly variation?: VariationSummary;
  readonly notes: readonly string[];
}

/** Everything that was found, with what it was found on. */
export interface RubricQualityReport {
  readonly task: string;
  readonly model: string;
  readonly split: 'train' | 'test';
  readonly questions: number;
  readonly piece: number;
  readonly seed: TrainConfig['seed'];
  /** The model without rubrics. */
  readonly base?: Pick<Evaluation['summary'], 'decoding' | 'accuracy' | 'samples' | 'unparsed' | 'truncated'>;
  readonly sources: readonly SourceQuality[];
}

/** The model's own answers and what goes with them. */
interface Base {
  readonly session: Session;
  readonly request: EvaluationRequest;
  readonly answers: readonly Rollout[][];
  readonly evaluation: Evaluation;
  readonly logprobs: readonly number[];
  readonly reference: ShownRubrics['of'];
}

/** Measures the rubrics of every source; without a model (a loaded task alone) only their text. */
export async function measureRubrics(
  opened: Session | LoadedTask,
  request: RubricQualityRequest,
): Promise<RubricQualityReport> {
  const { config, sources, split, piece } = request;
  const questions = limitQuestions(opened[split], config.evaluation);
  if (questions.length === 0) throw new InputError(`There are no ${split} questions in data=${config.data}.`);
  const base = 'model' in opened ? await measureBase(opened, questions, request) : undefined;
  const measured: SourceQuality[] = [];
  for (const source of sources) {
    const { rubrics, counts } = await rubricsOf(opened, { source, questions, request });
    const byId = new Map(rubrics.map((rubric) => [rubric.questionId, rubric]));
    const qualities = questions.flatMap((question) => {
      const rubric = byId.get(question.id);
      return rubric ? rubricQuality(rubric, question, piece) : [];
    });
    const found = base && byId.size > 0 ? await measureWithModel({ base, byId, source, request }) : {};
    measured.push({ source, counts, text: textQuality(qualities), notes: [], ...found });
  }
  const { decoding, accuracy, samples, unparsed, truncated } = base?.evaluation.summary ?? {};
  return {
    task: opened.task.name,
    model: config.model,
    split,
    questions: questions.length,
    piece,
    seed: config.seed,
    ...(accuracy && { base: { decoding, accuracy, samples, unparsed, truncated } as RubricQualityReport['base'] }),
    sources: measured,
  };
}

function textQuality(qualities: readonly RubricQuality[]): SourceQuality['text'] {
  const names = Object.keys(rubricQuality({ criteria: [] }, { answer: '' } as Question)) as (keyof RubricQuality)[];
  const of = (name: keyof RubricQuality): Estimate =>
    estimate(
      qualities
        .map((quality) => quality[name])
        .filter((value) => value !== null)
        .map(Number),
    );
  return Object.fromEntries(names.map((name) => [name, of(name)])) as SourceQuality['text'];
}

async function rubricsOf(
  opened: Session | LoadedTask,
  { source, questions, request }: { source: string; questions: readonly Question[]; request: RubricQualityRequest },
): Promise<RubricSet> {
  const { config, signal, onProgress } = request;
  if (source !== 'generated') return takeRubrics(opened, config, { questions, source });
  if (!('model' in opened)) throw new InputError('The source generated needs a model to write; take another source.');
  const writing = { writer: opened.model, writerName: config.model, questions, config, signal, onProgress };
  return writeRubrics(opened, writing);
}

async function measureBase(
  session: Session,
  questions: readonly Question[],
  { config, signal, onProgress }: RubricQualityRequest,
): Promise<Base> {
  const request = { ...evaluationRequest(session, config, session.model), questions };
  const answers = await sampleAnswers(request, {
    signal,
    onProgress: (event) => onProgress?.({ ...event, stage: 'answers' }),
  });
  const taught = questions.filter(({ rubric }) => session.task.rubric || rubric);
  return {
    session,
    request,
    answers,
    evaluation: gradeAnswers(request, answers),
    logprobs: await solutionLogprobs(session, {
      views: questions.map((question) => studentView(config, question)),
      signal,
    }),
    reference: takeRubrics(session, config, { questions: taught, source: 'reference' }).of,
  };
}

/** log p(y* | x) or, in a teacher's views, log p(y* | x, r): one sum a question, in nats. */
async function solutionLogprobs(
  session: Session,
  { views, signal }: { readonly views: readonly ViewRequest[]; readonly signal?: AbortSignal },
): Promise<number[]> {
  const sequences = views.map((view) => solutionBehind(session, view));
  const scores = await scoreCompletions(session.model, sequences, { signal });
  return scores.map(({ logprobs }) => logprobs.reduce((sum, value) => sum + value, 0));
}

interface Measured {
  readonly base: Base;
  readonly byId: ReadonlyMap<string, Rubric>;
  readonly source: string;
  readonly request: RubricQualityRequest;
}

async function measureWithModel(
  measured: Measured,
): Promise<Pick<SourceQuality, 'uplift' | 'discrimination' | 'variation' | 'notes'>> {
  const uplift = await measureUplift(measured);
  const { discrimination, note } = discriminate(measured);
  const comparable =
    measured.source !== 'reference' && [...measured.byId.keys()].some((id) => measured.base.reference({ id }));
  const variation = comparable ? await measureVariation(measured) : undefined;
  const missing = 'Proposition 1: there is no reference rubric to compare with';
  const notes = [...(note ? [note] : []), ...(variation || measured.source === 'reference' ? [] : [missing])];
  return { uplift, ...(discrimination && { discrimination }), ...(variation && { variation }), notes };
}

async function measureUplift({ base, byId, source, request }: Measured): Promise<Uplift> {
  const { signal, onProgress } = request;
  const at = base.request.questions.flatMap(({ id }, i) => (byId.has(id) ? [i] : []));
  const questions = at.map((i) => base.request.questions[i] as Question);
  const { view } = teacherOf(base.session, request.config, {
    questions,
    context: 'rubric',
    rubrics: ({ id }) => byId.get(id),
  });
  const withRubric = { ...base.request, questions, view };
  const progress = {
    signal,
    onProgress: (event) => onProgress?.({ ...event, stage: source }),
  } satisfies OperationOptions;
  const { summary, results } = gradeAnswers(withRubric, await sampleAnswers(withRubric, progress));
  const without = scoresOf(at.map((i) => base.evaluation.results[i] as Evaluation['results'][number]));
  const logprobs = await solutionLogprobs(base.session, { views: questions.map(view), signal });
  return {
    accuracy: summary.accuracy,
    gain: pairedShareDifference(scoresOf(results), without),
    logprob: estimate(logprobs.map((value, k) => value - (base.logprobs[at[k] as number] as number))),
    unparsed: summary.unparsed,
    truncated: summary.truncated,
  };
}

function discriminate({ base, byId }: Measured): { readonly discrimination?: Discrimination; readonly note?: string } {
  const { task } = base.session;
  const { meetsCriterion: meets } = task;
  if (!meets) return { note: `AUC: no rule can check a criterion of ${task.name}, and there is no judge here` };
  let criteria = 0;
  let checkable = 0;
  const areas = base.evaluation.results.flatMap(({ question, responses }) => {
    const rubric = byId.get(question.id);
    if (!rubric) return [];
    criteria += rubric.criteria.length;
    checkable += rubric.criteria.filter((criterion) => meets(criterion, '') !== undefined).length;
    const scores = (correct: boolean): number[] =>
      responses
        .filter((response) => response.correct === correct)
        .flatMap(({ text }) => ruleScore(rubric.criteria, (criterion) => meets(criterion, text)) ?? []);
    return areaUnderCurve(scores(true), scores(false)) ?? [];
  });
  if (areas.length === 0)
    return {
      note: `AUC: ${checkable === 0 ? 'no criterion can be checked by rule' : 'no question has right and wrong answers'}`,
    };
  return { discrimination: { auc: estimate(areas), criteria, checkable } };
}

/** Proposition 1's terms along the model's own answers, for the questions that have both rubrics. */
async function measureVariation({ base, byId, source, request }: Measured): Promise<VariationSummary> {
  const { model, views } = base.session;
  const { encode } = requireTokenizer(model);
  const answers = base.request.questions.map((question, i) => {
    const [reference, other] = [base.reference(question), byId.get(question.id)];
    if (!reference || !other) return [];
    const { config } = request;
    const prompt = (rubric: Rubric) =>
      encode(views.render(teacherView(config, question, { context: 'rubric', rubric })));
    const student = encode(views.render(studentView(config, question)));
    const prompts = { student, reference: prompt(reference), other: prompt(other) };
    return (base.answers[i] as Rollout[]).map(({ completionTokens }) => ({ ...prompts, completionTokens }));
  });
  const measured = await teacherVariation(model, answers.flat(), {
    signal: request.signal,
    onProgress: (event) => request.onProgress?.({ ...event, stage: `${source}: teachers` }),
  });
  const each = measured.values();
  const byQuestion = answers.map((own) => own.map(() => each.next().value as TeacherVariation));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const mean = (of: (answer: TeacherVariation) => number): Estimate =>
    clusteredMean(byQuestion.map((own) => own.map(of)));
  return {
    perToken: mean(({ variation }) => sum(variation) / variation.length),
    surprise: mean(({ surprise }) => sum(surprise) / surprise.length),
    bound: mean(({ variation, surprise }) => sum(variation.map((tv, t) => 2 * tv * (surprise[t] as number)))),
    difference: mean(({ difference }) => sum(difference)),
  };
}
