/**
 * `rcsd pretrain`: the embedded base model from scratch, in a run folder. The model ends in `model/` in Hugging Face's layout,
 * with `pretraining.json` beside its weights: the settings, the world and the losses that made it.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PretrainConfig } from '../../base/config/configs';
import { makeFolder } from '../../base/records/atomic';
import type { OperationOptions } from '../../base/records/events';
import { openRun } from '../../base/records/runReader';
import { createRunFolder, type RunFolder, resumeRunFolder, runConfig } from '../../base/records/runWriter';
import { writeCheckpoint } from '../../engine/files/huggingface';
import type { ModelConfig } from '../../engine/model/config';
import { countParameters } from '../../engine/model/shapes';
import { runtimeInfo } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';
import { checkpointFolder, latestCheckpoint, readTensors, tensorsOf, writeGroups } from '../../method/train/checkpoint';
import { corpusBatches } from '../../method/train/corpusBatches';
import { initialPretrainState, type PretrainState, pretrain, pretrainModelConfig } from '../../method/train/pretrain';
import { tokenizerFiles, type Vocabulary, vocabularyOf, worldNamed } from '../../questions/tasks/microscience';

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
  const folder = openFolder(config);
  const recorder = createRecorder(folder);
  try {
    const state = await pretrain(
      {
        config,
        model,
        start: startState(config, model),
        batchAt: corpusBatches(world, { seed: config.seed, batchTokens: config.batch_tokens, endToken: end }),
        onStep: async ({ step, loss, tokens, state: current }) => {
          recorder.add(step, loss, tokens);
          if (step % config.checkpoint_every === 0 || options.signal?.aborted) {
            await saveState(config.output, current, step);
          }
        },
      },
      options,
    );
    const target = join(config.output, 'model');
    await writeModel(target, { model, vocabulary, state });
    const record = { settings: config, world, loss: recorder.recentLoss(), ...runtimeInfo() };
    writeFileSync(join(target, 'pretraining.json'), `${JSON.stringify(record, null, 2)}\n`);
    disposeTree(state);
    return { path: config.output, model: target, parameters: countParameters(model), loss: recorder.recentLoss() };
  } finally {
    folder.close();
  }
}

function openFolder(config: PretrainConfig): RunFolder {
  const path = config.output;
  if (!existsSync(join(path, 'config.json'))) {
    return createRunFolder(path, runConfig(config, { versions: { tensorflow: runtimeInfo().tensorflow } }));
  }
  return resumeRunFolder(path, latestCheckpoint(path)?.step ?? 0, { settings: config });
}

function createRecorder(folder: RunFolder): {
  add(step: number, loss: number, tokens: number): void;
  recentLoss(): number;
} {
  const recent: number[] = [];
  let sum = { loss: 0, tokens: 0, steps: 0, since: Date.now() };
  return {
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

const GROUPS = ['params', 'momenta', 'm', 'v'] as const;

async function saveState(path: string, { params, momenta, moments }: PretrainState, step: number): Promise<void> {
  await checkpointFolder(path, { step, keep: 1 }, async (folder) => {
    writeGroups(join(folder, 'state.safetensors'), { params, momenta, m: moments.m, v: moments.v });
  });
}

function startState(config: PretrainConfig, model: ModelConfig): { step: number; state: PretrainState } {
  const saved = latestCheckpoint(config.output);
  if (!saved) return { step: 0, state: initialPretrainState(model, config.seed) };
  const file = join(saved.path, 'state.safetensors');
  const [params, momenta, m, v] = GROUPS.map((group) => readTensors(file, `${group}.`)) as [
    PretrainState['params'],
    PretrainState['momenta'],
    PretrainState['params'],
    PretrainState['params'],
  ];
  return { step: saved.step, state: { params, momenta, moments: { m, v } } };
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
    writeFileSync(join(target, name), `${JSON.stringify(content, null, 1)}\n`);
  }
  await writeCheckpoint(target, { configJson: model.source, tensors: tensorsOf(params) });
}
