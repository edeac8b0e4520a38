/** The quickstart at toy scale: the same steps as `npm start`, on fewer questions. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparisonText } from '../../src/app/cli/quickstart';
import { InterruptedError } from '../../src/base/records/errors';
import { openRun } from '../../src/base/records/runReader';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { type QuickstartOutcome, quickstart } from '../../src/run/experiments/quickstart';

const overrides = ['steps=2', 'batch_size=8', 'microbatch_size=8', 'evaluation.questions=14'];

describe('quickstart', () => {
  const runs = mkdtempSync(join(tmpdir(), 'rcsd-quickstart-'));
  const stages: string[] = [];
  let outcome: QuickstartOutcome;
  let before: object;

  beforeAll(async () => {
    before = liveTensors();
    // Stopped in stage II first, then taken to the end: what is there is not done again.
    const controller = new AbortController();
    const stopped = quickstart({
      runs,
      overrides,
      signal: controller.signal,
      onProgress: ({ stage }) => stage === 'rcsd-reasoner' && controller.abort(),
    });
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    outcome = await quickstart({ runs, overrides, onProgress: ({ stage }) => stages.push(stage) });
  });
  afterAll(() => rmSync(runs, { recursive: true, force: true }));

  it('compares base, teachers, placebo, OPSD and RCSD on the same questions', () => {
    const { methods, rubricCounts } = outcome.comparison;
    expect(methods.map(({ method }) => method)).toEqual([
      'base',
      'placebo',
      'OPSD',
      'RCSD',
      'placebo’s teacher (another family’s rubric)',
      'OPSD’s teacher (reference answer)',
      'RCSD’s teacher (learned rubric)',
    ]);
    const text = comparisonText(outcome.comparison);
    expect(text).toContain('\ndecoding: greedy; T=1, top_p 0.95, 2 samples; intervals: 95 % over');
    expect(text.split('\n')[0]).toMatch(/^accuracy +decoding +all questions +modal +minority +gated +silent$/);
    const decoded = outcome.comparison.strata
      ?.slice(0, 8)
      .map(({ method, decoding }) => [method, decoding?.temperature]);
    expect(decoded).toEqual(
      ['base', 'placebo', 'OPSD', 'RCSD'].flatMap((method) => [
        [method, 0],
        [method, 1],
      ]),
    );
    for (const { all, strata } of outcome.comparison.strata ?? []) {
      const parts = Object.values(strata).map(({ value }) => value);
      expect(Math.min(...parts)).toBeLessThanOrEqual(all.value);
      expect(Math.max(...parts)).toBeGreaterThanOrEqual(all.value);
    }
    for (const { accuracy, process, questions } of methods) {
      expect(questions).toBe(14);
      expect(accuracy.low).toBeLessThanOrEqual(accuracy.value);
      expect(process?.value).toBeGreaterThan(0);
    }
    expect(rubricCounts?.asked).toBe(14);
  });

  it('went on where it was stopped', () => {
    expect(stages).not.toContain('rcsd-rubric');
    expect(stages).toContain('opsd');
    expect(openRun(join(outcome.path, 'rcsd', 'stage-2')).metrics()).toHaveLength(2);
  });

  it('shows rubrics, guidance on each token and curves in a page without outside resources', () => {
    const html = readFileSync(outcome.report, 'utf8');
    expect(html).toContain('The teacher’s guidance');
    expect(html).toContain('Correct rule');
    expect(html).toContain('accuracy (T=1, top_p 0.95, 2 samples)');
    expect(html).toContain('>T=1, top_p 0.95, 2 samples</td>');
    expect(html.match(/<svg/g)?.length).toBeGreaterThanOrEqual(4);
    expect(html).not.toMatch(/(src|href)="https?:/);
  });

  it('frees every tensor', () => {
    expect(liveTensors()).toEqual(before);
  });
});
