/** The reach curves: how likely the right rule is after training over how likely it was before, theory beside measurement. */
import type { Figure, ValueWithInterval } from '../../results/figures/figure';
import { type LineSeries, type LinesPanel, linesFigure } from '../../results/figures/lines';
import { overUnits } from '../analysis';
import {
  drawnOf,
  type Expected,
  expectedOf,
  LEVEL_NAMES,
  type Reach,
  reachBases,
  reachOf,
  TRACED_STEPS,
} from '../reach/measured';
import { chanceOfRight, THEORY } from '../reach/theory';
import type { StudyRow, StudyRows } from '../row';
import { openRows } from '../tables/parts';

type Value = ValueWithInterval | number;

/** A value of each base, as their mean with Student's interval where there are several. */
function overBases(each: readonly Reach[], of: (reach: Reach) => number | undefined): Value | undefined {
  const values = each.flatMap((reach) => of(reach) ?? []);
  return overUnits(values) ?? values[0];
}

/** A series over the levels of p0; undefined where a level is missing. */
function overLevels(name: string, of: (level: string) => Value | undefined): LineSeries[] {
  const y = LEVEL_NAMES.map(of);
  return y.every((value) => value !== undefined) ? [{ name, x: SHORT, y }] : [];
}

/** The rows of all bases together. */
function ofAllBases(open: StudyRows): Reach {
  const bases = reachBases(open);
  return reachOf(open, (base) => bases.includes(base));
}

const AXIS = 'designed p0';
/** The levels as they stand below an axis, where room is scarce. */
const SHORT = LEVEL_NAMES.map((level) => level.replace(/^0\./, '.'));

/** One panel for each loss that has a curve, and two for rewards. Undefined without rows of forward KL. */
export function reachCurves(open: StudyRows): Figure | undefined {
  const bases = reachBases(open);
  const each = bases.map((name) => reachOf(open, (base) => base === name));
  const expected = expectedOf(ofAllBases(open));
  if (!expected) return undefined;
  const measuredOf = (label: string): LineSeries[] =>
    overLevels('measured', (level) => overBases(each, (reach) => reach.final(label, level)));
  const losses = Object.entries(THEORY).flatMap(([label, loss]): LinesPanel[] => {
    const measured = measuredOf(label);
    const theory: LineSeries = { name: 'theory', x: SHORT, y: expected.under(loss) };
    return measured.length > 0
      ? [{ title: label, axis: AXIS, series: [...measured, theory], shares: true, range: [0, 1] }]
      : [];
  });
  const rewards = (
    [
      ['GRPO', 40],
      ['GRPO, 400 steps', 400],
    ] as const
  ).flatMap(([label, steps]): LinesPanel[] => {
    const measured = measuredOf(label);
    const drawn: LineSeries = {
      name: 'chance that a right answer is drawn',
      x: SHORT,
      y: expected.p0.map((p0) => chanceOfRight(drawnOf(steps), p0)),
    };
    return measured.length > 0
      ? [{ title: label, axis: AXIS, series: [...measured, drawn], shares: true, range: [0, 1] }]
      : [];
  });
  return linesFigure(
    'Probability of the right rule after training over that before it (p0); theory is fitted to forward KL alone',
    [...losses, ...rewards],
    2,
  );
}

/** The cells that have a trace worth a slider, by label. */
export const FOLLOWED: readonly string[] = [...Object.keys(THEORY), 'sampled tokens', 'SFT', 'placebo', 'GRPO'];
/** Steps after which `ReachFigures.after` has something to show. Beyond 40 only losses with a training of 160 have it. */
export const FOLLOWED_STEPS: readonly number[] = [0, 5, 10, 20, 40, 80, 160];

/** The figures with sliders. */
export interface ReachFigures {
  /** The right rule's probability by p0 after so many steps of one cell, with what theory gives for its loss. */
  readonly after: (label: string, steps: number) => Figure;
  /** The right rule's probability at one level over the steps, a line for each cell that was followed. */
  readonly overSteps: (level: string) => Figure;
}

/** Reads the rows and fits theory to them once, for any number of figures. */
export function reachFigures(rows: ReadonlyMap<string, StudyRow>): ReachFigures {
  const reach = ofAllBases(openRows(rows));
  const expected = expectedOf(reach);
  return {
    after: (label, steps) => after(reach, expected, { label, steps }),
    overSteps: (level) => overSteps(reach, level),
  };
}

function after(reach: Reach, expected: Expected | undefined, cell: { label: string; steps: number }): Figure {
  const { label, steps } = cell;
  const found = LEVEL_NAMES.flatMap((level, i) => {
    const p = reach.after(label, level, steps);
    return p === undefined ? [] : [{ level: SHORT[i] as string, p }];
  });
  const measured: LineSeries = { name: 'measured', x: found.map(({ level }) => level), y: found.map(({ p }) => p) };
  const loss = THEORY[label];
  const theory = loss && expected?.under(loss, steps);
  return linesFigure(found.length > 0 ? `${label}, ${steps} steps` : `${label}: not followed for ${steps} steps`, [
    {
      title: 'probability of the right rule',
      axis: AXIS,
      series: [
        ...overLevels('before training', (level) => reach.untrained('none', level)),
        ...(theory ? [{ name: 'theory', x: SHORT, y: theory }] : []),
        ...(found.length > 0 ? [measured] : []),
      ],
      shares: true,
      range: [0, 1],
    },
  ]);
}

function overSteps(reach: Reach, level: string): Figure {
  const series = FOLLOWED.flatMap((name): LineSeries[] => {
    const y = TRACED_STEPS.map((step) => reach.after(name, level, step));
    return y.every((value) => value !== undefined) ? [{ name, x: TRACED_STEPS, y }] : [];
  });
  return linesFigure(`Rules with a designed p0 of ${level}`, [
    { title: 'probability of the right rule', axis: 'step', series, shares: true, range: [0, 1] },
  ]);
}
