/** The study of reach on rows that are made up: what each prediction asks of them, and what the tables and the figure show. */
import { describe, expect, it } from 'vitest';
import { loadTask } from '../../src/questions/load';
import { LEVELS } from '../../src/questions/tasks/microscience';
import { TRIAL_RATES } from '../../src/study/cells';
import { EXPERIMENTS } from '../../src/study/experiments';
import { reachCurves } from '../../src/study/figures/reach';
import { planStudy, type StudyRun } from '../../src/study/plan';
import { reachBases, reachOf, stepsToHalf } from '../../src/study/reach/measured';
import { judge, PREDICTIONS } from '../../src/study/reach/predictions';
import { ALONE_CELLS, DOSE_CELLS, REACH_CELLS } from '../../src/study/reachCells';
import type { StudyRow } from '../../src/study/row';
import { studyTables } from '../../src/study/tables';
import { openRows } from '../../src/study/tables/parts';
import { nearDesigned } from '../../src/study/tables/reach';

const plan = planStudy(new Map(), { experiments: EXPERIMENTS, rates: TRIAL_RATES }).filter(
  ({ experiment, base }) => experiment.startsWith('reach') && base === 'reach-0',
);
const NAMES = [...LEVELS.map(String), 'absent'];
const questions = loadTask('microscience:reach').test.slice(0, 280);

/** Share of answers with the right rule, for a run and a level. */
type Shares = (run: StudyRun, level: string, greedy: boolean) => number;

const p0Of = (level: string): number => (level === 'absent' ? 0.0001 : Math.max(Number(level), 0.0004));

function rowOf(run: StudyRun, shares: Shares): StudyRow {
  const scores = (greedy: boolean) => {
    const strata = Object.fromEntries(
      NAMES.map((level) => {
        const rule = shares(run, level, greedy);
        return [level, { questions: 30, accuracy: rule, faithful: rule, verified: rule, rule }];
      }),
    );
    const digits = questions
      .map(({ metadata }) => (shares(run, String(metadata?.stratum), greedy) > 0.5 ? '1' : '0'))
      .join('');
    return {
      decoding: { temperature: greedy ? 0 : 1, top_p: 1, samples: 1 },
      ...{ questions: 280, samples: 1, accuracy: 0.5, process: 0.5, faithful: 0.5, verified: 0.5, consistent: 0.99 },
      ...{ length: 30, unparsed: 0, truncated: 0, strata },
      per_question: { correct: digits, faithful: digits, verified: digits, rule: digits },
    };
  };
  const context = run.kind === 'context';
  const trueRule = questions.map(({ metadata }) => [metadata?.template, shares(run, String(metadata?.stratum), false)]);
  const trace = Object.fromEntries(NAMES.map((level) => [level, [p0Of(level), shares(run, level, false)]]));
  return {
    schema_version: 2,
    ...run,
    ...{ base_sha256: '', world: 'reach', commit: null, cpu: '', threads: 1, seconds: 1 },
    ...scores(false),
    decodings: [scores(true)],
    true_rule: Object.fromEntries(trueRule),
    ...(!context && { trace: { step: [0, 40], ...trace } }),
    written: { valid: 1, law: 1, wrong_law: 0, step: 1, pitfall: 0, generic: 0, duplicates: 0, criteria: 3 },
    drills: -0.5,
  };
}

const made = (shares: Shares) => openRows(new Map(plan.map((run) => [run.key, rowOf(run, shares)])));

