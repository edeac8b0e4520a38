import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { checkEnvironment, LOOP_SETS } from '../../src/engine/tensors/environment';
import { buildOnce, rcsd } from '../cli/runCli';

const flags = (...names: readonly string[]): ReadonlySet<string> => new Set(names);
const ALL = flags('avx2', 'fma', 'avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx512_bf16');
const OLDER = flags('sse4_2', 'avx2', 'fma');

describe('the environment of the engine', () => {
  it('may name every set of loops that set-up compiles, the fastest first', () => {
    const steps = readFileSync(join(__dirname, '../../kernel-setup/lib/steps.mjs'), 'utf8');
    const compiled = [...steps.matchAll(/\['\w+Loops', '([\w-]+)'/g)].map(([, name]) => name);
    expect(Object.keys(LOOP_SETS)).toEqual(compiled);
    for (const name of compiled) expect(() => checkEnvironment({ RCSD_LOOPS: name }, ALL)).not.toThrow();
  });

  it('may be empty, and leaves switches on or off', () => {
    for (const value of [undefined, '0', '1'])
      expect(() => checkEnvironment({ RCSD_KERNELS: value, RCSD_EAGER: value }, OLDER)).not.toThrow();
  });

  it.each([
    [
      { RCSD_LOOPS: 'x86-64-v5' },
      'RCSD_LOOPS must be one of x86-64-v3, x86-64, or unset for the fastest; it is "x86-64-v5".',
    ],
    [{ RCSD_LOOPS: '' }, 'it is "".'],
    [{ RCSD_LOOPS: 'x86-64-v4' }, 'this processor cannot run "x86-64-v4".'],
    [{ RCSD_LOOPS: 'toString' }, 'it is "toString".'],
    [{ RCSD_KERNELS: 'off' }, 'RCSD_KERNELS must be 0 or 1; it is "off".'],
    [{ RCSD_EAGER: 'true' }, 'RCSD_EAGER must be 0 or 1; it is "true".'],
  ])('refuses %j', (env, message) => {
    expect(() => checkEnvironment(env, OLDER)).toThrow(InputError);
    expect(() => checkEnvironment(env, OLDER)).toThrow(message);
  });
});

describe('the program', () => {
  beforeAll(buildOnce);

  it('ends with status 2 and one sentence for mistyped loops', () => {
    const { status, stdout, stderr } = rcsd(['tokenize'], { input: '', env: { RCSD_LOOPS: 'avx2' } });
    const scored = rcsd(['score'], { input: '{"id":1,"prompt":"v","completion":"v"}\n', env: { RCSD_LOOPS: 'avx2' } });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
    expect([scored.status, scored.stdout]).toEqual([2, '']);
    expect(scored.stderr).toMatch(/^RCSD_LOOPS must be one of .*x86-64, or unset for the fastest; it is "avx2"\.\n$/);
  });
});
