/**
 * One configured run from questions to results: evaluate, train (both stages of RCSD, with rubrics in between, or one stage of
 * another algorithm), evaluate again. Everything lands in a run folder; what is there already is not done again, which is all
 * that resuming takes.
 */
import { join } from 'node:path';
import { workersOf } from '../../base/config/addresses/workers';
import { readsRubrics } from '../../base/config/algorithm';
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import { type OperationOptions, saying } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { EvaluationMoment, Inputs, RubricRow } from '../../base/records/rows';
import type { Rubric } from '../../base/records/rubric';
import { openRun } from '../../base/records/runReader';
import { asBegun, gitCommit, type RunFolder, runConfig } from '../../base/records/runWriter';
import { writeJsonl } from '../../engine/files/jsonl';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { leads, led, type Ranks } from '../../engine/model/ranks';
import { algorithmNamed } from '../../method/algorithms';
import type { Algorithm, Example } from '../../method/algorithms/algorithm';
import { judgePrompts } from '../../method/prompts/judge';
import { createRewards, type RewardContext } from '../../method/rewards';
import { localJudge } from '../../method/rewards/judges/readout';
import type { Reward } from '../../method/rewards/reward';
import { criteriaCheck } from '../../method/rewards/rubric';
import { checkRubricYield, type RubricYield } from '../../method/rubrics/yield';
import { trainStage } from '../../method/train/loop';
import type { Observer } from '../../method/train/observer';
import { type Evaluation, limitQuestions, promptOf } from '../../results/evaluation/evaluate';
import { evaluateDecodings } from '../../results/evaluation/ladder';
import { fromSampleRows, toResults, toSampleRows } from '../../results/evaluation/results';
import { requireAlike } from '../cluster/alike';
import { placeOf, together } from '../cluster/cluster';
import type { Place } from '../cluster/connect';
import { type OpenSampler, openSampler } from '../cluster/sampler';
import { begunRun } from '../session/begun';
import { estimateRun, plannedFormat, type RunEstimate, settled } from '../session/estimate';
import { inputsOf, runtimeFacts } from '../session/inputs';
import { type NamedSelection, recorded, sayOfData, selectionsOf } from '../session/plan';
import { requireAdapter, requireAnswers, requireRoom, requireRubrics } from '../session/requirements';
import { ELSEWHERE, openRewardJudge, type RewardJudge } from '../session/rewardJudge';
import { writeRubrics } from '../session/rubrics';
import { forStage, openSession, type Session, templatesOf } from '../session/session';
import { byQuestion, takeRubrics } from '../session/shown';
import { meanTrueRule } from '../session/trueRule';
import { evaluationRequest, gradable, mixtureOf, stageQuestions, watchersOf } from '../session/validation';
import { openFolder } from './folder';
import { requireReportable, writeReport } from './report';

/** A finished run: its folder, its trained model (the caller's to dispose) and what it was measured at. */
export interface TrainOutcome {
  readonly path: string;
  readonly model: LanguageModel;
  /** The stage-I model, where there was a stage I. */
  readonly rubricModel?: LanguageModel;
  readonly before?: Evaluation;
  readonly after?: Evaluation;
  /** The same evaluations under each of their decodings; with `evaluation.ladder` more than one, the last at temperature 1. */
  readonly decodings: Readonly<Partial<Record<EvaluationMoment, readonly Evaluation[]>>>;
  /** How many of the rubrics that the stage-I model wrote were valid. */
  readonly rubricYield?: RubricYield;
  readonly report: string;
}

/** Options of a run beside its settings; the observer looks at the student that learns to answer. */
export interface TrainOptions extends OperationOptions {
  /** Default true; a comparison that has evaluated the base already leaves it out. */
  readonly evaluateBefore?: boolean;
  /** Told before anything is computed what the run will ask of the machine. */
  readonly onEstimate?: (estimate: RunEstimate) => void;
  readonly observer?: Observer;
}

interface Run {
  readonly config: TrainConfig;
  readonly session: Session;
  readonly folder: RunFolder;
  readonly options: TrainOptions;
  readonly inputs: Inputs;
  readonly sampler: OpenSampler['sampler'];
  readonly selections: readonly NamedSelection[];
  /** The stage of the run's algorithm that learns to answer; made before anything is computed, since a reward may not load. */
  readonly answering: Algorithm;
  /** Models trained so far: the caller's when the run ends well, freed when it does not. */
  readonly trained: LanguageModel[];
}

