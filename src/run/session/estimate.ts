/** What a run will ask of the machine, roughly: memory, disk, and time from arithmetic over a measured matrix product. */

import { readsRubrics, readsSetting } from '../../base/config/algorithm';
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import type { ModelConfig } from '../../engine/model/config';
import { requireTokenizer } from '../../engine/model/model';
import { backwardOperations, forwardOperations, tokensAlone, trainedParameters } from '../../engine/model/operations';
import type { Precision } from '../../engine/tensors/hardware';
import { productSpeed } from '../../engine/tensors/speed';
import { algorithmNamed } from '../../method/algorithms';
import { type Algorithm, criterionViews, lookingAt } from '../../method/algorithms/algorithm';
import { commonPrefix } from '../../method/scoring/align';
import { decodingsOf } from '../../results/evaluation/ladder';
import { chooseBatches, formatThatFits, type Lengths, type MemoryPlan, type MemoryRequest, planMemory } from './memory';
import { forStage, type Session } from './session';
import { teacherOf } from './shown';
import { gradable } from './validation';

/** The estimate; memory and disk in bytes, time in seconds with every completion at its longest. */
export interface RunEstimate {
  readonly memory: MemoryPlan;
  /** Tokens that are drawn, and tokens that both sides read to learn, every completion at its longest. */
  readonly tokens: Tokens;
  /** Floating-point operations of drawing and learning. */
  readonly operations: number;
  readonly disk: number;
  readonly seconds: number;
  /** Measured fp32 matrix products, GFLOP/s. */
  readonly gflops: number;
  /** With a teacher for each criterion, where rubrics are known before the run. */
  readonly criteria?: CriteriaCost;
}

/** What the teachers of one criterion each read. */
export interface CriteriaCost {
  /** Their tokens over those of the joint teacher, every completion at its longest. */
  readonly ratio: number;
  /** Mean number of criteria of a rubric. */
  readonly count: number;
}

const FLOAT = 4;
/**
 * Shares of the matrix product's speed that passes over whole sequences and token-by-token drawing reach. They are about those of the
 * embedded model, measured by `rcsd benchmark model=microscience rank=0 prompt_tokens=60 teacher_tokens=130 completion_tokens=80
 * batch_size=32 microbatch_size=32` on two busy cores of a Xeon (2026-11-30): scoring 37 to 40 %, learning 28 to 38 %, drawing 11 to
 * 17 %. SmolLM2-135M reaches more (benchmarks/results/amd-epyc-2026-11-24.json: 73 to 78 %, and 36 to 46 % where 8 or 16 completions
 * are drawn side by side), so that the time of larger models is overestimated; a single completion reaches less (7 to 9 %).
 */
export const REACHED = { reading: 0.4, drawing: 0.1 } as const;
/** Every weight counts once a token, in the backward pass twice, with adapters or without. */
const ALL_WEIGHTS = { vectors: true };

/** Speed of this machine as it is now, from a moment's products. */
function measureGflops(): number {
  const shape = { rows: 768, inner: 768, out: 768 };
  return productSpeed(shape, { precision: 'fp32', flops: 1e9, calls: 3 }) / 1e9;
}

/** Longest prompts among a few questions; the teacher's hold the reference answer and rubric besides. */
export function promptLengths(session: Session, config: TrainConfig): Lengths {
  const { views, model } = session;
  const { encode } = requireTokenizer(model);
  const learned = plannedStages(session, config).flatMap(({ settings }) =>
    forStage(session, settings).train.slice(0, 8),
  );
  const shown = [...new Set(learned)].map((question) => {
    const privileged = JSON.stringify(question.rubric ?? []).length / 4;
    const student = encode(views.render({ question, purpose: 'answer' })).length;
    return { student, teacher: student + Math.round(privileged) };
  });
  const most = (side: keyof Lengths): number => Math.max(1, ...shown.map((lengths) => lengths[side]));
  return { student: most('student'), teacher: most('teacher') };
}

/**
 * The cost of a teacher for each criterion, from the rubrics of a few questions (the references, where a model will write them); undefined
 * where there is one teacher, or no rubric yet.
 */
