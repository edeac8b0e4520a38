import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/base/records/errors';
import { shellWord } from '../../src/base/records/printable';
import { openRun } from '../../src/base/records/runReader';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { checkpointFolder, latestCheckpoint } from '../../src/method/train/checkpoint';
import {
  atStep,
  checkpointOf,
  expectSameTensors,
  FULL,
  LORA,
  readFile,
  recordOf,
  runStage,
  type StageChanges,
  scienceRuns,
} from './stage';

const { place, complete } = scienceRuns();

/** Runs until the signal is aborted behind a step. */
async function interrupted(
  name: string,
  changes: StageChanges,
  { step, how }: { step: number; how: 'at once' | 'soon' },
) {
  const abort = new AbortController();
  const stop = (): void => {
    // "Soon" falls into the next step's sampling.
    if (how === 'at once') abort.abort();
    else setImmediate(() => setImmediate(() => abort.abort()));
  };
  const run = runStage(place(name), changes, { signal: abort.signal, onProgress: atStep(step, stop) });
  return run.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Bit for bit: weights, optimiser, teacher, metrics and completions. */
function expectSameRun(a: string, b: string, lora: boolean): void {
  const weights = lora ? 'adapter_model.safetensors' : 'model.safetensors';
  for (const file of [weights, 'optimizer.safetensors']) {
    expectSameTensors(readFile(checkpointOf(place(a).path, 6), file), readFile(checkpointOf(place(b).path, 6), file));
  }
  expect(recordOf(place(a).path)).toEqual(recordOf(place(b).path));
}

describe.each([
  ['all weights', FULL, 'ema'],
  ['all weights', FULL, 'fixed'],
  ['an adapter', LORA, 'ema'],
  ['an adapter', LORA, 'snapshot'],
] as const)('training %s', (what, lora, teacher) => {
  const changes: StageChanges = { lora, settings: { teacher, ema_decay: 0.7, snapshot_every: 4 } };
  const name = (part: string): string => `${what} ${teacher} ${part}`;

  it(`with a ${teacher} teacher, interrupted and resumed, equals the uninterrupted run bit for bit`, async () => {
    await complete(name('straight'), changes);
    const error = await interrupted(name('stopped'), changes, { step: 3, how: 'at once' });
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error).toMatchObject({ exitCode: 130 });
    const { path } = place(name('stopped'));
    expect((error as Error).message).toMatch(/step 3 of 6; /);
    expect((error as Error).message.endsWith(`--resume ${shellWord(path)}.`)).toBe(true);
    expect(latestCheckpoint(path)).toEqual({ step: 3, path: checkpointOf(path, 3) });
    expect(recordOf(path).metrics).toHaveLength(3);
    await complete(name('stopped'), changes);
    expectSameRun(name('stopped'), name('straight'), lora.rank > 0);
  });
});

describe('a run', () => {
  const changes: StageChanges = { checkpointEvery: 2, settings: { teacher: 'live' } };
  beforeAll(() => complete('straight', changes));

  it('stopped in the middle of a step leaves that step out', async () => {
    const error = await interrupted('in a step', changes, { step: 3, how: 'soon' });
    expect((error as Error).message).toMatch(/^Stopped after step 3 of 6/);
    expect(recordOf(place('in a step').path).metrics).toHaveLength(3);
    await complete('in a step', changes);
    expectSameRun('in a step', 'straight', false);
  });

  it('stopped before its first step saves nothing and starts anew', async () => {
    const error = await runStage(place('at once'), changes, { signal: AbortSignal.abort() }).catch((e: unknown) => e);
    expect((error as Error).message).toMatch(/^Stopped after step 0 of 6/);
    expect(existsSync(join(place('at once').path, 'checkpoints'))).toBe(false);
    await complete('at once', changes);
    expectSameRun('at once', 'straight', false);
  });

  it('killed while it writes a checkpoint goes on from the last good one', async () => {
    const { path } = place('killed');
    const crash = atStep(5, () => {
      throw new Error('power cut');
    });
    await expect(runStage(place('killed'), changes, { onProgress: crash })).rejects.toThrow('power cut');
    // Step 5 is in the records already, and half of its checkpoint is on the disk.
    expect(recordOf(path).metrics).toHaveLength(5);
    const unfinished = `${checkpointOf(path, 6)}.unfinished`;
    mkdirSync(unfinished);
    const whole = readFileSync(join(checkpointOf(path, 4), 'model.safetensors'));
    writeFileSync(join(unfinished, 'model.safetensors'), whole.subarray(0, whole.length >> 1));
    mkdirSync(`${checkpointOf(path, 5)}.unfinished`);
    expect(latestCheckpoint(path)?.step).toBe(4);
    expect(
      openRun(path)
        .checkpoints()
        .map(({ step }) => step),
    ).toEqual([2, 4]);
    await complete('killed', changes);
    expectSameRun('killed', 'straight', false);
    const left = readdirSync(join(path, 'checkpoints'));
    expect(left.sort()).toEqual(['step-000002', 'step-000004', 'step-000006']);
  });

  it('stopped right behind a checkpoint does not write it again', async () => {
    const { path } = place('written once');
    const write = (text: string) => async (to: string) => writeFileSync(join(to, 'text'), text);
    const first = await checkpointFolder(path, { step: 4, keep: 1 }, write('first'));
    expect(await checkpointFolder(path, { step: 4, keep: 1 }, write('second'))).toBe(first);
    expect(readFileSync(join(first, 'text'), 'utf8')).toBe('first');
    const failing = checkpointFolder(path, { step: 5, keep: 1 }, () => Promise.reject(new Error('disk full')));
    await expect(failing).rejects.toThrow('disk full');
    expect(latestCheckpoint(path)?.step).toBe(4);
  });

  it('that is done already trains nothing and returns its model', async () => {
    const before = recordOf(place('straight').path);
    const { model: base, trained } = await runStage(place('straight'), changes);
    const weights = trained.weights.params['model.norm.weight']?.dataSync();
    const saved = readFile(checkpointOf(place('straight').path, 6), 'model.safetensors');
    expect([...(weights ?? [])]).toEqual([...(saved['model.norm.weight'] ?? [])]);
    expect(recordOf(place('straight').path)).toEqual(before);
    trained.dispose();
    base.dispose();
  });

  it('keeps as many checkpoints as it is told to', async () => {
    await complete('retention', { ...changes, checkpointEvery: 1, keepCheckpoints: 2 });
    expect(readdirSync(join(place('retention').path, 'checkpoints')).sort()).toEqual(['step-000005', 'step-000006']);
  });

  it('leaves no tensor behind, finished, stopped or failed', async () => {
    await complete('leak', changes);
    const before = liveTensors();
    for (const lora of [FULL, LORA]) {
      for (const teacher of ['fixed', 'ema'] as const) {
        const both: StageChanges = { lora, settings: { teacher } };
        const name = `leak ${lora.rank} ${teacher}`;
        await interrupted(name, both, { step: 2, how: 'soon' });
        expect([name, 'stopped', liveTensors()]).toEqual([name, 'stopped', before]);
        const crash = atStep(4, () => {
          throw new Error('power cut');
        });
        await runStage(place(name), both, { onProgress: crash }).catch(() => {});
        expect([name, 'failed', liveTensors()]).toEqual([name, 'failed', before]);
        await complete(name, both);
        expect([name, 'finished', liveTensors()]).toEqual([name, 'finished', before]);
      }
    }
  });
});
