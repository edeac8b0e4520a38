import { expect, test } from 'vitest';
import { pretrainDefaults } from '../../src/base/config/pretrain';
import { pretrainSettings, resolvePretrainConfig } from '../../src/base/config/resolvePretrain';

test('the defaults pass their own checks, and pairs go over them', () => {
  expect(resolvePretrainConfig({})).toEqual(pretrainDefaults);
  expect(pretrainSettings.parse(pretrainDefaults, 'here')).toEqual(pretrainDefaults);
  expect(resolvePretrainConfig({ overrides: ['steps=5', 'output=x'] })).toMatchObject({ steps: 5, output: 'x' });
});

test.each([
  ['step=1', /step; .*steps/],
  ['steps=-1', /^steps .* 1 or more.*"-1"/],
  ['heads=3', /^hidden_size=128 .* 3 heads .*multiple of 6/],
  ['decay_share=2', /^decay_share .* 0 and 1.*"2"/],
])('%s is refused', (override, message) => {
  expect(() => resolvePretrainConfig({ overrides: [override] })).toThrow(message);
});
