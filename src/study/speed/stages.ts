/** The stages of the benchmark: what each one processes, and how it is set up and called. */

import type { StageSettings } from '../../base/config/configs';
import type { SpeedConfig } from '../../base/config/generated/otherConfigs';
import type { ModelConfig } from '../../engine/model/config';
import { type LanguageModel, withWeights } from '../../engine/model/model';
import {
  backwardOperations,
  type Completions,
  forwardOperations,
  reading,
  trainedParameters,
} from '../../engine/model/operations';
import type { Weights } from '../../engine/model/transformer';
import type { Params } from '../../engine/tensors/gradients';
import { tf } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';
import { profileDefaults } from '../../method/algorithms/settings';
import { divergenceSpec, type LossSpec } from '../../method/losses/spec';
import { generate, type RolloutRequest } from '../../method/rollout/generate';
import { scoreCompletions } from '../../method/scoring/logprobs';
import type { TrainingSequence } from '../../method/scoring/sequence';
import { mapParams } from '../../method/train/adamw';
import { batchGradients } from '../../method/train/batch';
import { applyUpdate, initialState, type Student, studentWeights, type TrainState } from '../../method/train/step';
import { type Bench, newStudent, type Prepared, rowsOf, type TimedWork } from './bench';
import { grpoStage } from './grpo';
import { FORWARD, gradientFormula, sequenceTokens, UPDATE, updateFlops } from './work';

/** Sampling settings of every rollout: those of RCSD's released code. */
const SAMPLING = { temperature: 1.2, topK: 20, topP: 0.95 } as const;

/**
 * Settings of the loss and the update: forward KL over the whole vocabulary, AdamW with a clip of the gradient norm.
 */
function stageSettings({ microbatch_size }: SpeedConfig): StageSettings {
  return { ...profileDefaults('paper', 'rcsd').stage2, microbatch_size };
}

function sample({ config, options }: Bench, policy: LanguageModel, prompts: readonly number[][]) {
  const requests = prompts.map((promptTokens, i): RolloutRequest => ({ questionId: `q${i}`, sample: 0, promptTokens }));
  const { completion_tokens: maxTokens, seed } = config;
  return generate(policy, requests, { ...SAMPLING, maxTokens, seed, signal: options.signal });
}

function rolloutStage(
  config: SpeedConfig,
  shape: ModelConfig,
  { rows, rank }: { rows: number; rank: number },
): TimedWork {
  const { prompt_tokens: prompt, completion_tokens: completion } = config;
  const completions = { prompts: rows, samples: 1, prompt, completion };
  return {
    longest: prompt + completion,
    work: {
      tokens: rows * completion,
      flops: forwardOperations(shape, reading(completions), { rank }),
      formula: FORWARD,
    },
    prepare: (bench) => {
      const prompts = rowsOf(bench, 'prompt', { rows, length: prompt });
      const policy = withWeights(bench.model, studentWeights(newStudent(bench, rank)));
      return { call: () => sample(bench, policy, prompts) };
    },
  };
}

function scoringStage(shape: ModelConfig, completions: Completions): TimedWork {
  const { prompts, samples, prompt, completion } = completions;
  const flops = forwardOperations(shape, reading(completions));
  return {
    longest: prompt + completion,
    work: { tokens: sequenceTokens(completions), flops, formula: FORWARD },
    prepare: (bench) => {
      const contexts = rowsOf(bench, 'teacher', { rows: prompts, length: prompt });
      const sequences = contexts.flatMap((promptTokens, i) =>
        rowsOf(bench, `completion-${i}`, { rows: samples, length: completion }).map((completionTokens) => ({
          promptTokens,
          completionTokens,
        })),
      );
      return { call: () => scoreCompletions(bench.model, sequences, { signal: bench.options.signal }) };
    },
  };
}

interface GradientCall {
  readonly student: Student;
  readonly teacher: Weights | null;
  readonly sequences: readonly TrainingSequence[];
  readonly loss: LossSpec;
}

const gradientsOf = ({ config, model }: Bench, call: GradientCall) =>
  batchGradients({ ...call, config: model.config, settings: stageSettings(config) });

/**
 * Forward and backward pass of completions behind prompts: cross-entropy, or the divergence from a teacher with the
 * same prompt.
 */
function learningStage(
  shape: ModelConfig,
  completions: Completions,
  { rank, distill = false }: { rank: number; distill?: boolean },
): TimedWork {
  const { prompts: rows, prompt, completion } = completions;
  const read = reading(completions);
  const teacherFlops = distill ? forwardOperations(shape, read) : 0;
  return {
    longest: prompt + completion,
    work: {
      tokens: sequenceTokens(completions),
      flops: teacherFlops + forwardOperations(shape, read, { rank }) + backwardOperations(shape, read, { rank }),
      formula: `${distill ? `teacher (${FORWARD}) + ` : ''}${gradientFormula(rank)}`,
    },
    prepare: (bench) => {
      const student = newStudent(bench, rank);
      const teacher = distill ? bench.model.weights : null;
      const loss = distill ? divergenceSpec(stageSettings(bench.config)) : ({ kind: 'cross_entropy' } as const);
      const answers = rowsOf(bench, 'completion', { rows, length: completion });
      const sequences = rowsOf(bench, 'prompt', { rows, length: prompt }).map((studentPrompt, i) => ({
        studentPrompt,
        ...(distill && { teacherPrompt: studentPrompt }),
        completionTokens: answers[i] as number[],
      }));
      return {
        call: async () => disposeTree((await gradientsOf(bench, { student, teacher, sequences, loss })).gradients),
      };
    },
  };
}

