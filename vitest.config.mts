import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const require = createRequire(import.meta.url);

/**
 * The files that take longest or most memory, in the order in which they begin: begun late, one of them would end alone, with the
 * other process idle. Each has a process of its own, which frees what TensorFlow took.
 */
const LONG = [
  'notebooks/notebooks',
  'cli/sweep',
  'cluster/workers',
  'cli/pipeline',
  'probes/gate',
  'study/studyRuns',
  'cli/benchmark',
  'train/everyAlgorithm',
  'probes/rubricQuality',
  'grading/modes/modes',
  'train/grpo',
  'tensors/kernels',
  'train/flat',
  'probes/uplift',
  'parity/smollm2',
].map((name) => `tests/${name}.test.ts`);

/** The long files, then those that share a process. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification): number => {
      const at = LONG.indexOf(relative(project.config.root, moduleId));
      return at < 0 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

/** The instruction sets that our loops are compiled for, fastest first, and the flags of /proc/cpuinfo that each needs. */
const AVX512 = ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'];
const LOOPS = Object.entries({
  'avx512-bf16': [...AVX512, 'avx512_bf16'],
  'x86-64-v4': AVX512,
  'x86-64-v3': ['avx2', 'fma'],
  'x86-64': [],
});
const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(/\s+/) ?? [];
const lacking = LOOPS.filter(([, needed]) => needed.some((flag) => !flags.includes(flag))).map(([name]) => name);
const supported = LOOPS.map(([name]) => name).filter((name) => !lacking.includes(name));

declare module 'vitest' {
  export interface ProvidedContext {
    /** Instruction sets, fastest first; the first supported one is taken unless RCSD_LOOPS names another. */
    loops: { supported: string[]; lacking: string[] };
  }
}

// Which loops compute is decided when the addon is loaded, so that each set of instructions takes a process of its own.
const otherLoops = supported.slice(1).map(
  (loops): TestProjectInlineConfiguration => ({
    extends: true,
    test: { name: `loops for ${loops}`, include: ['tests/tensors/kernels.test.ts'], env: { RCSD_LOOPS: loops } },
  }),
);

// Two processes at once, since each brings threads of its own. The short files share them (`isolate`), one after the other: to start
// TensorFlow for each would take longer than most of them do. So a file restores what it changes of its process.
export default defineConfig({
  // What the library is compiled to requires cephes, which is there at once; as an ES module it is there only some time after its import.
  resolve: { alias: { cephes: require.resolve('cephes') } },
  test: {
    // Reports and the viewer read what pages run from dist/.
    globalSetup: ['./kernel-setup/lib/browser.mjs'],
    pool: 'forks',
    maxWorkers: 2,
    env: { TF_CPP_MIN_LOG_LEVEL: '3' },
    provide: { loops: { supported, lacking } },
    testTimeout: 300_000,
    hookTimeout: 300_000,
    sequence: { sequencer: LongFirst },
    projects: [
      { extends: true, test: { name: 'long', include: LONG } },
      { extends: true, test: { name: 'short', include: ['tests/**/*.test.ts'], exclude: LONG, isolate: false } },
      ...otherLoops,
    ],
  },
});
