import { mean } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { loadTask } from '../../src/questions/load';
import { studentCdf, studentQuantile } from '../../src/results/evaluation/distributions';
import { COMMON, TRIAL_RATES } from '../../src/study/cells';
import { EXPERIMENTS, STRATA_BASES } from '../../src/study/experiments';
import { planStudy } from '../../src/study/plan';
import type { StudyRow } from '../../src/study/row';
import {
  effectIn,
  interaction,
  rulePassIn,
  stratumLevel,
  trueRuleIn,
  upperLimit,
} from '../../src/study/strataAnalysis';

const WORLDS = ['strata', 'strata-1', 'strata-2', 'strata-3'];
type Facts = { readonly template: string; readonly stratum: string };
const factsOf = (world: string): Facts[] =>
  loadTask(`microscience:${world}`).test.map(({ metadata }) => metadata as unknown as Facts);

/** A row of one answer a question, whose rule is stated where `states` says so. */
function row(world: string, states: (facts: Facts, index: number) => boolean): StudyRow {
  const rule = factsOf(world).map((facts, i) => (states(facts, i) ? 1 : 0));
  return {
    ...{
      schema_version: 2,
      key: world,
      kind: 'train',
      experiment: 'strata',
      cell: '',
      group: '',
      base: world,
      seed: 1,
    },
    ...{ settings: [], base_sha256: '', world, commit: null, cpu: '', threads: 1, seconds: 1, samples: 1 },
    per_question: { correct: rule.join(''), faithful: '', verified: '', rule: rule.join('') },
  };
}
/** A number of a template between 0 and 1, the same in every world. */
const grade = (template: string): number => ([...template].reduce((sum, c) => sum + c.charCodeAt(0), 0) % 10) / 10;
const every = (n: number) => (_: Facts, i: number) => i % n === 0;

describe('the second part', () => {
  test('has a level of each stratum over its templates, whatever the world', () => {
    const rows = WORLDS.map((world) => row(world, ({ stratum }) => stratum === 'gated'));
    expect(stratumLevel(rows, 'gated')).toMatchObject({ value: 1, n: 24 });
    expect(stratumLevel(rows, 'modal')).toMatchObject({ value: 0, n: 24 });
    expect(stratumLevel(rows.slice(0, 1), 'gated')?.n).toBe(6);
    expect(upperLimit(rows, 'modal')).toBeCloseTo(3 / 600, 12);
  });

  test('puts an upper limit on a floor, over templates', () => {
    const rows = WORLDS.map((world) =>
      row(world, ({ stratum, template }) => stratum === 'silent' && grade(template) > 0.4),
    );
    const shares = [...new Set(factsOf('strata').map(({ template }) => template))].map((t) => Number(grade(t) > 0.4));
    const found = mean(shares);
    const spread = Math.sqrt(shares.reduce((sum, x) => sum + (x - found) ** 2, 0) / 23 / 24);
    expect(upperLimit(rows, 'silent')).toBeCloseTo(found + studentQuantile(0.95, 23) * spread, 10);
  });

  test('finds where content acts, within templates', () => {
    const told = WORLDS.map((world) =>
      row(world, (facts, i) => facts.stratum !== 'gated' || i % 10 < 10 * grade(facts.template)),
    );
    const placebo = WORLDS.map((world) => row(world, ({ stratum }) => stratum === 'modal'));
    expect(effectIn(told, placebo, 'modal')?.value).toBe(0);
    expect(effectIn(told, placebo, 'silent')?.value).toBe(1);
    const found = interaction([told, placebo], ['gated', 'modal']);
    const gated = effectIn(told, placebo, 'gated');
    expect(found).toMatchObject({ n: 24, value: gated?.value });
    const t = Math.abs(found?.value as number) / (found?.standardError as number);
    expect(found?.p).toBeCloseTo(2 * studentCdf(-t, 23), 10);
    // One rotation has no template in two strata.
    expect(interaction([told.slice(0, 1), placebo.slice(0, 1)], ['gated', 'modal'])).toBeUndefined();
    // Rows without a partner of the same base and seed do not count.
    expect(effectIn(told, placebo.slice(0, 2), 'silent')?.n).toBe(12);
  });

  test('has p0 and pass@k of the right rule by stratum', () => {
    const byTemplate = Object.fromEntries(
      factsOf('strata').map(({ template, stratum }) => [template, stratum === 'silent' ? 0.25 : 0.5]),
    );
    const pass = {
      samples: 4,
      correct: [],
      faithful: [],
      verified: [],
      rule: factsOf('strata')
        .slice(0, 48)
        .map(({ stratum }) => (stratum === 'gated' ? 0 : 1)),
    };
    const own = { ...row('strata', every(2)), true_rule: byTemplate, pass };
    expect([trueRuleIn(own, 'silent'), trueRuleIn(own, 'gated')]).toEqual([0.25, 0.5]);
    expect([rulePassIn(own, 'gated'), rulePassIn(own, 'silent')]).toEqual([0, 1]);
  });

  test('plans every cell on every base with one seed before a second seed', () => {
    const strata = EXPERIMENTS.find(({ name }) => name === 'strata');
    expect(strata?.cells.length).toBeGreaterThanOrEqual(22);
    expect(new Set(strata?.cells.map(({ label }) => label)).size).toBe(strata?.cells.length);
    expect(strata?.parts.map(({ bases, seeds }) => [bases.length, ...seeds])).toEqual([
      [1, 1],
      [STRATA_BASES.length - 1, 1],
      [STRATA_BASES.length, 2],
    ]);
    for (const { settings } of strata?.cells ?? [])
      expect(settings).toEqual(expect.arrayContaining(['evaluation.top_p=1', 'stage2.sampling.top_p=1']));
  });

  test('plans a teacher for each criterion beside the joint one, whose run is that of the strata', () => {
    const runs = planStudy(new Map(), { rates: TRIAL_RATES });
    const own = runs.filter(({ experiment, base }) => experiment === 'criteria' && base === 'strata-0');
    const configs = own.map(({ settings }) => resolveTrainConfig({ overrides: [...COMMON, ...settings] }));
    const told = configs.map(({ rubric_source, stage2 }) => `${rubric_source} ${stage2.teacher_mixture}`);
    const reference = ['mean', 'product', 'ratio', 'strongest'].map((mixture) => `reference ${mixture}`);
    expect(told.sort()).toEqual(['one-wrong joint', 'one-wrong strongest', ...reference].sort());
    const joint = runs.filter(({ cell, base }) => cell === 'RCSD, reference rubrics' && base === 'strata-0');
    expect(joint.map(({ experiment }) => experiment)).toEqual(['strata', 'strata']);
  });
});
