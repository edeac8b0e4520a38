import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { writeJsonl } from '../../src/engine/files/jsonl';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { loadTask } from '../../src/questions/load';
import type { Estimate } from '../../src/results/evaluation/intervals';
import { measureRubrics, type RubricQualityReport, type SourceQuality } from '../../src/run/probes/rubricQuality';
import { openSession } from '../../src/run/session/session';
import { temporaryFolder } from '../model/tiny';

const MICRO = ['profile=microscience', 'model=microscience', 'data=microscience', 'evaluation.questions=70'];

describe('on microscience', () => {
  let report: RubricQualityReport;
  const source = (name: string) => report.sources.find((each) => each.source === name) as SourceQuality;
  beforeAll(async () => {
    const config = resolveTrainConfig({ overrides: MICRO });
    const session = await openSession(config);
    const before = liveTensors();
    const sources = ['reference', 'generic', 'wrong', 'generated'];
    report = await measureRubrics(session, { config, sources, split: 'test', piece: 4 });
    expect(liveTensors()).toEqual(before);
    session.dispose();
  });
  const above = (a: Estimate | undefined, b: Estimate | undefined) =>
    expect(a?.low ?? Number.NaN).toBeGreaterThan(b?.high ?? Number.NaN);

  it('reference rubrics help more than generic ones, and these more than wrong ones', () => {
    const [reference, generic, wrong] = ['reference', 'generic', 'wrong'].map((name) => source(name).uplift);
    above(reference?.gain, generic?.gain);
    above(generic?.gain, wrong?.gain);
    above(reference?.logprob, generic?.logprob);
    above(generic?.logprob, wrong?.logprob);
    expect(reference?.gain.n).toBe(70);
    // Paired: with the rubric minus without, on the same questions.
    expect(reference?.gain.value).toBeCloseTo(
      (reference?.accuracy.value ?? 0) - (report.base?.accuracy.value ?? 0),
      10,
    );
  });

  it('only reference rubrics tell right answers from wrong ones; wrong rubrics do the opposite', () => {
    const auc = (name: string) => source(name).discrimination?.auc;
    above(auc('reference'), auc('generic'));
    above(auc('generic'), auc('wrong'));
    expect(source('reference').discrimination).toMatchObject({ criteria: expect.any(Number) });
    expect(source('reference').discrimination?.checkable).toBe(source('reference').discrimination?.criteria);
    // "Gives a final answer ." is the one generic criterion of four that a rule can check.
    expect(source('generic').discrimination).toMatchObject({ criteria: 280, checkable: 70 });
  });

  it('Proposition 1 holds with room to spare, and the reference is not compared with itself', () => {
    for (const name of ['generic', 'wrong', 'generated']) {
      const { variation } = source(name);
      above(variation?.bound, variation?.difference);
      expect(variation?.perToken.low).toBeGreaterThan(0);
      expect(variation?.perToken.high).toBeLessThan(1);
    }
    expect(source('reference').variation).toBeUndefined();
    expect(source('reference').notes).toEqual([]);
  });

  it('counts the texts that are rubrics', () => {
    const { counts, text } = source('generated');
    expect(counts.questions).toBe(70);
    expect(counts.valid + counts.dropped).toBe(70);
    expect(text.criteria.n).toBe(counts.valid);
    expect(text.repeats.value).toBeGreaterThan(0);
    expect(source('reference').text.repeats.value).toBe(0);
  });
});

describe('where less can be measured', () => {
  it('measures the text alone without a model, and does not let none write', async () => {
    const config = resolveTrainConfig({ overrides: ['data=data/science-sample'] });
    const request = { config, sources: ['reference'], split: 'train', piece: 4 } as const;
    const task = loadTask(config.data);
    const report = await measureRubrics(task, request);
    expect(report.base).toBeUndefined();
    const [reference] = report.sources;
    expect(reference?.text).toMatchObject({ criteria: { n: 120 }, inRange: { value: 1 }, prefixed: { value: 1 } });
    expect(reference?.text.leakage.n).toBeGreaterThan(20);
    expect(reference?.uplift).toBeUndefined();
    await expect(measureRubrics(task, { ...request, sources: ['generated'] })).rejects.toThrow(InputError);
    await expect(measureRubrics({ ...task, train: [] }, request)).rejects.toThrow('There are no train questions');
  });

  it('says what is left out, and why', async () => {
    const config = resolveTrainConfig({ overrides: [...MICRO, 'evaluation.questions=7', 'evaluation.samples=1'] });
    const session = await openSession(config);
    const { meetsCriterion: _, rubric: __, ...task } = session.task;
    const test = session.test.map(({ rubric: ___, ...question }) => question);
    const folder = temporaryFolder();
    const file = join(folder.path, 'rubrics.jsonl');
    writeJsonl(file, session.test.slice(0, 5));
    const request = { config, sources: [`file:${file}`], split: 'test', piece: 4 } as const;
    const [given] = (await measureRubrics({ ...session, task, test }, request)).sources;
    expect(given?.counts).toMatchObject({ questions: 7, valid: 5, reasons: { [`no rubric in file:${file}`]: 2 } });
    expect(given?.notes).toEqual([
      'AUC: no rule can check a criterion of microscience, and there is no judge here',
      'Proposition 1: there is no reference rubric to compare with',
    ]);
    expect(given).toMatchObject({ uplift: { accuracy: { n: 5 }, gain: { n: 5 }, logprob: { n: 5 } } });
    folder.remove();
    session.dispose();
  });
});
