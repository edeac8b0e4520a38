/**
 * The whole method on the embedded model in minutes: stage I, rubrics, stage II, OPSD beside it, and what each context does to
 * the untrained model (the teachers and the placebo). Ends in a comparison, figures and a report; goes on where it stopped.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainConfig } from '../../base/config/configs';
import type { DivergenceSettings } from '../../base/config/parts';
import { type OperationOptions, saying } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { Inputs } from '../../base/records/rows';
import type { Rubric } from '../../base/records/rubric';
import { createRunFolder, type RunFolder, resumeRunFolder, runConfig } from '../../base/records/runWriter';
import { endOfTurn, type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { criterionViews } from '../../method/algorithms/algorithm';
import { resolveTrainConfig } from '../../method/algorithms/settings';
import { scoreGuidance } from '../../method/scoring/guidance';
import { pretty } from '../../questions/tasks/microscience';
import { type Evaluation, evaluate, limitQuestions } from '../../results/evaluation/evaluate';
import { greedy } from '../../results/evaluation/ladder';
import type { ReportGuidance, ReportRubric } from '../../results/report/reportData';
import { begunRuns } from '../session/begun';
import { inputsOf, runtimeFacts } from '../session/inputs';
import { writeRubrics } from '../session/rubrics';
import { openSession, type Session } from '../session/session';
import { byQuestion, type ShownRubrics, studentView, teacherOf, teacherView } from '../session/shown';
import { evaluationRequest } from '../session/validation';
import {
  familyScores,
  type MethodComparison,
  type MethodEvaluation,
  rubricCounts,
  summarizeMethods,
  summarizeStrata,
} from './comparison';
import { writeReport } from './report';
import { type TrainOutcome, trainInSession } from './train';

/** How large the quickstart is. */
export interface QuickstartOptions extends OperationOptions {
  /** Parent of the run folder, default `runs`. */
  readonly runs?: string;
  /** Name of the run, default `quickstart`. */
  readonly name?: string;
  /** Further settings of both runs, `name=value`, e.g. `steps=4`. */
  readonly overrides?: readonly string[];
  /** Throws away what an earlier quickstart of this name left. */
  readonly fresh?: boolean;
  /** Shown as the way to run it again. */
  readonly command?: string;
}

/** What the quickstart found, and where it lies. */
export interface QuickstartOutcome {
  readonly path: string;
  readonly report: string;
  readonly comparison: MethodComparison;
}

/** Runs the quickstart. */
export async function quickstart(options: QuickstartOptions = {}): Promise<QuickstartOutcome> {
  const { runs = 'runs', name = 'quickstart', overrides = [], command = 'npx rcsd quickstart' } = options;
  const path = join(runs, name);
  if (options.fresh) rmSync(path, { recursive: true, force: true });
  const configOf = (algorithm: string, ...more: string[]): TrainConfig =>
    resolveTrainConfig({
      overrides: [
        ...['profile=microscience', `algorithm=${algorithm}`, `runs=${path}`, `name=${algorithm}`],
        ...overrides,
        ...more,
      ],
    });
  const [rcsd, opsd] = [configOf('rcsd'), configOf('opsd')];
  const placebo = configOf('rcsd', 'name=placebo', 'stages=reasoner', 'rubric_source=placebo');
  const session = await openSession(rcsd);
  const inputs = await inputsOf(rcsd, session, options);
  const folder = openParent(path, { rcsd, opsd, placebo }, { session, inputs, options });
  const clock = stopwatches();
  const models: (LanguageModel | undefined)[] = [];
  try {
    const trained = await clock('rcsd', trainInSession(session, rcsd, options));
    models.push(trained.model, trained.rubricModel);
    const baseline = await clock('opsd', trainInSession(session, opsd, { ...options, evaluateBefore: false }));
    models.push(baseline.model);
    const empty = await clock('placebo', trainInSession(session, placebo, { ...options, evaluateBefore: false }));
    models.push(empty.model);
    const contexts = await clock('contexts', measureTeachers(session, rcsd, trained, options));
    const students: Student[] = [
      { method: 'base', model: session.model, evaluation: trained.before as Evaluation },
      { method: 'placebo', model: empty.model, evaluation: empty.after as Evaluation, teacher: contexts.placebo },
      { method: 'OPSD', model: baseline.model, evaluation: baseline.after as Evaluation, teacher: contexts.answer },
      { method: 'RCSD', model: trained.model, evaluation: trained.after as Evaluation, teacher: contexts.learned },
    ];
    const decoded = await clock('greedy answers', decodeGreedily(session, rcsd, { students, ...options }));
    const comparison = compare({
      ...{ session, config: rcsd, students, decoded, contexts, command },
      seconds: clock.seconds,
    });
    folder.writeComparison(comparison);
    return { path, report: writeReport(path), comparison };
  } finally {
    for (const model of models) model?.dispose();
    folder.close();
    session.dispose();
  }
}

