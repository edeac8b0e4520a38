/** The reach curves: how likely the right rule is after training over how likely it was before, theory beside measurement. */
import type { Figure, ValueWithInterval } from '../../results/figures/figure';
import { type LineSeries, type LinesPanel, linesFigure } from '../../results/figures/lines';
import { overUnits } from '../analysis';
import { drawnOf, expectedOf, LEVEL_NAMES, type Reach, reachBases, reachOf } from '../reach/measured';
import { chanceOfRight, THEORY } from '../reach/theory';
import type { StudyRows } from '../row';

const alone = (value: number): ValueWithInterval => ({ value, low: value, high: value });

/** A value of each base, as their mean with Student's interval where there are several. */
function overBases(each: readonly Reach[], of: (reach: Reach) => number | undefined): ValueWithInterval | undefined {
  const values = each.flatMap((reach) => of(reach) ?? []);
  return overUnits(values) ?? (values[0] === undefined ? undefined : alone(values[0]));
}

/** A series over the levels of p0; undefined where a level is missing. */
function overLevels(name: string, of: (level: string) => ValueWithInterval | undefined): LineSeries[] {
  const y = LEVEL_NAMES.map(of);
  return y.every((value) => value !== undefined) ? [{ name, x: LEVEL_NAMES, y }] : [];
}

const AXIS = 'designed p0';

/** One panel for each loss that has a curve, and two for rewards. Undefined without rows of forward KL. */
export function reachCurves(open: StudyRows): Figure | undefined {
  const bases = reachBases(open);
  const each = bases.map((name) => reachOf(open, (base) => base === name));
  const all = reachOf(open, (base) => bases.includes(base));
  const expected = expectedOf(all);
  if (!expected) return undefined;
  const measuredOf = (label: string): LineSeries[] =>
    overLevels('measured', (level) => overBases(each, (reach) => reach.final(label, level)));
  const losses = Object.entries(THEORY).flatMap(([label, loss]): LinesPanel[] => {
    const measured = measuredOf(label);
    const theory: LineSeries = { name: 'theory', x: LEVEL_NAMES, y: expected.under(loss).map(alone) };
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
      x: LEVEL_NAMES,
      y: expected.p0.map((p0) => alone(chanceOfRight(drawnOf(steps), p0))),
    };
    return measured.length > 0
      ? [{ title: label, axis: AXIS, series: [...measured, drawn], shares: true, range: [0, 1] }]
      : [];
  });
  return linesFigure(
    'Probability of the right rule after training over that before it (p0); theory is fitted to forward KL alone',
    [...losses, ...rewards],
  );
}
