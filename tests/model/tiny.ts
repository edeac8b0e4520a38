/** Small models for tests: the fixtures of tests/parity, and random ones with the words of the embedded suite. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { pretrainTable } from '../../src/base/config/pretrain';
import { writeCheckpoint } from '../../src/engine/files/huggingface';
import type { ModelConfig } from '../../src/engine/model/config';
import { initializeParameters } from '../../src/engine/model/initialize';
import { openModel } from '../../src/engine/model/load';
import type { LanguageModel } from '../../src/engine/model/model';
import { createRandom } from '../../src/engine/tensors/random';
import { disposeTree } from '../../src/engine/tensors/tree';
import { tensorsOf } from '../../src/method/train/checkpoint';
import { pretrainModelConfig } from '../../src/method/train/pretrain';
import { strataWorld, tokenizerFiles, vocabularyOf } from '../../src/questions/tasks/microscience';
import { fixture } from '../parity/reference';

/** Every family of the transformer. */
export const FAMILIES = [
  'llama-tied',
  'llama-bias',
  'llama3-rope-scaling',
  'llama3-rope-parameters',
  'qwen2',
  'qwen3',
  'mistral',
] as const;

/** A fixture model with a configuration of its own, so that what is compiled for it is its own too. */
export async function openFixture(name: string, changes: Partial<ModelConfig> = {}): Promise<LanguageModel> {
  const model = await openModel(fixture('models', name));
  return { ...model, config: { ...model.config, ...changes } };
}

/** A temporary folder, and how to remove it. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'rcsd-engine-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const words = vocabularyOf(strataWorld());

/** Configuration of a model with one narrow layer and the vocabulary of microscience. */
export const scienceConfig = (): ModelConfig =>
  pretrainModelConfig(
    { ...pretrainTable.defaults, layers: 1, hidden_size: 16, heads: 2, intermediate_size: 24 },
    { size: words.words.length, pad: 0, end: 1, positions: words.positions },
  );

/** Writes such a model with random weights into `folder`; returns its path. */
export async function writeScienceModel(folder: string, seed = 1): Promise<string> {
  const config = scienceConfig();
  const params = initializeParameters(config, seed);
  await writeCheckpoint(folder, { configJson: config.source, tensors: tensorsOf(params) });
  for (const [name, content] of Object.entries(tokenizerFiles(words)))
    writeFileSync(join(folder, name), JSON.stringify(content));
  disposeTree(params);
  return folder;
}

/** Such a model, open in a folder of its own while a file's tests run. */
export function openedScienceModel(): { readonly path: string; readonly model: LanguageModel } {
  const folder = temporaryFolder();
  let model: LanguageModel;
  beforeAll(async () => {
    model = await openModel(await writeScienceModel(join(folder.path, 'model')));
  });
  afterAll(() => {
    model.dispose();
    folder.remove();
  });
  return {
    path: folder.path,
    get model() {
      return model;
    },
  };
}

/** Seeded token ids below `vocabulary`. */
export function randomTokens(
  length: number,
  { seed, vocabulary: size = 97 }: { seed: number; vocabulary?: number },
): number[] {
  const random = createRandom(seed);
  return Array.from({ length }, () => random.int(3, size - 1));
}
