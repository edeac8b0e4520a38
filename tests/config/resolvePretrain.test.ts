import { expect, test } from 'vitest';
import { pretrainTable, resolvePretrainConfig } from '../../src/base/config/pretrain';
import { SCHEMA_VERSION } from '../../src/base/records/rows';

test('the defaults pass their own checks, and pairs go over them', () => {
  expect(resolvePretrainConfig({})).toEqual(pretrainTable.defaults);
  expect(pretrainTable.parse(pretrainTable.defaults, { where: 'here', version: SCHEMA_VERSION })).toEqual(
    pretrainTable.defaults,
  );
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