/** Keeps the state of training between the calls of a stage, and frees what an update replaces. */
function trainingState(
  bench: Bench,
  first: Params,
): { current: () => TrainState; update: (gradients: Params) => void } {
  let state = initialState(first);
  const { optimizer } = stageSettings(bench.config);
  return {
    current: () => state,
    update: (gradients) => {
      const before = state;
      state = applyUpdate(before, gradients, { optimizer, learningRate: optimizer.learning_rate }).state;
      if (before.updates > 0) disposeTree(before.trainable);
    },
  };
}

function updateStage(shape: ModelConfig, rank: number): TimedWork {
  return {
    longest: 0,
    work: { tokens: 0, flops: updateFlops(trainedParameters(shape, rank)), formula: UPDATE },
    prepare: (bench) => {
      const { trainable } = newStudent(bench, rank);
      const { update } = trainingState(bench, trainable);
      let gradients: Params = {};
      return {
        before: () => {
          gradients = mapParams(trainable, (value) => tf.onesLike(value));
        },
        call: async () => update(gradients),
      };
    },
  };
}

/** A whole step of RCSD's second stage: rollout, both sides with the divergence and its gradient, update. */
function stepStage(config: SpeedConfig, shape: ModelConfig): TimedWork {
  const { batch_size: rows, prompt_tokens, teacher_tokens, completion_tokens: completion, rank } = config;
  const behind = (prompt: number): Completions => ({ prompts: rows, samples: 1, prompt, completion });
  const student = reading(behind(prompt_tokens));
  const teacher = reading(behind(teacher_tokens));
  return {
    longest: teacher_tokens + completion,
    work: {
      tokens: rows * completion,
      flops:
        2 * forwardOperations(shape, student, { rank }) +
        forwardOperations(shape, teacher) +
        backwardOperations(shape, student, { rank }) +
        updateFlops(trainedParameters(shape, rank)),
      formula: `rollout (${FORWARD}) + teacher (${FORWARD}) + student (${gradientFormula(rank)}) + update (${UPDATE})`,
    },
    prepare: (bench) => prepareStep(bench),
  };
}

function prepareStep(bench: Bench): Prepared {
  const { batch_size: rows, prompt_tokens, teacher_tokens } = bench.config;
  const prompts = rowsOf(bench, 'prompt', { rows, length: prompt_tokens });
  const contexts = rowsOf(bench, 'teacher', { rows, length: teacher_tokens });
  const first = newStudent(bench, bench.config.rank);
  const { current, update } = trainingState(bench, first.trainable);
  const loss = divergenceSpec(stageSettings(bench.config));
  return {
    call: async () => {
      const student = { ...first, trainable: current().trainable };
      const rollouts = await sample(bench, withWeights(bench.model, studentWeights(student)), prompts);
      const sequences = rollouts.map(({ promptTokens, completionTokens }, i) => ({
        studentPrompt: promptTokens,
        teacherPrompt: contexts[i] as number[],
        completionTokens,
      }));
      update((await gradientsOf(bench, { student, teacher: bench.model.weights, sequences, loss })).gradients);
    },
  };
}

/** Batch and length of the stage that trains all weights on plain text. */
const FULL = { rows: 4, length: 256 };

/**
 * The shape of a stage's model: that of the checkpoint or, for `vocabulary-N`, one layer with a vocabulary of N and
 * random weights.
 */
export function shapeOf(name: string, shape: ModelConfig): ModelConfig {
  return name.startsWith('vocabulary') ? { ...shape, layers: 1, vocabSize: countIn(name) } : shape;
}

const countIn = (name: string): number => Number(/-(\d+)$/.exec(name)?.[1] ?? 1);

/** The stage of a name, for a model of the given shape. */
export function stageOf(name: string, config: SpeedConfig, shape: ModelConfig): TimedWork {
  const { batch_size: rows, prompt_tokens: prompt, teacher_tokens, completion_tokens: completion, rank } = config;
  const [kind] = name.split('-');
  const samples = countIn(name);
  const single = { prompts: rows, samples: 1, prompt, completion };
  if (kind === 'rollout') return rolloutStage(config, shape, { rows, rank });
  if (kind === 'decode') return rolloutStage(config, shape, { rows: samples, rank: 0 });
  if (kind === 'teacher') {
    const prompts = Math.max(1, Math.round(rows / samples));
    return scoringStage(shape, { prompts, samples, prompt: teacher_tokens, completion });
  }
  if (kind === 'loglikelihood') {
    return scoringStage(shape, { prompts: config.questions, samples: 4, prompt, completion: config.choice_tokens });
  }
  if (kind === 'student') return learningStage(shape, single, { rank });
  if (kind === 'vocabulary') return learningStage(shape, { ...single, prompt: 1 }, { rank, distill: true });
  if (kind === 'update') return updateStage(shape, rank);
  if (kind === 'adamw') return updateStage(shape, 0);
  if (kind === 'step') return stepStage(config, shape);
  if (kind === 'grpo') return grpoStage(config, shape);
  // The first token is the prompt; every later token has a loss.
  const length = Math.min(FULL.length, shape.maxPositions - 1);
  return learningStage(shape, { prompts: FULL.rows, samples: 1, prompt: 1, completion: length }, { rank: 0 });
}