function criteriaCost(session: Session, config: TrainConfig): CriteriaCost | undefined {
  const { algorithm, rubric_source: source, stages, stage2 } = config;
  const traits = algorithmNamed(algorithm);
  const apart = stage2.teacher_mixture !== 'joint' && readsSetting(traits, 'teacher_mixture');
  if (!apart || (traits.rubricStage && stages === 'rubric')) return undefined;
  const { views, model, task, train } = forStage(session, stage2);
  const { encode } = requireTokenizer(model);
  const asked = train.slice(0, 8).filter(({ rubric }) => source !== 'generated' || task.rubric || rubric);
  const { questions, view } = teacherOf(forStage(session, stage2), config, { questions: asked });
  const { max_tokens: completion } = stage2.sampling;
  const cost = { joint: 0, apart: 0, criteria: 0 };
  for (const shown of questions.map(view)) {
    const prompts = criterionViews(shown).map((each) => encode(views.render(each.view)));
    const shared = commonPrefix(prompts);
    cost.criteria += prompts.length;
    cost.joint += encode(views.render(shown)).length + completion;
    cost.apart += prompts.reduce((sum, prompt) => sum + prompt.length - shared + completion, shared);
  }
  return questions.length > 0 ? { ratio: cost.apart / cost.joint, count: cost.criteria / questions.length } : undefined;
}

/** Floating-point operations: `learn` in passes over whole sequences, `decode` token by token. */
interface Work {
  readonly learn: number;
  readonly decode: number;
}

export interface PlannedStage {
  readonly algorithm: Algorithm;
  readonly settings: StageSettings;
}

/** The stages of a run; rewards are not asked for, since a judge would be opened for it. */
export function plannedStages({ task }: Session, config: TrainConfig): PlannedStage[] {
  const { algorithm, stages, stage1, stage2 } = config;
  const { answering, writing } = algorithmNamed(algorithm);
  const asked = stages !== 'rubric' || !writing;
  return [
    ...(writing && stages !== 'reasoner' ? [{ algorithm: writing(config), settings: stage1 }] : []),
    ...(asked ? [{ algorithm: answering(stage2, lookingAt(task)), settings: stage2 }] : []),
  ];
}

function stageWork(
  { algorithm, settings }: PlannedStage,
  model: ModelConfig,
  { lengths, criteria }: { readonly lengths: Lengths; readonly criteria?: CriteriaCost },
): Work {
  const { max_tokens: completion } = settings.sampling;
  const forward = (tokens: number): number => forwardOperations(model, tokensAlone(tokens), ALL_WEIGHTS);
  const read = tokensAlone(lengths.student + completion);
  const student = forward(read.tokens) + backwardOperations(model, read, ALL_WEIGHTS);
  const times = settings.teacher_mixture === 'joint' ? 1 : (criteria?.ratio ?? 1);
  const teacher = algorithm.teacherView || algorithm.hintViews ? times * forward(lengths.teacher + completion) : 0;
  const drawn = algorithm.rollouts === 'data' ? 0 : forward(completion);
  const completions = settings.steps * settings.batch_size;
  return { learn: completions * (teacher + student * (algorithm.updates ?? 1)), decode: completions * drawn };
}

interface Tokens {
  readonly drawn: number;
  readonly read: number;
}

const addTokens = (a: Tokens, b: Tokens): Tokens => ({ drawn: a.drawn + b.drawn, read: a.read + b.read });

/** The tokens whose operations `stageWork` counts. */
function stageTokens(
  { algorithm, settings }: PlannedStage,
  { lengths, criteria }: { readonly lengths: Lengths; readonly criteria?: CriteriaCost },
): Tokens {
  const { steps, batch_size: size, sampling, teacher_mixture: mixture } = settings;
  const times = mixture === 'joint' ? 1 : (criteria?.ratio ?? 1);
  const teacher = algorithm.teacherView || algorithm.hintViews ? times * (lengths.teacher + sampling.max_tokens) : 0;
  const student = (lengths.student + sampling.max_tokens) * (algorithm.updates ?? 1);
  const drawn = algorithm.rollouts === 'data' ? 0 : sampling.max_tokens;
  return { drawn: steps * size * drawn, read: Math.round(steps * size * (teacher + student)) };
}

/** Answers drawn to measure the model: before and after, and whenever it is validated. */
function measuredAnswers({ test }: Session, { evaluation, validation, stage2 }: TrainConfig): number {
  const validations = validation.every > 0 ? Math.floor(stage2.steps / validation.every) : 0;
  const answers = decodingsOf(evaluation).reduce((sum, { samples }) => sum + samples, 0);
  const validated = evaluation.samples * validations * validation.questions;
  return 2 * answers * (evaluation.questions || gradable(test).length) + validated;
}

