import { expect, test } from 'vitest';
import { benchmarkSettings, resolveBenchmarkConfig } from '../../src/base/config/resolveSpeed';
import { BENCHMARK_STAGES, benchmarkDefaults, GROWTH_STAGES } from '../../src/base/config/speed';

test('the defaults pass their own checks, and pairs go over them', () => {
  expect(resolveBenchmarkConfig({})).toEqual(benchmarkDefaults);
  expect(benchmarkSettings.parse(benchmarkDefaults, 'here')).toEqual(benchmarkDefaults);
  expect(resolveBenchmarkConfig({ overrides: ['batch_size=2', 'precision=bf16'] })).toMatchObject({
    batch_size: 2,
    precision: 'bf16',
  });
});

test('growth stands for its stages, and no stage is measured twice', () => {
  const { stages } = resolveBenchmarkConfig({ overrides: ['stages=decode-4, growth,teacher-2'] });
  expect(stages).toEqual(['decode-4', ...GROWTH_STAGES.filter((name) => name !== 'decode-4'), 'teacher-2']);
  expect(resolveBenchmarkConfig({ overrides: [`stages=${BENCHMARK_STAGES.join()}`] }).stages).toEqual(BENCHMARK_STAGES);
});

test.each([
  ['batchsize=1', /batchsize; .*batch_size/],
  ['stages=rollouts', /^stages .*rollout, /],
  ['stages=decode-0', /^stages /],
  ['repeats=0', /^repeats .* 1 or more.*"0"/],
])('%s is refused', (override, message) => {
  expect(() => resolveBenchmarkConfig({ overrides: [override] })).toThrow(message);
});
