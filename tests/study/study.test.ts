import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Question } from '../../src/base/records/question';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { microscienceQuestions, microscienceTask, strataWorld } from '../../src/questions/tasks/microscience';
import { studentCdf } from '../../src/results/evaluation/distributions';
import { gradeQuestion, summarize } from '../../src/results/evaluation/evaluate';
import { estimate } from '../../src/results/evaluation/statistics';
import { percentInterval } from '../../src/results/figures/text';
import {
  compareFamily,
  difference,
  gates,
  level,
  passAt,
  recovery,
  shareOfWorlds,
  sharesOf,
  spearman,
} from '../../src/study/analysis';
import { COMMON, CONTROLS, DISTILLED, METHODS, PLAIN_RATE, TRIAL_RATES } from '../../src/study/cells';
import { BASES, EXPERIMENTS } from '../../src/study/experiments';
import { scoresOf as rowScores } from '../../src/study/measure';
import { chosenRate, planStudy, trainingsOf } from '../../src/study/plan';
import { appendRows, readRows, type StudyRow, underDecoding } from '../../src/study/row';
import { costOf } from '../../src/study/study';
import { studyTables } from '../../src/study/tables';
import { finishedStudy } from '../figures/studyRows';

const committed = readRows();

/** A row with the right answers of its questions, two answers each. */
function row(base: string, seed: number, correct: string, more: Partial<StudyRow> = {}): StudyRow {
  const answers = [...correct].reduce((sum, digit) => sum + Number(digit), 0);
  return {
    schema_version: 1,
    key: `train ${base} seed=${seed} ${more.cell ?? ''}`,
    kind: 'train',
    experiment: 'content',
    cell: 'a cell',
    group: 'control',
    base,
    base_sha256: '',
    world: 0,
    seed,
    settings: [],
    commit: null,
    cpu: 'cpu',
    threads: 1,
    seconds: 1,
    questions: correct.length,
    samples: 2,
    accuracy: answers / (2 * correct.length),
    per_question: { correct, faithful: correct, verified: '0'.repeat(correct.length) },
    ...more,
  };
}

const trial = (cell: { readonly settings: readonly string[] }, rate: number, accuracy: number): [string, StudyRow] => {
  const settings = [...cell.settings, `stage2.learning_rate=${rate}`];
  const key = ['trial', 'base-0', 'seed=1', ...settings].join(' ');
  return [key, row('base-0', 1, '1', { key, kind: 'trial', settings, accuracy })];
};

describe('the plan', () => {
  const runs = planStudy(committed, { rates: TRIAL_RATES });

  test('names every run once, and its settings are those of a training run', () => {
    expect(new Set(runs.map(({ key }) => key)).size).toBe(runs.length);
    const made = runs.filter(({ waiting }) => !waiting);
    const settings = new Set(made.flatMap((run) => trainingsOf(run).map((words) => words.join(' '))));
    for (const words of settings) {
      const overrides = [...COMMON, ...words.split(' ').filter((word) => word !== '')];
      expect(resolveTrainConfig({ overrides }).profile, words).toBe('microscience');
    }
  });

  test('has ten runs of every cell of content and main table, and five of every ablation', () => {
    for (const [name, size] of [
      ['content', 10],
      ['main', 10],
      ['clip-map', 5],
      ['table-3', 5],
      ['table-6', 5],
      ['worlds', 10],
    ] as const) {
      const experiment = EXPERIMENTS.find((each) => each.name === name);
      expect(experiment?.parts.reduce((sum, { bases, seeds }) => sum + bases.length * seeds.length, 0)).toBe(size);
    }
  });

  test('asks nothing of the minutes but the committed base', () => {
    expect(new Set(runs.filter(({ tier }) => tier === 'minutes').map(({ base }) => base))).toEqual(new Set([BASES[0]]));
  });

  test('lets a method wait for its trials, and gives it the best rate, the lower of equals', () => {
    const before = planStudy(new Map(), { rates: TRIAL_RATES }).filter(({ experiment }) => experiment === 'main');
    expect(before.every(({ waiting }) => waiting)).toBe(true);
    const rows = new Map([
      trial(METHODS.grpo, 1e-4, 0.5),
      trial(METHODS.grpo, 3e-4, 0.7),
      trial(METHODS.grpo, 1e-3, 0.7),
    ]);
    expect(chosenRate(METHODS.grpo, TRIAL_RATES, rows)).toBe(3e-4);
    expect(chosenRate(METHODS.sft, TRIAL_RATES, rows)).toBeUndefined();
    const after = planStudy(rows, { rates: TRIAL_RATES }).find(
      ({ experiment, cell }) => experiment === 'main' && cell === METHODS.grpo.label,
    );
    expect(after?.settings).toContain('stage2.learning_rate=0.0003');
  });

  test('makes a run again whose row lacks the pass@k that a later experiment asks for', () => {
    const rows = new Map(TRIAL_RATES.map((rate) => trial(CONTROLS.placebo, rate, rate === PLAIN_RATE ? 0.9 : 0.5)));
    const placebo = planStudy(rows, { rates: TRIAL_RATES }).find(
      ({ cell, base, seed }) => cell === CONTROLS.placebo.label && base === 'base-0' && seed === 1,
    );
    expect(placebo).toMatchObject({ experiment: 'content', passAt64: true });
    const folder = mkdtempSync(join(tmpdir(), 'study-'));
    const writer = appendRows(folder);
    for (const each of rows.values()) writer.append(each);
    writer.append(row('base-0', 1, '1', { key: placebo?.key ?? '' }));
    writer.close();
    expect(costOf({ results: folder }).left.map(({ key }) => key)).toContain(placebo?.key);
  });
});

