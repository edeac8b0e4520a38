import { expect, test } from 'vitest';
import { GROWTH_STAGES, resolveSpeedConfig, SPEED_STAGES, speedTable } from '../../src/base/config/speed';
import { SCHEMA_VERSION } from '../../src/base/records/rows';

test('the defaults pass their own checks, and pairs go over them', () => {
  expect(resolveSpeedConfig({})).toEqual(speedTable.defaults);
  expect(speedTable.parse(speedTable.defaults, { where: 'here', version: SCHEMA_VERSION })).toEqual(
    speedTable.defaults,
  );
  expect(resolveSpeedConfig({ overrides: ['batch_size=2', 'precision=bf16'] })).toMatchObject({
    batch_size: 2,
    precision: 'bf16',
  });
});

test('growth stands for its stages, and no stage is measured twice', () => {
  const { stages } = resolveSpeedConfig({ overrides: ['stages=decode-4, growth,teacher-2'] });
  expect(stages).toEqual(['decode-4', ...GROWTH_STAGES.filter((name) => name !== 'decode-4'), 'teacher-2']);
  expect(resolveSpeedConfig({ overrides: [`stages=${SPEED_STAGES.join()}`] }).stages).toEqual(SPEED_STAGES);
});

test.each([
  ['batchsize=1', /batchsize; .*batch_size/],
  ['stages=rollouts', /^stages .*rollout, /],
  ['stages=decode-0', /^stages /],
  ['repeats=0', /^repeats .* 1 or more.*"0"/],
])('%s is refused', (override, message) => {
  expect(() => resolveSpeedConfig({ overrides: [override] })).toThrow(message);
});
