/** The environment variables that choose how the engine computes. A word that none of them knows would change speed or nothing, silently. */
import { readFileSync } from 'node:fs';
import { InputError } from '../../base/records/errors';

/**
 * What RCSD_LOOPS may name: the sets of loops that kernel-setup/lib/steps.mjs compiles, the fastest first, with the flags of
 * /proc/cpuinfo that a set needs.
 */
export const LOOP_SETS: Readonly<Record<string, readonly string[]>> = {
  'avx512-bf16': ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx512_bf16'],
  'x86-64-v4': ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'],
  'x86-64-v3': ['avx2', 'fma'],
  'x86-64': [],
};
const SWITCHES = ['RCSD_KERNELS', 'RCSD_EAGER'] as const;

/** The flags of the processor; undefined where the system does not say. */
function processorFlags(): ReadonlySet<string> | undefined {
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
    return flags === undefined ? undefined : new Set(flags.trim().split(/\s+/));
  } catch {
    return undefined;
  }
}

/** The sets that this processor can run, the fastest first. */
const runnableLoops = (flags: ReadonlySet<string> | undefined): string[] =>
  Object.entries(LOOP_SETS)
    .filter(([, needed]) => needed.every((flag) => flags?.has(flag) ?? true))
    .map(([name]) => name);

/** The set of loops that the project's own kernels use. */
export const chosenLoops = (env: Readonly<Record<string, string | undefined>> = process.env): string =>
  env.RCSD_LOOPS ?? (runnableLoops(processorFlags())[0] as string);

/** Throws InputError for a value that the engine does not know, and for loops that this processor cannot run: it would take the slowest. */
export function checkEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  flags: ReadonlySet<string> | undefined = processorFlags(),
): void {
  for (const name of SWITCHES) {
    const value = env[name];
    if (value !== undefined && value !== '0' && value !== '1')
      throw new InputError(`${name} must be 0 or 1; it is "${value}".`);
  }
  const loops = env.RCSD_LOOPS;
  if (loops === undefined) return;
  const names = runnableLoops(flags);
  if (names.includes(loops)) return;
  const why = Object.hasOwn(LOOP_SETS, loops) ? `this processor cannot run "${loops}"` : `it is "${loops}"`;
  throw new InputError(`RCSD_LOOPS must be one of ${names.join(', ')}, or unset for the fastest; ${why}.`);
}
