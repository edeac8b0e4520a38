/**
 * The benchmark's GRPO step: groups of completions are drawn, rewarded and compared, and the policy learns from them
 * once.
 */

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
import { hashString } from '../../engine/tensors/random';
import type { Algorithm, RolloutGroup, TrainingRollout } from '../../method/algorithms/algorithm';
import { grpo } from '../../method/algorithms/grpo';
import { profileDefaults } from '../../method/algorithms/settings';
import type { Reward } from '../../method/rewards/reward';
import { generate } from '../../method/rollout/generate';
import { createTeacher } from '../../method/scoring/teacher';
import { initialState, studentWeights } from '../../method/train/step';
import { learn, type UpdateRecord } from '../../method/train/updates';
import { type Bench, newStudent, type Prepared, rowsOf, type TimedWork } from './bench';
import { FORWARD, gradientFormula, UPDATE, updateFlops } from './work';

/**
 * TRL's defaults where the paper says nothing else: loss type dapo, advantages scaled by group, one update, no
 * reference, plain sampling.
 */
function grpoSettings({ groups, grpo_tokens: max_tokens, microbatch_size }: SpeedConfig): StageSettings {
  const { stage2 } = profileDefaults('paper', 'grpo');
  const sampling = { temperature: 1, top_p: 1, top_k: 0, max_tokens };
  return { ...stage2, batch_size: groups * stage2.grpo.num_generations, microbatch_size, sampling };
}

/** A number from 0 to 1 that depends on the whole text, so that the completions of a group get different rewards. */
const madeUp: Reward = {
  name: 'made up',
  weight: 1,
  score: async (completions) => completions.map(({ text }) => hashString(text) / 2 ** 32),
};

/** A whole step of GRPO; random tokens take the place of the questions. */
export function grpoStage(config: SpeedConfig, shape: ModelConfig): TimedWork {
  const { groups: prompts, prompt_tokens: prompt, grpo_tokens: completion, rank } = config;
  const samples = grpoSettings(config).grpo.num_generations;
  const completions: Completions = { prompts, samples, prompt, completion };
  const read = reading(completions);
  return {
    longest: prompt + completion,
    work: {
      tokens: prompts * samples * completion,
      flops:
        2 * forwardOperations(shape, read, { rank }) +
        backwardOperations(shape, read, { rank }) +
        updateFlops(trainedParameters(shape, rank)),
      formula: `rollout (${FORWARD}) + student (${gradientFormula(rank)}) + update (${UPDATE})`,
    },
    prepare: (bench) => prepareGrpo(bench),
  };
}

/** The result of a call: every completion with its verdict, and the record of the update. */
export interface GrpoStep {
  readonly learned: readonly TrainingRollout[];
  readonly records: readonly UpdateRecord[];
}

function prepareGrpo(bench: Bench): Prepared {
  const { config, model } = bench;
  const settings = grpoSettings(config);
  const algorithm = grpo(settings, [madeUp]);
  const student = newStudent(bench, config.rank);
  // Never used, because the loss has no reference.
  const teacher = createTeacher('live', student.trainable, { emaDecay: 0, snapshotEvery: 0 });
  const { learning_rate: learningRate } = settings.optimizer;
  const prompts = rowsOf(bench, 'prompt', { rows: config.groups, length: config.prompt_tokens });
  let state = initialState(student.trainable);
  return {
    call: async (): Promise<GrpoStep> => {
      const policy = withWeights(model, studentWeights({ ...student, trainable: state.trainable }));
      const learned = await assessed(algorithm, await sampleGroups(bench, policy, { prompts, settings }));
      const next = await learn({ model, algorithm, settings, student, teacher, learningRate }, state, learned);
      state = next.state;
      return { learned, records: next.records };
    },
  };
}

async function sampleGroups(
  { config, options }: Bench,
  policy: LanguageModel,
  { prompts, settings }: { prompts: readonly number[][]; settings: StageSettings },
): Promise<RolloutGroup[]> {
  const { temperature, top_p: topP, top_k: topK, max_tokens: maxTokens } = settings.sampling;
  const samples = Array.from({ length: settings.grpo.num_generations }, (_, sample) => sample);
  const questions = prompts.map((_, i) => ({ id: `q${i}`, task: '', split: '', question: '', answer: '' }));
  const requests = prompts.flatMap((promptTokens, i) =>
    samples.map((sample) => ({ questionId: `q${i}`, sample, promptTokens })),
  );
  const { seed } = config;
  const rollouts = await generate(policy, requests, {
    temperature,
    topP,
    topK,
    maxTokens,
    seed,
    signal: options.signal,
  });
  return questions.map((question, i) => ({
    example: { question },
    rollouts: rollouts.slice(i * samples.length, (i + 1) * samples.length),
  }));
}

/** The completions with the algorithm's verdicts, in the form that the update takes. */
async function assessed({ assess }: Algorithm, groups: readonly RolloutGroup[]): Promise<TrainingRollout[]> {
  const assessments = (await assess?.(groups))?.assessments.flat() ?? [];
  return groups
    .flatMap(({ rollouts }) => rollouts)
    .map((rollout, i) => ({
      ...rollout,
      studentPrompt: rollout.promptTokens,
      studentText: '',
      assessment: assessments[i] ?? {},
    }));
}
