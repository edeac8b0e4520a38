/** The estimate of a run: what it counts, and that the shares of the speed it takes are not above what was measured. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countParameters } from '../../src/engine/model/shapes';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { estimateRun, REACHED } from '../../src/run/session/estimate';
import { openSession, type Session } from '../../src/run/session/session';

interface Measured {
  readonly stage: string;
  readonly contender: string;
  readonly record: { readonly share_of_peak: number };
}

describe('the shares of the speed', () => {
  const file = join(__dirname, '../../benchmarks/results/amd-epyc-2026-11-24.json');
  const { runs } = JSON.parse(readFileSync(file, 'utf8')) as { runs: readonly Measured[] };
  const sharesOf = (...stages: readonly string[]): number[] =>
    runs
      .filter(({ stage, contender }) => contender === 'rcsd fp32' && stages.includes(stage))
      .map(({ record }) => record.share_of_peak);
  const inside = (values: readonly number[], [low, high]: readonly [number, number]): void => {
    expect(values.length).toBeGreaterThan(1);
    expect(values.map((value) => Math.round(100 * value)).every((value) => value >= low && value <= high)).toBe(true);
  };

  test('are below those of the committed benchmark, which the comment states', () => {
    inside(sharesOf('teacher', 'student', 'full'), [73, 78]);
    inside(sharesOf('rollout', 'decode-16'), [36, 46]);
    inside(sharesOf('decode-1'), [7, 9]);
    expect(REACHED.reading).toBeLessThan(Math.min(...sharesOf('teacher', 'student', 'full', 'step')));
    expect(REACHED.drawing).toBeLessThan(Math.min(...sharesOf('rollout', 'decode-16')));
  });
});

describe('of the embedded model', () => {
  let session: Session;
  beforeAll(async () => {
    session = await openSession(resolveTrainConfig({}));
  });
  afterAll(() => session.dispose());

  const config = (...overrides: readonly string[]) =>
    resolveTrainConfig({
      overrides: ['steps=3', 'batch_size=4', 'max_tokens=10', 'evaluation.questions=7', ...overrides],
    });
  /** Operations, each kind over the share of the speed that it reaches. */
  const weighed = (...overrides: readonly string[]): number => {
    const { seconds, gflops } = estimateRun(session, config(...overrides));
    return seconds * gflops * 1e9;
  };

  test('counts two operations a weight and token, four more where it learns', () => {
    const forward = 2 * countParameters(session.model.config);
    const prompt = Math.max(
      ...session.train
        .slice(0, 8)
        .map(
          (question) =>
            session.model.tokenizer?.encode(session.views.render({ question, purpose: 'answer' })).length ?? 0,
        ),
    );
    // Before and after, 7 questions of 2 samples, and 12 completions of 10 tokens in training.
    const { samples, max_tokens: longest } = config().evaluation;
    const evaluated = (2 * 7 * samples * longest * forward) / REACHED.drawing;
    const learned = (12 * (prompt + 10) * 3 * forward) / REACHED.reading;
    expect(weighed('algorithm=sft') / (evaluated + learned)).toBeCloseTo(1, 12);
    const drawn = (12 * 10 * forward) / REACHED.drawing;
    expect(weighed('algorithm=grpo') / (evaluated + learned + drawn)).toBeCloseTo(1, 12);
  });

  test('counts a teacher, the stage of rubrics and their writing besides', () => {
    const alone = weighed('algorithm=grpo');
    const taught = weighed('stages=reasoner', 'rubric_source=reference');
    const both = weighed('stages=both', 'rubric_source=reference');
    expect(taught).toBeGreaterThan(alone);
    expect(both).toBeGreaterThan(taught);
    expect(weighed('stages=both', 'rubric_source=generated')).toBeGreaterThan(both);
  });

  test('counts the teachers of one criterion each, and says how much more they read', () => {
    const read = (...overrides: string[]) =>
      estimateRun(session, config('stages=reasoner', 'rubric_source=full', ...overrides)).criteria;
    expect(read()).toBeUndefined();
    // Ten tokens of an answer are few beside a prompt: the question is read once, and only the answers five times.
    const short = read('teacher_mixture=strongest');
    expect(short?.count).toBe(5);
    expect(short?.ratio).toBeGreaterThan(1.1);
    expect(short?.ratio).toBeLessThan(1.6);
    const long = read('teacher_mixture=strongest', 'max_tokens=100000');
    expect(long?.ratio).toBeCloseTo(5, 1);
    expect(read('teacher_mixture=mean', 'max_tokens=10')).toEqual(short);
    const reads = ['stages=reasoner', 'rubric_source=full'];
    expect(weighed(...reads, 'teacher_mixture=mean')).toBeGreaterThan(weighed(...reads));
    // Four criteria, and answers of half the joint teacher's prompt of about 100 tokens.
    const four = estimateRun(
      session,
      config('stages=reasoner', 'rubric_source=one-wrong', 'teacher_mixture=mean', 'max_tokens=50'),
    ).criteria;
    expect(four?.count).toBe(4);
    expect(four?.ratio).toBeLessThan(2);
    expect(estimateRun(session, config('stages=rubric')).criteria).toBeUndefined();
    expect(estimateRun(session, config('stages=both', 'teacher_mixture=mean')).criteria?.count).toBeGreaterThan(2);
  });
});
