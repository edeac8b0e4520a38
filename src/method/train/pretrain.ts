/**
 * Pretrains the embedded model from scratch: cross-entropy on completions of a seeded corpus stream, Muon for the inner
 * matrices, AdamW for embedding, head and norms, the whole step compiled as one graph. A run can be stopped, and
 * resumes from its last checkpoint.
 */
import type { PretrainConfig } from '../../base/config/generated/otherConfigs';
import { CollapseError, throwIfAborted } from '../../base/records/errors';
import { type OperationOptions, yieldToEvents } from '../../base/records/events';
import { type ModelConfig, parseModelConfig } from '../../engine/model/config';
import { initializeParameters } from '../../engine/model/initialize';
import { type Compiled, compile } from '../../engine/tensors/compile';
import { type Params, valueAndGradients } from '../../engine/tensors/gradients';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';
import { crossEntropy } from '../losses/crossEntropy';
import { overVocabulary } from '../losses/tokenLoss';
import { readingOf, readOut } from '../scoring/hidden';
import {
  type AdamWScalars,
  adamWRule,
  adamWScalars,
  globalNormClip,
  type Moments,
  mapParams,
  zeroMoments,
} from './adamw';
import { toMicroBatch } from './batch';
import type { CorpusSequence } from './corpusBatches';
import { muon } from './muon';
import type { MicroBatch } from './step';

/** Parameters and optimiser state. `momenta` belong to Muon's matrices, `moments` to all other parameters. */
export interface PretrainState {
  readonly params: Params;
  readonly momenta: Params;
  readonly moments: Moments;
}

const ADAMW = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0 };
const MUON = { momentum: 0.95, weightDecay: 0.02 };
const MAX_GRAD_NORM = 1;

export function pretrainModelConfig(
  config: PretrainConfig,
  vocabulary: { size: number; pad: number; end: number; positions: number },
): ModelConfig {
  const json = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: vocabulary.size,
    hidden_size: config.hidden_size,
    intermediate_size: config.intermediate_size,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.heads,
    head_dim: config.hidden_size / config.heads,
    max_position_embeddings: vocabulary.positions,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
    bos_token_id: null,
    eos_token_id: vocabulary.end,
    pad_token_id: vocabulary.pad,
    torch_dtype: 'float32',
  };
  return parseModelConfig(json, 'the pretraining settings');
}

const isMuon = (name: string): boolean => /\.(self_attn|mlp)\./.test(name) && name.endsWith('_proj.weight');

const select = (params: Params, keep: (name: string) => boolean): Params =>
  Object.fromEntries(Object.entries(params).filter(([name]) => keep(name)));

/** Fresh parameters with zero optimiser state. @internal */
export function initialPretrainState(config: ModelConfig, seed: number): PretrainState {
  const params = initializeParameters(config, seed);
  return {
    params,
    momenta: mapParams(select(params, isMuon), (matrix) => tf.zerosLike(matrix)),
    moments: zeroMoments(select(params, (name) => !isMuon(name))),
  };
}

interface StepResult {
  readonly state: PretrainState;
  /** Cross-entropy of every token, [N]; NaN where the gradient is not finite, which thus needs no reading of its own. */
  readonly values: Tensor;
}

type Step = Compiled<[PretrainState, MicroBatch, AdamWScalars & { muonRate: Tensor }], StepResult>;

function compileStep(config: ModelConfig): Step {
  return compile(({ params, momenta, moments }, batch, scalars) => {
    const { gradients, aux } = valueAndGradients((trainable) => {
      const { targets, weights } = batch;
      const side = readOut(config, { params: trainable }, readingOf(config, batch.student));
      const { loss, metrics } = overVocabulary(side, { targets, weights }, { loss: crossEntropy, chunk: 8192 });
      return { loss, aux: metrics.value as Tensor };
    }, params);
    const { scale, norm } = globalNormClip(gradients, MAX_GRAD_NORM);
    const matrices = { params: select(params, isMuon), gradients: select(gradients, isMuon), momenta, scale };
    const inner = muon(matrices, { ...MUON, learningRate: scalars.muonRate });
    const isOther = (name: string): boolean => !isMuon(name);
    const others = { params: select(params, isOther), gradients: select(gradients, isOther), moments, scale };
    const outer = adamWRule(others, scalars, ADAMW);
    const merged = { ...inner.params, ...outer.params };
    const inOrder = Object.fromEntries(Object.keys(params).map((name) => [name, merged[name] as Tensor]));
    return {
      state: { params: inOrder, momenta: inner.momenta, moments: outer.moments },
      values: tf.add(aux, tf.mul(norm, 0)),
    };
  }, 'pretrain');
}