function openParent(
  path: string,
  settings: object,
  {
    session,
    inputs,
    options,
  }: { readonly session: Session; readonly inputs: Inputs; readonly options: OperationOptions },
): RunFolder {
  const now = runConfig(settings, runtimeFacts(session.model, inputs));
  const opening = { work: 'rcsd quickstart', say: saying(options) };
  if (!existsSync(join(path, 'config.json'))) return createRunFolder(path, now, opening);
  return resumeRunFolder(path, 0, { ...opening, settings, understand: begunRuns, now });
}

/** Times named pieces of work, in seconds. */
function stopwatches(): (<T>(name: string, work: Promise<T>) => Promise<T>) & { seconds: Record<string, number> } {
  const seconds: Record<string, number> = {};
  const time = async <T>(name: string, work: Promise<T>): Promise<T> => {
    const started = Date.now();
    const result = await work;
    seconds[name] = (Date.now() - started) / 1000;
    return result;
  };
  return Object.assign(time, { seconds });
}

/** The untrained model under each context, and the rubrics that the stage-I model wrote for the test questions. */
interface Contexts {
  readonly learned: Evaluation;
  readonly placebo: Evaluation;
  readonly answer: Evaluation;
  readonly rubrics: ShownRubrics['of'];
  readonly yield: Parameters<typeof rubricCounts>[0];
}

async function measureTeachers(
  session: Session,
  config: TrainConfig,
  trained: TrainOutcome,
  { signal, onProgress }: OperationOptions,
): Promise<Contexts> {
  const questions = limitQuestions(session.test, config.evaluation);
  const written = await writeRubrics(session, {
    writer: trained.rubricModel ?? session.model,
    writerName: trained.path,
    questions,
    config,
    signal,
    onProgress,
  });
  const teacher = (name: string, shown: Partial<Parameters<typeof teacherOf>[2]>): Promise<Evaluation> => {
    const { view, questions: served } = teacherOf(session, config, { questions, ...shown });
    // Where the stage-I model's rubric is invalid, its teacher sees the question alone.
    const seen = (question: Question) => (served.includes(question) ? view(question) : studentView(config, question));
    const request = { ...evaluationRequest(session, config, session.model), questions, view: seen };
    return evaluate(request, { signal, onProgress: (event) => onProgress?.({ ...event, stage: `teacher: ${name}` }) });
  };
  const learned = byQuestion(written.rubrics);
  return {
    learned: await teacher('learned rubric', { context: 'rubric', rubrics: learned }),
    placebo: await teacher('placebo rubric', { context: 'rubric', source: 'placebo' }),
    answer: await teacher('answer', { context: 'answer' }),
    rubrics: learned,
    yield: written.counts,
  };
}

/** A trained model, or the base, with its sampled answers. */
interface Student extends MethodEvaluation {
  readonly model: LanguageModel;
}

/** Each student's greedy answers, which say what is likeliest, before its sampled ones, which say how likely it is. */
async function decodeGreedily(
  session: Session,
  config: TrainConfig,
  { students, signal, onProgress }: OperationOptions & { readonly students: readonly Student[] },
): Promise<MethodEvaluation[]> {
  const decoded: MethodEvaluation[] = [];
  for (const { method, model, evaluation: sampled } of students) {
    const request = evaluationRequest(session, config, model);
    const tell: OperationOptions['onProgress'] = (event) => onProgress?.({ ...event, stage: `greedy: ${method}` });
    const settings = greedy(request.settings);
    const evaluation = await evaluate({ ...request, settings }, { signal, onProgress: tell });
    decoded.push({ method, evaluation }, { method, evaluation: sampled });
  }
  return decoded;
}

interface Parts {
  readonly session: Session;
  readonly config: TrainConfig;
  readonly students: readonly Student[];
  /** The students' evaluations under each decoding. */
  readonly decoded: readonly MethodEvaluation[];
  readonly contexts: Contexts;
  readonly command: string;
  readonly seconds: Readonly<Record<string, number>>;
}