describe('rows', () => {
  test('survive a last line that a kill cut off, which is cut away before the next one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'study-'));
    const writer = appendRows(folder);
    writer.append(row('base-0', 1, '12', { key: 'one' }));
    writer.close();
    appendFileSync(join(folder, 'runs.jsonl'), '{"key":"two","acc');
    expect([...readRows(folder).keys()]).toEqual(['one']);
    const again = appendRows(folder);
    again.append(row('base-0', 1, '21', { key: 'three' }));
    again.close();
    expect([...readRows(folder).keys()]).toEqual(['one', 'three']);
    expect(readFileSync(join(folder, 'runs.jsonl'), 'utf8').split('\n')).toHaveLength(3);
  });

  test('that are committed name a base, a commit and a processor, and no place on a machine', () => {
    expect(committed.size).toBeGreaterThan(90);
    for (const each of committed.values()) {
      expect(each.base_sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(each.commit).toMatch(/^[0-9a-f]{40}$/);
      expect(each.cpu).not.toBe('');
      expect(JSON.stringify(each)).not.toMatch(/"[^"]*\/(?:work|home|tmp|root)\//);
    }
  });

  test('fill the tables of the report', () => {
    const names = studyTables(committed).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['gate', 'contexts', 'content', 'content-effect', 'rates', 'main']));
    for (const { head, rows } of studyTables(committed))
      for (const each of rows) expect(each).toHaveLength(head.length);
  });
});

