/** Runs on a small random chat model with SmolLM2's special tokens, from the command line to the files of the run. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJsonFile } from '../../src/engine/files/jsonl';
import { rcsdHere } from './runCli';

const fixtures = join(__dirname, '..', 'fixtures');
const CHAT = join(fixtures, 'models', 'chat');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chat-model-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Trains in `folder/name` on the sample questions, by one step of two questions unless other settings say so. */
const trained = (name: string, ...settings: string[]) =>
  rcsdHere([
    'train',
    'algorithm=sft',
    `model=${CHAT}`,
    'data=data/science-sample',
    'steps=1',
    'batch_size=2',
    'microbatch_size=2',
    'evaluation.questions=1',
    'evaluation.samples=1',
    'evaluation.max_tokens=2',
    `runs=${folder}`,
    `name=${name}`,
    ...settings,
  ]);

test('a whole model is saved in the type that its config.json names', async () => {
  expect((await trained('whole', 'rank=0')).status).toBe(0);
  const config = readJsonFile(join(folder, 'whole', 'checkpoints', 'step-000001', 'config.json'));
  expect(readJsonFile(join(CHAT, 'config.json')).torch_dtype).toBe('bfloat16');
  expect([config.dtype, config.torch_dtype]).toEqual(['float32', 'float32']);
});

test('an adapter of another rank is refused before anything is computed or written', async () => {
  const adapter = join(fixtures, 'cases', 'chat-rslora');
  const { status, stderr } = await trained('late', `adapter=${adapter}`, 'rank=4', 'alpha=16');
  expect([status, stderr]).toEqual([2, expect.stringMatching(/The adapter has rank 4 and alpha 32, but/)]);
  expect(stderr).not.toContain('evaluate before');
  expect(existsSync(join(folder, 'late'))).toBe(false);
});
