/**
 * The training loop for every algorithm, top to bottom: choose questions, get completions, have the algorithm assess them, score them
 * under the teacher, update, record. The loop does not branch on an algorithm's name; what differs between algorithms
 * is in their records (algorithms/).
 */

import type { LoraSettings, StageSettings, TrainConfig } from '../../base/config/configs';
import {
  InputError,
  InterruptedError,
  NotFiniteError,
  throwIfAborted,
  UnavailableError,
} from '../../base/records/errors';
import { type OperationOptions, yieldToEvents } from '../../base/records/events';
import { shellWord } from '../../base/records/printable';
import type { MetricsRow, TokenDetails } from '../../base/records/rows';
import type { RunFolder } from '../../base/records/runWriter';
import { paramsDigest } from '../../engine/model/content';
import { initializeAdapter } from '../../engine/model/initialize';
import { type LanguageModel, withWeights } from '../../engine/model/model';
import { leads, led } from '../../engine/model/ranks';
import { graphCounts } from '../../engine/tensors/compile';
import type { Params } from '../../engine/tensors/gradients';
import { disposeTree } from '../../engine/tensors/tree';
import type { Mixture } from '../../questions/mixture';
import type { Views } from '../../questions/tasks/views';
import type { Algorithm, Example, TrainingRollout } from '../algorithms/algorithm';
import { divergenceIn } from '../losses/spec';
import { sampleName } from '../rollout/rollout';
import { type GuidedModels, scoreAnswers } from '../scoring/guidance';
import { createTeacher, type Teacher } from '../scoring/teacher';
import { saveCheckpoint } from './checkpoint';
import type { Sampler } from './drawing';
import { completionNumbers, completionRow, stepRow } from './measurements';
import type { Observer } from './observer';
import { resumedState } from './resumed';
import { batchExamples, collectCompletions } from './rollouts';
import { learningRate } from './schedule';
import { initialState, type Student, studentWeights, type TrainState } from './step';
import { type Trace, trace } from './trace';
import { learn, weightsOfTeacher } from './updates';
import { readBestTrained, type Validation, validate } from './validation';
import { collapseError, watchRun } from './watch';

export interface StageRun {
  /** The initial policy, which is also the fixed teacher. The caller keeps ownership. */
  readonly model: LanguageModel;
  readonly algorithm: Algorithm;
  readonly settings: StageSettings;
  readonly lora: LoraSettings;
  readonly examples: readonly Example[];
  /** The data sets of the examples and the weight of each; without it every example counts the same. */
  readonly mixture?: Mixture;
  readonly views: Views;
  readonly seed: TrainConfig['seed'];
  readonly folder: RunFolder;
  readonly checkpointEvery: number;
  readonly keepCheckpoints: number;
  /** If given, the stage ends with the student that scored best in validation instead of the last one. */
  readonly validation?: Validation;
  /** Completions of each step of which the likeliest next tokens of both sides are kept. */
  readonly tokenDetails: number;
  readonly trace?: Trace;
  readonly observer?: Observer;
  readonly collapseStop: boolean;
  readonly rematerialize?: boolean;
  /** Most completions that are decoded at once; default as in `generate`. */
  readonly maxBatch?: number;
  /** Who draws completions in place of the policy. */
  readonly sampler?: Sampler | undefined;
}

/** What the loop passes from one step to the next. */
interface Running {
  readonly student: Student;
  readonly teacher: Teacher;
  readonly state: TrainState;
  readonly step: number;
  /** First values of an adapter that the loop made, until an update replaces them. */
  readonly fresh: Params | undefined;
}

/**
 * Runs a stage from its latest checkpoint (or the start) to its last step. The caller owns the weights of the returned
 * model.
 */
export async function trainStage(run: StageRun, options: OperationOptions = {}): Promise<LanguageModel> {
  const { ranks } = run.model;
  const watch = leads(ranks) ? watchRun(run, options) : () => true;
  let running = withoutFirst(await start(run));
  try {
    // A run that was interrupted while it measured resumes here, and that step has no row yet.
    await measure(run, running, options);
    while (running.step < run.settings.steps) {
      throwIfAborted(options.signal);
      const stepped = await trainStep(run, running, options);
      running = withoutFirst(stepped.running);
      stepped.report();
      const sound = await led(ranks, () => watch(stepped.row));
      const { step } = running;
      if ((sound && step % run.checkpointEvery === 0) || step === run.settings.steps) await checkpoint(run, running);
      await measure(run, running, options);
      await yieldToEvents();
    }
  } catch (error) {
    const shown = await told(error, run, running);
    release(running);
    if (running.state.updates > 0) disposeTree(running.state.trainable);
    throw shown;
  }
  release(running);
  const trainable = await chosen(run, running);
  const weights = studentWeights({ ...running.student, trainable });
  return { ...withWeights(run.model, weights), dispose: () => disposeTree(trainable) };
}

