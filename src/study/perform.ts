/**
 * Makes one run of the study and its row. Sessions stay open between runs, so that a worker loads each base only once.
 */
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { TrainConfig } from '../base/config/configs';
import type { TeacherContext } from '../base/config/parts';
import type { OperationOptions } from '../base/records/events';
import type { Question } from '../base/records/question';
import type { MetricsRow, TraceRow } from '../base/records/rows';
import { openRun } from '../base/records/runReader';
import { gitCommit } from '../base/records/runWriter';
import type { LanguageModel } from '../engine/model/model';
import { hashString } from '../engine/tensors/random';
import { algorithmNamed } from '../method/algorithms';
import { lookingAt } from '../method/algorithms/algorithm';
import { resolveTrainConfig } from '../method/algorithms/settings';
import { loadTask } from '../questions/load';
import { type Evaluation, evaluate } from '../results/evaluation/evaluate';
import { evaluateDecodings } from '../results/evaluation/ladder';
import { type TrainOutcome, trainInSession } from '../run/experiments/train';
import { openSession, type Session } from '../run/session/session';
import { teacherOf } from '../run/session/shown';
import { evaluationRequest, stageQuestions } from '../run/session/validation';
import { type Base, baseOf, fingerprint } from './bases';
import { budgetOf } from './budget';
import { COMMON } from './cells';
import { furtherScores, passCounts, rounded, ruleByTemplate, scoresOf } from './measure';
import { type StudyRun, trainingsOf } from './plan';
import type { Curves, Scores, StudyRow } from './row';
import { skillsOf } from './skills';
import { type Writer, writerOf } from './writer';

/**
 * Size of the development split: training questions (the last ones in their balanced order) on which only trials are
 * measured.
 */
const DEVELOPMENT = 210;
/** Answers to each question where a base or a trial is measured. */
const BASE_SAMPLES = 4;
/** About how many points of a curve are kept. */
const CURVE_POINTS = 16;

/** Where a worker works. */
export interface Workplace {
  /** Contains bases and worlds that are not committed. */
  readonly folder: string;
  /** For files of this worker only, which exist until the run's row is made. */
  readonly scratch: string;
  readonly sessions: Map<string, Opened>;
}

interface Opened {
  readonly base: Base;
  readonly sha256: string;
  readonly session: Session;
  readonly transfer: readonly Question[];
}

async function open({ folder, sessions }: Workplace, name: string): Promise<Opened> {
  const known = sessions.get(name);
  if (known) return known;
  const base = baseOf(name, folder);
  const opened = {
    base,
    sha256: fingerprint(base),
    session: await openSession({ model: base.model, data: dataOf(base), precision: 'fp32' }),
    transfer: transferOf(base),
  };
  sessions.set(name, opened);
  return opened;
}

/** The questions of the transfer family; none where they are among those that are trained on. */
function transferOf(base: Base): readonly Question[] {
  const trained = new Set(loadTask(dataOf(base)).train.map(({ metadata }) => metadata?.family));
  return loadTask(dataOf(base, '-transfer')).test.filter(({ metadata }) => !trained.has(metadata?.family));
}

const dataOf = ({ world }: Base, suite = ''): string => `microscience${suite}:${world}`;

/** What a run adds to the facts that every row has. */
type Result = Partial<Scores> &
  Pick<
    StudyRow,
    'decodings' | 'pass' | 'true_rule' | 'curves' | 'trace' | 'budget' | 'written' | 'drills' | 'untrained'
  >;