/** The world as the predictions have it, by label; levels that a label does not name get `others`. */
const EXPECTED: Shares = ({ kind, cell, settings }, level, greedy) => {
  const p0 = p0Of(level);
  if (kind === 'context') return ['reference', 'coded', 'split'].includes(cell) ? 0.92 : p0;
  const untold = greedy ? Number(p0 > 0.5) : p0;
  const steps = Number(settings.find((word) => word.startsWith('stage2.steps='))?.slice(13) ?? 40);
  if (cell.startsWith('GRPO')) {
    const seen = ((steps * 32) / 28) * p0 * (cell.includes('T 1.6') ? 40 : 1);
    return seen > 20 || p0 > 0.5 ? 0.95 : untold;
  }
  if (cell.startsWith('sampled')) return p0 * steps > 20 ? 0.95 : untold;
  const dose = /^(forward|reverse) KL, rule in (\d+) %$/.exec(cell);
  if (dose) {
    const q = Number(dose[2]) / 100;
    return greedy ? Number(q > (dose[1] === 'forward' ? 0.55 : 0.72)) : 0.92 * q;
  }
  const never = ['half of', 'another', 'placebo', 'without one template'];
  if (never.some((name) => cell.startsWith(name))) return untold;
  if (cell.includes('entry clip')) return 0.01;
  if (level === 'absent') return cell.includes('told rollouts') && steps === 20 ? 0.5 : 0.3;
  if (level !== '0' || steps === 160) return 0.9 + (p0 > 0.5 ? 0.09 : 0);
  if (cell === 'reverse KL') return 0.3;
  if (cell === 'JSD') return 0.2;
  if (/position clip|student's top 1|a teacher for each|SFT on absent/.test(cell)) return 0.1;
  return 0.9;
};

describe('the predictions', () => {
  const verdicts = (shares: Shares) => {
    const open = made(shares);
    const reach = reachOf(open, () => true);
    return new Map(PREDICTIONS.map((prediction) => [prediction.id, judge(prediction, reach)]));
  };
  const expected = verdicts(EXPECTED);

  it('have ids of their own and are not measured without rows', () => {
    expect(new Set(PREDICTIONS.map(({ id }) => id)).size).toBe(PREDICTIONS.length);
    const none = reachOf(openRows(new Map()), () => true);
    for (const prediction of PREDICTIONS) expect(judge(prediction, none).verdict).toBe('not measured');
  });

  it('are all judged where every cell has its row, and hold in a world made after them', () => {
    const open = [...expected].filter(([id]) => id !== '10').map(([id, { verdict }]) => `${id} ${verdict}`);
    expect(open).toEqual(PREDICTIONS.filter(({ id }) => id !== '10').map(({ id }) => `${id} held`));
    expect(expected.get('10')?.verdict).not.toBe('not measured');
  });

  it.each<[string, string, Shares]>([
    [
      'equal losses',
      '1a 1b',
      (run, level, greedy) => (['reverse KL', 'JSD'].includes(run.cell) ? 0.9 : EXPECTED(run, level, greedy)),
    ],
    [
      'reverse KL that stays behind',
      '1c',
      (run, level, greedy) => (run.cell === 'reverse KL, 160 steps' ? 0.5 : EXPECTED(run, level, greedy)),
    ],
    [
      'rewards that see what is not drawn',
      '3a',
      (run, level, greedy) => (run.cell === 'GRPO' ? 0.9 : EXPECTED(run, level, greedy)),
    ],
    [
      'rewards that miss what is drawn',
      '3b',
      (run, level, greedy) => (run.cell === 'GRPO, 400 steps' ? 0 : EXPECTED(run, level, greedy)),
    ],
    [
      'greedy rollouts that do not teach',
      '4',
      (run, level, greedy) => (run.cell.endsWith('at T 0') ? 0.2 : EXPECTED(run, level, greedy)),
    ],
    [
      'a minority of rubrics that is enough',
      '5a 5b',
      (run, level, greedy) => (run.cell === 'forward KL, rule in 50 %' ? 0.9 : EXPECTED(run, level, greedy)),
    ],
    [
      'a union that loses',
      '6a',
      (run, level, greedy) => (run.cell.includes("union's top 5") ? 0.5 : EXPECTED(run, level, greedy)),
    ],
    [
      'a clip that harms nothing',
      '7a',
      (run, level, greedy) => (run.cell.includes('position clip') ? 0.99 : EXPECTED(run, level, greedy)),
    ],
    [
      'a template that was left out and is known',
      '9a',
      (run, level, greedy) => (run.cell === 'without one template' ? 0.9 : EXPECTED(run, level, greedy)),
    ],
    [
      'codes that say nothing',
      '9c',
      (run, level, greedy) => (run.cell === 'rule by its code' ? 0 : EXPECTED(run, level, greedy)),
    ],
    [
      'a rule that is forgotten',
      '11b',
      (run, level, greedy) => (run.cell === 'then its own answers' ? 0 : EXPECTED(run, level, greedy)),
    ],
  ])('are refuted by %s (%s)', (_, ids, shares) => {
    const found = verdicts(shares);
    for (const id of ids.split(' ')) expect([id, found.get(id)?.verdict]).toEqual([id, 'refuted']);
  });

  it('of absent rules are not measured where the base does not follow them when told', () => {
    const deaf: Shares = (run, level, greedy) =>
      level === 'absent' && run.kind === 'context' ? 0 : EXPECTED(run, level, greedy);
    expect(verdicts(deaf).get('8a')?.verdict).toBe('not measured');
  });
});

describe('the cells', () => {
  it('have labels and settings of their own, and all are planned on the first base within the hour', () => {
    const cells = [...REACH_CELLS, ...ALONE_CELLS, ...DOSE_CELLS];
    expect(new Set(cells.map(({ label }) => label)).size).toBe(cells.length);
    expect(new Set(cells.map(({ settings }) => settings.join(' '))).size).toBe(cells.length);
    const planned = plan.filter(({ kind, tier }) => kind === 'train' && tier === 'hour').map(({ cell }) => cell);
    expect(planned.sort()).toEqual(cells.map(({ label }) => label).sort());
  });

  it('sample from the whole distribution but where a label says otherwise, and follow the right rule', () => {
    for (const { label, settings } of [...REACH_CELLS, ...ALONE_CELLS, ...DOSE_CELLS]) {
      expect(settings.includes('stage2.sampling.top_p=1')).toBe(!label.includes('top_p .95'));
      expect(settings).toContain('evaluation.top_p=1');
      expect(settings).toContain('trace_every=5');
    }
  });
});

describe('steps to one half', () => {
  const steps = (p: (step: number) => number | undefined) =>
    stepsToHalf({ after: (_label, _level, step) => p(step) }, 'forward KL', '0');
  it('lie between two measurements, at 0 where the rule is likely before, and beyond the end where it is not reached', () => {
    expect(steps((step) => step / 48)).toBeCloseTo(24, 9);
    expect(steps(() => 0.6)).toBe(0);
    expect(steps(() => 0.4)).toBe(Number.POSITIVE_INFINITY);
    expect(steps((step) => (step === 15 ? undefined : 0.9))).toBeUndefined();
  });
});

describe('tables and figure', () => {
  it('are there for one base, with its gate and the theory beside what was measured', () => {
    const open = made(EXPECTED);
    expect(reachBases(open)).toEqual(['reach-0']);
    const tables = new Map(studyTables(open.all).map((each) => [each.name, each]));
    expect(tables.get('reach-gate')?.rows[0]?.at(-1)).toBe('passed');
    expect(tables.get('reach-greedy')?.rows).toHaveLength(REACH_CELLS.length + ALONE_CELLS.length);
    expect(tables.get('reach-dose')?.rows).toHaveLength(DOSE_CELLS.length);
    expect(tables.get('reach-theory')?.rows.map(([, what]) => what)).toEqual(
      Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 'measured' : 'theory')),
    );
    expect(tables.get('reach-predictions')?.rows[0]?.slice(3)).toEqual([
      'held',
      'forward KL: 90.0 %; reverse KL: 30.0 %; JSD: 20.0 %',
      '1 of 1 [20.7 %, 100.0 %]',
    ]);
    expect(reachCurves(open)?.data.filter(({ name }) => name === 'theory')).toHaveLength(5);
    expect(reachCurves(openRows(new Map()))).toBeUndefined();
  });

  it('let a base pass whose p0 is near the designed one', () => {
    expect([nearDesigned('0', 0.0009), nearDesigned('0', 0.002)]).toEqual([true, false]);
    expect([nearDesigned('0.001', 0.0029), nearDesigned('0.001', 0.0031), nearDesigned('0.001', 0.0003)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([nearDesigned('0.1', 0.14), nearDesigned('0.1', 0.16), nearDesigned('0.1', 0.06)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(nearDesigned('0.3', Number.NaN)).toBe(false);
  });
});