describe('the analysis', () => {
  test('pairs over questions, bases and seeds, and a base itself stands for all seeds', () => {
    const a = [row('x', 1, '2211'), row('x', 2, '2200'), row('y', 1, '2222')];
    const b = [row('y', 1, '1111'), row('x', 2, '1100'), row('x', 1, '1111')];
    // x: (.5 .5 0 0) and (.5 .5 0 0), mean .25; y: .5 everywhere; bases weigh alike
    expect(difference(a, b)).toMatchObject({ value: 0.375, bases: 2, runs: 3, n: 4 });
    const base = [row('x', 9, '0000', { kind: 'context' })];
    expect(difference(a, base)).toMatchObject({ value: 0.625, bases: 1, runs: 2 });
    expect(difference(a, [])).toBeUndefined();
  });

  test('speaks of one run by its questions, and keeps the interval of a level within 0 and 1', () => {
    // of 1, .5, 0, 1 the mean is .625 and the standard error sqrt(.2291667 / 4)
    const one = level([row('x', 1, '2102')]);
    expect(one).toMatchObject({ value: 0.625, bases: 1, runs: 1, high: 1 });
    expect(one?.standardError).toBeCloseTo(0.2393568, 6);
  });

  test('corrects over its family by Holm, and says what could have been found', () => {
    // bases' means .4, .5, .6, no spread over questions: s.e. .0577350, t 8.6602540 with 2 degrees of freedom, p .0130718
    const made = (digits: readonly number[]) =>
      digits.map((right, i) => row(`b${i}`, 1, String(right).repeat(4), { samples: 10 } as Partial<StudyRow>));
    const nil = made([0, 0, 0]);
    const found = compareFamily([
      { name: 'up', a: made([4, 5, 6]), b: nil },
      { name: 'nothing', a: made([1, 0, 0]), b: made([0, 1, 0]) },
      { name: 'no rows', a: [], b: nil },
    ]);
    expect(found.map(({ name }) => name)).toEqual(['up', 'nothing']);
    expect(found[0]?.p).toBeCloseTo(0.0130718, 5);
    expect(found[0]?.adjusted).toBeCloseTo(2 * 0.0130718, 5);
    // (t .975 + t .8) s.e. = (4.3026527 + 1.0606602) x .0577350
    expect(found[0]?.detectable).toBeCloseTo(0.309654, 4);
    expect(found[1]?.adjusted).toBeGreaterThan(0.5);
  });

  test('tests with the error of the plan: over questions and over bases, in quadrature, on the committed rows', () => {
    const [a, b] = [CONTROLS.placebo, CONTROLS.none].map(({ label }) =>
      [...committed.values()].filter(({ experiment, cell }) => experiment === 'content' && cell === label),
    ) as [StudyRow[], StudyRow[]];
    const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
    const byBase = BASES.map((base) => {
      const own = (rows: readonly StudyRow[]) =>
        rows.filter((each) => each.base === base).map((each) => sharesOf(each));
      const [left, right] = [own(a), own(b)];
      return (left[0] ?? []).map(
        (_, q) => mean(left.map((x) => x[q] as number)) - mean(right.map((x) => x[q] as number)),
      );
    });
    const overQuestions = estimate((byBase[0] ?? []).map((_, q) => mean(byBase.map((own) => own[q] as number))));
    const overBases = estimate(byBase.map(mean));
    const error = Math.hypot(overQuestions.standardError, overBases.standardError);
    const [found] = compareFamily([{ name: 'placebo', a, b }]);
    expect(found?.p).toBeCloseTo(2 * studentCdf(-overBases.value / error, 4), 10);
    // The interval's error counts the noise of single answers once, and would give a smaller p-value.
    expect(found?.estimate.standardError).toBeLessThan(0.98 * error);
  });

  test('compares students under each decoding of a ladder', () => {
    const rows = finishedStudy();
    const table = studyTables(rows).find(({ name }) => name === 'decoding');
    expect(table?.head).toEqual([
      ...['student', 'greedy', 'avg@2, T=0.5, top_p 0.95', 'maj@2, T=0.5, top_p 0.95'],
      ...['avg@2, T=1, top_p 0.95', 'maj@2, T=1, top_p 0.95', 'runs on bases'],
    ]);
    expect(table?.rows).toHaveLength(6 + 2);
    const cells = table?.rows.flat() ?? [];
    expect(cells).not.toContain('–');
    // The columns are different scores, each from its own answers.
    const [reference = []] = table?.rows.filter(([label]) => label === DISTILLED.reference.label) ?? [];
    expect(new Set(reference.slice(1, 6)).size).toBe(5);
    const greedy = underDecoding(
      [...rows.values()].filter(
        ({ experiment, cell }) => experiment === 'decoding' && cell === DISTILLED.reference.label,
      ),
      'greedy',
    );
    expect(reference[1]).toBe(percentInterval(level(greedy)));
  });

  test('has the scores of a row by stratum, of up to 35 answers to a question', () => {
    const questions = microscienceQuestions('test', { seed: 1, perFamily: 1, world: strataWorld() }).slice(0, 3);
    const decoding = { temperature: 1, top_p: 0.95, samples: 12 };
    const answers = (right: number, question: Question) =>
      Array.from({ length: 12 }, (_, i) => ({
        text: `\\boxed{ ${[...(i < right ? question.answer : '9999')].join(' ')} }`,
        ...{ tokens: 5, truncated: false },
      }));
    const results = questions.map((question, i) => {
      const marked = { ...question, metadata: { ...question.metadata, stratum: i < 2 ? 'modal' : 'minority' } };
      return gradeQuestion(microscienceTask, marked, answers([12, 10, 3][i] as number, marked));
    });
    const scores = rowScores({ summary: summarize(results, decoding), results });
    expect(scores).toMatchObject({ decoding, samples: 12, accuracy: 25 / 36 });
    expect(scores.per_question).toMatchObject({ correct: 'ca3', majority: [1, 1, 0] });
    expect(scores.strata).toMatchObject({
      modal: { questions: 2, accuracy: 22 / 24 },
      minority: { questions: 1, accuracy: 3 / 12 },
    });
    expect(sharesOf({ ...row('x', 1, '1'), ...scores })).toEqual([1, 10 / 12, 3 / 12]);
    const many = { ...decoding, samples: 36 };
    expect(() => rowScores({ summary: summarize(results, many), results })).toThrow('at most 35 answers');
  });

  test('counts the share of the gap only where there is a gap', () => {
    const base = (name: string) => row(name, 1, '0'.repeat(40), { kind: 'context' });
    const teacher = (name: string, digits: string) => row(name, 1, digits, { kind: 'context' });
    const found = recovery({
      bases: [base('x'), base('y')],
      teachers: [teacher('x', '2'.repeat(40)), teacher('y', `2${'0'.repeat(39)}`)],
      students: [row('x', 1, '1'.repeat(40)), row('x', 2, '2'.repeat(40)), row('y', 1, '1'.repeat(40))],
    });
    expect(found.perBase).toEqual([{ base: 'x', share: 0.75 }]);
    expect(found.mean).toBeUndefined();
  });

  test('estimates pass@k without bias', () => {
    const pass = { samples: 4, correct: [2, 0], faithful: [1, 0], verified: [0, 0] };
    const rows = [row('x', 1, '11', { pass })];
    // 1 - C(2,2)/C(4,2) = 5/6 on one of two questions
    expect(passAt(rows, 2, 'correct')?.value).toBeCloseTo(5 / 12, 12);
    expect(passAt(rows, 4, 'faithful')?.value).toBe(0.5);
    expect(passAt(rows, 1, 'verified')?.value).toBe(0);
  });

  test('passes a base that reads rubrics, and fails one that is moved by any', () => {
    const context = (base: string, cell: string, accuracy: number) =>
      row(base, 1, '1', { cell, accuracy, kind: 'context' });
    const rows = [
      ...[
        ['none', 0.5],
        ['wrong', 0.2],
        ['placebo', 0.6],
        ['reference', 0.8],
      ].map(([cell, x]) => context('good', cell as string, x as number)),
      ...[
        ['none', 0.45],
        ['wrong', 0.64],
        ['placebo', 0.6],
        ['reference', 0.74],
      ].map(([cell, x]) => context('bad', cell as string, x as number)),
      context('unfinished', 'none', 0.5),
    ];
    expect(gates(rows).map(({ base, passes }) => [base, passes])).toEqual([
      ['good', true],
      ['bad', false],
    ]);
  });

  test('ranks as scipy does', () => {
    // scipy.stats.spearmanr([1, 2, 2, 4, 5], [2, 1, 3, 3, 9])
    expect(spearman([1, 2, 2, 4, 5], [2, 1, 3, 3, 9])).toBeCloseTo(0.7631578947368421, 10);
    expect(shareOfWorlds([true, true, false, true])).toMatchObject({ value: 0.75, n: 4 });
  });
});

test('a cell says how it is told apart: labels and settings differ within every experiment', () => {
  for (const { name, cells } of EXPERIMENTS) {
    const told = cells.map(({ label, rate, settings }) => [label, rate, ...settings].join(' '));
    expect(new Set(told).size, name).toBe(cells.length);
  }
  expect(DISTILLED.reference.settings).toContain('rubric_source=reference');
});
