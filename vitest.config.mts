import { defineConfig } from 'vitest/config';

// One process for each test file: TensorFlow has one context a process. Two at once, since each brings threads of its own.
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    env: { TF_CPP_MIN_LOG_LEVEL: '3' },
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