/** Makes a run. When it is stopped it throws InterruptedError and leaves nothing behind. */
export async function perform(run: StudyRun, place: Workplace, options: OperationOptions = {}): Promise<StudyRow> {
  const started = Date.now();
  const opened = await open(place, run.base);
  rmSync(place.scratch, { recursive: true, force: true });
  const working: Working = { run, place, opened, options };
  const kinds = { train: trained, trial: trained, context: underContext, writer: written } as const;
  const result = await kinds[run.kind](working);
  rmSync(place.scratch, { recursive: true, force: true });
  const { key, kind, experiment, cell, group, base, seed, settings } = run;
  return {
    schema_version: 2,
    ...{ key, kind, experiment, cell, group, base },
    base_sha256: opened.sha256,
    world: /^\d+$/.test(opened.base.world) ? Number(opened.base.world) : opened.base.world,
    ...{ seed, settings },
    commit: gitCommit(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads: Number(process.env.TF_NUM_INTRAOP_THREADS ?? 0),
    seconds: rounded((Date.now() - started) / 1000),
    ...result,
  };
}

interface Working {
  readonly run: StudyRun;
  readonly place: Workplace;
  readonly opened: Opened;
  readonly options: OperationOptions;
}

/** The configuration of a run with more settings; later settings override earlier ones. */
function configOf(working: Working, ...more: readonly string[]): TrainConfig {
  const [own] = trainingsOf(working.run);
  return configWith(working, [...own, ...more]);
}

function configWith({ run, place, opened: { base } }: Working, own: readonly string[]): TrainConfig {
  const where = [
    `seed=${run.seed}`,
    `model=${base.model}`,
    `data=${dataOf(base)}`,
    `runs=${place.scratch}`,
    'name=run',
  ];
  return resolveTrainConfig({ overrides: [...COMMON, ...where, ...own] });
}

/** A run's settings that its writer shares: the questions of stage I, and smaller sizes in tests. */
const stageOneSettings = ({ settings }: StudyRun): string[] =>
  settings.filter((word) => word.startsWith('stage1.') || word.startsWith('evaluation.questions='));

/** Writers that learned with other settings have folders of their own. */
function writerName(run: StudyRun): string {
  const own = stageOneSettings(run);
  return [run.base, 'seed', run.seed, ...(own.length > 0 ? [hashString(own.join(' ')).toString(16)] : [])].join('-');
}

function writerFor({ run, place, opened: { base, session } }: Working, options: OperationOptions): Promise<Writer> {
  return writerOf(
    {
      session,
      folder: join(place.folder, 'writers', writerName(run)),
      model: base.model,
      data: dataOf(base),
      seed: run.seed,
      settings: stageOneSettings(run),
    },
    options,
  );
}

async function written(working: Working): Promise<Result> {
  const { quality, untrained, cost } = await writerFor(working, working.options);
  const { flops, sampled, annotation, questions } = cost;
  const parts = { rollout: 0, teacher: 0, update: 0, stage1: flops, writing: 0, judge: 0 };
  return {
    written: quality,
    untrained,
    budget: {
      flops: { ...parts, total: flops },
      questions: questions.length,
      annotation_tokens: annotation,
      sampled_tokens: sampled,
    },
  };
}

/**
 * A session in which the development split takes the place of the test questions and is removed from the training
 * questions.
 */
function developing(session: Session): Session {
  return { ...session, train: session.train.slice(0, -DEVELOPMENT), test: session.train.slice(-DEVELOPMENT) };
}

async function trained(working: Working): Promise<Result> {
  const { run, opened, options } = working;
  const trial = run.kind === 'trial';
  const session = trial ? developing(opened.session) : opened.session;
  const asked = configOf(working, ...(trial ? [`evaluation.samples=${BASE_SAMPLES}`] : []));
  const writer =
    algorithmNamed(asked.algorithm).rubricStage && asked.stages === 'both'
      ? await writerFor(working, options)
      : undefined;
  const config: TrainConfig = writer ? { ...asked, stages: 'reasoner', rubric_source: `file:${writer.train}` } : asked;
  const first = await trainInSession(session, config, { ...options, evaluateBefore: false });
  const [, second] = trainingsOf(run);
  if (second) return trainedAgain(working, first.model, configWith(working, [...second, 'name=then']));
  return measured(working, session, { config, asked, outcome: first, ...(writer && { writer }) });
}

/** A second training, which begins with the model of the first one and frees it. What both cost is not counted. */
async function trainedAgain(working: Working, model: LanguageModel, config: TrainConfig): Promise<Result> {
  const session = { ...working.opened.session, model };
  try {
    const outcome = await trainInSession(session, config, { ...working.options, evaluateBefore: false });
    const { budget: _, ...result } = await measured(working, session, { config, asked: config, outcome });
    return result;
  } finally {
    model.dispose();
  }
}

/** A training that is to be measured. */
interface Finished {
  readonly config: TrainConfig;
  /** The configuration before a writer's rubrics took the place of stage I. */
  readonly asked: TrainConfig;
  readonly outcome: TrainOutcome;
  readonly writer?: Writer;
}

/** Measures a trained model and frees it. */
async function measured(
  working: Working,
  session: Session,
  { config, asked, outcome, writer }: Finished,
): Promise<Result> {
  const { run, options } = working;
  try {
    const { path, model, after, decodings } = outcome;
    const request = evaluationRequest(session, config, model);
    if (!after) throw new Error('a run of the study ended without its evaluation');
    const stage = algorithmNamed(config.algorithm).rubricStage ? join(path, 'stage-2') : path;
    const spent = { config: asked, model, task: session.task, stage, folder: path, questions: seen(session, config) };
    const rule = await ruleByTemplate(request, options);
    return {
      ...scoresOf(after, run.kind === 'trial' ? undefined : await evaluateTransfer(working, config, model)),
      decodings: await furtherScores(request, (decodings.after ?? []).slice(0, -1), options),
      ...(run.passAt64 && { pass: await passCounts(request, options) }),
      ...(rule && { true_rule: rule }),
      ...(run.skills && (await skillsOf(session, { model, config }, options))),
      ...(config.trace_every > 0 && { trace: traceCurves(openRun(stage).trace()) }),
      curves: curvesOf(openRun(stage).metrics()),
      budget: budgetOf({ ...spent, ...(writer && { writer: writer.cost }) }),
    };
  } finally {
    outcome.model.dispose();
  }
}

async function evaluateTransfer(
  { opened, options }: Working,
  config: TrainConfig,
  model: LanguageModel,
): Promise<Evaluation | undefined> {
  if (opened.transfer.length === 0) return undefined;
  const request = evaluationRequest(opened.session, config, model);
  return evaluate({ ...request, questions: opened.transfer }, options);
}

/** The questions that the answering stage sees. */
function seen(session: Session, config: TrainConfig): readonly Question[] {
  const { stage2, algorithm } = config;
  const { groupSize = 1 } = algorithmNamed(algorithm).answering(stage2, lookingAt(session.task));
  return stageQuestions(session, config, { settings: stage2, groupSize });
}

/** Evaluates the base itself, with privileged text in the prompt. */
async function underContext(working: Working): Promise<Result> {
  const { run, opened, options } = working;
  const { session } = opened;
  const kind = (run.settings.find((word) => word.startsWith('context='))?.slice(8) ?? 'none') as TeacherContext;
  const config = configOf(working, `evaluation.samples=${BASE_SAMPLES}`);
  const request = evaluationRequest(session, config, session.model);
  const source = kind.includes('rubric') ? await sourceFor(working, config) : undefined;
  const teacher =
    kind === 'none' ? undefined : teacherOf(session, config, { questions: session.test, context: kind, source });
  const shown = { questions: teacher?.questions ?? session.test, view: teacher?.view ?? request.view };
  const plain = kind === 'none';
  const evaluations = await evaluateDecodings({ ...request, ...shown }, options);
  const rule = await ruleByTemplate({ ...request, ...shown }, options);
  return {
    ...(rule && { true_rule: rule }),
    ...scoresOf(
      evaluations.at(-1) as Evaluation,
      plain ? await evaluateTransfer(working, config, session.model) : undefined,
    ),
    decodings: await furtherScores({ ...request, ...shown }, evaluations.slice(0, -1), options),
    ...(run.passAt64 && { pass: await passCounts(request, options) }),
    ...(run.skills && (await skillsOf(session, { model: session.model, config }, options))),
  };
}

/** Where the rubrics of the held-out questions come from: learned ones are a writer's. */
async function sourceFor(working: Working, { rubric_source: source }: TrainConfig): Promise<string> {
  return source === 'generated' ? `file:${(await writerFor(working, working.options)).test}` : source;
}

/** The trace by stratum, a curve each. */
function traceCurves(rows: readonly TraceRow[]): Curves {
  const strata = Object.keys(rows[0]?.strata ?? {});
  return {
    step: rows.map(({ step }) => step),
    ...Object.fromEntries(strata.map((name) => [name, rows.map((row) => rounded(row.strata?.[name] ?? Number.NaN))])),
  };
}

const CURVES = [
  'loss',
  'entropy',
  'divergence/true',
  'clip/fraction',
  'completions/mean_length',
  'reward',
  'teacher/agreement',
];

/** Metrics at some of the steps, including the first and the last. */
function curvesOf(rows: readonly MetricsRow[]): Curves {
  const every = Math.max(1, Math.ceil(rows.length / CURVE_POINTS));
  const kept = rows.filter((_, i) => i % every === 0 || i === rows.length - 1);
  const shown = (x: number | null | undefined): number | null =>
    typeof x === 'number' ? Number(x.toPrecision(4)) : null;
  const present = CURVES.filter((name) => kept.some((row) => typeof row[name] === 'number'));
  return {
    step: kept.map(({ step }) => step),
    ...Object.fromEntries(present.map((name) => [name, kept.map((row) => shown(row[name]))])),
  };
}