function compare({ session, config, students, decoded, contexts, command, seconds }: Parts): MethodComparison {
  const [base] = students.map(({ evaluation }) => evaluation) as [Evaluation, ...Evaluation[]];
  const teachers: MethodEvaluation[] = [
    { method: 'placebo’s teacher (another family’s rubric)', evaluation: contexts.placebo },
    { method: 'OPSD’s teacher (reference answer)', evaluation: contexts.answer },
    { method: 'RCSD’s teacher (learned rubric)', evaluation: contexts.learned },
  ];
  const methods: MethodEvaluation[] = [...students, ...teachers];
  const shown = session.test.filter((question) => contexts.rubrics(question)).slice(0, 2);
  return {
    title: 'Rubric-Conditioned Self-Distillation',
    lead:
      'A base model learned to write rubrics (stage I), then to answer as it does when it sees one of its own (stage II). The teachers ' +
      'are the untrained base model with more in its prompt; OPSD learns from the one that sees the reference answer, the placebo from one ' +
      'that sees another family’s rubric. One seed.',
    methods: summarizeMethods(methods, base),
    strata: summarizeStrata([...decoded, ...teachers]),
    families: familyScores(methods),
    rubricCounts: rubricCounts(contexts.yield),
    rubrics: shown.map((question) => readable(question, contexts.rubrics(question) as Rubric)),
    guidance: guidanceExamples(session, { base, contexts, config }),
    warnings: [],
    curves: [
      { name: 'RCSD stage I', folder: 'rcsd/stage-1' },
      { name: 'RCSD stage II', folder: 'rcsd/stage-2' },
      { name: 'OPSD', folder: 'opsd' },
      { name: 'placebo', folder: 'placebo' },
    ],
    reproduce: command,
    seconds,
  };
}

/** The suite writes numbers digit by digit; the report joins them. */
function readable(question: Question, rubric: Rubric): ReportRubric {
  const criteria = rubric.criteria.map((each) => ({ ...each, description: pretty(each.description) }));
  return { question: { ...question, question: pretty(question.question) }, rubric: { ...rubric, criteria } };
}

/** Two of the base model's wrong answers under its own rubric-conditioned eyes: what stage II learns from. */
function guidanceExamples(
  { model, views }: Session,
  { base, contexts, config }: { base: Evaluation; contexts: Contexts; config: TrainConfig },
): ReportGuidance[] {
  const wrong = base.results.flatMap(({ question, responses }) => {
    const response = responses.find(({ correct }) => !correct);
    const rubric = contexts.rubrics(question);
    return response && rubric ? [{ question, response, rubric }] : [];
  });
  return wrong.slice(0, 2).map(({ question, response, rubric }) => {
    const teacher = teacherView(config, question, { context: 'rubric', rubric });
    const criteria = criterionViews(teacher).map(({ criterion: { title }, view }) => ({
      title,
      prompt: views.render(view),
    }));
    return {
      question: pretty(question.question),
      guidance: guidanceOf(model, {
        studentPrompt: views.render(studentView(config, question)),
        teacherPrompt: views.render(teacher),
        criteria,
        text: response.text,
        settings: config.stage2,
      }),
    };
  });
}

/** Scores a given answer text under two prompts of one model. */
export function guidanceOf(
  model: LanguageModel,
  answer: {
    readonly studentPrompt: string;
    readonly teacherPrompt: string;
    /** To tell the criteria of the rubric apart: the prompt of a teacher of each. */
    readonly criteria?: readonly { readonly title: string; readonly prompt: string }[];
    readonly text: string;
    readonly settings: DivergenceSettings;
  },
): ReportGuidance['guidance'] {
  const { encode, encodeReply } = requireTokenizer(model);
  const completionTokens = [...encodeReply(answer.text), endOfTurn(model)];
  const criteria = answer.criteria?.map(({ title, prompt }) => ({ title, prompt: encode(prompt) }));
  const prompts = {
    studentPrompt: encode(answer.studentPrompt),
    teacherPrompt: encode(answer.teacherPrompt),
    ...(criteria && { criteria }),
  };
  return scoreGuidance(
    { student: model, teacher: model },
    { ...prompts, completionTokens },
    { ...answer.settings, teacher_mixture: 'joint' },
  );
}
