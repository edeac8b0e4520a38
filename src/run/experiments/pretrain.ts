/**
 * `rcsd pretrain`: the embedded base model from scratch, in a run folder. The model ends in `model/` in Hugging Face's layout,
 * with `pretraining.json` beside its weights: the settings, the world and the losses that made it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PretrainConfig } from '../../base/config/generated/otherConfigs';
import { makeFolder, writeFileAtomic } from '../../base/records/atomic';
import { type OperationOptions, saying } from '../../base/records/events';
import { openRun, readObject } from '../../base/records/runReader';
import { createRunFolder, type RunFolder, resumeRunFolder, runConfig } from '../../base/records/runWriter';
import { writeCheckpoint } from '../../engine/files/huggingface';
import type { ModelConfig } from '../../engine/model/config';
import { countParameters } from '../../engine/model/shapes';
import { runtimeInfo } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';
import {
  checkpointFolder,
  latestCheckpoint,
  readTensors,
  soundStep,
  tensorsOf,
  writeGroups,
} from '../../method/train/checkpoint';
import { corpusBatches } from '../../method/train/corpusBatches';
import { initialPretrainState, type PretrainState, pretrain, pretrainModelConfig } from '../../method/train/pretrain';
import { tokenizerFiles, type Vocabulary, vocabularyOf, worldNamed } from '../../questions/tasks/microscience';
import { runtimeFacts } from '../session/inputs';

/** A finished pretraining run. */
export interface PretrainOutcome {
  readonly path: string;
  /** Folder of the model. */
  readonly model: string;
  readonly parameters: number;
  /** Mean loss of the last hundred steps, nats per completion token. */
  readonly loss: number;
}

/** Steps that one line of metrics.jsonl averages over. */
const RECORD_EVERY = 25;

/** Pretrains, or goes on with the run in the same folder. Throws InputError when that run has other settings. */
export async function runPretraining(config: PretrainConfig, options: OperationOptions = {}): Promise<PretrainOutcome> {
  const world = worldNamed(config.world);
  const vocabulary = vocabularyOf(world);
  const { words, ids, positions } = vocabulary;
  const [pad, end] = [ids.get('<pad>') as number, ids.get('<end>') as number];
  const model = pretrainModelConfig(config, { size: words.length, pad, end, positions });
  const folder = openFolder(config, options);
  try {
    const start = startState(config, model);
    const recorder = createRecorder(folder, start.recorded);
    const state = await pretrain(
      {
        config,
        model,
        start,
        batchAt: corpusBatches(world, { seed: config.seed, batchTokens: config.batch_tokens, endToken: end }),
        onStep: async ({ step, loss, tokens, state: current }) => {
          recorder.add(step, loss, tokens);
          if (step % config.checkpoint_every === 0 || options.signal?.aborted) {
            folder.sync();
            await saveState(config.output, current, { step, recorded: recorder.state() });
          }
        },
      },
      options,
    );
    const target = join(config.output, 'model');
    await writeModel(target, { model, vocabulary, state });
    const record = { settings: config, world, loss: recorder.recentLoss(), ...runtimeInfo() };
    writeFileAtomic(join(target, 'pretraining.json'), `${JSON.stringify(record, null, 2)}\n`);
    disposeTree(state);
    return { path: config.output, model: target, parameters: countParameters(model), loss: recorder.recentLoss() };
  } finally {
    folder.close();
  }
}

function openFolder(config: PretrainConfig, options: OperationOptions): RunFolder {
  const path = config.output;
  const now = runConfig(config, runtimeFacts());
  const opening = { work: 'rcsd pretrain', say: saying(options) };
  if (!existsSync(join(path, 'config.json'))) return createRunFolder(path, now, opening);
  const stepOf = (): number => soundStep(path, opening.say);
  return resumeRunFolder(path, stepOf, { ...opening, settings: config, now, metricsEvery: RECORD_EVERY });
}

/** What is not in metrics.jsonl yet: the latest losses, and the sums of the line that is being averaged. */
interface Recorded {
  readonly recent: readonly number[];
  readonly loss: number;
  readonly tokens: number;
  readonly steps: number;
}

const NOTHING: Recorded = { recent: [], loss: 0, tokens: 0, steps: 0 };

interface Recorder {
  add(step: number, loss: number, tokens: number): void;
  state(): Recorded;
  recentLoss(): number;
}

function createRecorder(folder: RunFolder, { recent: earlier, ...sums }: Recorded): Recorder {
  const recent = [...earlier];
  let sum = { ...sums, since: Date.now() };
  return {
    state: () => ({ recent, loss: sum.loss, tokens: sum.tokens, steps: sum.steps }),
    add: (step, loss, tokens) => {
      recent.push(loss);
      if (recent.length > 100) recent.shift();
      sum = { ...sum, loss: sum.loss + loss, tokens: sum.tokens + tokens, steps: sum.steps + 1 };
      if (step % RECORD_EVERY !== 0) return;
      const seconds = (Date.now() - sum.since) / 1000;
      folder.appendMetrics({
        step,
        loss: sum.loss / sum.steps,
        num_tokens: sum.tokens,
        'seconds/update': seconds / sum.steps,
      });
      sum = { loss: 0, tokens: 0, steps: 0, since: Date.now() };
    },
    // A run that is done already has no step left to measure.
    recentLoss: () =>
      recent.length > 0
        ? recent.reduce((a, b) => a + b, 0) / recent.length
        : (openRun(folder.path).metrics().at(-1)?.loss ?? Number.NaN),
  };
}

const RECORDED = 'recorded.json';
const GROUPS = ['params', 'momenta', 'm', 'v'] as const;

async function saveState(
  path: string,
  { params, momenta, moments }: PretrainState,
  { step, recorded }: { readonly step: number; readonly recorded: Recorded },
): Promise<void> {
  await checkpointFolder(path, { step, keep: 1 }, async (folder) => {
    writeFileAtomic(join(folder, RECORDED), `${JSON.stringify(recorded)}\n`);
    writeGroups(join(folder, 'state.safetensors'), { params, momenta, m: moments.m, v: moments.v });
  });
}

function startState(
  config: PretrainConfig,
  model: ModelConfig,
): { step: number; state: PretrainState; recorded: Recorded } {
  const saved = latestCheckpoint(config.output);
  if (!saved) return { step: 0, state: initialPretrainState(model, config.seed), recorded: NOTHING };
  const file = join(saved.path, 'state.safetensors');
  const [params, momenta, m, v] = GROUPS.map((group) => readTensors(file, `${group}.`)) as [
    PretrainState['params'],
    PretrainState['momenta'],
    PretrainState['params'],
    PretrainState['params'],
  ];
  // The checkpoints of earlier versions lie where a line of metrics.jsonl ends, unless they were stopped.
  const recorded = (readObject(join(saved.path, RECORDED)) ?? NOTHING) as unknown as Recorded;
  return { step: saved.step, state: { params, momenta, moments: { m, v } }, recorded };
}

async function writeModel(
  target: string,
  {
    model,
    vocabulary,
    state: { params },
  }: { readonly model: ModelConfig; readonly vocabulary: Vocabulary; readonly state: PretrainState },
): Promise<void> {
  makeFolder(target);
  for (const [name, content] of Object.entries(tokenizerFiles(vocabulary))) {
    writeFileAtomic(join(target, name), `${JSON.stringify(content, null, 1)}\n`);
  }
  await writeCheckpoint(target, { configJson: model.source, tensors: tensorsOf(params) });
}
