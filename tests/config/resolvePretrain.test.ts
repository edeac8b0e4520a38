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
  ['step=1', 'There is no setting step; did you mean steps?'],
  ['steps=-1', 'steps must be a whole number, 1 or more; it is "-1".'],
  ['heads=3', 'hidden_size=128 does not give 3 heads an even width; choose a multiple of 6.'],
  ['decay_share=2', 'decay_share must be a number between 0 and 1; it is "2".'],
])('%s is refused', (override, message) => {
  expect(() => resolvePretrainConfig({ overrides: [override] })).toThrow(message);
});