/**
 * Runs a configuration in the folder `runs/name`, going on with what is there. With several workers, this process is the first of
 * them, or the one that `worker` says; of the others, only the weights come back.
 */
export async function train(config: TrainConfig, options: TrainOptions = {}): Promise<TrainOutcome> {
  const place = await placeOf(config);
  return place ? trainAt(place, config, options) : trainOn(undefined, config, options);
}

/** The same as one of several workers. @internal */
export function trainAt(place: Place, config: TrainConfig, options: TrainOptions = {}): Promise<TrainOutcome> {
  return together(place, { config, options, path: join(config.runs, config.name) }, (ranks, signal) =>
    trainOn(ranks, config, { ...options, signal }),
  );
}

async function trainOn(ranks: Ranks | undefined, given: TrainConfig, options: TrainOptions): Promise<TrainOutcome> {
  const config = goingOn(given);
  const session = await openSession(config, (outline) => plannedFormat(outline, config));
  try {
    return await trainInSession(ranks ? { ...session, model: { ...session.model, ranks } } : session, config, options);
  } finally {
    session.dispose();
  }
}

/** What the settings leave to the program stays as it is in the run that is gone on with. */
const goingOn = (config: TrainConfig): TrainConfig =>
  asBegun(join(config.runs, config.name), { settings: config, understand: begunRun });

/** The same with an open session, whose model stays the caller's. Throws InputError for settings of several workers, which `train` starts. */
export async function trainInSession(
  session: Session,
  given: TrainConfig,
  options: TrainOptions = {},
): Promise<TrainOutcome> {
  const config = settled(session, goingOn(given));
  const { ranks } = session.model;
  if (!ranks && workersOf(config).count > 1)
    throw new InputError(`workers=${config.workers} is for \`rcsd train\`; leave it out here.`);
  if (leads(ranks)) requireReportable();
  requireAnswers(session, config);
  requireRubrics(session, config);
  requireAdapter(session, config);
  requireRoom(session, config);
  const selections = selectionsOf(session, config);
  for (const sentence of sayOfData(session, selections)) saying(options)(sentence);
  const judge = leads(ranks) ? await openRewardJudge(config, options) : ELSEWHERE;
  try {
    const algorithm = answering(session, config, judge);
    if (leads(ranks)) options.onEstimate?.(estimateRun(session, config));
    const inputs = await inputsOf(config, session, options);
    if (ranks) await requireAlike(ranks, { config, now: runConfig(config, runtimeFacts(session.model, inputs)) });
    const run = { config, session, options, inputs, trained: [], answering: algorithm, selections };
    return await trainInFolder(run);
  } finally {
    judge?.dispose();
  }
}

async function trainInFolder(begun: Omit<Run, 'folder' | 'sampler'>): Promise<TrainOutcome> {
  const { config, session, options } = begun;
  const algorithm = algorithmNamed(config.algorithm);
  const path = join(config.runs, config.name);
  const folder = openFolder(path, config, begun);
  let drawing: OpenSampler | undefined;
  try {
    folder.writeData(begun.selections.map(recorded));
    drawing = await openSampler(session, config, { folder, signal: options.signal });
    const run: Run = { ...begun, folder, sampler: drawing.sampler };
    const before = options.evaluateBefore === false ? undefined : await evaluateOnce(run, 'before', session.model);
    const trained = algorithm.writing ? await bothStages(run, algorithm.writing) : await answeringStage(run);
    const after = trained.model === trained.rubricModel ? undefined : await evaluateOnce(run, 'after', trained.model);
    const decodings = { ...(before && { before }), ...(after && { after }) };
    const report = leads(session.model.ranks) ? writeReport(path) : path;
    return { path, ...trained, before: before?.at(-1), after: after?.at(-1), decodings, report };
  } catch (error) {
    for (const model of begun.trained) model.dispose();
    throw error;
  } finally {
    drawing?.dispose();
    folder.close();
  }
}