/** What a run wants to know of its student after a step. */
async function measure(run: StageRun, running: Running, options: OperationOptions): Promise<void> {
  const { signal } = options;
  const { observer, model } = run;
  if (run.trace) await trace(run.trace, { ...run, ...running }, { signal });
  if (observer && running.step % observer.every === 0) {
    const { student, state, step } = running;
    await observer.look(withWeights(model, studentWeights({ ...student, trainable: state.trainable })), step);
  }
  if (run.validation) await validate(run.validation, { ...run, ...running }, options);
}

/**
 * The parameters that the stage ends with: the last ones, or the best by validation. In the second case the last ones
 * are freed.
 */
async function chosen(run: StageRun, { state }: Running): Promise<Params> {
  const best = run.validation && (await readBestTrained(run, state.trainable));
  if (best && state.updates > 0) disposeTree(state.trainable);
  return best ?? state.trainable;
}

/** Frees the first values of an adapter when an update has replaced them: every policy of the teacher has its own copy of what it needs. */
function withoutFirst(running: Running): Running {
  if (!running.fresh || running.fresh === running.state.trainable) return running;
  disposeTree(running.fresh);
  return { ...running, fresh: undefined };
}

/** Frees what training needed beside the parameters. */
function release({ teacher, state, fresh }: Running): void {
  teacher.dispose();
  disposeTree(state.moments);
  if (fresh && fresh !== state.trainable) disposeTree(fresh);
}

/** What ends a run: where it could go on, the finished steps are saved and the error says how; an unfinished step is lost. */
async function told(error: unknown, run: StageRun, running: Running): Promise<unknown> {
  const [stopped, cutOff] = [error instanceof InterruptedError, error instanceof UnavailableError];
  if (!stopped && !cutOff) return asCollapse(error, run, running);
  if (running.step > 0) await save(run, running);
  const path = shellWord(run.folder.path);
  const place = `after step ${running.step} of ${run.settings.steps}; go on with --resume ${path}.`;
  return stopped
    ? new InterruptedError(`Stopped ${place}`)
    : new UnavailableError(`${(error as Error).message} The run ended ${place}`, { cause: error });
}

/** Weights that training has changed and whose numbers are not finite have collapsed; any other error stays what it is. */
function asCollapse(error: unknown, { folder }: StageRun, { state, step }: Running): unknown {
  if (!(error instanceof NotFiniteError) || state.updates === 0) return error;
  return collapseError(folder.path, { step: step + 1, reason: error.place, goesOn: false });
}

async function start(run: StageRun): Promise<Running> {
  const { model, settings, lora, seed, rematerialize } = run;
  const given = model.weights.adapter;
  const fresh = lora.rank > 0 && !given ? initializeAdapter(model.config, { ...lora, seed: seed.init }) : undefined;
  const adapter = lora.rank > 0 ? (given ?? fresh) : undefined;
  const first = adapter ? adapter.params : model.weights.params;
  const resumed = await resumedState(run, first);
  const student: Student = {
    trainable: first,
    precision: model.weights.precision,
    rematerialize,
    ...(adapter && { frozen: model.weights.params, pairs: model.weights.pairs, adapterScale: adapter.scale }),
  };
  const teacher = createTeacher(settings.teacher, first, {
    emaDecay: settings.ema_decay,
    snapshotEvery: settings.snapshot_every,
    restored: resumed?.teacher,
  });
  const state = resumed?.state ?? initialState(first);
  return { student, teacher, state, step: resumed?.step ?? 0, fresh: fresh?.params };
}

/**
 * A finished step. `report` writes it to the run folder; it is called when the new state is safe, because writing may
 * fail.
 */
interface Stepped {
  readonly running: Running;
  readonly row: MetricsRow;
  readonly report: () => void;
}