/**
 * A batch for the step. A prompt token has `promptLoss` times the weight of a completion token; learning prompts
 * teaches the model to copy early.
 */
function toBatch(sequences: readonly CorpusSequence[], promptLoss: number, maxPositions: number): MicroBatch {
  const weights = sequences.flatMap(({ tokens, promptLength }) =>
    tokens.slice(1).map((_, t) => (t + 1 < promptLength ? promptLoss : 1)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return toMicroBatch(
    sequences.map(({ tokens }) => ({ studentPrompt: tokens.slice(0, 1), completionTokens: tokens.slice(1) })),
    Float32Array.from(weights, (weight) => weight / total),
    maxPositions,
  );
}

/** The mean of the completion tokens' numbers, and how many tokens there are. */
function completionMean(
  sequences: readonly CorpusSequence[],
  values: ArrayLike<number>,
): { loss: number; tokens: number } {
  let [sum, tokens, at] = [0, 0, 0];
  for (const { tokens: own, promptLength } of sequences) {
    for (let t = 1; t < own.length; t++, at++) {
      if (t < promptLength) continue;
      sum += values[at] as number;
      tokens++;
    }
  }
  return { loss: sum / tokens, tokens };
}

/**
 * Factor on the learning rates at a step (from 0): linear warm-up, then constant, then linear to zero over the last
 * `decay_share`.
 */
export function pretrainSchedule({ steps, warmup_steps, decay_share }: PretrainConfig, step: number): number {
  return Math.min(1, (step + 1) / Math.max(1, warmup_steps), (steps - step) / Math.max(1, decay_share * steps));
}

/** Passed to the caller after every step, e.g. to record it. */
export interface PretrainStepEvent {
  /** Number of finished steps. */
  readonly step: number;
  /** Mean cross-entropy per completion token, in nats. */
  readonly loss: number;
  readonly tokens: number;
  readonly state: PretrainState;
}

/**
 * Trains from `start` to the last step and returns the final state, which the caller owns. `batchAt(step)` gives the
 * batch of a step; it must depend on the step only, so that a resumed run equals an uninterrupted one.
 */
export async function pretrain(
  run: {
    readonly config: PretrainConfig;
    readonly model: ModelConfig;
    readonly start: { readonly step: number; readonly state: PretrainState };
    readonly batchAt: (step: number) => readonly CorpusSequence[];
    readonly onStep: (event: PretrainStepEvent) => Promise<void>;
  },
  { signal, onProgress }: OperationOptions = {},
): Promise<PretrainState> {
  const { config, model, batchAt, onStep } = run;
  const apply = compileStep(model);
  let { state } = run.start;
  try {
    for (let step = run.start.step; step < config.steps; step++) {
      throwIfAborted(signal);
      const sequences = batchAt(step);
      const batch = toBatch(sequences, config.prompt_loss, model.maxPositions);
      const factor = pretrainSchedule(config, step);
      const scalars = {
        ...adamWScalars({ ...ADAMW, learningRate: config.adamw_learning_rate * factor, step: step + 1 }),
        muonRate: tf.scalar(config.muon_learning_rate * factor),
      };
      const { state: next, values } = apply(state, batch, scalars);
      const { loss, tokens } = completionMean(sequences, values.dataSync());
      disposeTree([batch, scalars, values, state]);
      state = next;
      if (!Number.isFinite(loss))
        throw new CollapseError(
          `Loss or gradient of step ${step + 1} is not a finite number; the checkpoints before it are good. Lower muon_learning_rate and adamw_learning_rate, and start a new run.`,
        );
      onProgress?.({ stage: 'pretrain', done: step + 1, total: config.steps, metrics: { loss } });
      // Signals are handled during this pause, before onStep, so that the caller can still save the step.
      await yieldToEvents();
      await onStep({ step: step + 1, loss, tokens, state });
    }
    return state;
  } catch (error) {
    disposeTree(state);
    throw error;
  } finally {
    apply.dispose();
  }
}