async function evaluateOnce(run: Run, moment: EvaluationMoment, model: LanguageModel): Promise<Evaluation[]> {
  const { session, config, folder, options } = run;
  const { ranks } = session.model;
  const recorded = leads(ranks) ? openRun(folder.path).evaluation(moment) : undefined;
  if (await led(ranks, () => recorded !== undefined)) {
    if (!recorded) return [];
    const rows = recorded.samples(session.task.name);
    return fromSampleRows(rows, recorded.results, { task: session.task, questions: gradable(session.test) });
  }
  const started = Date.now();
  const request = evaluationRequest(session, config, model);
  if (request.questions.length === 0) return [];
  const evaluations = await evaluateDecodings(request, {
    signal: options.signal,
    onProgress: (event) => options.onProgress?.({ ...event, stage: `evaluate ${moment}` }),
  });
  const questions = limitQuestions(request.questions, config.evaluation);
  const rule = await meanTrueRule({ ...request, questions }, { signal: options.signal });
  const facts = {
    ...(rule && { trueRule: rule }),
    task: session.task.name,
    model: model.name,
    settings: config.evaluation,
    seed: config.seed.sampling,
    seconds: (Date.now() - started) / 1000,
    gitHash: gitCommit(),
    mode: 'task',
    ...(session.task.views ? {} : { chatTemplate: model.tokenizer?.chatTemplate }),
  };
  const rows = evaluations.flatMap((own) => toSampleRows(own, (question) => promptOf(request, question)));
  folder.writeEvaluation(moment, toResults(evaluations, facts), { [facts.task]: rows });
  return evaluations;
}

interface Trained {
  readonly model: LanguageModel;
  readonly rubricModel?: LanguageModel;
  readonly rubricYield?: RubricYield;
}

interface Stage {
  readonly number: 1 | 2 | null;
  readonly algorithm: Algorithm;
  readonly settings: StageSettings;
  readonly examples: readonly Example[];
}

/** Trains one stage in its own run folder (or the run's own, for algorithms of one stage). */
async function runStage(run: Run, stage: Stage): Promise<LanguageModel> {
  const { config, session, folder, options, trained } = run;
  const { number, algorithm, settings, examples } = stage;
  const stageFolder =
    number === null
      ? folder
      : openFolder(join(folder.path, `stage-${number}`), { algorithm: algorithm.name, settings }, run);
  try {
    const model = await trainStage(
      {
        model: session.model,
        algorithm,
        settings,
        lora: config.lora,
        examples,
        mixture: mixtureOf(session, config, settings),
        views: session.views,
        seed: config.seed,
        folder: stageFolder,
        checkpointEvery: config.checkpoint_every,
        keepCheckpoints: config.keep_checkpoints,
        ...(number !== 1 && { ...watchersOf(session, config), observer: options.observer }),
        tokenDetails: config.keep_token_details,
        collapseStop: config.collapse_stop,
        rematerialize: config.rematerialize,
        maxBatch: config.batches.rollouts,
        sampler: run.sampler,
      },
      options,
    );
    trained.push(model);
    return model;
  } finally {
    if (number !== null) stageFolder.close();
  }
}

/** The stage that learns to answer. Throws InputError for a reward that cannot be loaded. */
function answering(session: Session, config: TrainConfig, asked: RewardJudge | undefined): Algorithm {
  const settings = config.stage2;
  const { task } = session;
  // Rewards are given in the first rank alone: the others do not wait to be asked for their part.
  const model = { ...session.model, ranks: undefined };
  // A task with views of its own has no prose for a judge to read.
  const local = (): Pick<RewardContext, 'judge'> =>
    task.views
      ? {}
      : { judge: localJudge(model, judgePrompts(requireTokenizer(model), { templates: templatesOf(config) })) };
  const rewards = (): readonly Reward[] => {
    const { max_tokens: longest } = settings.sampling;
    const judges = { ...local(), ...(asked && { evaluator: asked.evaluate }) };
    return createRewards(settings.grpo, { task, longest, seed: config.seed.sampling, ...judges });
  };
  const criteria = () => criteriaCheck({ task, ...local() });
  return algorithmNamed(config.algorithm).answering(settings, {
    ...{ task, rewards, criteria },
    pool: { questions: forStage(session, settings).train, seed: config.seed.data },
  });
}