async function trainStep(run: StageRun, running: Running, options: OperationOptions): Promise<Stepped> {
  const { settings, model, algorithm } = run;
  const { student, teacher, state } = running;
  const step = running.step + 1;
  const graphs = graphCounts();
  const rolloutClock = stopwatch();
  const current = withWeights(model, studentWeights({ ...student, trainable: state.trainable }));
  const taught = withWeights(model, weightsOfTeacher({ model, settings, student, teacher }, state));
  const { learned, drawn, metrics } = await collectCompletions(run, batchExamples(run, running.step), {
    current,
    teacher: taught,
    signal: options.signal,
  });
  const rolloutSeconds = rolloutClock();
  const details = tokenDetails(
    { student: current, teacher: taught },
    leads(model.ranks) ? learned.slice(0, run.tokenDetails) : [],
    run,
  );

  const learnClock = stopwatch();
  const rate = learningRate(settings.optimizer, running.step, settings.steps);
  const context = { model, algorithm, settings, student, teacher, learningRate: rate };
  const updated = await learn(context, state, learned);

  const row = stepRow(step, updated.records, {
    learning_rate: rate,
    num_tokens: learned.reduce((sum, { completionTokens }) => sum + completionTokens.length, 0),
    ...completionNumbers(drawn),
    ...metrics,
    'seconds/rollout': rolloutSeconds,
    'seconds/update': learnClock(),
    'graphs/traces': graphCounts().traces - graphs.traces,
    'graphs/hits': graphCounts().hits - graphs.hits,
  });
  const report = (): void => {
    run.folder.appendMetrics(row);
    const scored = updated.records[0]?.scored ?? [];
    const rowOf = (sequence: (typeof scored)[number]) =>
      completionRow(step, sequence, { tokenizer: model.tokenizer, details: details.get(sampleName(sequence)) });
    run.folder.appendCompletions(scored.map(rowOf));
    const shown = {
      loss: row.loss ?? null,
      ...(row.reward !== undefined && { reward: row.reward }),
      length: row['completions/mean_length'] ?? null,
      entropy: row.entropy ?? null,
    };
    options.onProgress?.({ stage: algorithm.name, done: step, total: settings.steps, metrics: shown });
  };
  return { running: { ...running, state: updated.state, step }, row, report };
}

/** What the loss compared at each token of some completions, by their names; of none where it compares no distributions. */
function tokenDetails(
  models: GuidedModels,
  rollouts: readonly TrainingRollout[],
  { algorithm, settings: { teacher_mixture } }: Pick<StageRun, 'algorithm' | 'settings'>,
): ReadonlyMap<string, TokenDetails | undefined> {
  const divergence = divergenceIn(algorithm.loss);
  const answers = rollouts.map(({ studentPrompt, teacherPrompt, criterionPrompts, completionTokens }) => ({
    completionTokens,
    studentPrompt,
    ...(teacherPrompt && { teacherPrompt }),
    ...(criterionPrompts && { criteria: criterionPrompts.map((prompt) => ({ title: '', prompt })) }),
  }));
  const scored =
    divergence && answers.length > 0 ? scoreAnswers(models, answers, { ...divergence, teacher_mixture }) : [];
  return new Map(scored.map(({ details }, i) => [sampleName(rollouts[i] as TrainingRollout), details]));
}

/** Saves, once it is known that all ranks have the same weights. Throws InputError where they have come apart. */
async function checkpoint(run: StageRun, running: Running): Promise<void> {
  const { ranks } = run.model;
  const digests = ranks ? await ranks.gather(paramsDigest(running.state.trainable)) : [];
  const other = digests.findIndex((digest) => digest !== digests[0]);
  if (other > 0)
    throw new InputError(
      `The weights of worker ${other} differ from those of worker 0 after step ${running.step}; use machines with the same processors, and resume with --resume ${shellWord(run.folder.path)}.`,
    );
  await save(run, running);
}

/** Writes a checkpoint of the finished steps, in the first rank. */
async function save(run: StageRun, { state, teacher, step }: Running): Promise<void> {
  if (!leads(run.model.ranks)) return;
  const contents = { model: run.model, lora: run.lora, state, teacher: teacher.kept() };
  run.folder.sync();
  await saveCheckpoint(run.folder.path, contents, { step, keep: run.keepCheckpoints });
}

/** Gives the seconds since the call. */
function stopwatch(): () => number {
  const started = process.hrtime.bigint();
  return () => Number(process.hrtime.bigint() - started) / 1e9;
}
