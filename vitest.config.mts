import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

const require = createRequire(import.meta.url);

// One process for each test file: TensorFlow has one context a process. Two at once, since each brings threads of its own.
export default defineConfig({
  // What the library is compiled to requires cephes, which is there at once; as an ES module it is there only some time after its import.
  resolve: { alias: { cephes: require.resolve('cephes') } },
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    env: { TF_CPP_MIN_LOG_LEVEL: '3' },
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