/** Learns to answer; the teacher's rubrics, where it or a reward reads any, are written by stage I's model or else by the base. */
async function answeringStage(run: Run, rubricModel?: LanguageModel): Promise<Trained> {
  const { session, config, folder, answering: algorithm } = run;
  const questions = stageQuestions(session, config, { settings: config.stage2, groupSize: algorithm.groupSize });
  const examples = readsRubrics(algorithmNamed(config.algorithm), config.stage2)
    ? await examplesWithRubrics(run, {
        questions,
        writer: rubricModel ?? session.model,
        writerName: rubricModel ? join(folder.path, 'stage-1') : config.model,
      })
    : questions.map((question) => ({ question }));
  const number = algorithmNamed(config.algorithm).writing ? 2 : null;
  return { model: await runStage(run, { number, algorithm, settings: config.stage2, examples }) };
}

/** Stage I, rubrics by its model (or another source), stage II. Both stages start from the same base model. */
async function bothStages(run: Run, writing: (config: TrainConfig) => Algorithm): Promise<Trained> {
  const { config } = run;
  const rubricModel = config.stages === 'reasoner' ? undefined : await writingStage(run, writing(config));
  const rubricYield = rubricModel && (await probeRubrics(run, rubricModel));
  if (config.stages === 'rubric' && rubricModel) return { model: rubricModel, rubricModel, rubricYield };
  const { model } = await answeringStage(run, rubricModel);
  return { model, rubricModel, rubricYield };
}

/** Held-out questions for which the stage-I model is asked to write a rubric, to see how many are valid. */
const PROBED_QUESTIONS = 16;

/** Lets the stage-I model write rubrics for held-out questions; they are recorded beside its metrics. */
async function probeRubrics(
  { config, session, folder, inputs, options }: Run,
  writer: LanguageModel,
): Promise<RubricYield> {
  const path = join(folder.path, 'stage-1');
  const { signal, onProgress } = options;
  const { rows, counts } = await writeRubrics(session, {
    writer,
    writerName: path,
    questions: session.test.slice(0, PROBED_QUESTIONS),
    config,
    cache: { folder: path, inputs },
    signal,
    onProgress,
  });
  if (leads(session.model.ranks)) writeJsonl(join(path, 'rubrics.jsonl'), rows);
  return counts;
}

async function writingStage(run: Run, algorithm: Algorithm): Promise<LanguageModel> {
  const { config, session } = run;
  const settings = config.stage1;
  const questions = stageQuestions(session, config, { settings });
  const examples = config.rubric_teacher_sees.includes('rubric')
    ? withRubrics(
        questions,
        takeRubrics(forStage(session, settings), config, { questions, source: 'reference' }).rubrics,
      )
    : questions.map((question) => ({ question }));
  return runStage(run, { number: 1, algorithm, settings, examples });
}

interface Writer {
  readonly questions: readonly Question[];
  readonly writer: LanguageModel;
  readonly writerName: string;
}

/** Questions with the rubrics that stage II's teacher will see; recorded in rubrics.jsonl, refused when too few are left. */
async function examplesWithRubrics(run: Run, { questions, writer, writerName }: Writer): Promise<Example[]> {
  const { config, session, folder, inputs, options } = run;
  const cache = { folder: folder.path, inputs };
  const { rubrics, counts, rows } =
    config.rubric_source === 'generated'
      ? await writeRubrics(session, { writer, writerName, questions, config, cache, ...options })
      : takeRubrics(forStage(session, config.stage2), config, { questions, source: config.rubric_source });
  if (leads(session.model.ranks)) recordRubrics(folder, rows);
  checkRubricYield(counts, config.rubric_min_valid);
  return withRubrics(questions, rubrics);
}

/** What a rubric's row says, without how often it was asked for. */
const said = ({ question_id, valid, criteria }: RubricRow): string => JSON.stringify([question_id, valid, criteria]);

/** Completes rubrics.jsonl. Throws InputError where it begins with other rubrics than the run would go on with. */
function recordRubrics(folder: RunFolder, rows: readonly RubricRow[]): void {
  const begun = openRun(folder.path).rubrics();
  const other = begun.find((row, i) => rows[i] === undefined || said(row) !== said(rows[i]));
  if (other)
    throw new InputError(
      `${join(folder.path, 'rubrics.jsonl')} holds another rubric of question ${other.question_id} than the run would go on with; restore what it began with, or choose another name=NAME.`,
    );
  folder.appendRubrics(rows.slice(begun.length));
}

function withRubrics(questions: readonly Question[], rubrics: readonly Rubric[]): Example[] {
  const rubricOf = byQuestion(rubrics);
  return questions.flatMap((question) => {
    const rubric = rubricOf(question);
    return rubric ? [{ question, rubric }] : [];
  });
}