/** Tokens of the rubrics that are written between the stages. */
function writtenTokens(session: Session, config: TrainConfig): number {
  const { rubric_source: source, rubric_sampling: sampling, stages, stage2 } = config;
  if (source !== 'generated' || stages === 'rubric' || !readsRubrics(algorithmNamed(config.algorithm), stage2))
    return 0;
  return Math.min(forStage(session, stage2).train.length, stage2.steps * stage2.batch_size) * sampling.max_tokens;
}

/** What the plan of a run's memory is made from. */
function memoryRequest(session: Session, config: TrainConfig): MemoryRequest {
  const criteria = criteriaCost(session, config);
  const planned = plannedStages(session, config);
  const drawing = planned.filter(({ algorithm, settings }) => algorithm.rollouts !== 'data' || settings.reason_first);
  const { evaluation, rubric_source, stages: asked, stage2 } = config;
  const written =
    rubric_source === 'generated' && asked !== 'rubric' && readsRubrics(algorithmNamed(config.algorithm), stage2);
  return {
    stages: planned.map(({ settings }) => settings),
    lengths: promptLengths(session, config),
    wanted: {
      rollouts: Math.max(0, ...drawing.map(({ settings }) => settings.batch_size)),
      rubrics: written ? Math.min(forStage(session, stage2).train.length, stage2.steps * stage2.batch_size) : 0,
      evaluation:
        Math.max(...decodingsOf(evaluation).map(({ samples }) => samples)) *
        (evaluation.questions || gradable(session.test).length),
    },
    ...(criteria && { teachers: criteria.ratio }),
  };
}

/** The format of the weights of a run with `weights=auto`. */
export const plannedFormat = (session: Session, config: TrainConfig): Precision =>
  formatThatFits(config, session.model.config, memoryRequest(session, config));

/** That of weights that are chosen already. */
export const formatOf = ({ weights }: TrainConfig): Precision => (weights === 'bf16' ? 'bf16' : 'fp32');

/** The settings with what they leave to the program as it is in the open session, and the rows to decode that fit into memory. */
export function settled(session: Session, given: TrainConfig): TrainConfig {
  const { precision = 'fp32', pairs } = session.model.weights;
  return withBatches(session, { ...given, precision, weights: pairs ? 'bf16' : 'fp32' });
}

/** The settings with the rows to decode at once that fit into memory. */
export function withBatches(session: Session, config: TrainConfig): TrainConfig {
  const request = { ...memoryRequest(session, config), format: formatOf(config) };
  return { ...config, batches: chooseBatches(config, session.model.config, request) };
}

/** Seconds of drawing some tokens and reading others; measures the machine for a few milliseconds. */
export function estimateSeconds(
  model: ModelConfig,
  { drawn, read }: { readonly drawn: number; readonly read: number },
): number {
  const flops = forwardOperations(model, tokensAlone(drawn / REACHED.drawing + read / REACHED.reading), ALL_WEIGHTS);
  return flops / (measureGflops() * 1e9);
}

/** Estimates a run; measures the machine for a few milliseconds. */
export function estimateRun(session: Session, config: TrainConfig): RunEstimate {
  const model = session.model.config;
  const read = { lengths: promptLengths(session, config), criteria: criteriaCost(session, config) };
  const { lengths, criteria } = read;
  const stages = plannedStages(session, config);
  const work = stages.map((stage) => stageWork(stage, model, read));
  const drawn = measuredAnswers(session, config) * config.evaluation.max_tokens + writtenTokens(session, config);
  const gflops = measureGflops();
  const seconds = work.reduce(
    (sum, { learn, decode }) => sum + learn / REACHED.reading + decode / REACHED.drawing,
    forwardOperations(model, tokensAlone(drawn), ALL_WEIGHTS) / REACHED.drawing,
  );
  const completions = stages.reduce((sum, { settings }) => sum + settings.steps * settings.batch_size, 0);
  const checkpoints =
    stages.length *
    config.keep_checkpoints *
    3 *
    FLOAT *
    trainedParameters(model, config.lora.rank, config.lora.targets);
  return {
    memory: planMemory(config, model, { ...memoryRequest(session, config), format: formatOf(config) }),
    tokens: stages.map((stage) => stageTokens(stage, read)).reduce(addTokens, { drawn, read: 0 }),
    operations:
      forwardOperations(model, tokensAlone(drawn), ALL_WEIGHTS) +
      work.reduce((sum, { learn, decode }) => sum + learn + decode, 0),
    disk: checkpoints + completions * (8 * (lengths.student + lengths.teacher) + 60 * 64),
    seconds: seconds / (gflops * 1e9),
    gflops,
    ...(criteria && { criteria }),
  };
}
